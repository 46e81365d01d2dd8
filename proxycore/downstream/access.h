// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/downstream/requestframer.h"
#include "proxycore/protocol/secret.h"

#include <QHostAddress>

#include <optional>

namespace Switchyard {

// Who may speak to the local port.
struct AccessRules
{
    bool tokenRequired = true;
    Secret token;
};

// Refuses what a web page, another host name or a stranger without the token sends; empty when the
// request may pass. A page in a browser reaches the loopback port too, either directly (then it
// sends its Origin) or by rebinding a name of its own to 127.0.0.1 (then the Host is foreign).
std::optional<ApiError> refuseAccess(const InboundRequest &request, const AccessRules &rules,
                                     const QHostAddress &listenAddress, quint16 listenPort);

} // namespace Switchyard
