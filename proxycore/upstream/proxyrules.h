// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/upstream/origin.h"

#include <QByteArray>

namespace Switchyard {

struct NetworkSettings;

// The proxy an origin is reached through.
struct ProxyChoice
{
    QByteArray url; // empty: directly; may hold a user name and password
    // "proxy.example:3128", without user name and password.
    QByteArray label() const;
};

// Decides without asking the network: the settings first, then the environment
// (https_proxy, http_proxy, all_proxy, no_proxy in either case), then what the system says.
class ProxyRules
{
public:
    // Settings and the environment of this process.
    explicit ProxyRules(const NetworkSettings &settings);

    // True when only the operating system's settings can tell; see systemproxy.h.
    bool needsSystem(const Origin &origin) const;
    // What settings and environment say; directly when they say nothing.
    ProxyChoice choose(const Origin &origin) const;

private:
    bool isExempt(const Origin &origin) const;

    QByteArray m_forHttp;
    QByteArray m_forHttps;
    QByteArray m_noProxy;
};

// Whether `noProxy` (comma or space separated: names with or without a leading dot, addresses,
// networks such as 10.0.0.0/8, an optional :port, or *) exempts the origin.
bool matchesNoProxy(QByteArrayView noProxy, const Origin &origin);

} // namespace Switchyard
