// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/downstream/requestdecoding.h"

#include "proxycore/protocol/headers.h"
#include "proxycore/protocol/messagesrequest.h"

#include <algorithm>
#include <memory>
#include <zlib.h>

namespace Switchyard {

namespace {

ApiError refusal(int status, const QByteArray &sentence)
{
    ApiError error = ApiError::withStatus(status, sentence);
    error.shouldRetry = false;
    return error;
}

Result<QByteArray> inflateGzip(const QByteArray &compressed, qsizetype maxBytes)
{
    z_stream stream{};
    constexpr int gzipWindow = 15 + 16; // 16: a gzip wrapper is required
    if (inflateInit2(&stream, gzipWindow) != Z_OK)
        return refusal(500, "There is no memory to decompress the request body.");
    const std::unique_ptr<z_stream, int (*)(z_stream *)> closer(&stream, inflateEnd);

    stream.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(compressed.constData()));
    stream.avail_in = uInt(compressed.size());
    QByteArray plain;
    int state = Z_OK;
    while (state == Z_OK) {
        const qsizetype known = plain.size();
        const qsizetype grown = std::clamp<qsizetype>(known * 2, 64 * 1024, maxBytes + 1);
        plain.resize(grown);
        stream.next_out = reinterpret_cast<Bytef *>(plain.data() + known);
        stream.avail_out = uInt(grown - known);
        state = inflate(&stream, Z_NO_FLUSH);
        plain.truncate(grown - qsizetype(stream.avail_out));
        if (plain.size() > maxBytes) {
            return refusal(413,
                           "The decompressed request body is larger than "
                               + QByteArray::number(maxBytes / (1024 * 1024)) + " MiB.");
        }
    }
    if (state != Z_STREAM_END || stream.avail_in > 0)
        return refusal(400, "The request body is not complete gzip data.");
    ensureJsonPadding(plain);
    return plain;
}

} // namespace

Result<QByteArray> decodeRequestBody(QByteArray body, QByteArrayView contentEncoding,
                                     qsizetype maxBytes)
{
    if (contentEncoding.isEmpty() || sameHeaderName(contentEncoding, "identity"))
        return body;
    if (sameHeaderName(contentEncoding, "gzip") || sameHeaderName(contentEncoding, "x-gzip"))
        return inflateGzip(body, maxBytes);
    return refusal(415,
                   "The content encoding '" + contentEncoding.toByteArray()
                       + "' is not known here; send gzip or none.");
}

} // namespace Switchyard
