// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/chat/chatanswer.h"

#include "proxycore/chat/chatnames.h"
#include "proxycore/chat/rawjson.h"
#include "proxycore/chat/reasoningtag.h"
#include "proxycore/chat/stopreason.h"
#include "proxycore/protocol/jsonwriter.h"
#include "proxycore/protocol/randomid.h"

#include <algorithm>

namespace Switchyard {

namespace {

constexpr QByteArrayView claudeFormat = "anthropic-claude-v1";

// Of the two a later one may fill in what the earlier left open.
bool agree(const QByteArray &a, const QByteArray &b)
{
    return a.isEmpty() || b.isEmpty() || a == b;
}

void appendMember(QByteArray &out, const char *name, const QByteArray &inner)
{
    if (!inner.isEmpty())
        out.append(name).append('"').append(inner).append('"');
}

} // namespace

ChatAnswer::Detail::Detail(const ChatChunk::Reasoning &from)
    : kind(from.kind), text(from.text.toByteArray()), signature(from.signature.toByteArray()),
      data(from.data.toByteArray()), id(from.id.toByteArray()), format(from.format.toByteArray()),
      index(from.index.toByteArray()), isDetail(from.isDetail)
{
}

bool ChatAnswer::Detail::continues(const Detail &earlier) const
{
    return kind == earlier.kind && agree(index, earlier.index) && agree(id, earlier.id);
}

QByteArray ChatAnswer::Detail::members() const
{
    QByteArray out;
    switch (kind) {
    case ChatChunk::Reasoning::Kind::Text:
        out = R"("type":"reasoning.text")";
        break;
    case ChatChunk::Reasoning::Kind::Summary:
        out = R"("type":"reasoning.summary")";
        break;
    case ChatChunk::Reasoning::Kind::Encrypted:
        out = R"("type":"reasoning.encrypted","data":")" + data + '"';
        break;
    }
    appendMember(out, R"(,"id":)", id);
    appendMember(out, R"(,"format":)", format);
    if (!index.isEmpty())
        out.append(R"(,"index":)").append(index);
    appendMember(out, R"(,"signature":)", signature);
    return out;
}

ChatAnswer::ChatAnswer(const ChatContext &context, AnswerSink &sink)
    : m_context(context), m_sink(sink),
      m_messageId(context.messageId.isEmpty() ? randomId("msg_") : context.messageId)
{
}

void ChatAnswer::fail(QByteArray sentence)
{
    if (!m_error)
        m_error = ApiError::withStatus(502, std::move(sentence));
}

void ChatAnswer::start()
{
    if (m_started)
        return;
    m_started = true;
    QByteArray model;
    appendJsonEscaped(model, m_context.requestedModel);
    m_sink.start(m_messageId, model);
}

void ChatAnswer::write(QByteArrayView piece)
{
    if (piece.isEmpty())
        return;
    m_outputBytes += piece.size();
    m_sink.piece(piece);
}

void ChatAnswer::closeBlock()
{
    switch (m_open) {
    case Open::None:
        break;
    case Open::Text:
        m_sink.close();
        break;
    case Open::Thinking:
        closeThinking();
        break;
    case Open::Tool:
        closeTool();
        break;
    }
    m_open = Open::None;
}

void ChatAnswer::closeThinking()
{
    if (!m_ownSignature) {
        const QByteArray members = m_thinking.isDetail ? m_thinking.members() : QByteArray();
        m_sink.sign(writeReasoningTag({m_context.modelFamily, members}));
    }
    m_sink.close();
}

bool ChatAnswer::leaveBlock()
{
    closeBlock();
    if (m_error)
        return false;
    m_heldBlanks.clear();
    if (const std::optional<Detail> encrypted = std::exchange(m_encrypted, std::nullopt))
        writeRedacted(*encrypted);
    // The block they belong to is closed; an empty one carries them.
    for (const Detail &late : std::exchange(m_lateSignatures, {})) {
        openThinking(late);
        signOpenThinking(late);
        closeBlock();
    }
    return true;
}

