// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QHostAddress>
#include <QString>

namespace Switchyard {

// The address behind the setting: an IP address or `localhost`. Null when it is neither.
QHostAddress listenHostAddress(const QString &text);

// Where a client on this machine finds the listener. All interfaces are reached through loopback.
QByteArray clientUrl(const QHostAddress &address, quint16 port);

// Whether requests to `baseUrl` would arrive at the listener itself. Names are not resolved, apart
// from `localhost` and its subdomains.
bool leadsToListener(const QByteArray &baseUrl, const QHostAddress &address, quint16 port);

} // namespace Switchyard
