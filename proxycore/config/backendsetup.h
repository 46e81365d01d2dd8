// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/backends/lane.h"
#include "proxycore/config/setting.h"
#include "proxycore/protocol/secret.h"

#include <QByteArray>

namespace Switchyard {

// What was set for one backend, each value with its origin.
struct BackendSetup
{
    Setting<QByteArray> baseUrl; // without a trailing slash; empty for an offline backend
    Setting<Lane> lane;
    // Only what the environment or an .env file gave; the keychain is asked by the service.
    Setting<Secret> credential;
    Setting<QByteArray> referer;
    Setting<QByteArray> title;
    Setting<int> connectTimeoutMs{10'000};
    Setting<int> firstByteTimeoutMs{300'000};
    Setting<int> silenceTimeoutMs{180'000};
    Setting<int> retries{1};
    Setting<bool> http2{true};
};

} // namespace Switchyard
