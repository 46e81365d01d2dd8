// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/backends/registry.h"
#include "proxycore/protocol/upstreamerror.h"

namespace Switchyard {

namespace {

// Answers here, without an upstream; the answer itself is made by makeEchoAnswer().
class Echo final : public Backend
{
public:
    const BackendTraits &traits() const override;
    // Whatever the client asks for is answered, under the name it asked for.
    QByteArray mapModel(QByteArrayView clientModel) const override
    {
        return clientModel.toByteArray();
    }
    Result<PreparedAttempt> prepare(const AttemptInput &, const BackendSettings &) const override
    {
        PreparedAttempt attempt;
        attempt.lane = Lane::Local;
        return attempt;
    }
    ApiError mapError(int status, const Headers &headers, QByteArrayView body) const override
    {
        return upstreamApiError(status, headers, body, traits().title);
    }
};

const BackendTraits &Echo::traits() const
{
    static const BackendTraits traits{
        .name = "ECHO",
        .title = "Echo",
        .lanes = {Lane::Local},
        .defaultBaseUrl = {},
        .baseUrlVariables = {},
        .credentialVariables = {},
        .laneVariable = {},
        .offline = true,
    };
    return traits;
}

} // namespace

const Backend &echoBackend()
{
    static const Echo backend;
    return backend;
}

} // namespace Switchyard
