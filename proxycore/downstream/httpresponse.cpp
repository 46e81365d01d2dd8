// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/downstream/httpresponse.h"

namespace Switchyard {

namespace {

QByteArrayView reasonPhrase(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 400:
        return "Bad Request";
    case 401:
        return "Unauthorized";
    case 402:
        return "Payment Required";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 408:
        return "Request Timeout";
    case 413:
        return "Content Too Large";
    case 415:
        return "Unsupported Media Type";
    case 429:
        return "Too Many Requests";
    case 431:
        return "Request Header Fields Too Large";
    case 500:
        return "Internal Server Error";
    case 502:
        return "Bad Gateway";
    case 503:
        return "Service Unavailable";
    case 504:
        return "Gateway Timeout";
    case 529:
        return "Overloaded";
    default:
        return "Status";
    }
}

} // namespace

QByteArray responseHead(int status, const Headers &headers, const ResponseFraming &framing)
{
    QByteArray head;
    head.reserve(512);
    head.append("HTTP/1.1 ").append(QByteArray::number(status)).append(' ');
    head.append(reasonPhrase(status)).append("\r\n");
    for (const Header &field : headers)
        head.append(field.name).append(": ").append(field.value).append("\r\n");
    if (framing.contentLength) {
        head.append("content-length: ")
            .append(QByteArray::number(*framing.contentLength))
            .append("\r\n");
    } else if (!framing.http10) {
        head.append("transfer-encoding: chunked\r\n");
    }
    if (!framing.keepAlive)
        head.append("connection: close\r\n");
    else if (framing.http10)
        head.append("connection: keep-alive\r\n");
    head.append("\r\n");
    return head;
}

QByteArray refusalResponse(const ApiError &error, QByteArrayView requestId)
{
    const QByteArray body = errorBody(error, requestId);
    Headers headers;
    headers.add("content-type", "application/json");
    headers.add("request-id", requestId.toByteArray());
    headers.add("x-should-retry", error.shouldRetry.value_or(true) ? "true" : "false");
    return responseHead(error.status, headers, {body.size(), false, false}) + body;
}

QByteArray httpChunk(QByteArrayView bytes)
{
    QByteArray chunk;
    chunk.reserve(bytes.size() + 16);
    chunk.append(QByteArray::number(bytes.size(), 16)).append("\r\n");
    chunk.append(bytes).append("\r\n");
    return chunk;
}

} // namespace Switchyard
