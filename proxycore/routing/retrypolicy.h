// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArrayView>
#include <QtGlobal>

#include <optional>

namespace Switchyard {

// What ended an attempt before the first byte of an answer reached the client.
struct AttemptFailure
{
    enum class Kind {
        Connect, // no connection: the request was certainly not processed
        Status, // the upstream answered with an error status
        Other, // time-out, reset after the request was sent: it may have been processed
    };
    Kind kind = Kind::Other;
    int status = 0;
    std::optional<qint64> retryAfterMs;
};

// Milliseconds to wait before another attempt, or empty when there must be none. Retried: connect
// failures and 408, 429, 500, 502, 503, 504, 529; Retry-After is honoured up to 30 s, a longer one
// is the client's to wait. `attemptsMade` counts from 1; `randomness` in [0, 1) spreads the waits.
std::optional<qint64> retryDelayMs(const AttemptFailure &failure, int attemptsMade, int maxRetries,
                                   double randomness);

// Retry-After in milliseconds: `retry-after-ms`, seconds, or an HTTP date.
std::optional<qint64> parseRetryAfter(QByteArrayView retryAfterMs, QByteArrayView retryAfter,
                                      qint64 nowMs);

} // namespace Switchyard
