// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/chat/answersink.h"
#include "proxycore/chat/chatchunk.h"
#include "proxycore/chat/chatdialect.h"
#include "proxycore/chat/toolarguments.h"
#include "proxycore/protocol/apierror.h"

#include <deque>
#include <optional>
#include <vector>

namespace Switchyard {

// Puts the content of chat chunks in the order of the Messages API: contiguous blocks, one open at
// a time, tool calls one after the other however their fragments are mixed, reasoning with the
// signature it will be sent back with.
class ChatAnswer
{
public:
    ChatAnswer(const ChatContext &context, AnswerSink &sink);

    // Nothing may be added after error() is set or finish() was called.
    void add(const ChatChunk &chunk);
    void finish();

    bool hasStarted() const { return m_started; }
    // A finish_reason came: the upstream ended the answer by itself.
    bool hasFinishReason() const { return !m_finishReason.isEmpty(); }
    bool isEmpty() const { return !m_hasBlocks && m_calls.empty() && !m_encrypted; }
    const std::optional<ApiError> &error() const { return m_error; }
    const Usage &usage() const { return m_usage; }
    const QByteArray &stopReason() const { return m_stopReason; }
    const QByteArray &upstreamModel() const { return m_upstreamModel; }

private:
    enum class Open { None, Text, Thinking, Tool };

    // A reasoning detail as far as it has come, kept beyond its chunk.
    struct Detail
    {
        ChatChunk::Reasoning::Kind kind = ChatChunk::Reasoning::Kind::Text;
        QByteArray text;
        QByteArray signature;
        QByteArray data;
        QByteArray id;
        QByteArray format;
        QByteArray index;
        bool isDetail = false;

        explicit Detail(const ChatChunk::Reasoning &from);
        Detail() = default;
        bool continues(const Detail &earlier) const;
        // What has to be sent back besides the text.
        QByteArray members() const;
    };

    struct ToolCall
    {
        std::optional<qint64> index;
        QByteArray upstreamId; // inner, as it came
        QByteArray name; // inner, as it came
        ToolArguments arguments;
        bool opened = false;
        bool closed = false;
    };

    // What came while a tool call was incomplete and no other block could be opened.
    struct Waiting
    {
        QByteArray text;
        std::optional<Detail> detail;
    };

    void start();
    void fail(QByteArray sentence);

    void addReasoning(const Detail &detail);
    void addText(QByteArrayView inner);
    void addTool(const ChatChunk::ToolFragment &fragment);

    void write(QByteArrayView piece);
    void closeBlock();
    void closeThinking();
    // Before another block is opened: closes the open one and writes what waited for that. False
    // when that failed.
    bool leaveBlock();
    void writeRedacted(const Detail &detail);
    void openThinking(const Detail &detail);
    void signOpenThinking(const Detail &detail);
    bool isClaude(const Detail &detail) const;

    bool toolIsIncomplete() const;
    ToolCall &callFor(const ChatChunk::ToolFragment &fragment);
    ToolCall *nextCall();
    void advanceTools();
    void openTool(ToolCall &call);
    void closeTool();
    void writeWaiting();
    QByteArray toolId(const ToolCall &call);
    QByteArray toolName(const ToolCall &call) const;
    bool wasCut() const;
    AnswerEnd end() const;

    const ChatContext &m_context;
    AnswerSink &m_sink;
    QByteArray m_messageId;
    std::optional<ApiError> m_error;
    bool m_started = false;
    bool m_hasBlocks = false;
    Open m_open = Open::None;

    Detail m_thinking; // the open thinking block
    bool m_thinkingSigned = false;
    bool m_ownSignature = false; // the signature was Claude's and has been written
    std::optional<Detail> m_encrypted;
    std::vector<QByteArray> m_redacted; // members of what was written
    std::vector<Detail> m_lateSignatures;
    QByteArray m_heldBlanks; // white space with which a text may begin

    std::deque<ToolCall> m_calls;
    ToolCall *m_openCall = nullptr;
    ToolCall *m_lastCall = nullptr; // the last one a fragment belonged to
    std::vector<Waiting> m_waiting;
    std::vector<QByteArray> m_toolIds; // handed out
    bool m_hasTools = false;
    bool m_refused = false;

    QByteArray m_finishReason;
    QByteArray m_nativeFinishReason;
    QByteArray m_matchedStop;
    QByteArray m_stopReason;
    QByteArray m_upstreamModel;
    Usage m_usage;
    qint64 m_outputBytes = 0;
};

} // namespace Switchyard
