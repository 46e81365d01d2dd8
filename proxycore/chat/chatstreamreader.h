// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/chat/chatanswer.h"
#include "proxycore/protocol/sseparser.h"
#include "proxycore/protocol/streamtranslator.h"

namespace Switchyard {

// Reads the event stream of a chat completion and says its content to a sink.
class ChatStreamReader
{
public:
    using State = StreamTranslator::State;

    ChatStreamReader(const ChatContext &context, AnswerSink &sink) : m_answer(context, sink) { }

    void feed(QByteArrayView bytes);
    // The stream has ended.
    void finish();

    State state() const { return m_state; }
    const ApiError &error() const { return m_error; }
    const ChatAnswer &answer() const { return m_answer; }

private:
    void take(const SseFrame &frame);
    void takeChunk(const ChatChunk &chunk);
    void complete();
    void fail(ApiError error);

    SseParser m_parser;
    ChatAnswer m_answer;
    State m_state = State::Open;
    ApiError m_error;
    QByteArray m_json; // a frame's data with the padding simdjson asks for
};

} // namespace Switchyard
