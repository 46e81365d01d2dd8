// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/downstream/requestframer.h"

#include "proxycore/protocol/messagesrequest.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace Switchyard {

namespace {

// Chunk extensions are allowed and ignored; nobody sends long ones.
constexpr qsizetype maxChunkLine = 1024;
// Bodies of unknown length grow from here.
constexpr qsizetype firstChunkedReserve = 64 * 1024;

// RFC 9110, 5.6.2
bool isTokenChar(char c)
{
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
        return true;
    return c != '\0' && std::strchr("!#$%&'*+-.^_`|~", c) != nullptr;
}

bool isToken(QByteArrayView text)
{
    return !text.isEmpty() && std::all_of(text.begin(), text.end(), isTokenChar);
}

bool isFieldValue(QByteArrayView text)
{
    return std::all_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte >= 0x20 && byte != 0x7f) || byte == '\t';
    });
}

bool listContains(QByteArrayView list, QByteArrayView word)
{
    while (!list.isEmpty()) {
        const qsizetype comma = list.indexOf(',');
        const QByteArrayView item = (comma < 0 ? list : list.first(comma)).trimmed();
        if (sameHeaderName(item, word))
            return true;
        list = comma < 0 ? QByteArrayView() : list.sliced(comma + 1);
    }
    return false;
}

// Digits alone: no sign, no blank, no overflow.
std::optional<qsizetype> parseLength(QByteArrayView digits)
{
    if (digits.isEmpty() || digits.size() > 18)
        return std::nullopt;
    qsizetype value = 0;
    for (const char c : digits) {
        if (c < '0' || c > '9')
            return std::nullopt;
        value = value * 10 + (c - '0');
    }
    return value;
}

QByteArrayView withoutLineEnd(QByteArrayView line)
{
    return line.endsWith('\r') ? line.chopped(1) : line;
}

} // namespace

bool RequestFramer::refuse(int status, const QByteArray &sentence)
{
    m_error = ApiError::withStatus(status, sentence);
    m_error.shouldRetry = false;
    m_state = State::Failed;
    return false;
}

qsizetype RequestFramer::feed(QByteArrayView bytes)
{
    qsizetype taken = 0;
    while (taken < bytes.size()) {
        const QByteArrayView rest = bytes.sliced(taken);
        if (m_state == State::Head) {
            taken += feedHead(rest);
        } else if (m_state == State::Body && m_chunked) {
            taken += feedChunked(rest);
        } else if (m_state == State::Body) {
            const qsizetype count = std::min(rest.size(), bodySpaceSize());
            std::memcpy(bodySpace(), rest.data(), std::size_t(count));
            bodyFilled(count);
            taken += count;
        } else {
            break;
        }
    }
    return taken;
}

qsizetype RequestFramer::feedHead(QByteArrayView bytes)
{
    qsizetype taken = 0;
    if (m_head.isEmpty()) {
        // Blank lines before a request line are to be ignored (RFC 9112, 2.2).
        while (taken < bytes.size() && (bytes[taken] == '\r' || bytes[taken] == '\n'))
            ++taken;
    }
    // The end may lie across the border: look again at the last three bytes.
    const qsizetype known = m_head.size();
    const QByteArrayView fresh = bytes.sliced(taken);
    const qsizetype room = m_limits.maxHeadBytes + 1 - known;
    m_head.append(fresh.first(std::min(fresh.size(), room)));

    qsizetype end = -1;
    qsizetype from = std::max<qsizetype>(0, known - 3);
    while (end < 0) {
        const qsizetype feedAt = m_head.indexOf('\n', from);
        if (feedAt < 0)
            break;
        const QByteArrayView behind = QByteArrayView(m_head).sliced(feedAt + 1);
        if (behind.startsWith('\n'))
            end = feedAt + 2;
        else if (behind.startsWith("\r\n"))
            end = feedAt + 3;
        from = feedAt + 1;
    }
    if (end < 0 || end > m_limits.maxHeadBytes) {
        if (m_head.size() > m_limits.maxHeadBytes) {
            refuse(431,
                   "The request head is larger than "
                       + QByteArray::number(m_limits.maxHeadBytes / 1024)
                       + " KiB; send fewer or shorter header fields.");
        }
        return bytes.size();
    }
    taken += end - known;
    m_head.truncate(end);
    parseHead();
    return taken;
}

