// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/chat/chatrequest.h"
#include "proxycore/protocol/messagesresponse.h"
#include "proxycore/protocol/result.h"

namespace Switchyard {

// Converts a complete `chat.completion` (JSON, not streamed) to a message. An upstream error hidden
// in a 200 is an error.
Result<MessagesResponse> convertChatResponse(QByteArray body, const ChatContext &context);

} // namespace Switchyard
