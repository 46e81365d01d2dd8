// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/journal/exchangerecord.h"

#include "proxycore/protocol/jsonwriter.h"

#include <QDateTime>

namespace Switchyard {

QByteArray exchangeStateName(ExchangeState state)
{
    switch (state) {
    case ExchangeState::Waiting:
        return "waiting";
    case ExchangeState::Streaming:
        return "streaming";
    case ExchangeState::Done:
        return "done";
    case ExchangeState::Error:
        return "error";
    case ExchangeState::Cancelled:
        return "cancelled";
    case ExchangeState::Truncated:
        return "truncated";
    case ExchangeState::Blocked:
        break;
    }
    return "blocked";
}

bool isFinal(ExchangeState state)
{
    return state != ExchangeState::Waiting && state != ExchangeState::Streaming;
}

namespace {

void textOrNull(JsonWriter &json, QByteArrayView name, const QByteArray &text)
{
    json.key(name);
    if (text.isEmpty())
        json.null();
    else
        json.string(text);
}

template <typename Number>
void numberOrNull(JsonWriter &json, QByteArrayView name, const std::optional<Number> &number)
{
    json.key(name);
    if (!number)
        json.null();
    else if constexpr (std::is_floating_point_v<Number>)
        json.number(*number);
    else
        json.number(qint64(*number));
}

} // namespace

QByteArray toJsonLine(const ExchangeRecord &record)
{
    const QDateTime started = QDateTime::fromMSecsSinceEpoch(record.startedMs).toUTC();
    JsonWriter json;
    json.beginObject();
    json.member("id", record.id);
    json.member("time", started.toString(Qt::ISODateWithMs).toLatin1());
    json.member("state", exchangeStateName(record.state));
    textOrNull(json, "session", record.session);
    textOrNull(json, "model", record.model);
    textOrNull(json, "upstream_model", record.upstreamModel);
    textOrNull(json, "backend", record.backend);
    textOrNull(json, "lane", record.lane ? laneName(*record.lane) : QByteArray());
    numberOrNull(json, "status", record.status);
    json.member("attempts", record.attempts);
    numberOrNull(json, "ttfb_ms", record.ttfbMs);
    numberOrNull(json, "duration_ms", record.durationMs);
    numberOrNull(json, "input_tokens", record.usage.inputTokens);
    numberOrNull(json, "cache_read_tokens", record.usage.cacheReadTokens);
    numberOrNull(json, "cache_write_tokens", record.usage.cacheWriteTokens);
    numberOrNull(json, "output_tokens", record.usage.outputTokens);
    numberOrNull(json, "cost", record.usage.cost);
    textOrNull(json, "stop_reason", record.stopReason);
    textOrNull(json, "fingerprint", record.fingerprint);
    textOrNull(json, "request_id", record.requestId);
    textOrNull(json, "error", record.errorMessage);
    json.key("adjustments");
    json.beginArray();
    for (const Adjustment &adjustment : record.adjustments) {
        json.beginObject();
        json.member("field", adjustment.field);
        json.member("rule", adjustment.rule);
        json.member("reason", adjustment.reason);
        json.endObject();
    }
    json.endArray();
    json.endObject();
    return json.take();
}

} // namespace Switchyard