void ChatAnswer::writeRedacted(const Detail &detail)
{
    QByteArray members = detail.members();
    // Some upstreams bring it once more with each of several parallel calls.
    if (std::find(m_redacted.begin(), m_redacted.end(), members) != m_redacted.end())
        return;
    m_hasBlocks = true;
    m_sink.redacted(isClaude(detail) ? detail.data
                                     : writeReasoningTag({m_context.modelFamily, members}));
    m_redacted.push_back(std::move(members));
}

bool ChatAnswer::isClaude(const Detail &detail) const
{
    return detail.format == claudeFormat
        || (detail.format.isEmpty() && m_context.modelFamily == "anthropic");
}

void ChatAnswer::openThinking(const Detail &detail)
{
    m_thinking = detail;
    m_thinking.text.clear();
    m_thinking.signature.clear();
    m_thinkingSigned = false;
    m_ownSignature = false;
    m_open = Open::Thinking;
    m_hasBlocks = true;
    m_sink.openThinking();
}

void ChatAnswer::signOpenThinking(const Detail &detail)
{
    m_thinkingSigned = true;
    if (isClaude(m_thinking)) {
        m_ownSignature = true;
        m_sink.sign(detail.signature);
    } else {
        m_thinking.signature = detail.signature;
    }
}

void ChatAnswer::addReasoning(const Detail &detail)
{
    if (detail.kind == ChatChunk::Reasoning::Kind::Encrypted) {
        if (detail.data.isEmpty())
            return;
        if (m_encrypted && detail.continues(*m_encrypted)) {
            if (detail.data != m_encrypted->data)
                m_encrypted->data.append(detail.data);
            return;
        }
        if (m_encrypted && toolIsIncomplete())
            m_waiting.push_back({{}, m_encrypted});
        else if (m_encrypted && !leaveBlock())
            return;
        m_encrypted = detail;
        return;
    }

    const bool continues =
        m_open == Open::Thinking && !m_thinkingSigned && detail.continues(m_thinking);
    if (continues) {
        const auto fill = [](QByteArray &known, const QByteArray &later) {
            if (known.isEmpty())
                known = later;
        };
        fill(m_thinking.id, detail.id);
        fill(m_thinking.format, detail.format);
        fill(m_thinking.index, detail.index);
        m_thinking.isDetail = m_thinking.isDetail || detail.isDetail;
    }
    if (detail.text.isEmpty()) {
        if (detail.signature.isEmpty())
            return;
        if (continues)
            signOpenThinking(detail);
        else if (m_open == Open::Text || m_open == Open::Tool)
            m_lateSignatures.push_back(detail);
        else if (m_open == Open::None) {
            openThinking(detail);
            signOpenThinking(detail);
        }
        return;
    }
    if (!continues) {
        if (toolIsIncomplete()) {
            m_waiting.push_back({{}, detail});
            return;
        }
        if (!leaveBlock())
            return;
        openThinking(detail);
    }
    write(detail.text);
    if (!detail.signature.isEmpty())
        signOpenThinking(detail);
}

void ChatAnswer::addText(QByteArrayView inner)
{
    if (m_open == Open::Text) {
        write(inner);
        return;
    }
    if (toolIsIncomplete()) {
        m_waiting.push_back({inner.toByteArray(), {}});
        return;
    }
    // White space alone makes a block that servers refuse when it comes back.
    m_heldBlanks.append(inner);
    if (isBlankInner(inner))
        return;
    const QByteArray text = std::exchange(m_heldBlanks, {});
    if (!leaveBlock())
        return;
    m_open = Open::Text;
    m_hasBlocks = true;
    m_sink.openText();
    write(text);
}

bool ChatAnswer::toolIsIncomplete() const
{
    return m_open == Open::Tool && m_openCall->arguments.state() != ToolArguments::State::Complete;
}

