// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

#include <optional>

namespace Switchyard {

// Where a URL leads: the part before its path, without user name and password.
struct Origin
{
    bool tls = false;
    QByteArray host; // lower case, without the brackets of an IPv6 address
    quint16 port = 0;

    // "openrouter.ai:443", "[::1]:4000"; what error sentences name.
    QByteArray label() const;
    // 127.0.0.0/8, ::1 and localhost: never reached through a proxy.
    bool isLoopback() const;
};

// The part of an http or https URL that decides its origin: scheme, authority; no path, no query.
// Empty when it is no such URL.
QByteArrayView originPart(QByteArrayView url);

std::optional<Origin> parseOrigin(QByteArrayView url);

} // namespace Switchyard
