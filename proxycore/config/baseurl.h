// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/config/settingvalues.h"

#include <QByteArray>
#include <QString>

namespace Switchyard {

// Where a backend is: https, or http for this machine alone; no user, query or fragment. The
// answer has no trailing slash.
ParsedValue<QByteArray> parseBaseUrl(const QString &text);

// Who may be named in a proxy URL: settings.json holds no password, the environment may.
enum class UserInfo { Refused, Allowed };
// http, https, socks4, socks4a, socks5 or socks5h; "host:port" means http, as for libcurl.
ParsedValue<QByteArray> parseProxyUrl(const QString &text, UserInfo userInfo);

// "localhost" in any spelling, 127.0.0.0/8, ::1, and the IPv4 loopback mapped into IPv6.
bool isLoopbackHost(const QString &host);

// True when a request to `url` would come back to the listener, in whatever spelling. False for
// port 0: the real one is known only once the socket is bound, ask again then.
bool pointsAtListener(const QByteArray &url, const QString &listenAddress, quint16 port);

// The URL as it may be shown: without user and password.
QByteArray withoutUserInfo(const QByteArray &url);

} // namespace Switchyard
