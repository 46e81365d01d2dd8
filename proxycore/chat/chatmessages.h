// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/chat/chatdialect.h"
#include "proxycore/chat/contentpart.h"
#include "proxycore/chat/reasoninghistory.h"
#include "proxycore/protocol/adjustment.h"

#include <QByteArray>

#include <deque>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace Switchyard {

// Puts the `messages` of a chat request together and keeps the order such a server asks for: turns
// alternate, every tool call has exactly one result, the results stand directly behind the calls
// and what the user said comes after them.
//
// Content is added in the order of the conversation. All views are inner JSON text and must live
// as long as the object.
class ChatMessages
{
public:
    ChatMessages(const ChatDialect &dialect, Adjustments &adjustments)
        : m_dialect(dialect), m_adjustments(adjustments), m_reasoning(dialect, adjustments)
    {
    }

    // Takes what has been written of the request; the list of messages is appended to it.
    void begin(QByteArray request);
    // Keeps text alive that stands nowhere in the request.
    QByteArrayView keep(QByteArray inner);

    // May be called at any time: the message stands first.
    void setSystem(const ContentParts &parts);

    void addUserPart(const ContentPart &part);
    void addToolResult(QByteArrayView callId, ContentParts parts, bool isError, CacheMark mark,
                       const JsonPath &path);

    void addAssistantPart(const ContentPart &part);
    // `input` is a JSON object as bytes.
    void addToolCall(QByteArrayView id, QByteArrayView name, QByteArrayView input,
                     const JsonPath &path);
    ReasoningHistory &reasoning();

    // Whether the conversation ends with the results of a turn that brought no reasoning back.
    bool endsWithoutReasoning() const { return m_lastTurnHadCalls && !m_lastTurnHadReasoning; }
    // Ends the conversation; nothing but the system prompt may be added after it.
    void finish();
    // The request up to the end of the list.
    QByteArray take();

private:
    struct Call
    {
        QByteArrayView id; // as the client knows it
        QByteArrayView sent; // as it is sent
        QByteArrayView name;
        QByteArrayView input;
        int message; // where it stands in the request
        int block;
        bool answered = false;

        QByteArray path() const;
    };

    void flushAssistant();
    void flushUser();
    void answerMissingCalls();
    void beginMessage(const char *opening);
    void appendContent(QByteArray &out, const ContentParts &parts) const;
    void markResult(ContentParts &parts, CacheMark mark, const JsonPath &path);
    void moveFilesToUser(ContentParts &parts, QByteArrayView callId);
    Call *openCall(QByteArrayView id);

    const ChatDialect &m_dialect;
    Adjustments &m_adjustments;
    QByteArray m_out;
    qsizetype m_listStart = 0;
    bool m_hasSystem = false;
    bool m_isFirst = true; // no message has been written, the system prompt aside
    std::deque<QByteArray> m_kept;

    ContentParts m_user;

    ContentParts m_said;
    std::vector<Call> m_calls;
    ReasoningHistory m_reasoning;
    bool m_inAssistant = false;

    std::vector<Call> m_openCalls;
    std::unordered_set<std::string_view> m_usedIds;
    bool m_lastTurnHadCalls = false;
    bool m_lastTurnHadReasoning = false;
};

} // namespace Switchyard
