// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/protocol/messagesrequest.h"
#include "proxycore/protocol/usage.h"

#include <QByteArray>
#include <QByteArrayList>

namespace Switchyard {

// The offline backend's answer: says that it is no model, and what it was asked. A word counts as
// one output token; `max_tokens` is honoured, 0 gives an empty answer.
struct EchoAnswer
{
    QByteArray body; // a message, for a request without streaming
    QByteArrayList frames; // the same as events, one word each; for a request with streaming
    Usage usage;
    QByteArray stopReason;
};

// `body` or `frames` is filled, as `request.stream` says.
EchoAnswer makeEchoAnswer(const MessagesRequest &request);

// {"input_tokens":N,"estimated":true}
QByteArray estimatedCountBody(const MessagesRequest &request);

} // namespace Switchyard
