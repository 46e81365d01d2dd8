// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/protocol/adjustment.h"
#include "proxycore/protocol/messagesrequest.h"
#include "proxycore/protocol/result.h"

#include <QByteArray>

#include <map>

namespace Switchyard {

// What a Chat Completions server takes; the data that makes one converter serve all backends.
struct ChatDialect
{
    // How reasoning travels in the history and comes back.
    enum class Reasoning { None, Details /* OpenRouter: reasoning, reasoning_details */ };

    Reasoning reasoning = Reasoning::None;
    bool cacheControl = false;       // `cache_control` on content parts and tools
    bool toolMessageParts = false;   // a list, images included, as content of a tool message
    bool fileParts = false;          // `file` parts for documents
    bool topK = false;
    bool maxCompletionTokens = false; // instead of `max_tokens`
    bool streamUsageOption = false;   // `stream_options.include_usage` must be asked for
    int maxStopSequences = 4;
    int maxTools = 0;                 // 0: no limit
    int maxToolNameLength = 64;
    int minMaxTokens = 1;
    QByteArray modelFamily;           // see chatModelFamily()
};

// What the way back needs to know about the request it answers.
struct ChatContext
{
    QByteArray requestedModel; // echoed in the answer
    // Upstream tool name → the name the client knows, for names that had to be shortened.
    std::map<QByteArray, QByteArray> toolNames;
    // All tool names of the request, to recover one whose case the upstream changed.
    std::vector<QByteArray> knownTools;
    bool stream = false;
};

struct ChatRequest
{
    QByteArray body; // JSON of POST …/chat/completions
    ChatContext context;
    Adjustments adjustments;
};

// Converts a Messages API request. Values that need no change are copied as bytes. What cannot be
// carried is an adjustment; what would make the answer wrong is an error (400) with a sentence.
Result<ChatRequest> convertToChat(const MessagesRequest &request, QByteArrayView upstreamModel,
                                  const ChatDialect &dialect);

} // namespace Switchyard
