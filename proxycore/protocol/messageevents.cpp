// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/protocol/jsoncheck.h"
#include "proxycore/protocol/jsonwriter.h"
#include "proxycore/protocol/messagesrequest.h"
#include "proxycore/protocol/nativestream.h"
#include "proxycore/protocol/ssewriter.h"

#include <vector>

namespace Switchyard {

namespace {

namespace ondemand = simdjson::ondemand;

// A member of an object as the bytes it was.
struct Member
{
    QByteArray key;
    QByteArrayView json;
};

using Members = std::vector<Member>;

// The bytes of a value, which is read to its end.
QByteArrayView rawValue(ondemand::value &value)
{
    std::string_view raw;
    const QByteArrayView token = jsonToken(value);
    if (token.startsWith('{')) {
        ondemand::object object;
        if (value.get_object().get(object) || object.raw_json().get(raw))
            return {};
    } else if (token.startsWith('[')) {
        ondemand::array array;
        if (value.get_array().get(array) || array.raw_json().get(raw))
            return {};
    } else {
        return token;
    }
    return QByteArrayView(raw.data(), qsizetype(raw.size()));
}

bool readMembers(ondemand::object object, Members &members)
{
    for (auto entry : object) {
        ondemand::field field;
        QByteArrayView key;
        JsonCheck check;
        if (std::move(entry).get(field) || !check.key(field, &key))
            return false;
        // The key is copied first: reading the value may reuse its room.
        QByteArray name = key.toByteArray();
        const QByteArrayView json = rawValue(field.value());
        if (json.isEmpty())
            return false;
        members.push_back({std::move(name), json});
    }
    return true;
}

QByteArrayView find(const Members &members, QByteArrayView key)
{
    for (const Member &member : members) {
        if (member.key == key)
            return member.json;
    }
    return {};
}

bool isString(QByteArrayView json)
{
    return json.startsWith('"');
}

bool isEmptyObject(QByteArrayView json)
{
    return json.startsWith('{') && json.sliced(1, json.size() - 2).trimmed().isEmpty();
}

// Clients read it in both events without looking whether it is there.
QByteArrayView usageOf(const Members &message)
{
    const QByteArrayView usage = find(message, "usage");
    return usage.startsWith('{') ? usage : "{\"input_tokens\":0,\"output_tokens\":0}";
}

// What of a block travels in a delta; in content_block_start it stands empty.
struct Streamed
{
    const char *block;
    const char *field;
    const char *delta;
    const char *empty;
};

constexpr Streamed streamedFields[] = {
    {"\"text\"", "text", "text_delta", "\"\""},
    {"\"text\"", "citations", "citations_delta", "[]"},
    {"\"thinking\"", "thinking", "thinking_delta", "\"\""},
    {"\"thinking\"", "signature", "signature_delta", "\"\""},
    {"\"tool_use\"", "input", "input_json_delta", "{}"},
    {"\"server_tool_use\"", "input", "input_json_delta", "{}"},
    {"\"mcp_tool_use\"", "input", "input_json_delta", "{}"},
};

const Streamed *streamedField(QByteArrayView blockType, QByteArrayView field)
{
    for (const Streamed &known : streamedFields) {
        if (blockType == QByteArrayView(known.block) && field == QByteArrayView(known.field))
            return &known;
    }
    return nullptr;
}

class EventWriter
{
public:
    void start(const Members &message);
    bool block(QByteArrayView json, int index);
    void end(const Members &message);
    QByteArray take() { return std::move(m_out); }

private:
    void delta(int index, const Streamed &how, QByteArrayView value);
    // One content_block_delta; `write` puts the members behind `type`.
    template <typename Write> void deltaEvent(int index, const char *type, Write write)
    {
        JsonWriter json;
        json.beginObject();
        json.member("type", "content_block_delta");
        json.member("index", index);
        json.key("delta");
        json.beginObject();
        json.member("type", type);
        write(json);
        json.endObject();
        json.endObject();
        appendSseFrame(m_out, "content_block_delta", json.view());
    }

