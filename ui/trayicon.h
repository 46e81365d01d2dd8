// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/service/proxyservice.h"

#include <QIcon>
#include <QString>

#include <vector>

namespace Switchyard {

// What the icon in the tray tells by its shape: a turnout, with a node at each end while requests
// are open, with an exclamation mark when something asks for a look, crossed out when nothing is
// served.
enum class TrayState { Idle, Active, Trouble, Stopped };

// `failureUnseen`: a request failed, no later one went well, and the window was not looked at
// since.
TrayState trayState(const ServiceStatus &status, bool failureUnseen);
QIcon trayIcon(TrayState state);
// Backend, address and requests, one to a line.
QString trayToolTip(const ServiceStatus &status, const std::vector<BackendStatus> &backends);

} // namespace Switchyard
