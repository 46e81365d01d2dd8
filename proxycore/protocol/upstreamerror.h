// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/protocol/apierror.h"
#include "proxycore/protocol/headers.h"

#include <QByteArray>

#include <optional>

namespace Switchyard {

// What an upstream's error object says, whichever of the known shapes it has: the Messages API's,
// OpenAI's, OpenRouter's (`error.code`, `error.metadata.raw`), LiteLLM's (the word "None" for
// nothing), Databricks' (`error_code`, JSON inside `message`), or `error`/`message`/`detail` alone.
struct UpstreamError
{
    // The upstream's own sentence; what a provider behind it said is appended.
    QByteArray message;
    QByteArray type; // `error.type` when it is one of the Messages API's
    QByteArray kind; // the upstream's machine word, e.g. `context_length_exceeded`
    std::optional<int> status; // told inside the body
    std::optional<bool> retryable;
    bool messagesShape = false; // {"type":"error","error":{"type","message"}}
};

// Empty when `body` is no JSON object or has nothing that looks like an error.
std::optional<UpstreamError> readUpstreamError(QByteArrayView body);

// The error of an answer in the Messages API's terms. `status` is the HTTP status; one below 400
// (an error inside a 200, or in the middle of a stream) gives way to what the body tells. Bodies
// that are no JSON become one sentence with a short excerpt. `upstream` is the name in such
// sentences, e.g. "OpenRouter".
ApiError upstreamApiError(int status, const Headers &headers, QByteArrayView body,
                          QByteArrayView upstream);

} // namespace Switchyard
