// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/chat/chatmessages.h"
#include "proxycore/chat/chattools.h"
#include "proxycore/chat/contentblock.h"

namespace Switchyard {

// Reads `system` and `messages` of a Messages request and says them again as chat messages.
class ChatConversation
{
public:
    ChatConversation(const ChatDialect &dialect, ContentBlockReader &reader,
                     Adjustments &adjustments, ChatMessages &messages, ChatTools &tools)
        : m_dialect(dialect), m_reader(reader), m_adjustments(adjustments), m_messages(messages),
          m_tools(tools)
    {
    }

    // False: the reader has the error.
    bool readSystem(simdjson::ondemand::value value);
    bool readMessages(simdjson::ondemand::value value);

    // The last `output_config.effort` of a message, as inner JSON text: Claude Code puts a change
    // of effort in the conversation so that what stands before it stays the same.
    QByteArrayView effort() const { return m_effort; }

private:
    enum class Role { User, Assistant, System };
    enum class Place { Message, ToolResult };

    bool readMessage(simdjson::ondemand::value value, const JsonPath &path);
    bool readMessageContent(Role role, simdjson::ondemand::value value, const JsonPath &path);
    bool readOutputConfig(simdjson::ondemand::value value, const JsonPath &path);

    bool addBlock(Role role, const ContentBlock &block, const JsonPath &path);
    bool addUserBlock(const ContentBlock &block, const JsonPath &path);
    bool addAssistantBlock(const ContentBlock &block, const JsonPath &path);
    void addReminder(const ContentBlock &block, const JsonPath &path);
    bool addToolResult(const ContentBlock &block, const JsonPath &path);
    bool addToolCall(const ContentBlock &block, const JsonPath &path);

    // What a block becomes in a message: none, one or several parts.
    bool appendBlock(const ContentBlock &block, Place place, const JsonPath &path,
                     ContentParts &parts);
    bool appendText(const ContentBlock &block, const JsonPath &path, ContentParts &parts);
    bool appendImage(const ContentBlock &block, const JsonPath &path, ContentParts &parts);
    bool appendDocument(const ContentBlock &block, const JsonPath &path, ContentParts &parts);
    void appendSearchResult(const ContentBlock &block, const JsonPath &path, ContentParts &parts);
    CacheMark acceptedMark(const ContentBlock &block, const JsonPath &path);
    CacheMark attachmentMark(const ContentBlock &block, const JsonPath &path); // of no text
    void record(QByteArray field, QByteArray rule, QByteArray reason);

    const ChatDialect &m_dialect;
    ContentBlockReader &m_reader;
    Adjustments &m_adjustments;
    ChatMessages &m_messages;
    ChatTools &m_tools;
    JsonCheck m_check;
    QByteArrayView m_effort;
};

} // namespace Switchyard
