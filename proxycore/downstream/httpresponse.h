// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/protocol/apierror.h"
#include "proxycore/protocol/headers.h"

#include <QByteArray>

#include <optional>

namespace Switchyard {

// Status line and header fields, blank line included. Without a content length the body is chunked,
// or, for a client of HTTP/1.0, ends with the connection.
struct ResponseFraming
{
    std::optional<qsizetype> contentLength;
    bool keepAlive = true;
    bool http10 = false;
};

QByteArray responseHead(int status, const Headers &headers, const ResponseFraming &framing);

// A complete answer that refuses a request and closes the connection.
QByteArray refusalResponse(const ApiError &error, QByteArrayView requestId);

// One chunk of a chunked body; `bytes` must not be empty, an empty chunk ends the body.
QByteArray httpChunk(QByteArrayView bytes);
inline constexpr QByteArrayView lastHttpChunk = "0\r\n\r\n";

} // namespace Switchyard
