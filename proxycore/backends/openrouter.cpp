// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/backends/claudemodel.h"
#include "proxycore/backends/registry.h"
#include "proxycore/chat/chatrequest.h"
#include "proxycore/protocol/nativebody.h"
#include "proxycore/protocol/upstreamerror.h"

#include <algorithm>

namespace Switchyard {

namespace {

// OpenRouter attributes requests by these two; a local referer counts when it has a title.
QByteArray defaultReferer()
{
    return "http://localhost";
}

QByteArray defaultTitle()
{
    return "Switchyard";
}

class OpenRouter final : public Backend
{
public:
    const BackendTraits &traits() const override;
    QByteArray mapModel(QByteArrayView clientModel) const override;
    Result<PreparedAttempt> prepare(const AttemptInput &input,
                                    const BackendSettings &settings) const override;
    ApiError mapError(int status, const Headers &headers, QByteArrayView body) const override;
};

const BackendTraits &OpenRouter::traits() const
{
    static const BackendTraits traits{
        .name = "OPENROUTER",
        .title = "OpenRouter",
        .lanes = {Lane::Native, Lane::Chat},
        .defaultBaseUrl = "https://openrouter.ai/api/v1",
        .baseUrlVariables = {"OPENROUTER_API_BASE", "OPENROUTER_BASE_URL"},
        .credentialVariables = {"OPENROUTER_API_KEY"},
        .laneVariable = "OPENROUTER_WIRE",
        .offline = false,
        .timeoutVariable = "OPENROUTER_DIRECT_TIMEOUT",
        .retriesVariable = "OPENROUTER_DIRECT_RETRIES",
    };
    return traits;
}

QByteArray OpenRouter::mapModel(QByteArrayView clientModel) const
{
    if (clientModel == "big")
        return openRouterName(bigClaudeModel());
    if (clientModel == "small")
        return openRouterName(smallClaudeModel());
    if (const std::optional<ClaudeModel> claude = parseClaudeModel(clientModel))
        return openRouterName(*claude);
    // An id with a provider is OpenRouter's own form already, but for the client's mark for a
    // window of a million tokens.
    QByteArray name = clientModel.toByteArray();
    if (name.endsWith("[1m]"))
        name.chop(4);
    const qsizetype slash = name.indexOf('/');
    return slash > 0 && slash + 1 < name.size() ? name : QByteArray();
}

ChatDialect chatDialect(QByteArrayView upstreamModel)
{
    ChatDialect dialect;
    dialect.modelFamily = chatModelFamily(upstreamModel);
    dialect.reasoning = ChatDialect::Reasoning::Details;
    dialect.highestEffort = "max";
    dialect.cacheControl = true;
    dialect.toolMessageParts = true;
    dialect.fileParts = true;
    dialect.strictTools = true;
    dialect.topK = true;
    // OpenAI's models behind it refuse less; Claude's take 1, which clients use as a probe.
    dialect.minMaxTokens = dialect.modelFamily == "anthropic" ? 1 : 16;
    dialect.passedMembers = {"provider", "models", "route",      "plugins",
                             "trace",    "user",   "session_id", "transforms"};
    return dialect;
}

// A key with a line break or a space inside is a slip of copying, and would break the head.
bool isUsableCredential(const QByteArray &key)
{
    return std::all_of(key.begin(), key.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

Result<PreparedAttempt> OpenRouter::prepare(const AttemptInput &input,
                                            const BackendSettings &settings) const
{
    const QByteArray key = settings.credential.reveal().trimmed();
    if (key.isEmpty() || !isUsableCredential(key)) {
        ApiError error = ApiError::withStatus(
            401,
            key.isEmpty()
                ? "No API key of OpenRouter is configured; store one with `switchyard secret set "
                  "OPENROUTER`, or set OPENROUTER_API_KEY and start again."
                : "The API key of OpenRouter has characters that no key has; store it again with "
                  "`switchyard secret set OPENROUTER`.");
        error.shouldRetry = false;
        return error;
    }

    PreparedAttempt attempt;
    attempt.lane = settings.lane == Lane::Chat ? Lane::Chat : Lane::Native;
    const QByteArray base = settings.baseUrl.isEmpty() ? traits().defaultBaseUrl : settings.baseUrl;

    attempt.headers.add("Authorization", "Bearer " + key);
    attempt.headers.add("Content-Type", "application/json");
    attempt.headers.add("Accept", input.request.stream ? "text/event-stream" : "application/json");
    attempt.headers.add("User-Agent", "switchyard/" SWITCHYARD_VERSION);
    attempt.headers.add("HTTP-Referer",
                        settings.referer.isEmpty() ? defaultReferer() : settings.referer);
    attempt.headers.add("X-Title", settings.title.isEmpty() ? defaultTitle() : settings.title);

    if (attempt.lane == Lane::Chat) {
        attempt.url = base + "/chat/completions";
        Result<ChatRequest> chat =
            convertToChat(input.request, input.upstreamModel, chatDialect(input.upstreamModel));
        if (!chat)
            return chat.error();
        attempt.body = SegmentedBody(chat.value().body);
        attempt.adjustments = std::move(chat.value().adjustments);
        attempt.chat = std::move(chat.value().context);
        return attempt;
    }

    attempt.url = base + "/messages";
    if (!input.clientQuery.isEmpty())
        attempt.url += '?' + input.clientQuery;
    const QByteArray version = input.clientHeaders.value("anthropic-version");
    attempt.headers.add("anthropic-version", version.isEmpty() ? "2023-06-01" : version);
    const QByteArray betas = input.clientHeaders.combined("anthropic-beta");
    if (!betas.isEmpty())
        attempt.headers.add("anthropic-beta", betas);
    attempt.body = nativeBody(input.request, input.upstreamModel);
    return attempt;
}

ApiError OpenRouter::mapError(int status, const Headers &headers, QByteArrayView body) const
{
    return upstreamApiError(status, headers, body, traits().title);
}

} // namespace

const Backend &openRouterBackend()
{
    static const OpenRouter backend;
    return backend;
}

} // namespace Switchyard
