// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/protocol/apierror.h"

#include "proxycore/protocol/jsonwriter.h"
#include "proxycore/protocol/ssewriter.h"

#include <array>

namespace Switchyard {

namespace {

struct StatusType
{
    int status;
    const char *type;
};

// platform.claude.com "Errors"; 408 and 422 have no type of their own there.
constexpr std::array statusTypes{
    StatusType{400, "invalid_request_error"},
    StatusType{401, "authentication_error"},
    StatusType{402, "billing_error"},
    StatusType{403, "permission_error"},
    StatusType{404, "not_found_error"},
    StatusType{409, "conflict_error"},
    StatusType{413, "request_too_large"},
    StatusType{429, "rate_limit_error"},
    StatusType{500, "api_error"},
    StatusType{504, "timeout_error"},
    StatusType{529, "overloaded_error"},
};

} // namespace

ApiError ApiError::invalidRequest(QByteArray message)
{
    return {400, "invalid_request_error", std::move(message), false};
}

ApiError ApiError::withStatus(int status, QByteArray message)
{
    return {status, errorTypeForStatus(status), std::move(message), std::nullopt};
}

QByteArray errorTypeForStatus(int status)
{
    for (const StatusType &known : statusTypes) {
        if (known.status == status)
            return known.type;
    }
    if (status == 408)
        return "timeout_error";
    if (status == 503)
        return "overloaded_error";
    return status >= 400 && status < 500 ? "invalid_request_error" : "api_error";
}

int statusForErrorType(QByteArrayView type)
{
    for (const StatusType &known : statusTypes) {
        if (type == QByteArrayView(known.type))
            return known.status;
    }
    return 500;
}

QByteArray errorBody(const ApiError &error, QByteArrayView requestId)
{
    JsonWriter json;
    json.beginObject();
    json.member("type", "error");
    json.key("error");
    json.beginObject();
    json.member("type", error.type);
    json.member("message", error.message);
    json.endObject();
    json.member("request_id", requestId);
    json.endObject();
    return json.take();
}

QByteArray errorEvent(const ApiError &error, QByteArrayView requestId)
{
    QByteArray frame;
    appendSseFrame(frame, "error", errorBody(error, requestId));
    return frame;
}

} // namespace Switchyard
