// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/chat/chatconversation.h"

#include "proxycore/chat/rawjson.h"

namespace Switchyard {

namespace ondemand = simdjson::ondemand;

namespace {

// Claude Code's note to Anthropic's servers, which take it out before the model sees it.
constexpr QByteArrayView attributionMark = "x-anthropic-billing-header:";

JsonPath itemOf(const JsonPath &list, int index)
{
    return {list.parent, list.name, index};
}

} // namespace

void ChatConversation::record(QByteArray field, QByteArray rule, QByteArray reason)
{
    m_adjustments.push_back({std::move(field), std::move(rule), std::move(reason)});
}

CacheMark ChatConversation::acceptedMark(const ContentBlock &block, const JsonPath &path)
{
    if (!block.cache.isSet() || m_dialect.cacheControl)
        return block.cache;
    record(path.member("cache_control"), QByteArrayLiteral("chat.cache-control-refused"),
           QByteArrayLiteral("This server does not know it."));
    return {};
}

CacheMark ChatConversation::attachmentMark(const ContentBlock &block, const JsonPath &path)
{
    const CacheMark mark = acceptedMark(block, path);
    if (mark.isSet())
        record(path.member("cache_control"), QByteArrayLiteral("chat.cache-control-moved"),
               QByteArrayLiteral(
                   "Servers take it on text alone; the text before has it now, if any."));
    return mark;
}

bool ChatConversation::appendText(const ContentBlock &block, const JsonPath &path,
                                  ContentParts &parts)
{
    if (!block.hasText)
        return m_reader.refuse(path.member("text"), "a string is required.");
    if (isBlankInner(block.text)) {
        record(path.text(), QByteArrayLiteral("chat.empty-text-dropped"),
               QByteArrayLiteral("Servers refuse text that is empty or only white space."));
        return true;
    }
    ContentPart part;
    part.text = block.text;
    part.bare = block.type.isEmpty();
    part.cache = acceptedMark(block, path);
    parts.push_back(part);
    return true;
}

bool ChatConversation::appendImage(const ContentBlock &block, const JsonPath &path,
                                   ContentParts &parts)
{
    if (!block.source.present)
        return m_reader.refuse(path.member("source"), "an object is required.");
    ContentPart part;
    if (!m_dialect.images) {
        part.cache = acceptedMark(block, path);
        record(path.text(), QByteArrayLiteral("chat.image-replaced"),
               QByteArrayLiteral("The model reads no images; a marker was sent in its place."));
        part.text = "[Unsupported Image]";
        parts.push_back(part);
        return true;
    }
    part.kind = ContentPart::Kind::Image;
    part.cache = attachmentMark(block, path);
    if (block.source.type == "base64" && !block.source.data.isEmpty()
        && !block.source.mediaType.isEmpty()) {
        part.mediaType = block.source.mediaType;
        part.text = block.source.data;
    } else if (block.source.type == "url" && !block.source.url.isEmpty()) {
        part.text = block.source.url;
    } else if (block.source.type == "file") {
        return m_reader.refuse(path.member("source"),
                               "a file uploaded to Anthropic cannot be read by this backend; "
                               "send the image as base64 or url.");
    } else {
        return m_reader.refuse(path.member("source"),
                               "an image is base64 with media_type and data, or url with url.");
    }
    parts.push_back(part);
    return true;
}

bool ChatConversation::appendDocument(const ContentBlock &block, const JsonPath &path,
                                      ContentParts &parts)
{
    if (!block.source.present)
        return m_reader.refuse(path.member("source"), "an object is required.");
    const QByteArrayView type = block.source.type;
    if (type == "file") {
        return m_reader.refuse(path.member("source"),
                               "a file uploaded to Anthropic cannot be read by this backend; "
                               "send the document as base64 or text.");
    }

    ContentPart title;
    title.before = "Document: ";
    title.text = block.title;
    ContentPart context;
    context.text = block.context;

    if (type == "base64" || type == "url") {
        const QByteArrayView data = type == "url" ? block.source.url : block.source.data;
        if (data.isEmpty())
            return m_reader.refuse(path.member("source"), "the data of the document is missing.");
        if (!m_dialect.fileParts) {
            return m_reader.refuse(path.text(),
                                   "this backend's chat lane takes no documents but plain text; "
                                   "send the text, or use the native lane.");
        }
        if (!isBlankInner(block.context))
            parts.push_back(context);
        ContentPart part;
        part.kind = ContentPart::Kind::File;
        part.fileName = block.title.isEmpty() ? QByteArrayView("document.pdf") : block.title;
        if (type == "base64")
            part.mediaType = block.source.mediaType.isEmpty() ? QByteArrayView("application/pdf")
                                                              : block.source.mediaType;
        part.text = data;
        part.cache = attachmentMark(block, path);
        parts.push_back(part);
        return true;
    }

    record(path.text(), QByteArrayLiteral("chat.document-as-text"),
           QByteArrayLiteral("Chat Completions has no documents of text; its text was sent."));
    const std::size_t before = parts.size();
    if (!block.title.isEmpty())
        parts.push_back(title);
    if (!isBlankInner(block.context))
        parts.push_back(context);
    if (type == "text") {
        if (isBlankInner(block.source.data))
            return m_reader.refuse(path.member("source.data"),
                                   "the text of the document is required.");
        ContentPart part;
        part.text = block.source.data;
        parts.push_back(part);
    } else if (type == "content") {
        const JsonPath source{&path, "source"};
        const JsonPath list{&source, "content"};
        int index = 0;
        for (const ContentBlock &inner : block.content) {
            if (!appendBlock(inner, Place::Message, itemOf(list, index++), parts))
                return false;
        }
    } else {
        return m_reader.refuse(path.member("source.type"),
                               "base64, text, content or url is required.");
    }
    if (parts.size() > before) {
        const bool isText = parts.back().kind == ContentPart::Kind::Text;
        parts.back().cache = isText ? acceptedMark(block, path) : attachmentMark(block, path);
    }
    return true;
}

void ChatConversation::appendSearchResult(const ContentBlock &block, const JsonPath &path,
                                          ContentParts &parts)
{
    record(path.text(), QByteArrayLiteral("chat.search-result-as-text"),
           QByteArrayLiteral("Chat Completions has no search results; the text was sent."));
    QByteArray text = "Search result: ";
    text.append(block.title).append("\\nSource: ").append(block.sourceText);
    for (const ContentBlock &inner : block.content) {
        if (inner.hasText)
            text.append("\\n\\n").append(inner.text);
    }
    ContentPart part;
    part.text = m_messages.keep(std::move(text));
    part.cache = acceptedMark(block, path);
    parts.push_back(part);
}

bool ChatConversation::appendBlock(const ContentBlock &block, Place place, const JsonPath &path,
                                   ContentParts &parts)
{
    if (block.type.isEmpty() || block.type == "text")
        return appendText(block, path, parts);
    if (block.type == "image")
        return appendImage(block, path, parts);
    if (block.type == "document")
        return appendDocument(block, path, parts);
    if (block.type == "search_result") {
        appendSearchResult(block, path, parts);
        return true;
    }
    if (block.type == "tool_reference") {
        record(path.text(), QByteArrayLiteral("chat.tool-reference-as-text"),
               QByteArrayLiteral("All tools are sent from the start; the name was sent as text."));
        ContentPart part;
        part.before = "Tool available: ";
        part.text = block.name;
        parts.push_back(part);
        return true;
    }
    // The model may have asked for what stands there, so something is better than nothing.
    if (place == Place::ToolResult && !block.unknown.isEmpty()) {
        record(path.text(), QByteArrayLiteral("chat.block-as-json"),
               "Chat Completions has no block of type " + block.type.toByteArray()
                   + "; its JSON was sent as text.");
        QByteArray text;
        appendAsInner(text, block.unknown);
        ContentPart part;
        part.text = m_messages.keep(std::move(text));
        parts.push_back(part);
        return true;
    }
    record(path.text(), QByteArrayLiteral("chat.block-not-carried"),
           "Chat Completions has no block of type " + block.type.toByteArray() + " here.");
    return true;
}

bool ChatConversation::addToolResult(const ContentBlock &block, const JsonPath &path)
{
    if (block.toolUseId.isEmpty())
        return m_reader.refuse(path.member("tool_use_id"), "the id of a tool call is required.");
    ContentParts parts;
    const JsonPath list{&path, "content"};
    int index = 0;
    for (const ContentBlock &inner : block.content) {
        // A tool that printed nothing is no fault of the conversation: the filler stands for it.
        if (inner.type.isEmpty() && isBlankInner(inner.text))
            continue;
        if (!appendBlock(inner, Place::ToolResult, itemOf(list, index++), parts))
            return false;
    }
    m_messages.addToolResult(block.toolUseId, std::move(parts), block.isError,
                             acceptedMark(block, path), path);
    return true;
}

bool ChatConversation::addUserBlock(const ContentBlock &block, const JsonPath &path)
{
    if (block.type == "tool_result")
        return addToolResult(block, path);
    ContentParts parts;
    if (!appendBlock(block, Place::Message, path, parts))
        return false;
    for (const ContentPart &part : parts)
        m_messages.addUserPart(part);
    return true;
}

bool ChatConversation::addToolCall(const ContentBlock &block, const JsonPath &path)
{
    if (block.id.isEmpty())
        return m_reader.refuse(path.member("id"), "an id is required.");
    if (block.name.isEmpty())
        return m_reader.refuse(path.member("name"), "the name of a tool is required.");
    if (block.cache.isSet()) {
        record(path.member("cache_control"), QByteArrayLiteral("chat.cache-control-refused"),
               QByteArrayLiteral("Chat Completions has no place for it on a tool call."));
    }
    m_messages.addToolCall(block.id, m_messages.keep(m_tools.sentName(block.name)),
                           block.input.isEmpty() ? QByteArrayView("{}") : block.input, path);
    return true;
}

bool ChatConversation::addAssistantBlock(const ContentBlock &block, const JsonPath &path)
{
    if (block.type == "tool_use")
        return addToolCall(block, path);
    if (block.type == "thinking") {
        m_messages.reasoning().addThinking(block.thinking, block.signature, path);
        return true;
    }
    if (block.type == "redacted_thinking") {
        m_messages.reasoning().addRedacted(block.data, path);
        return true;
    }
    ContentParts parts;
    if (!appendBlock(block, Place::Message, path, parts))
        return false;
    for (const ContentPart &part : parts)
        m_messages.addAssistantPart(part);
    return true;
}

// A system message between the turns stays where it is: moved to the top it would change the start
// of the prompt with every turn, and with it what the provider has cached.
void ChatConversation::addReminder(const ContentBlock &block, const JsonPath &path)
{
    if (!block.hasText || isBlankInner(block.text))
        return;
    ContentPart part;
    part.text = block.text;
    part.bare = block.type.isEmpty();
    part.cache = acceptedMark(block, path);
    if (!block.text.startsWith("<system-reminder>")) {
        part.before = R"(<system-reminder>\n)";
        part.after = R"(\n</system-reminder>)";
    }
    m_messages.addUserPart(part);
}

bool ChatConversation::addBlock(Role role, const ContentBlock &block, const JsonPath &path)
{
    switch (role) {
    case Role::User:
        return addUserBlock(block, path);
    case Role::Assistant:
        return addAssistantBlock(block, path);
    case Role::System:
        if (block.type.isEmpty() || block.type == "text") {
            addReminder(block, path);
            return true;
        }
        record(path.text(), QByteArrayLiteral("chat.block-not-carried"),
               QByteArrayLiteral("A system message carries text alone."));
        return true;
    }
    return true;
}

bool ChatConversation::readMessageContent(Role role, ondemand::value value, const JsonPath &path)
{
    const JsonPath list{&path, "content"};
    const QByteArrayView token = jsonToken(value);
    if (isJsonString(token)) {
        ContentBlock block;
        block.text = innerOf(token);
        block.hasText = true;
        return addBlock(role, block, list);
    }
    ondemand::array array;
    if (!token.startsWith('[') || value.get_array().get(array))
        return m_reader.refuse(list.text(), "a string or a list of content blocks is required.");
    int index = 0;
    for (auto element : array) {
        ondemand::value item;
        if (element.get(item))
            return m_reader.refuse(list.text(), "the list is malformed.");
        const JsonPath itemPath = itemOf(list, index++);
        ContentBlock block;
        if (!m_reader.read(item, itemPath, block) || !addBlock(role, block, itemPath))
            return false;
    }
    return true;
}

bool ChatConversation::readOutputConfig(ondemand::value value, const JsonPath &path)
{
    if (isJsonNull(jsonToken(value)))
        return true;
    ondemand::object object;
    if (!jsonToken(value).startsWith('{') || value.get_object().get(object))
        return m_reader.refuse(path.member("output_config"), "an object is required.");
    for (auto entry : object) {
        ondemand::field field;
        QByteArrayView key;
        if (std::move(entry).get(field) || !m_check.key(field, &key))
            return m_reader.refuse(path.member("output_config"), "the object is malformed.");
        const QByteArrayView token = jsonToken(field.value());
        if (key == "effort" && isJsonString(token))
            m_effort = innerOf(token);
        else if (!isJsonNull(token))
            m_reader.leaveOut(path.member("output_config." + key.toByteArray()));
    }
    return true;
}

bool ChatConversation::readMessage(ondemand::value value, const JsonPath &path)
{
    ondemand::object object;
    if (value.get_object().get(object))
        return m_reader.refuse(path.text(), "an object with a role is required.");
    ondemand::value roleValue;
    if (object.find_field_unordered("role").get(roleValue))
        return m_reader.refuse(path.member("role"), "a role is required.");
    const QByteArrayView roleName = innerOf(jsonToken(roleValue));
    Role role = Role::User;
    if (roleName == "assistant")
        role = Role::Assistant;
    else if (roleName == "system")
        role = Role::System;
    else if (roleName != "user")
        return m_reader.refuse(path.member("role"), "user, assistant or system is required.");
    if (object.reset().error())
        return m_reader.refuse(path.text(), "the object is malformed.");

    if (role == Role::System) {
        record(path.member("role"), QByteArrayLiteral("chat.system-as-user"),
               QByteArrayLiteral(
                   "Servers take instructions only at the start; these were sent as a user's."));
    }
    bool hasContent = false;
    for (auto entry : object) {
        ondemand::field field;
        QByteArrayView key;
        if (std::move(entry).get(field) || !m_check.key(field, &key))
            return m_reader.refuse(path.text(), "the object is malformed.");
        if (key == "content") {
            hasContent = true;
            if (!readMessageContent(role, field.value(), path))
                return false;
        } else if (key == "output_config") {
            if (!readOutputConfig(field.value(), path))
                return false;
        } else if (key != "role" && !isJsonNull(jsonToken(field.value()))) {
            m_reader.leaveOut(path.member(key));
        }
    }
    return hasContent || m_reader.refuse(path.member("content"), "the content is required.");
}

bool ChatConversation::readMessages(ondemand::value value)
{
    ondemand::array array;
    if (value.get_array().get(array))
        return m_reader.refuse("messages", "a list of messages is required.");
    int index = 0;
    for (auto element : array) {
        ondemand::value item;
        if (element.get(item))
            return m_reader.refuse("messages", "the list is malformed.");
        if (!readMessage(item, JsonPath{nullptr, "messages", index++}))
            return false;
    }
    m_messages.finish();
    return true;
}

bool ChatConversation::readSystem(ondemand::value value)
{
    if (isJsonNull(jsonToken(value)))
        return true;
    std::vector<ContentBlock> blocks;
    const JsonPath path{nullptr, "system"};
    if (!m_reader.readContent(value, path, blocks))
        return false;
    ContentParts parts;
    int index = 0;
    for (ContentBlock &block : blocks) {
        const JsonPath blockPath = block.type.isEmpty() ? path : itemOf(path, index++);
        if (block.text.startsWith(attributionMark)) {
            record(blockPath.text(), QByteArrayLiteral("chat.attribution-dropped"),
                   QByteArrayLiteral(
                       "The client's note to Anthropic's servers is no part of the prompt."));
            const qsizetype lineEnd = block.text.indexOf(R"(\n)");
            if (lineEnd < 0)
                continue;
            block.text = block.text.sliced(lineEnd + 2);
        }
        if (!block.type.isEmpty() && block.type != "text") {
            record(blockPath.text(), QByteArrayLiteral("chat.block-not-carried"),
                   QByteArrayLiteral("A system prompt carries text alone."));
            continue;
        }
        if (!appendText(block, blockPath, parts))
            return false;
    }
    m_messages.setSystem(parts);
    return true;
}

} // namespace Switchyard
