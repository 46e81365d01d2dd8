// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/protocol/nativestream.h"

#include "proxycore/protocol/jsoncheck.h"
#include "proxycore/protocol/messagefields.h"
#include "proxycore/protocol/ssewriter.h"
#include "proxycore/protocol/upstreamerror.h"

namespace Switchyard {

namespace {

namespace ondemand = simdjson::ondemand;

constexpr QByteArrayView doneMark = "[DONE]";

// What is read of message_start and message_delta.
struct EventFields
{
    bool valid = false;
    ByteRange modelToken; // in the data
    QByteArray model;
    QByteArray stopReason;
    Usage usage;
};

void readMessage(ondemand::value value, const char *begin, EventFields &fields)
{
    ondemand::object message;
    if (value.get_object().get(message))
        return;
    for (auto entry : message) {
        ondemand::field field;
        QByteArrayView key;
        JsonCheck check;
        if (std::move(entry).get(field) || !check.key(field, &key))
            return;
        if (key == "model") {
            const QByteArrayView token = jsonToken(field.value());
            if (token.startsWith('"')) {
                fields.modelToken = {token.data() - begin, token.size()};
                fields.model = readText(field.value());
            }
        } else if (key == "usage") {
            fields.usage = readUsage(field.value());
        } else if (key == "stop_reason") {
            fields.stopReason = readText(field.value());
        }
    }
}

EventFields readEvent(QByteArrayView data)
{
    static thread_local ondemand::parser parser;
    EventFields fields;
    const PaddedJson json(data);
    if (!isJsonObject(json.view()))
        return fields;
    ondemand::document document;
    ondemand::object event;
    if (parser.iterate(json.view()).get(document) || document.get_object().get(event))
        return fields;
    for (auto entry : event) {
        ondemand::field field;
        QByteArrayView key;
        JsonCheck check;
        if (std::move(entry).get(field) || !check.key(field, &key))
            return fields;
        // message_start has the facts in `message`, message_delta in `delta` and beside it.
        if (key == "message" || key == "delta")
            readMessage(field.value(), json.data(), fields);
        else if (key == "usage")
            fields.usage = readUsage(field.value());
    }
    fields.valid = true;
    return fields;
}

// The event name of a frame that has no event line, from its data; an error object without a type
// is an error. Empty when the data tells nothing.
QByteArray nameFromData(QByteArrayView data)
{
    static thread_local ondemand::parser parser;
    const PaddedJson json(data);
    ondemand::document document;
    ondemand::object object;
    if (parser.iterate(json.view()).get(document) || document.get_object().get(object))
        return {};
    bool isError = false;
    for (auto entry : object) {
        ondemand::field field;
        QByteArrayView key;
        JsonCheck check;
        if (std::move(entry).get(field) || !check.key(field, &key))
            return {};
        if (key == "type")
            return readText(field.value());
        isError = isError || (key == "error" && jsonToken(field.value()) != "null");
    }
    return isError ? "error" : QByteArray();
}

// The frame as it came, with what a client needs and it lacks. Clients cut the stream at "\n\n",
// "\r\r" and "\r\n\r\n" alone.
void appendFrame(QByteArray &out, QByteArrayView raw, QByteArrayView missingEvent)
{
    if (!missingEvent.isEmpty())
        out.append("event: ").append(missingEvent).append('\n');
    out.append(raw);
    if (raw.endsWith("\n\n") || raw.endsWith("\r\n\r\n") || raw.endsWith("\r\r"))
        return;
    const char last = raw.back();
    if (raw.endsWith("\r\n\r"))
        out.append('\n');
    else if (last == '\n' || last == '\r')
        out.append(last);
    else
        out.append("\n\n");
}

} // namespace

NativeStream::NativeStream(QByteArray requestedModel) : m_requestedModel(std::move(requestedModel))
{
}

QByteArray NativeStream::feed(QByteArrayView bytes)
{
    QByteArray out;
    if (m_state != State::Open)
        return out;
    out.reserve(bytes.size() + 64);
    m_parser.append(bytes);
    while (m_state == State::Open) {
        const std::optional<SseFrame> frame = m_parser.next();
        if (!frame)
            break;
        take(*frame, out);
    }
    if (m_parser.overflowed())
        fail(ApiError::withStatus(502, "The upstream sent an event of more than 64 MiB."));
    return out;
}

QByteArray NativeStream::finish()
{
    QByteArray out;
    if (m_state != State::Open)
        return out;
    if (const std::optional<SseFrame> frame = m_parser.finish();
        frame && frame->hasData && isJsonObject(frame->data))
        take(*frame, out);
    if (m_state != State::Open)
        return out;
    m_state = State::Truncated;
    m_error = ApiError::withStatus(
        502,
        m_started ? "The upstream's answer ended in the middle: its stream was closed too early."
                  : "The upstream's answer was empty: its stream was closed before it began.");
    return out;
}

QByteArray NativeStream::errorFrame(QByteArrayView requestId) const
{
    return m_errorFrame.isEmpty() ? errorEvent(m_error, requestId) : m_errorFrame;
}

void NativeStream::fail(ApiError error)
{
    m_state = State::Failed;
    m_error = std::move(error);
}

void NativeStream::take(const SseFrame &frame, QByteArray &out)
{
    if (!frame.hasData) {
        const bool isEmpty = frame.raw.front() == '\n' || frame.raw.front() == '\r';
        if (m_started && !isEmpty)
            appendFrame(out, frame.raw, {});
        return;
    }
    // The hot path, nine of ten frames: decided by the name alone.
    if (frame.event == "content_block_delta") {
        appendFrame(out, frame.raw, {});
        return;
    }
    if (frame.data.trimmed() == doneMark)
        return;

    const bool hasEventLine = !frame.event.isEmpty();
    const QByteArray fromData = hasEventLine ? QByteArray() : nameFromData(frame.data);
    const QByteArrayView name = hasEventLine ? frame.event : QByteArrayView(fromData);
    if (name == "message_start") {
        takeStart(frame, out);
        return;
    }
    if (name == "error") {
        takeError(frame, hasEventLine);
        return;
    }
    if (name == "message_delta")
        takeDelta(frame);
    appendFrame(out, frame.raw, fromData);
    if (name == "message_stop")
        m_state = State::Complete;
}

void NativeStream::takeStart(const SseFrame &frame, QByteArray &out)
{
    const EventFields fields = readEvent(frame.data);
    if (!fields.valid) {
        fail(ApiError::withStatus(502, "The upstream's message_start is not valid JSON."));
        return;
    }
    m_started = true;
    m_usage.overwriteWith(fields.usage);
    m_upstreamModel = fields.model;
    const QByteArrayView missingEvent = frame.event.isEmpty() ? "message_start" : "";
    if (fields.modelToken.isEmpty()) {
        appendFrame(out, frame.raw, missingEvent);
        return;
    }
    const qsizetype dataOffset = frame.data.data() - frame.raw.data();
    if (dataOffset >= 0 && dataOffset < frame.raw.size()) {
        ByteRange token = fields.modelToken;
        token.offset += dataOffset;
        appendFrame(out, withString(frame.raw, token, m_requestedModel), missingEvent);
        return;
    }
    // Several data lines, joined by the parser. A line end in JSON is white space.
    QByteArray data = withString(frame.data, fields.modelToken, m_requestedModel);
    appendSseFrame(out, "message_start", data.replace('\n', ' '));
}

void NativeStream::takeDelta(const SseFrame &frame)
{
    const EventFields fields = readEvent(frame.data);
    m_usage.overwriteWith(fields.usage);
    if (!fields.stopReason.isEmpty())
        m_stopReason = fields.stopReason;
}

void NativeStream::takeError(const SseFrame &frame, bool hasEventLine)
{
    fail(upstreamApiError(200, Headers(), frame.data, "The upstream"));
    const std::optional<UpstreamError> said = readUpstreamError(frame.data);
    if (said && said->messagesShape)
        appendFrame(m_errorFrame, frame.raw, hasEventLine ? QByteArrayView() : "error");
}

Result<MessagesResponse> readNativeResponse(QByteArray body, QByteArrayView requestedModel)
{
    const auto notAMessage = [&body] {
        return upstreamApiError(200, Headers(), body, "The upstream");
    };
    ensureJsonPadding(body);
    ondemand::parser parser;
    ondemand::document document;
    ondemand::object message;
    if (!isJsonObject(paddedView(body)) || parser.iterate(paddedView(body)).get(document)
        || document.get_object().get(message))
        return notAMessage();

    MessagesResponse response;
    ByteRange modelToken;
    bool hasContent = false;
    bool isError = false;
    for (auto entry : message) {
        ondemand::field field;
        QByteArrayView key;
        JsonCheck check;
        if (std::move(entry).get(field) || !check.key(field, &key))
            return notAMessage();
        const QByteArrayView token = jsonToken(field.value());
        if (key == "content") {
            hasContent = token.startsWith('[');
        } else if (key == "error") {
            isError = token != "null";
        } else if (key == "usage") {
            response.usage = readUsage(field.value());
        } else if (key == "stop_reason") {
            response.stopReason = readText(field.value());
        } else if (key == "model" && token.startsWith('"')) {
            modelToken = {token.data() - body.constData(), token.size()};
            response.upstreamModel = readText(field.value());
        }
    }
    if (isError || !hasContent)
        return notAMessage();

    response.body = modelToken.isEmpty() || response.upstreamModel == requestedModel
        ? std::move(body)
        : withString(body, modelToken, requestedModel);
    return response;
}

} // namespace Switchyard
