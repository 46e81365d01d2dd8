// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/backends/lane.h"
#include "proxycore/chat/chatrequest.h"
#include "proxycore/protocol/adjustment.h"
#include "proxycore/protocol/headers.h"
#include "proxycore/protocol/messagesrequest.h"
#include "proxycore/protocol/result.h"
#include "proxycore/protocol/secret.h"
#include "proxycore/protocol/segmentedbody.h"

#include <QByteArray>
#include <QByteArrayList>

#include <vector>

namespace Switchyard {

// What the user set for one backend: a value, part of the configuration snapshot.
struct BackendSettings
{
    QByteArray baseUrl; // without a trailing slash
    Lane lane = Lane::Native;
    Secret credential;
    QByteArray referer; // attribution, where the backend has it
    QByteArray title;
    int connectTimeoutMs = 10'000;
    int firstByteTimeoutMs = 300'000;
    int silenceTimeoutMs = 180'000;
    int retries = 1;
    bool http2 = true;
};

// Fixed facts about a backend.
struct BackendTraits
{
    QByteArray name; // as in PROXY_BACKEND, e.g. OPENROUTER
    QByteArray title; // as a person writes it, e.g. OpenRouter
    std::vector<Lane> lanes; // the first is the default
    QByteArray defaultBaseUrl; // empty for an offline backend
    QByteArrayList baseUrlVariables; // environment, the first one wins
    QByteArrayList credentialVariables; // environment; empty when no credential is needed
    QByteArray laneVariable; // environment, e.g. OPENROUTER_WIRE
    bool offline = false; // answers without an upstream
    QByteArray timeoutVariable{}; // environment, seconds the upstream may stay silent
    QByteArray retriesVariable{}; // environment
};

// What one upstream call is made from.
struct AttemptInput
{
    const MessagesRequest &request;
    const Headers &clientHeaders;
    QByteArray clientQuery; // without '?'
    QByteArray upstreamModel;
};

// One upstream call, ready to be sent.
struct PreparedAttempt
{
    QByteArray url;
    Headers headers; // complete but for Host and Content-Length
    SegmentedBody body;
    Lane lane = Lane::Native;
    Adjustments adjustments;
    ChatContext chat; // what the way back needs to know, chat lane only
};

// One provider. Implementations are stateless; everything that varies comes in as a value.
class Backend
{
public:
    virtual ~Backend() = default;

    virtual const BackendTraits &traits() const = 0;
    // The backend's name for a model the client asked for, by the rules every backend has of its
    // own; user rules were asked before. Empty when the backend has no rule for the name.
    virtual QByteArray mapModel(QByteArrayView clientModel) const = 0;
    virtual Result<PreparedAttempt> prepare(const AttemptInput &input,
                                            const BackendSettings &settings) const = 0;
    // An upstream's error answer in the Messages API's terms; the upstream's sentence stays.
    virtual ApiError mapError(int status, const Headers &headers, QByteArrayView body) const = 0;
};

// All backends in the order they are shown. The registry is one table: a backend that registers
// itself from a static library would be dropped by the linker.
const std::vector<const Backend *> &allBackends();
// The backend of that name, or null.
const Backend *findBackend(QByteArrayView name);

} // namespace Switchyard
