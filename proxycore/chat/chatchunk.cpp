// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/chat/chatchunk.h"

#include "proxycore/chat/chatusage.h"
#include "proxycore/chat/rawjson.h"

namespace Switchyard {

namespace ondemand = simdjson::ondemand;

namespace {

// How an upstream shows that there was reasoning it keeps to itself.
constexpr QByteArrayView redactedMark = "[REDACTED]";

class ChunkReader
{
public:
    explicit ChunkReader(ChatChunk &chunk) : m_chunk(chunk) { }

    bool read(ondemand::object root);

private:
    template <typename Member> bool eachMember(ondemand::object object, Member &&member);
    template <typename Item> bool eachItem(ondemand::value value, Item &&item);

    bool readChoices(ondemand::value value);
    bool readChoice(ondemand::object choice);
    bool readDelta(ondemand::value value);
    bool readContent(ondemand::value value);
    bool readContentItem(ondemand::object item);
    bool readDetail(ondemand::object detail);
    bool readTool(ondemand::object tool);
    void takeError(ondemand::value value);
    void addPlainReasoning(QByteArrayView text);
    void addText(QByteArrayView text)
    {
        if (!text.isEmpty())
            m_chunk.texts.push_back(text);
    }

    ChatChunk &m_chunk;
    JsonCheck m_check;
    QByteArrayView m_plainReasoning;
    bool m_hasDelta = false;
};

template <typename Member> bool ChunkReader::eachMember(ondemand::object object, Member &&member)
{
    for (auto entry : object) {
        ondemand::field field;
        QByteArrayView key;
        if (std::move(entry).get(field) || !m_check.key(field, &key))
            return false;
        if (!member(key, field.value()))
            return false;
    }
    return true;
}

// Calls `item(object)` for each object of a list; anything else is passed over.
template <typename Item> bool ChunkReader::eachItem(ondemand::value value, Item &&item)
{
    ondemand::array array;
    if (!jsonToken(value).startsWith('[') || value.get_array().get(array))
        return true;
    for (auto element : array) {
        ondemand::value each;
        if (element.get(each))
            return false;
        if (!jsonToken(each).startsWith('{'))
            continue;
        ondemand::object object;
        if (each.get_object().get(object) || !item(object))
            return false;
    }
    return true;
}

void ChunkReader::addPlainReasoning(QByteArrayView text)
{
    if (text.isEmpty() || text == redactedMark)
        return;
    ChatChunk::Reasoning plain;
    plain.text = text;
    m_chunk.reasoning.push_back(plain);
}

bool ChunkReader::readDetail(ondemand::object detail)
{
    ChatChunk::Reasoning found;
    found.isDetail = true;
    QByteArrayView type;
    const bool good = eachMember(detail, [&](QByteArrayView key, ondemand::value value) {
        const QByteArrayView token = jsonToken(value);
        if (key == "type")
            type = innerOf(token);
        else if (key == "text" || key == "summary")
            found.text = innerOf(token);
        else if (key == "signature")
            found.signature = innerOf(token);
        else if (key == "data")
            found.data = innerOf(token);
        else if (key == "id")
            found.id = innerOf(token);
        else if (key == "format")
            found.format = innerOf(token);
        else if (key == "index" && !isJsonNull(token) && !isJsonString(token))
            found.index = token;
        return true;
    });
    if (!good)
        return false;
    if (type == "reasoning.summary")
        found.kind = ChatChunk::Reasoning::Kind::Summary;
    else if (type == "reasoning.encrypted")
        found.kind = ChatChunk::Reasoning::Kind::Encrypted;
    else if (type != "reasoning.text")
        return true;
    if (found.text == redactedMark)
        found.text = {};
    m_chunk.reasoning.push_back(found);
    return true;
}

// Databricks streams its content as a list: text, and reasoning with a summary that is signed.
bool ChunkReader::readContentItem(ondemand::object item)
{
    QByteArrayView text;
    const bool good = eachMember(item, [&](QByteArrayView key, ondemand::value value) {
        if (key == "text") {
            text = innerOf(jsonToken(value));
            return true;
        }
        if (key != "summary")
            return true;
        return eachItem(value, [&](ondemand::object summary) {
            ChatChunk::Reasoning found;
            found.isDetail = true;
            const bool read = eachMember(summary, [&](QByteArrayView name, ondemand::value part) {
                if (name == "text")
                    found.text = innerOf(jsonToken(part));
                else if (name == "signature")
                    found.signature = innerOf(jsonToken(part));
                return true;
            });
            if (read && (!found.text.isEmpty() || !found.signature.isEmpty()))
                m_chunk.reasoning.push_back(found);
            return read;
        });
    });
    addText(text);
    return good;
}

bool ChunkReader::readContent(ondemand::value value)
{
    addText(innerOf(jsonToken(value)));
    return eachItem(value, [this](ondemand::object item) { return readContentItem(item); });
}

bool ChunkReader::readTool(ondemand::object tool)
{
    ChatChunk::ToolFragment fragment;
    const bool good = eachMember(tool, [&](QByteArrayView key, ondemand::value value) {
        const QByteArrayView token = jsonToken(value);
        if (key == "id") {
            fragment.id = innerOf(token);
        } else if (key == "index") {
            bool isNumber = false;
            const qint64 index = token.toLongLong(&isNumber);
            if (isNumber)
                fragment.index = index;
        } else if (key == "function" && token.startsWith('{')) {
            ondemand::object function;
            if (value.get_object().get(function))
                return false;
            return eachMember(function, [&](QByteArrayView name, ondemand::value part) {
                const QByteArrayView partToken = jsonToken(part);
                if (name == "name")
                    fragment.name = innerOf(partToken);
                else if (name == "arguments" && partToken.startsWith('{'))
                    fragment.argumentsObject = rawJson(part);
                else if (name == "arguments")
                    fragment.arguments = innerOf(partToken);
                return true;
            });
        }
        return true;
    });
    if (good)
        m_chunk.tools.push_back(fragment);
    return good;
}

bool ChunkReader::readDelta(ondemand::value value)
{
    ondemand::object delta;
    if (!jsonToken(value).startsWith('{'))
        return true;
    if (value.get_object().get(delta))
        return false;
    return eachMember(delta, [this](QByteArrayView key, ondemand::value member) {
        if (key == "content")
            return readContent(member);
        if (key == "tool_calls")
            return eachItem(member, [this](ondemand::object tool) { return readTool(tool); });
        if (key == "reasoning_details")
            return eachItem(member, [this](ondemand::object detail) { return readDetail(detail); });
        if (key == "reasoning" || key == "reasoning_content") {
            if (m_plainReasoning.isEmpty())
                m_plainReasoning = innerOf(jsonToken(member));
        } else if (key == "refusal") {
            m_chunk.refusal = innerOf(jsonToken(member));
        }
        return true;
    });
}

bool ChunkReader::readChoice(ondemand::object choice)
{
    QByteArrayView index;
    QByteArrayView finish;
    QByteArrayView native;
    QByteArrayView matched;
    ondemand::value found;
    if (!choice.find_field_unordered("index").get(found))
        index = jsonToken(found);
    // Further choices are other answers to the same question.
    if (!isJsonNull(index) && index != "0")
        return true;
    m_hasDelta =
        !choice.find_field_unordered("delta").get(found) && jsonToken(found).startsWith('{');
    if (choice.reset().error())
        return false;
    m_chunk.hasChoice = true;
    const bool good = eachMember(choice, [&](QByteArrayView key, ondemand::value value) {
        const QByteArrayView token = jsonToken(value);
        if (key == "delta")
            return readDelta(value);
        if (key == "message" && !m_hasDelta) {
            m_chunk.isMessage = token.startsWith('{');
            return readDelta(value);
        }
        if (key == "finish_reason")
            finish = innerOf(token);
        else if (key == "native_finish_reason")
            native = innerOf(token);
        else if (key == "stop_reason" || key == "matched_stop")
            matched = innerOf(token);
        else if (key == "error")
            takeError(value);
        return true;
    });
    m_chunk.finishReason = finish;
    m_chunk.nativeFinishReason = native;
    m_chunk.matchedStop = matched;
    // The calls of a whole message stand in a list and have no index of their own.
    if (m_chunk.isMessage) {
        qint64 position = 0;
        for (ChatChunk::ToolFragment &fragment : m_chunk.tools)
            fragment.index = position++;
    }
    // `reasoning` says the same once more when there are details.
    if (m_chunk.reasoning.empty())
        addPlainReasoning(m_plainReasoning);
    return good;
}

bool ChunkReader::readChoices(ondemand::value value)
{
    return eachItem(value, [this](ondemand::object choice) { return readChoice(choice); });
}

void ChunkReader::takeError(ondemand::value value)
{
    const QByteArrayView raw = rawJson(value);
    if (!isJsonNull(raw) && raw != "false" && raw != "{}" && raw != "\"\"")
        m_chunk.error = "{\"error\":" + raw.toByteArray() + '}';
}

bool ChunkReader::read(ondemand::object root)
{
    QByteArrayView errorType;
    QByteArrayView errorMessage;
    const bool good = eachMember(root, [&](QByteArrayView key, ondemand::value value) {
        const QByteArrayView token = jsonToken(value);
        if (key == "choices")
            return readChoices(value);
        if (key == "model") {
            m_chunk.model = innerOf(token);
        } else if (key == "usage" && token.startsWith('{')) {
            ondemand::object usage;
            if (value.get_object().get(usage))
                return false;
            m_chunk.usage = readChatUsage(usage);
            m_chunk.hasUsage = true;
        } else if (key == "error") {
            takeError(value);
        } else if (key == "error_type") {
            errorType = token;
        } else if (key == "error_message" || key == "message") {
            errorMessage = token;
        }
        return true;
    });
    if (m_chunk.error.isEmpty() && isJsonString(errorType)) {
        m_chunk.error = "{\"error\":{\"error_type\":" + errorType.toByteArray() + ",\"message\":"
            + (isJsonString(errorMessage) ? errorMessage : QByteArrayView("\"\"")).toByteArray()
            + "}}";
    }
    return good;
}

} // namespace

bool readChatChunk(ondemand::parser &parser, simdjson::padded_string_view json, ChatChunk &chunk)
{
    ondemand::document document;
    ondemand::object root;
    if (parser.iterate(json).get(document) || document.get_object().get(root))
        return false;
    return ChunkReader(chunk).read(root) && atJsonEnd(document);
}

} // namespace Switchyard
