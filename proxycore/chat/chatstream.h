// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/chat/chatrequest.h"
#include "proxycore/protocol/streamtranslator.h"

#include <memory>

namespace Switchyard {

// Converts a Chat Completions stream: contiguous block indices, one block open at a time,
// message_delta and message_stop only after usage is known or the upstream's stream has ended well.
class ChatStream final : public StreamTranslator
{
public:
    explicit ChatStream(ChatContext context);
    ~ChatStream() override;

    QByteArray feed(QByteArrayView bytes) override;
    QByteArray finish() override;
    State state() const override;
    const ApiError &error() const override;
    const Usage &usage() const override;
    QByteArray stopReason() const override;
    QByteArray upstreamModel() const override;

private:
    class Private;
    std::unique_ptr<Private> d;
};

} // namespace Switchyard