void RequestFramer::parseHead()
{
    const QByteArrayView head(m_head);
    qsizetype at = 0;
    bool first = true;
    while (at < head.size()) {
        const qsizetype lineEnd = head.indexOf('\n', at);
        const QByteArrayView line = withoutLineEnd(head.sliced(at, lineEnd - at));
        at = lineEnd + 1;
        if (line.isEmpty())
            break;
        if (!(first ? parseRequestLine(line) : parseField(line)))
            return;
        first = false;
    }
    chooseFraming();
}

bool RequestFramer::parseRequestLine(QByteArrayView line)
{
    const qsizetype firstBlank = line.indexOf(' ');
    const qsizetype lastBlank = line.lastIndexOf(' ');
    if (firstBlank <= 0 || lastBlank == firstBlank)
        return refuse(400, "The request line is malformed; expected METHOD PATH HTTP/1.1.");
    const QByteArrayView method = line.first(firstBlank);
    const QByteArrayView target = line.sliced(firstBlank + 1, lastBlank - firstBlank - 1);
    const QByteArrayView version = line.sliced(lastBlank + 1);

    if (version.startsWith("HTTP/") && version != "HTTP/1.1" && version != "HTTP/1.0")
        return refuse(505, "Only HTTP/1.1 and HTTP/1.0 are spoken here.");
    if (!version.startsWith("HTTP/") || !isToken(method))
        return refuse(400, "The request line is malformed; expected METHOD PATH HTTP/1.1.");
    const bool printable =
        std::all_of(target.begin(), target.end(), [](char c) { return c > 0x20 && c < 0x7f; });
    if (!printable || (!target.startsWith('/') && target != "*"))
        return refuse(400, "The request target must be a path that starts with '/'.");

    const qsizetype question = target.indexOf('?');
    m_request.method = method.toByteArray();
    m_request.path = (question < 0 ? target : target.first(question)).toByteArray();
    if (question >= 0)
        m_request.query = target.sliced(question + 1).toByteArray();
    m_request.http10 = version == "HTTP/1.0";
    return true;
}

bool RequestFramer::parseField(QByteArrayView line)
{
    const qsizetype colon = line.indexOf(':');
    // Also refuses a folded line, and a blank before the colon, which proxies read differently.
    if (colon <= 0 || !isToken(line.first(colon)))
        return refuse(400, "A header field is malformed; expected NAME: VALUE.");
    const QByteArrayView value = line.sliced(colon + 1).trimmed();
    if (!isFieldValue(value))
        return refuse(400, "A header field holds a control character.");
    m_request.headers.add(line.first(colon).toByteArray(), value.toByteArray());
    return true;
}

bool RequestFramer::chooseFraming()
{
    const Headers &headers = m_request.headers;
    std::optional<qsizetype> length;
    bool chunked = false;
    int hosts = 0;
    for (const Header &field : headers) {
        if (sameHeaderName(field.name, "host")) {
            ++hosts;
        } else if (sameHeaderName(field.name, "content-length")) {
            const auto value = parseLength(field.value);
            if (!value || (length && *length != *value))
                return refuse(400, "Content-Length must be one whole number.");
            length = value;
        } else if (sameHeaderName(field.name, "transfer-encoding")) {
            if (chunked || !sameHeaderName(field.value, "chunked"))
                return refuse(400, "The only transfer encoding accepted is 'chunked'.");
            chunked = true;
        }
    }
    if (hosts > 1 || (hosts == 0 && !m_request.http10))
        return refuse(400, "Exactly one Host header field is required.");
    // Two framings in one request are how requests are smuggled (RFC 9112, 6.1).
    if (chunked && (length || m_request.http10))
        return refuse(400, "A chunked request must be HTTP/1.1 and carry no Content-Length.");
    if (length && *length > m_limits.maxBodyBytes) {
        return refuse(413,
                      "The request body is larger than "
                          + QByteArray::number(m_limits.maxBodyBytes / (1024 * 1024)) + " MiB.");
    }

    const QByteArray connection = headers.combined("connection");
    m_request.keepAlive = m_request.http10 ? listContains(connection, "keep-alive")
                                           : !listContains(connection, "close");
    m_chunked = chunked;
    m_bodyLength = length.value_or(0);
    if (!chunked && m_bodyLength == 0) {
        m_state = State::Complete;
        return true;
    }
    m_wantsContinue = !m_request.http10 && sameHeaderName(headers.value("expect"), "100-continue");
    m_request.body.reserve(chunked ? firstChunkedReserve : m_bodyLength + 128);
    if (!chunked)
        m_request.body.resize(m_bodyLength);
    m_state = State::Body;
    return true;
}

