// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/chat/contentblock.h"

#include "proxycore/chat/rawjson.h"

#include <algorithm>

namespace Switchyard {

namespace ondemand = simdjson::ondemand;

namespace {

// A tool result may hold a document that holds blocks; nothing in the API is nested deeper.
constexpr int maxBlockDepth = 4;

struct StringMember
{
    QByteArrayView key;
    QByteArrayView ContentBlock::*member;
};

constexpr StringMember stringMembers[] = {
    {"text", &ContentBlock::text},
    {"tool_use_id", &ContentBlock::toolUseId},
    {"id", &ContentBlock::id},
    {"name", &ContentBlock::name},
    {"tool_name", &ContentBlock::name},
    {"thinking", &ContentBlock::thinking},
    {"signature", &ContentBlock::signature},
    {"data", &ContentBlock::data},
    {"title", &ContentBlock::title},
    {"context", &ContentBlock::context},
};

constexpr QByteArrayView knownTypes[] = {"text",     "tool_use",          "tool_result",
                                         "thinking", "redacted_thinking", "image",
                                         "document", "search_result",     "tool_reference"};

// `citations` asks for nothing when it is null, an empty list or switched off.
bool asksForCitations(QByteArrayView raw)
{
    return raw.startsWith('{') ? !raw.contains("false") : !isJsonNull(raw) && raw != "[]";
}

} // namespace

bool ContentBlockReader::refuse(const QByteArray &field, QByteArrayView sentence)
{
    m_error = ApiError::invalidRequest(field + ": " + sentence.toByteArray());
    return false;
}

void ContentBlockReader::leaveOut(const QByteArray &field)
{
    m_adjustments.push_back({field, QByteArrayLiteral("chat.field-not-carried"),
                             QByteArrayLiteral("Chat Completions has no such field.")});
}

bool ContentBlockReader::takeString(QByteArrayView token, const JsonPath &path, QByteArrayView key,
                                    QByteArrayView &into)
{
    if (!isJsonString(token))
        return isJsonNull(token) || refuse(path.member(key), "a string is required.");
    into = innerOf(token);
    return true;
}

bool ContentBlockReader::readCacheMark(ondemand::value value, const JsonPath &parent,
                                       CacheMark &mark)
{
    const QByteArrayView token = jsonToken(value);
    if (isJsonNull(token))
        return true;
    ondemand::object object;
    if (!token.startsWith('{') || value.get_object().get(object))
        return refuse(parent.member("cache_control"), "an object is required.");
    for (auto entry : object) {
        ondemand::field field;
        QByteArrayView key;
        if (std::move(entry).get(field) || !m_check.key(field, &key))
            return refuse(parent.member("cache_control"), "the object is malformed.");
        const QByteArrayView member = jsonToken(field.value());
        if (key == "type" && isJsonString(member))
            mark.type = member;
        else if (key == "ttl" && isJsonString(member))
            mark.ttl = member;
        else if (!isJsonNull(member))
            leaveOut(parent.member("cache_control." + key.toByteArray()));
    }
    if (!mark.isSet())
        return refuse(parent.member("cache_control.type"), "a string is required.");
    if (mark.type != "\"ephemeral\"") {
        leaveOut(parent.member("cache_control"));
        mark = {};
    }
    return true;
}

bool ContentBlockReader::readSource(ondemand::value &value, const JsonPath &path,
                                    ContentBlock &block, int depth)
{
    const QByteArrayView token = jsonToken(value);
    if (isJsonString(token)) {
        block.sourceText = innerOf(token);
        return true;
    }
    ondemand::object object;
    if (!token.startsWith('{') || value.get_object().get(object))
        return refuse(path.member("source"), "an object is required.");
    block.source.present = true;
    const JsonPath here{&path, "source"};
    for (auto entry : object) {
        ondemand::field field;
        QByteArrayView key;
        if (std::move(entry).get(field) || !m_check.key(field, &key))
            return refuse(here.text(), "the object is malformed.");
        ondemand::value member = field.value();
        bool good = true;
        if (key == "type")
            good = takeString(jsonToken(member), here, key, block.source.type);
        else if (key == "media_type")
            good = takeString(jsonToken(member), here, key, block.source.mediaType);
        else if (key == "data")
            good = takeString(jsonToken(member), here, key, block.source.data);
        else if (key == "url")
            good = takeString(jsonToken(member), here, key, block.source.url);
        else if (key == "content")
            good = readContent(member, JsonPath{&here, "content"}, block.content, depth + 1);
        else if (key != "file_id" && !isJsonNull(jsonToken(member)))
            leaveOut(here.member(key));
        if (!good)
            return false;
    }
    return !block.source.type.isEmpty() || refuse(here.member("type"), "a string is required.");
}

bool ContentBlockReader::readMember(QByteArrayView key, ondemand::value &value,
                                    const JsonPath &path, ContentBlock &block, int depth)
{
    const QByteArrayView token = jsonToken(value);
    for (const StringMember &known : stringMembers) {
        if (key != known.key)
            continue;
        if (key == "text")
            block.hasText = isJsonString(token);
        return takeString(token, path, key, block.*known.member);
    }
    if (key == "content") {
        if (isJsonNull(token))
            return true;
        return readContent(value, JsonPath{&path, "content"}, block.content, depth + 1);
    }
    if (key == "input") {
        if (isJsonNull(token))
            return true;
        if (!token.startsWith('{'))
            return refuse(path.member(key), "an object is required.");
        block.input = rawJson(value);
        return true;
    }
    if (key == "source")
        return readSource(value, path, block, depth);
    if (key == "cache_control")
        return readCacheMark(value, path, block.cache);
    if (key == "is_error") {
        if (token != "true" && token != "false" && !isJsonNull(token))
            return refuse(path.member(key), "true or false is required.");
        block.isError = token == "true";
        return true;
    }
    // `caller` tells which server tool made a call; blocks of server tools are not carried at all.
    if (key == "type" || key == "caller" || isJsonNull(token))
        return true;
    if (key != "citations" || asksForCitations(rawJson(value)))
        leaveOut(path.member(key));
    return true;
}

bool ContentBlockReader::readBlock(ondemand::value value, const JsonPath &path, ContentBlock &block,
                                   int depth)
{
    ondemand::object object;
    if (!jsonToken(value).startsWith('{') || value.get_object().get(object))
        return refuse(path.text(), "a content block, an object with a type, is required.");
    // Which members mean what depends on the type, and the type is not always the first of them.
    ondemand::value type;
    if (object.find_field_unordered("type").get(type) || !isJsonString(jsonToken(type)))
        return refuse(path.member("type"), "a string is required.");
    block.type = innerOf(jsonToken(type));
    if (object.reset().error())
        return refuse(path.text(), "the object is malformed.");
    if (std::find(std::begin(knownTypes), std::end(knownTypes), block.type)
        == std::end(knownTypes)) {
        std::string_view raw;
        if (object.raw_json().get(raw))
            return refuse(path.text(), "the object is malformed.");
        block.unknown = trimmedContainer(raw);
        return true;
    }
    for (auto entry : object) {
        ondemand::field field;
        QByteArrayView key;
        if (std::move(entry).get(field) || !m_check.key(field, &key))
            return refuse(path.text(), "the object is malformed.");
        ondemand::value member = field.value();
        if (!readMember(key, member, path, block, depth))
            return false;
    }
    return true;
}

bool ContentBlockReader::read(ondemand::value value, const JsonPath &path, ContentBlock &block)
{
    return readBlock(value, path, block, 0);
}

bool ContentBlockReader::readContent(ondemand::value value, const JsonPath &path,
                                     std::vector<ContentBlock> &blocks, int depth)
{
    const QByteArrayView token = jsonToken(value);
    if (isJsonString(token)) {
        ContentBlock bare;
        bare.text = innerOf(token);
        bare.hasText = true;
        blocks.push_back(std::move(bare));
        return true;
    }
    ondemand::array array;
    if (!token.startsWith('[') || value.get_array().get(array))
        return refuse(path.text(), "a string or a list of content blocks is required.");
    if (depth > maxBlockDepth)
        return refuse(path.text(), "content blocks are nested too deeply.");
    int index = 0;
    for (auto element : array) {
        ondemand::value item;
        if (element.get(item))
            return refuse(path.text(), "the list is malformed.");
        const JsonPath itemPath{path.parent, path.name, index++};
        if (!readBlock(item, itemPath, blocks.emplace_back(), depth))
            return false;
    }
    return true;
}

} // namespace Switchyard
