// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/upstream/proxyrules.h"
#include "proxycore/upstream/systemproxy.h"

#include <QByteArray>
#include <QHash>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

namespace Switchyard {

// What is the same for every transfer to one place.
struct Destination
{
    Origin origin;
    QByteArray label; // origin.label()
    ProxyChoice proxy;
    bool routeKnown = true; // false while the system is asked for its proxy
};

// The places that were asked for, each looked at once: parsing its URL, its proxy.
class Destinations
{
public:
    // `routed` is called in the event loop of `context` when routes became known.
    Destinations(QObject *context, std::function<void()> routed);

    void setSettings(const NetworkSettings &settings);
    // Null when the URL is no valid http or https URL.
    std::shared_ptr<const Destination> find(const QByteArray &url);

private:
    struct Known
    {
        std::shared_ptr<Destination> destination;
        bool asksSystem = false;
        std::int64_t askedAt = 0;
    };

    void ask(Known &known, std::int64_t now);

    QHash<QByteArray, Known> m_known;
    std::optional<ProxyRules> m_rules;
    SystemProxyLookup m_system;
    std::function<void()> m_routed;
};

} // namespace Switchyard
