// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/service/proxyservice.h"
#include "ui/emptypage.h"
#include "ui/noticebar.h"

#include <QTimer>
#include <QWidget>

#include <vector>

class QCheckBox;
class QLabel;
class QStackedLayout;

namespace Switchyard {

class ExchangeDetail;
class ExchangeModel;
class ExchangeView;
class HeaderBar;

// The window: where requests go, and what they did. It is given values and asks with signals; it
// knows no service.
class MainWindow : public QWidget
{
    Q_OBJECT

public:
    explicit MainWindow(ExchangeModel *model, QWidget *parent = nullptr);

    void setStatus(const ServiceStatus &status, const std::vector<BackendStatus> &backends);
    void setClientLines(const ClientLines &lines);
    // Sentences that hold for the moment; a failed start is added by itself.
    void setNotices(const std::vector<Notice> &notices);
    // A short answer to what the user did, e.g. "Copied."; gone with the next one or after a while.
    void showMessage(const QString &message);

    // Where size and place are kept from run to run; read at once, written when the window hides.
    void setGeometryFile(const QString &path);

    // Whether the running time of open requests is being moved on.
    bool isTicking() const { return m_tick.isActive(); }

Q_SIGNALS:
    void backendChosen(const QByteArray &name);
    void copyAddressRequested();
    void copyVariablesRequested();
    void copyRequestRequested();
    void hideRequested();
    void closeRequested();
    void quitRequested();
    // The user sees the window: what it shows is known from now on.
    void looked();

protected:
    void closeEvent(QCloseEvent *event) override;
    void showEvent(QShowEvent *event) override;
    void hideEvent(QHideEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    QWidget *makeStatusLine();
    int selectedRow() const;
    void showSelected();
    void copySelected();
    void showContextMenu(const QPoint &position);
    void updatePage();
    void updateTicking();
    void updateNotices();
    void applyTones();
    void saveGeometryFile() const;

    ExchangeModel *m_model;
    HeaderBar *m_header;
    NoticeBar *m_noticeBar;
    QStackedLayout *m_pages;
    EmptyPage *m_empty;
    ExchangeView *m_view;
    ExchangeDetail *m_detail;
    QLabel *m_sentence;
    QLabel *m_rows;
    QCheckBox *m_follow;

    ServiceStatus m_status;
    std::vector<Notice> m_notices;
    QString m_statusSentence;
    // Runs only while a request is open and the window can be seen.
    QTimer m_tick;
    QTimer m_messageEnd;
    QString m_geometryFile;
};

} // namespace Switchyard
