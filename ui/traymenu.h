// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/backendactions.h"

#include <QMenu>

namespace Switchyard {

// The menu of the tray's icon. Its items exist before it opens; a panel that draws it itself, over
// D-Bus, would show an empty one otherwise.
class TrayMenu : public QMenu
{
    Q_OBJECT

public:
    explicit TrayMenu(QWidget *parent = nullptr);

    void setStatus(const ServiceStatus &status, const std::vector<BackendStatus> &backends);

Q_SIGNALS:
    void openRequested();
    void backendChosen(const QByteArray &name);
    void copyVariablesRequested();
    void quitRequested();

protected:
    void resizeEvent(QResizeEvent *event) override;

private:
    BackendActions m_backends;
    QAction *m_status;
    QAction *m_afterBackends;
    QAction *m_copyVariables;
};

} // namespace Switchyard
