// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/chat/chatmessages.h"

#include "proxycore/chat/rawjson.h"
#include "proxycore/protocol/jsonwriter.h"

#include <algorithm>

namespace Switchyard {

namespace {

std::string_view stdView(QByteArrayView view)
{
    return {view.data(), std::size_t(view.size())};
}

bool isText(const ContentPart &part)
{
    return part.kind == ContentPart::Kind::Text;
}

bool hasMark(const ContentPart &part)
{
    return part.cache.isSet();
}

bool allText(const ContentParts &parts)
{
    return std::all_of(parts.begin(), parts.end(), isText);
}

// A string that stands alone stays one: servers that take no lists take it too, and a list that is
// sometimes a string would change the prompt between turns and lose the provider's cache.
bool isBareString(const ContentParts &parts)
{
    return parts.size() == 1 && parts.front().bare && !parts.front().cache.isSet();
}

} // namespace

QByteArray ChatMessages::Call::path() const
{
    const JsonPath of{nullptr, "messages", message};
    return JsonPath{&of, "content", block}.text();
}

QByteArrayView ChatMessages::keep(QByteArray inner)
{
    m_kept.push_back(std::move(inner));
    return m_kept.back();
}

ReasoningHistory &ChatMessages::reasoning()
{
    m_inAssistant = true;
    return m_reasoning;
}

void ChatMessages::beginMessage(const char *opening)
{
    if (!m_isFirst || m_hasSystem)
        m_out.append(',');
    m_isFirst = false;
    m_out.append(opening);
}

void ChatMessages::appendContent(QByteArray &out, const ContentParts &parts) const
{
    if (!allText(parts) || (m_dialect.cacheControl && !isBareString(parts)))
        appendParts(out, parts);
    else
        appendJoinedText(out, parts, R"(\n\n)");
}

void ChatMessages::begin(QByteArray request)
{
    m_out = std::move(request);
    m_out.append('[');
    m_listStart = m_out.size();
}

void ChatMessages::setSystem(const ContentParts &parts)
{
    if (parts.empty())
        return;
    QByteArray message = R"({"role":"system","content":)";
    appendContent(message, parts);
    message.append(m_isFirst ? "}" : "},");
    // Claude Code writes its system prompt behind the messages.
    m_out.insert(m_listStart, message);
    m_hasSystem = true;
}

void ChatMessages::addUserPart(const ContentPart &part)
{
    flushAssistant();
    m_user.push_back(part);
}

ChatMessages::Call *ChatMessages::openCall(QByteArrayView id)
{
    for (Call &call : m_openCalls) {
        if (call.id == id && !call.answered)
            return &call;
    }
    return nullptr;
}

void ChatMessages::moveFilesToUser(ContentParts &parts, QByteArrayView callId)
{
    const auto stays = [this](const ContentPart &part) {
        return isText(part)
            || (part.kind == ContentPart::Kind::Image && m_dialect.toolMessageParts);
    };
    const auto moved = std::stable_partition(parts.begin(), parts.end(), stays);
    if (moved == parts.end())
        return;
    ContentPart marker;
    marker.before = "Attached to the result of tool call ";
    marker.text = callId;
    marker.after = ":";
    m_user.push_back(marker);
    m_user.insert(m_user.end(), moved, parts.end());
    parts.erase(moved, parts.end());
    if (parts.empty()) {
        ContentPart pointer;
        pointer.text = "(see the attachment in the next message)";
        parts.push_back(pointer);
    }
}

void ChatMessages::markResult(ContentParts &parts, CacheMark mark, const JsonPath &path)
{
    if (mark.isSet()) {
        parts.back().cache = mark;
        if (!isText(parts.back())) {
            m_adjustments.push_back(
                {path.member("cache_control"), QByteArrayLiteral("chat.cache-control-moved"),
                 QByteArrayLiteral(
                     "Servers take it on text alone; the text before has it now, if any.")});
        }
    }
    settleCacheMarks(parts);
}

void ChatMessages::addToolResult(QByteArrayView callId, ContentParts parts, bool isError,
                                 CacheMark mark, const JsonPath &path)
{
    flushAssistant();
    Call *const call = openCall(callId);
    if (!call) {
        m_adjustments.push_back(
            {path.text(), QByteArrayLiteral("chat.result-orphaned"),
             QByteArrayLiteral(
                 "No tool call before this message waits for the result; it was sent as text.")});
        ContentPart title;
        title.before = "Result of tool call ";
        title.text = callId;
        title.after = ":";
        m_user.push_back(title);
        m_user.insert(m_user.end(), parts.begin(), parts.end());
        return;
    }
    call->answered = true;

    moveFilesToUser(parts, callId);
    if (parts.empty()) {
        QByteArray inner;
        appendJsonEscaped(inner, m_dialect.emptyToolResult);
        ContentPart filler;
        filler.text = keep(std::move(inner));
        filler.bare = true;
        parts.push_back(filler);
        if (!m_dialect.emptyToolResult.isEmpty()) {
            m_adjustments.push_back(
                {path.member("content"), QByteArrayLiteral("chat.empty-result-filled"),
                 QByteArrayLiteral("The tool result has no text; some servers refuse that.")});
        }
    }
    if (isError) {
        const auto first = std::find_if(parts.begin(), parts.end(), isText);
        if (first == parts.end()) {
            ContentPart note;
            note.text = "Error:";
            parts.insert(parts.begin(), note);
        } else if (!first->text.startsWith("Error")) {
            first->before = "Error: ";
        }
    }
    const bool list = m_dialect.toolMessageParts
        && (!allText(parts) || (m_dialect.cacheControl && (mark.isSet() || !isBareString(parts))));
    if (list)
        markResult(parts, mark, path);
    else if (mark.isSet() || std::any_of(parts.begin(), parts.end(), hasMark))
        m_adjustments.push_back(
            {path.member("cache_control"), QByteArrayLiteral("chat.cache-control-refused"),
             QByteArrayLiteral("This server has no place for it in the result of a tool.")});

    beginMessage(R"({"role":"tool","tool_call_id":")");
    m_out.append(call->sent).append(R"(","content":)");
    if (list)
        appendParts(m_out, parts);
    else
        appendJoinedText(m_out, parts, R"(\n)");
    m_out.append('}');
}

void ChatMessages::addAssistantPart(const ContentPart &part)
{
    m_inAssistant = true;
    m_said.push_back(part);
}

void ChatMessages::addToolCall(QByteArrayView id, QByteArrayView name, QByteArrayView input,
                               const JsonPath &path)
{
    m_inAssistant = true;
    QByteArrayView sent = id;
    if (!m_usedIds.insert(stdView(id)).second) {
        // Weak models count their calls anew in every turn; servers want ids that are unique.
        int number = 2;
        do {
            sent = keep(id.toByteArray() + '_' + QByteArray::number(number++));
        } while (!m_usedIds.insert(stdView(sent)).second);
        m_adjustments.push_back({path.member("id"), QByteArrayLiteral("chat.tool-id-renamed"),
                                 QByteArrayLiteral("An earlier tool call has the same id.")});
    }
    m_calls.push_back({id, sent, name, input, path.parent ? path.parent->index : -1, path.index});
}

void ChatMessages::flushAssistant()
{
    if (!m_inAssistant)
        return;
    m_inAssistant = false;
    m_reasoning.settle();
    // A turn of which nothing is left is no turn: what the user says goes on.
    if (m_said.empty() && m_calls.empty() && m_reasoning.isEmpty())
        return;

    flushUser();
    if (m_isFirst) {
        m_adjustments.push_back(
            {QByteArrayLiteral("messages[0]"), QByteArrayLiteral("chat.first-user-inserted"),
             QByteArrayLiteral(
                 "The conversation begins with the assistant; servers ask for a user first.")});
        beginMessage(R"({"role":"user","content":"[The conversation begins with the answer.]"})");
    }
    beginMessage(R"({"role":"assistant")");
    if (!m_said.empty()) {
        m_out.append(R"(,"content":)");
        // The assistant's own words are a string in what servers send, so one block is sent back
        // so.
        if (m_said.size() == 1 && !m_said.front().cache.isSet())
            appendJoinedText(m_out, m_said, {});
        else
            appendContent(m_out, m_said);
    } else if (m_dialect.noContent == ChatDialect::NoContent::Null && !m_calls.empty()) {
        m_out.append(R"(,"content":null)");
    } else if (m_dialect.noContent != ChatDialect::NoContent::Omitted || m_calls.empty()) {
        m_out.append(R"(,"content":"")");
    }
    m_reasoning.write(m_out);
    if (!m_calls.empty()) {
        m_out.append(R"(,"tool_calls":[)");
        bool first = true;
        for (const Call &call : m_calls) {
            m_out.append(first ? R"({"id":")" : R"(,{"id":")").append(call.sent);
            m_out.append(R"(","type":"function","function":{"name":")").append(call.name);
            m_out.append(R"(","arguments":")");
            appendAsInner(m_out, call.input);
            m_out.append(R"("}})");
            first = false;
        }
        m_out.append(']');
    }
    m_out.append('}');

    m_lastTurnHadCalls = !m_calls.empty();
    m_lastTurnHadReasoning = !m_reasoning.isEmpty();
    m_openCalls = std::move(m_calls);
    m_calls.clear();
    m_said.clear();
    m_reasoning.clear();
}

void ChatMessages::answerMissingCalls()
{
    for (const Call &call : m_openCalls) {
        if (call.answered)
            continue;
        m_adjustments.push_back(
            {call.path(), QByteArrayLiteral("chat.result-missing"),
             QByteArrayLiteral("The tool call has no result; servers ask for one to each call.")});
        beginMessage(R"({"role":"tool","tool_call_id":")");
        m_out.append(call.sent).append(R"(","content":"[no result]"})");
    }
    m_openCalls.clear();
}

void ChatMessages::flushUser()
{
    answerMissingCalls();
    if (m_user.empty())
        return;
    settleCacheMarks(m_user);
    beginMessage(R"({"role":"user","content":)");
    appendContent(m_out, m_user);
    m_out.append('}');
    m_user.clear();
}

void ChatMessages::finish()
{
    flushAssistant();
    flushUser();
}

QByteArray ChatMessages::take()
{
    m_out.append(']');
    return std::move(m_out);
}

} // namespace Switchyard
