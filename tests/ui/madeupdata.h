// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/service/proxyservice.h"

#include <QDateTime>

#include <vector>

// Made-up values that look like a working day, for the pictures and for tests of the window.
namespace Switchyard::MadeUpData {

// The moment at which the pictures are taken.
inline qint64 now()
{
    return QDateTime(QDate(2025, 3, 12), QTime(14, 32, 15)).toMSecsSinceEpoch();
}

inline ServiceStatus running()
{
    ServiceStatus status;
    status.state = ServiceState::Running;
    status.backend = "OPENROUTER";
    status.lane = "native";
    status.url = "http://127.0.0.1:4000";
    status.port = 4000;
    status.requests = 40;
    status.errors = 3;
    status.openStreams = 2;
    status.totalTokens = 1'402'000;
    return status;
}

inline ServiceStatus offline()
{
    ServiceStatus status;
    status.state = ServiceState::Running;
    status.backend = "ECHO";
    status.lane = "local";
    status.url = "http://127.0.0.1:4000";
    status.port = 4000;
    return status;
}

inline ServiceStatus failed()
{
    ServiceStatus status;
    status.state = ServiceState::Failed;
    status.failure = "Port 4000 is taken by nginx (process 812); stop it, choose another port, or "
                     "start with --port 0 to take any free one.";
    status.backend = "OPENROUTER";
    status.lane = "native";
    return status;
}

// The one of that name is the active one.
inline std::vector<BackendStatus> backends(const QByteArray &active)
{
    BackendStatus router{"OPENROUTER", "OpenRouter", false, true, false, "native", 912};
    BackendStatus lite{"LITELLM", "LiteLLM", false, false, false, "native", std::nullopt};
    BackendStatus echo{"ECHO", "Echo", true, true, false, "local", std::nullopt};
    std::vector<BackendStatus> all{router, lite, echo};
    for (BackendStatus &backend : all)
        backend.active = backend.name == active;
    return all;
}

inline ExchangeRecord record(quint64 id, ExchangeState state)
{
    ExchangeRecord record;
    record.id = id;
    record.state = state;
    record.startedMs = now() - 5'000;
    record.requestId = "req_" + QByteArray::number(id).rightJustified(8, '0');
    record.method = "POST";
    record.path = "/v1/messages";
    record.model = "claude-opus-5-5";
    record.upstreamModel = "anthropic/claude-opus-5.5";
    record.backend = "OPENROUTER";
    record.lane = Lane::Native;
    record.stream = true;
    record.attempts = 1;
    if (state == ExchangeState::Waiting)
        return record;
    record.status = 200;
    record.ttfbMs = 912;
    if (state == ExchangeState::Streaming)
        return record;
    record.durationMs = 8'100;
    if (state == ExchangeState::Done) {
        record.usage = {1'300, 46'900, 0, 1'124, std::nullopt};
        record.stopReason = "end_turn";
    }
    return record;
}

// Ids from 1, oldest first; the last two are still open.
inline std::vector<ExchangeRecord> records(int count)
{
    std::vector<ExchangeRecord> records;
    for (int i = 0; i < count; ++i) {
        const int fromEnd = count - 1 - i;
        ExchangeState state = ExchangeState::Done;
        if (fromEnd == 0)
            state = ExchangeState::Waiting;
        else if (fromEnd == 1)
            state = ExchangeState::Streaming;
        else if (fromEnd == 5)
            state = ExchangeState::Error;
        else if (fromEnd == 8)
            state = ExchangeState::Cancelled;
        else if (fromEnd == 11)
            state = ExchangeState::Truncated;
        else if (fromEnd == 17)
            state = ExchangeState::Blocked;

        ExchangeRecord record = MadeUpData::record(quint64(i) + 1, state);
        record.startedMs = now() - 1'300 - fromEnd * 23'000 - (fromEnd * 7'919) % 11'000;
        const bool small = i % 4 == 2;
        if (small) {
            record.model = "claude-haiku-5-5";
            record.upstreamModel = "anthropic/claude-haiku-5.5";
        }
        if (record.ttfbMs)
            record.ttfbMs = small ? 310 + i * 13 % 200 : 700 + i * 131 % 900;
        if (record.durationMs)
            record.durationMs = 2'400 + i * 2'713 % 13'000;
        if (state == ExchangeState::Done) {
            record.usage.inputTokens = 900 + i * 377 % 2'000;
            record.usage.cacheReadTokens = small ? 0 : 24'000 + i * 950;
            record.usage.outputTokens = 120 + i * 173 % 1'300;
        }
        if (fromEnd == 3)
            record.attempts = 2;
        if (state == ExchangeState::Error) {
            record.status = 429;
            record.ttfbMs.reset();
            record.durationMs = 2'200;
            record.attempts = 2;
            record.errorType = "rate_limit_error";
            record.errorMessage = "The upstream allows 20 requests a minute; try again in 12 s.";
            record.fingerprint = "5f1c09ab77e2";
        }
        if (state == ExchangeState::Truncated)
            record.durationMs = 31'000;
        if (state == ExchangeState::Blocked) {
            record.status = 401;
            record.ttfbMs.reset();
            record.durationMs = 0;
            record.backend.clear();
            record.upstreamModel.clear();
            record.lane.reset();
            record.attempts = 0;
            record.errorMessage = "The token of the client is not the one of this proxy; copy the "
                                  "client variables again.";
        }
        records.push_back(record);
    }
    return records;
}

} // namespace Switchyard::MadeUpData