ChatAnswer::ToolCall &ChatAnswer::callFor(const ChatChunk::ToolFragment &fragment)
{
    if (!fragment.index && fragment.id.isEmpty()) {
        const bool begins = !m_lastCall
            || (!fragment.name.isEmpty() && !m_lastCall->name.isEmpty()
                && (fragment.name != m_lastCall->name || m_lastCall->arguments.isClosed()));
        return begins ? m_calls.emplace_back() : *m_lastCall;
    }
    // The latest first: some servers give every call the index 0 and an id of its own.
    const auto known = std::find_if(m_calls.rbegin(), m_calls.rend(), [&](const ToolCall &call) {
        if (fragment.index && call.index && *fragment.index != *call.index)
            return false;
        if (!fragment.id.isEmpty() && !call.upstreamId.isEmpty())
            return fragment.id == call.upstreamId;
        return fragment.index.has_value() && call.index.has_value();
    });
    return known == m_calls.rend() ? m_calls.emplace_back() : *known;
}

void ChatAnswer::addTool(const ChatChunk::ToolFragment &fragment)
{
    ToolCall &call = callFor(fragment);
    m_lastCall = &call;
    if (!call.index)
        call.index = fragment.index;
    if (call.upstreamId.isEmpty())
        call.upstreamId = fragment.id.toByteArray();
    if (call.name.isEmpty())
        call.name = fragment.name.toByteArray();

    QByteArray object;
    appendAsInner(object, fragment.argumentsObject);
    const QByteArrayView arguments = object.isEmpty() ? fragment.arguments : QByteArrayView(object);
    if (call.closed) {
        if (!call.arguments.repeats(arguments))
            fail("The upstream sent more arguments for a tool call that was complete.");
        return;
    }
    call.arguments.append(arguments);
    if (call.arguments.state() == ToolArguments::State::Endless)
        fail("The upstream fills the arguments of a tool call with white space without end.");
    else
        advanceTools();
}

ChatAnswer::ToolCall *ChatAnswer::nextCall()
{
    const auto next = std::find_if(m_calls.begin(), m_calls.end(), [](const ToolCall &call) {
        return !call.opened && !call.name.isEmpty();
    });
    return next == m_calls.end() ? nullptr : &*next;
}

void ChatAnswer::advanceTools()
{
    while (!m_error) {
        if (m_openCall)
            write(m_openCall->arguments.takeReady());
        ToolCall *const next = nextCall();
        if (!next || toolIsIncomplete())
            return;
        if (leaveBlock())
            writeWaiting();
        if (!m_error)
            openTool(*next);
    }
}

void ChatAnswer::writeWaiting()
{
    for (const Waiting &waiting : std::exchange(m_waiting, {})) {
        if (waiting.detail)
            addReasoning(*waiting.detail);
        else
            addText(waiting.text);
    }
}

QByteArray ChatAnswer::toolId(const ToolCall &call)
{
    QByteArray id = messagesToolId(decodedInner(call.upstreamId));
    if (call.upstreamId.isEmpty()) {
        const QByteArray unique =
            m_messageId.startsWith("msg_") ? m_messageId.sliced(4) : m_messageId;
        id = "toolu_" + unique + '_' + QByteArray::number(qlonglong(m_toolIds.size()));
    }
    while (std::find(m_toolIds.begin(), m_toolIds.end(), id) != m_toolIds.end())
        id += "_2";
    m_toolIds.push_back(id);
    return id;
}

QByteArray ChatAnswer::toolName(const ToolCall &call) const
{
    QByteArray name = decodedInner(call.name);
    const auto renamed = m_context.toolNames.find(name);
    if (renamed != m_context.toolNames.end()) {
        name = renamed->second;
    } else if (std::find(m_context.knownTools.begin(), m_context.knownTools.end(), name)
               == m_context.knownTools.end()) {
        const auto meant = [&](const QByteArray &known) {
            return known.compare(name, Qt::CaseInsensitive) == 0;
        };
        const auto found =
            std::find_if(m_context.knownTools.begin(), m_context.knownTools.end(), meant);
        if (found != m_context.knownTools.end())
            name = *found;
    }
    QByteArray inner;
    appendJsonEscaped(inner, name);
    return inner;
}

