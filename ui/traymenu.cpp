// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/traymenu.h"

#include "ui/statussentence.h"

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

} // namespace Switchyard
