// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/service/proxyservice.h"

#include <QWidget>

#include <vector>

class QLabel;
class QToolButton;

namespace Switchyard {

class SwitcherButton;

// The top of the window: where requests go, the address clients use, and what has passed so far.
class HeaderBar : public QWidget
{
    Q_OBJECT

public:
    explicit HeaderBar(QWidget *parent = nullptr);

    void setStatus(const ServiceStatus &status, const std::vector<BackendStatus> &backends);
    SwitcherButton *switcher() const { return m_switcher; }
    QToolButton *menuButton() const { return m_menu; }

Q_SIGNALS:
    void backendChosen(const QByteArray &name);
    void copyAddressRequested();
    void copyVariablesRequested();
    void hideRequested();
    void quitRequested();

protected:
    void changeEvent(QEvent *event) override;

private:
    void applyTones();

    SwitcherButton *m_switcher;
    QLabel *m_address;
    QToolButton *m_copy;
    QLabel *m_totals;
    QToolButton *m_menu;
    QAction *m_copyVariables;
};

} // namespace Switchyard
