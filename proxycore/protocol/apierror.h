// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

#include <optional>

namespace Switchyard {

// An error as the Messages API shows it. `type` is one of the API's error types; `message` is one
// plain sentence, or the upstream's own words unchanged.
struct ApiError
{
    int status = 500;
    QByteArray type = QByteArrayLiteral("api_error");
    QByteArray message;
    // Value of `x-should-retry`; empty leaves the decision to the client.
    std::optional<bool> shouldRetry;

    // 400 that cannot heal by itself: asking again with the same body is pointless.
    static ApiError invalidRequest(QByteArray message);
    static ApiError withStatus(int status, QByteArray message);
};

// Error type of the Messages API for an HTTP status, e.g. 429 → rate_limit_error.
QByteArray errorTypeForStatus(int status);
// HTTP status of the Messages API for an error type; 500 for a type it does not know.
int statusForErrorType(QByteArrayView type);

// {"type":"error","error":{"type","message"},"request_id"}
QByteArray errorBody(const ApiError &error, QByteArrayView requestId);
// The same as a complete `event: error` frame, blank line included.
QByteArray errorEvent(const ApiError &error, QByteArrayView requestId);

} // namespace Switchyard
