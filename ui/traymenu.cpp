// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/traymenu.h"

#include "ui/statussentence.h"

#include <QScreen>

#include <algorithm>

namespace Switchyard {

TrayMenu::TrayMenu(QWidget *parent) : QMenu(parent)
{
    setAccessibleName(tr("Switchyard"));
    m_status = addAction(QString(), this, &TrayMenu::openRequested);
    QFont bold = m_status->font();
    bold.setBold(true);
    m_status->setFont(bold);
    addSeparator();
    m_afterBackends = addSeparator();
    addAction(tr("&Open Switchyard"), this, &TrayMenu::openRequested);
    m_copyVariables =
        addAction(tr("&Copy client variables"), this, &TrayMenu::copyVariablesRequested);
    addSeparator();
    addAction(tr("&Quit"), this, &TrayMenu::quitRequested);

    connect(&m_backends, &BackendActions::actionsChanged, this,
            [this] { insertActions(m_afterBackends, m_backends.actions()); });
    connect(&m_backends, &BackendActions::chosen, this, &TrayMenu::backendChosen);
}

void TrayMenu::setStatus(const ServiceStatus &status, const std::vector<BackendStatus> &backends)
{
    m_status->setText(statusSentence(status, backends));
    m_backends.update(backends);
    m_copyVariables->setEnabled(status.state == ServiceState::Running);
}

// A text that grows while the menu is open, at the edge of the screen as it usually is, would push
// it over that edge.
void TrayMenu::resizeEvent(QResizeEvent *event)
{
    QMenu::resizeEvent(event);
    if (!isVisible())
        return;
    const QRect room = screen()->geometry();
    const QPoint place(std::max(room.left(), std::min(x(), room.right() + 1 - width())),
                       std::max(room.top(), std::min(y(), room.bottom() + 1 - height())));
    if (place != pos())
        move(place);
}

} // namespace Switchyard