    QByteArray m_out;
};

void EventWriter::start(const Members &message)
{
    JsonWriter json;
    json.beginObject();
    json.member("type", "message_start");
    json.key("message");
    json.beginObject();
    for (const Member &member : message) {
        if (member.key == "usage" || member.key == "context_management")
            continue;
        json.key(member.key);
        if (member.key == "content")
            json.raw("[]");
        else if (member.key == "stop_reason" || member.key == "stop_sequence"
                 || member.key == "stop_details")
            json.null();
        else
            json.raw(member.json);
    }
    json.rawMember("usage", usageOf(message));
    json.endObject();
    json.endObject();
    appendSseFrame(m_out, "message_start", json.view());
}

void EventWriter::delta(int index, const Streamed &how, QByteArrayView value)
{
    const QByteArrayView type(how.delta);
    if (type == "input_json_delta") {
        deltaEvent(index, how.delta, [&](JsonWriter &json) {
            json.member("partial_json", isEmptyObject(value) ? QByteArrayView() : value);
        });
        return;
    }
    if (type == "citations_delta") {
        static thread_local ondemand::parser parser;
        const PaddedJson padded(value);
        ondemand::document document;
        ondemand::array citations;
        if (parser.iterate(padded.view()).get(document) || document.get_array().get(citations))
            return;
        for (auto citation : citations) {
            ondemand::value one;
            if (citation.get(one))
                return;
            const QByteArrayView raw = rawValue(one);
            deltaEvent(index, how.delta,
                       [&](JsonWriter &json) { json.rawMember("citation", raw); });
        }
        return;
    }
    if (value == "\"\"" || !isString(value))
        return;
    deltaEvent(index, how.delta, [&](JsonWriter &json) { json.rawMember(how.field, value); });
}

bool EventWriter::block(QByteArrayView blockJson, int index)
{
    static thread_local ondemand::parser parser;
    const PaddedJson padded(blockJson);
    ondemand::document document;
    ondemand::object object;
    Members members;
    if (parser.iterate(padded.view()).get(document) || document.get_object().get(object)
        || !readMembers(object, members))
        return false;
    const QByteArrayView type = find(members, "type");

    JsonWriter json;
    json.beginObject();
    json.member("type", "content_block_start");
    json.member("index", index);
    json.key("content_block");
    json.beginObject();
    for (const Member &member : members) {
        const Streamed *const how = streamedField(type, member.key);
        json.key(member.key);
        json.raw(how && member.json != "null" ? QByteArrayView(how->empty) : member.json);
    }
    json.endObject();
    json.endObject();
    appendSseFrame(m_out, "content_block_start", json.view());

    for (const Streamed &known : streamedFields) {
        const QByteArrayView value = find(members, known.field);
        if (type == QByteArrayView(known.block) && !value.isEmpty())
            delta(index, known, value);
    }

    JsonWriter stop;
    stop.beginObject();
    stop.member("type", "content_block_stop");
    stop.member("index", index);
    stop.endObject();
    appendSseFrame(m_out, "content_block_stop", stop.view());
    return true;
}

void EventWriter::end(const Members &message)
{
    JsonWriter json;
    json.beginObject();
    json.member("type", "message_delta");
    json.key("delta");
    json.beginObject();
    for (const char *const name : {"stop_reason", "stop_sequence"}) {
        const QByteArrayView value = find(message, name);
        json.rawMember(name, value.isEmpty() ? QByteArrayView("null") : value);
    }
    for (const char *const name : {"stop_details", "container"}) {
        const QByteArrayView value = find(message, name);
        if (!value.isEmpty())
            json.rawMember(name, value);
    }
    json.endObject();
    json.rawMember("usage", usageOf(message));
    const QByteArrayView context = find(message, "context_management");
    if (!context.isEmpty())
        json.rawMember("context_management", context);
    json.endObject();
    appendSseFrame(m_out, "message_delta", json.view());
    appendSseFrame(m_out, "message_stop", "{\"type\":\"message_stop\"}");
}

} // namespace

Result<QByteArray> messageToEvents(QByteArrayView message)
{
    const Result<MessagesResponse> checked = readNativeResponse(message.toByteArray(), {});
    if (!checked)
        return checked.error();

    // Events are lines: raw line ends between the tokens of a pretty-printed answer must go.
    QByteArray oneLine = message.toByteArray();
    oneLine.replace('\n', ' ').replace('\r', ' ');
    ensureJsonPadding(oneLine);
    ondemand::parser parser;
    ondemand::document document;
    ondemand::object root;
    Members members;
    const ApiError malformed =
        ApiError::withStatus(502, "The upstream's answer is malformed JSON.");
    if (parser.iterate(paddedView(oneLine)).get(document) || document.get_object().get(root)
        || !readMembers(root, members))
        return malformed;

    EventWriter writer;
    writer.start(members);
    const PaddedJson content(find(members, "content"));
    ondemand::parser contentParser;
    ondemand::document contentDocument;
    ondemand::array blocks;
    if (contentParser.iterate(content.view()).get(contentDocument)
        || contentDocument.get_array().get(blocks))
        return malformed;
    int index = 0;
    for (auto element : blocks) {
        ondemand::value block;
        if (element.get(block) || !writer.block(rawValue(block), index))
            return malformed;
        ++index;
    }
    writer.end(members);
    return writer.take();
}

} // namespace Switchyard
