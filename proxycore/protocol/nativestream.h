// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/protocol/messagesresponse.h"
#include "proxycore/protocol/result.h"
#include "proxycore/protocol/sseparser.h"
#include "proxycore/protocol/streamtranslator.h"

namespace Switchyard {

// The native lane's way back: whole frames pass as the bytes they were; only `message.model` of
// message_start is put back to what the client asked for, and what follows message_stop
// (OpenRouter's `event: data` / `[DONE]`) is dropped. Added is only what clients cannot do without:
// the event line of a frame that has none, and the blank line of a last frame that lacks it.
// Comments pass once the message has begun; before it, strict clients expect nothing else.
class NativeStream final : public StreamTranslator
{
public:
    explicit NativeStream(QByteArray requestedModel);

    QByteArray feed(QByteArrayView bytes) override;
    QByteArray finish() override;
    State state() const override { return m_state; }
    const ApiError &error() const override { return m_error; }
    // The upstream's own error frame, unchanged, when it sent one.
    QByteArray errorFrame(QByteArrayView requestId) const override;
    const Usage &usage() const override { return m_usage; }
    QByteArray stopReason() const override { return m_stopReason; }
    QByteArray upstreamModel() const override { return m_upstreamModel; }

private:
    void take(const SseFrame &frame, QByteArray &out);
    void takeStart(const SseFrame &frame, QByteArray &out);
    void takeDelta(const SseFrame &frame);
    void takeError(const SseFrame &frame, bool hasEventLine);
    void fail(ApiError error);

    QByteArray m_requestedModel;
    SseParser m_parser;
    State m_state = State::Open;
    bool m_started = false;
    ApiError m_error;
    QByteArray m_errorFrame;
    Usage m_usage;
    QByteArray m_stopReason;
    QByteArray m_upstreamModel;
};

// The same for a JSON answer: only the value of the top-level `model` is put back. An error object
// in a 200, or something that is no message, is an error.
Result<MessagesResponse> readNativeResponse(QByteArray body, QByteArrayView requestedModel);

// Turns a complete message (JSON) into the event sequence a stream would have been, for upstreams
// that answer JSON to a stream request.
Result<QByteArray> messageToEvents(QByteArrayView message);

} // namespace Switchyard
