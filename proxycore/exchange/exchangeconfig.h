// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/backends/backend.h"
#include "proxycore/downstream/access.h"
#include "proxycore/routing/modelmap.h"
#include "proxycore/upstream/upstreamclient.h"

#include <QByteArray>

#include <map>
#include <memory>

namespace Switchyard {

// The configuration as the proxy thread sees it: an immutable value. An exchange keeps the one that
// was current when it began, so a switch in the tray does not reach it.
struct ExchangeConfig
{
    QByteArray activeBackend = "ECHO";
    std::map<QByteArray, BackendSettings> backends; // by BackendTraits::name
    ModelRules models;
    AccessRules access;
    NetworkSettings network;
    QByteArray instance; // id of this run
    int streamPingMs = 10'000; // upstream silent, stream open
    int earlyPingMs = 30'000; // upstream silent before its head
    qint64 clientBacklogBytes = 1024 * 1024; // unsent bytes at which the upstream is paused
};

using ExchangeConfigPtr = std::shared_ptr<const ExchangeConfig>;

} // namespace Switchyard