void ChatAnswer::openTool(ToolCall &call)
{
    if (!leaveBlock())
        return;
    call.opened = true;
    m_openCall = &call;
    m_open = Open::Tool;
    m_hasBlocks = true;
    m_hasTools = true;
    m_sink.openTool(toolId(call), toolName(call));
}

void ChatAnswer::closeTool()
{
    QByteArrayView rest;
    const bool valid = m_openCall->arguments.finish(&rest);
    if (!valid && !wasCut()) {
        fail("The upstream's arguments for the tool " + decodedInner(m_openCall->name)
             + " are no valid JSON object.");
        return;
    }
    write(rest);
    m_openCall->closed = true;
    m_openCall = nullptr;
    m_open = Open::None;
    m_sink.close();
}

void ChatAnswer::add(const ChatChunk &chunk)
{
    if (m_upstreamModel.isEmpty())
        m_upstreamModel = decodedInner(chunk.model);
    if (chunk.hasUsage)
        m_usage.overwriteWith(chunk.usage);
    if (!chunk.hasChoice)
        return;
    start();
    const auto take = [](QByteArray &into, QByteArrayView inner) {
        if (!inner.isEmpty())
            into = decodedInner(inner);
    };
    take(m_finishReason, chunk.finishReason);
    take(m_nativeFinishReason, chunk.nativeFinishReason);
    take(m_matchedStop, chunk.matchedStop);
    if (m_finishReason == "error") {
        fail("The upstream ended the answer with an error and did not say which.");
        return;
    }
    // Some servers end a stream with the whole message once more.
    if (chunk.isMessage && m_hasBlocks)
        return;

    for (const ChatChunk::Reasoning &reasoning : chunk.reasoning)
        addReasoning(Detail(reasoning));
    for (const QByteArrayView text : chunk.texts)
        addText(text);
    if (!chunk.refusal.isEmpty()) {
        m_refused = true;
        addText(chunk.refusal);
    }
    for (const ChatChunk::ToolFragment &fragment : chunk.tools) {
        if (!m_error)
            addTool(fragment);
    }
}

bool ChatAnswer::wasCut() const
{
    const QByteArray reason = messagesStopReason(m_finishReason, m_nativeFinishReason, false);
    return reason == "max_tokens" || reason == "model_context_window_exceeded";
}

AnswerEnd ChatAnswer::end() const
{
    AnswerEnd end;
    end.usage = m_usage;
    constexpr qint64 bytesPerToken = 4;
    end.estimatedOutputTokens = (m_outputBytes + bytesPerToken - 1) / bytesPerToken;
    end.stopReason = m_refused
        ? QByteArray("refusal")
        : messagesStopReason(m_finishReason, m_nativeFinishReason, m_hasTools);

    const std::vector<QByteArray> &sequences = m_context.stopSequences;
    const bool matched =
        std::find(sequences.begin(), sequences.end(), m_matchedStop) != sequences.end();
    if (end.stopReason == "end_turn" && matched)
        end.stopReason = "stop_sequence";
    if (end.stopReason == "stop_sequence" && matched)
        end.stopSequence = m_matchedStop;
    else if (end.stopReason == "stop_sequence" && sequences.size() == 1)
        end.stopSequence = sequences.front();
    return end;
}

void ChatAnswer::finish()
{
    start();
    // No more fragments come: what is open now is all there is of it.
    if (leaveBlock())
        writeWaiting();
    while (ToolCall *const next = m_error ? nullptr : nextCall()) {
        openTool(*next);
        closeBlock();
    }
    if (m_error || !leaveBlock())
        return;
    const AnswerEnd ended = end();
    m_stopReason = ended.stopReason;
    m_sink.end(ended);
}

} // namespace Switchyard
