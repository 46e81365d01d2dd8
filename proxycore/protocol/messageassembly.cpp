// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/protocol/messageassembly.h"

#include "proxycore/protocol/jsonwriter.h"
#include "proxycore/protocol/messagesrequest.h"
#include "proxycore/protocol/sseparser.h"

#include <simdjson.h>

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

namespace Switchyard {

namespace {

using simdjson::dom::element;
using simdjson::dom::object;

QByteArray rawJson(const element &value)
{
    return QByteArray::fromStdString(simdjson::minify(value));
}

QByteArrayView textOf(const simdjson::simdjson_result<element> &value)
{
    std::string_view text;
    if (value.get(text) != simdjson::SUCCESS)
        return {};
    return {text.data(), qsizetype(text.size())};
}

// Members of an object in their order, values as JSON.
class Members
{
public:
    Members() = default;
    explicit Members(const object &from) { overwriteWith(from); }

    void overwriteWith(const object &from)
    {
        for (const auto &field : from)
            set(QByteArrayView(field.key.data(), qsizetype(field.key.size())),
                rawJson(field.value));
    }

    void set(QByteArrayView name, QByteArray json)
    {
        for (auto &[known, value] : m_members) {
            if (known == name) {
                value = std::move(json);
                return;
            }
        }
        m_members.emplace_back(name.toByteArray(), std::move(json));
    }

    void setText(QByteArrayView name, QByteArrayView text)
    {
        JsonWriter json;
        json.string(text);
        set(name, json.take());
    }

    void write(JsonWriter &json) const
    {
        json.beginObject();
        for (const auto &[name, value] : m_members)
            json.rawMember(name, value);
        json.endObject();
    }

private:
    std::vector<std::pair<QByteArray, QByteArray>> m_members;
};

struct Block
{
    Members members;
    // Fields that grow by deltas, decoded: text, thinking, partial_json.
    std::map<QByteArray, QByteArray> grown;
    std::vector<QByteArray> citations;

    void apply(const object &delta)
    {
        const QByteArrayView type = textOf(delta["type"]);
        if (type == "text_delta") {
            grown["text"].append(textOf(delta["text"]));
        } else if (type == "thinking_delta") {
            grown["thinking"].append(textOf(delta["thinking"]));
        } else if (type == "input_json_delta") {
            grown["input"].append(textOf(delta["partial_json"]));
        } else if (type == "signature_delta") {
            members.setText("signature", textOf(delta["signature"]));
        } else if (type == "citations_delta") {
            element citation;
            if (delta["citation"].get(citation) == simdjson::SUCCESS)
                citations.push_back(rawJson(citation));
        } else {
            // A kind of delta from the future: its fields replace those of the block.
            for (const auto &field : delta) {
                if (field.key != "type")
                    members.set(QByteArrayView(field.key.data(), qsizetype(field.key.size())),
                                rawJson(field.value));
            }
        }
    }

    void close()
    {
        for (auto &[name, value] : grown) {
            if (name != "input")
                members.setText(name, value);
            else if (!value.trimmed().isEmpty())
                members.set(name, value);
        }
        if (citations.empty())
            return;
        JsonWriter json;
        json.beginArray();
        for (const QByteArray &citation : citations)
            json.raw(citation);
        json.endArray();
        members.set("citations", json.take());
    }
};

class Assembly
{
public:
    // False when the frame does not fit.
    bool take(const SseFrame &frame)
    {
        QByteArray data = frame.data.toByteArray();
        ensureJsonPadding(data);
        object event;
        if (m_parser.parse(data.constData(), std::size_t(data.size()), false).get(event)
            != simdjson::SUCCESS)
            return false;
        const QByteArrayView type = textOf(event["type"]);
        if (type == "message_start") {
            object message;
            if (event["message"].get(message) != simdjson::SUCCESS)
                return false;
            m_message = Members(message);
            object usage;
            if (message["usage"].get(usage) == simdjson::SUCCESS)
                m_usage = Members(usage);
        } else if (type == "content_block_start") {
            object block;
            if (event["content_block"].get(block) != simdjson::SUCCESS)
                return false;
            m_blocks.push_back({Members(block), {}, {}});
        } else if (type == "content_block_delta") {
            object delta;
            std::uint64_t index = 0;
            if (event["delta"].get(delta) != simdjson::SUCCESS
                || event["index"].get(index) != simdjson::SUCCESS || index >= m_blocks.size())
                return false;
            m_blocks[index].apply(delta);
        } else if (type == "message_delta") {
            object part;
            if (event["delta"].get(part) == simdjson::SUCCESS)
                m_message.overwriteWith(part);
            if (event["usage"].get(part) == simdjson::SUCCESS)
                m_usage.overwriteWith(part);
        }
        return true;
    }

    QByteArray message()
    {
        JsonWriter content;
        content.beginArray();
        for (Block &block : m_blocks) {
            block.close();
            block.members.write(content);
        }
        content.endArray();
        m_message.set("content", content.take());
        JsonWriter usage;
        m_usage.write(usage);
        m_message.set("usage", usage.take());
        JsonWriter json;
        m_message.write(json);
        return json.take();
    }

private:
    simdjson::dom::parser m_parser;
    Members m_message;
    Members m_usage;
    std::vector<Block> m_blocks;
};

} // namespace

Result<QByteArray> messageFromEvents(QByteArrayView events)
{
    SseParser parser;
    parser.append(events);
    Assembly assembly;
    while (const auto frame = parser.next()) {
        if (frame->hasData && !assembly.take(*frame)) {
            return ApiError::withStatus(
                502,
                "The upstream streamed an answer that does not fit together: event '"
                    + frame->event.toByteArray() + "'.");
        }
    }
    return assembly.message();
}

} // namespace Switchyard
