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

// "localhost" in any spelling, 127.0.0.0/8, ::1, and the IPv4 loopback mapped into IPv6.
bool isLoopbackHost(const QString &host);

// True when a request to `url` would come back to the listener, in whatever spelling. Names are not
// resolved, apart from localhost and this machine's own. False for port 0: the real one is known
// only once the socket is bound, ask again then.
bool leadsToListener(const QByteArray &url, const QHostAddress &address, quint16 port);

} // namespace Switchyard
