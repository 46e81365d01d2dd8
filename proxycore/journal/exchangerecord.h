// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/backends/lane.h"
#include "proxycore/protocol/adjustment.h"
#include "proxycore/protocol/usage.h"

#include <QByteArray>
#include <QMetaType>

#include <optional>

namespace Switchyard {

enum class ExchangeState {
    Waiting, // accepted, nothing of the answer written yet
    Streaming, // events are being written
    Done,
    Error, // upstream or own failure, told to the client
    Cancelled, // the client left
    Truncated, // the upstream ended in the middle
    Blocked, // refused before any upstream call: credential, host, limits, bad request
};

QByteArray exchangeStateName(ExchangeState state);
bool isFinal(ExchangeState state);

// The row of one exchange. It is made when the request arrives and replaced by newer values of the
// same id until the state is final. Unknown values are empty, never 0.
struct ExchangeRecord
{
    quint64 id = 0; // counts from 1 in each run
    ExchangeState state = ExchangeState::Waiting;
    qint64 startedMs = 0; // since the epoch, UTC
    QByteArray requestId; // ours, as in the `request-id` header
    QByteArray method;
    QByteArray path;
    QByteArray session; // x-claude-code-session-id
    QByteArray model; // asked for
    QByteArray upstreamModel;
    QByteArray backend;
    std::optional<Lane> lane;
    bool stream = false;
    std::optional<int> status; // sent to the client
    int attempts = 0;
    std::optional<qint64> ttfbMs; // request complete → first byte of the answer's body written
    std::optional<qint64> durationMs;
    qint64 requestBytes = 0;
    qint64 responseBytes = 0;
    Usage usage;
    QByteArray stopReason;
    QByteArray fingerprint; // of the failure, 12 hex digits
    QByteArray errorType;
    QByteArray errorMessage;
    Adjustments adjustments;
};

// One line of JSON without the line end, as `switchyard logs --json` prints it.
QByteArray toJsonLine(const ExchangeRecord &record);

} // namespace Switchyard

Q_DECLARE_METATYPE(Switchyard::ExchangeRecord)
