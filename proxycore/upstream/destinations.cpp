// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/upstream/destinations.h"

#include "proxycore/upstream/steadyclock.h"
#include "proxycore/upstream/upstreamclient.h"

namespace Switchyard {

namespace {

// How long the system's answer holds; then it is asked again beside the traffic. A laptop changes
// networks.
constexpr std::int64_t systemAnswerHoldsMs = 60'000;

} // namespace

Destinations::Destinations(QObject *context, std::function<void()> routed)
    : m_system(context), m_routed(std::move(routed))
{
    setSettings({});
}

void Destinations::setSettings(const NetworkSettings &settings)
{
    m_rules.emplace(settings);
    m_known.clear();
}

std::shared_ptr<const Destination> Destinations::find(const QByteArray &url)
{
    const QByteArrayView part = originPart(url);
    if (part.isEmpty())
        return nullptr;
    const auto found = m_known.find(QByteArray::fromRawData(part.data(), part.size()));
    if (found != m_known.end()) {
        if (found->asksSystem) {
            const std::int64_t now = steadyNow();
            if (now - found->askedAt > systemAnswerHoldsMs)
                ask(*found, now);
        }
        return found->destination;
    }

    std::optional<Origin> origin = parseOrigin(url);
    if (!origin)
        return nullptr;
    Known known;
    known.destination = std::make_shared<Destination>();
    known.destination->label = origin->label();
    known.destination->proxy = m_rules->choose(*origin);
    known.asksSystem = m_rules->needsSystem(*origin);
    known.destination->routeKnown = !known.asksSystem;
    known.destination->origin = std::move(*origin);
    if (known.asksSystem)
        ask(known, steadyNow());
    return m_known.insert(part.toByteArray(), known)->destination;
}

void Destinations::ask(Known &known, std::int64_t now)
{
    known.askedAt = now;
    m_system.ask(known.destination->origin,
                 [this, destination = known.destination](const QByteArray &proxyUrl) {
                     destination->proxy = {proxyUrl};
                     destination->routeKnown = true;
                     m_routed();
                 });
}

} // namespace Switchyard
