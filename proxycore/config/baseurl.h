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

// The URL as it may be shown: without user and password.
QByteArray withoutUserInfo(const QByteArray &url);

} // namespace Switchyard
