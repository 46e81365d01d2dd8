// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/exchangemodel.h"
#include "ui/mainwindow.h"
#include "ui/trayfinder.h"
#include "ui/trayicon.h"
#include "ui/traymenu.h"

#include <QObject>

#include <optional>

class QSystemTrayIcon;

namespace Switchyard {

class ProxyService;

// The tray and the window in front of a service. With a tray the window opens on demand and closing
// it hides it; without one the window is the application.
class TrayApplication : public QObject
{
    Q_OBJECT

public:
    explicit TrayApplication(ProxyService *service, QObject *parent = nullptr);
    ~TrayApplication() override;

    // Where the size and place of the window are kept; nowhere without it.
    void setStateFolder(const QString &folder);
    // The icon where there is a tray, else the window.
    void show();
    void raiseWindow();

    MainWindow *window() { return &m_window; }
    TrayMenu *menu() { return &m_menu; }

Q_SIGNALS:
    void quitRequested();

private:
    void refresh();
    void refreshTray();
    void takeRecords(const std::vector<ExchangeRecord> &batch);
    void useBackend(const QByteArray &name);
    void copyAddress();
    void copyVariables();
    void copyRequest();
    void copy(const QString &text, const QString &message);
    ClientLines lines() const;
    bool takeTray();
    void closeWindow();
    void hideWindow();
    std::vector<Notice> notices(const std::vector<BackendStatus> &backends) const;

    ProxyService *m_service;
    ExchangeModel m_model;
    MainWindow m_window;
    TrayMenu m_menu;
    TrayFinder m_finder;
    QSystemTrayIcon *m_tray = nullptr; // once there is a tray
    std::optional<TrayState> m_shownState;
    bool m_failureUnseen = false;
    bool m_shown = false;
    bool m_failed = false;
    QByteArray m_keyless; // chosen although it has no key
};

} // namespace Switchyard