bool RequestFramer::takeContinueWish()
{
    return m_state == State::Body && m_bodyRead == 0 && std::exchange(m_wantsContinue, false);
}

qsizetype RequestFramer::bodySpaceSize() const
{
    return m_state == State::Body && !m_chunked ? m_bodyLength - m_bodyRead : 0;
}

char *RequestFramer::bodySpace()
{
    return m_request.body.data() + m_bodyRead;
}

void RequestFramer::bodyFilled(qsizetype count)
{
    m_bodyRead += count;
    if (m_bodyRead == m_bodyLength)
        m_state = State::Complete;
}

qsizetype RequestFramer::feedChunked(QByteArrayView bytes)
{
    if (m_chunk == Chunk::Data) {
        const qsizetype count = std::min(bytes.size(), m_chunkLeft);
        m_request.body.append(bytes.first(count));
        m_bodyRead += count;
        m_chunkLeft -= count;
        if (m_chunkLeft == 0)
            m_chunk = Chunk::DataEnd;
        return count;
    }
    // Everything else is lines.
    const qsizetype lineEnd = bytes.indexOf('\n');
    const qsizetype taken = lineEnd < 0 ? bytes.size() : lineEnd + 1;
    if (m_chunkLine.size() + taken > maxChunkLine) {
        refuse(400, "A line of the chunked body is too long.");
        return taken;
    }
    m_chunkLine.append(bytes.first(taken));
    if (lineEnd >= 0) {
        const QByteArray line = std::exchange(m_chunkLine, {});
        takeChunkLine(withoutLineEnd(QByteArrayView(line).chopped(1)));
    }
    return taken;
}

bool RequestFramer::takeChunkLine(QByteArrayView line)
{
    switch (m_chunk) {
    case Chunk::Size: {
        const qsizetype semicolon = line.indexOf(';');
        const QByteArrayView digits = (semicolon < 0 ? line : line.first(semicolon)).trimmed();
        const bool isHex = !digits.isEmpty() && digits.size() <= 8
            && std::all_of(digits.begin(), digits.end(), [](char c) {
                   return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')
                       || (c >= 'A' && c <= 'F');
               });
        if (!isHex)
            return refuse(400, "A chunk size of the request body is malformed.");
        m_chunkLeft = digits.toByteArray().toLongLong(nullptr, 16);
        if (m_chunkLeft > m_limits.maxBodyBytes - m_bodyRead) {
            return refuse(413,
                          "The request body is larger than "
                              + QByteArray::number(m_limits.maxBodyBytes / (1024 * 1024))
                              + " MiB.");
        }
        m_chunk = m_chunkLeft > 0 ? Chunk::Data : Chunk::Trailer;
        return true;
    }
    case Chunk::DataEnd:
        if (!line.isEmpty())
            return refuse(400, "A chunk of the request body is longer than its size says.");
        m_chunk = Chunk::Size;
        return true;
    case Chunk::Trailer:
        if (line.isEmpty()) {
            m_state = State::Complete;
            return true;
        }
        m_trailerBytes += line.size();
        if (m_trailerBytes > m_limits.maxHeadBytes)
            return refuse(431, "The trailer of the chunked body is too long.");
        return true;
    case Chunk::Data:
        break;
    }
    return false;
}

InboundRequest RequestFramer::take()
{
    if (m_chunked)
        ensureJsonPadding(m_request.body);
    InboundRequest request = std::move(m_request);
    *this = RequestFramer(m_limits);
    return request;
}

} // namespace Switchyard
