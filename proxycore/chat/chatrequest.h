// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/chat/chatdialect.h"
#include "proxycore/protocol/adjustment.h"
#include "proxycore/protocol/messagesrequest.h"
#include "proxycore/protocol/result.h"

#include <QByteArray>

namespace Switchyard {

struct ChatRequest
{
    QByteArray body; // JSON of POST …/chat/completions
    ChatContext context;
    Adjustments adjustments;
};

// Converts a Messages API request that readMessagesRequest() has accepted. Values that need no
// change are copied as bytes. What cannot be carried is an adjustment; what would make the answer
// wrong is an error (400) with a sentence that names the field.
Result<ChatRequest> convertToChat(const MessagesRequest &request, QByteArrayView upstreamModel,
                                  const ChatDialect &dialect);

} // namespace Switchyard
