// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QByteArrayList>

#include <map>
#include <vector>

namespace Switchyard {

// What a Chat Completions server takes; the data that makes one converter serve all backends. The
// defaults describe a plain OpenAI-compatible server that knows nothing beyond the common core.
struct ChatDialect
{
    // How reasoning is asked for, travels in the history and comes back.
    enum class Reasoning {
        None, // not at all
        Effort, // `reasoning_effort` in the request, nothing in the history
        Details, // OpenRouter: `reasoning`, `reasoning_details`
    };
    // `content` of an assistant message that has tool calls and no text.
    enum class NoContent { Null, Empty, Omitted };

    Reasoning reasoning = Reasoning::None;
    bool reasoningMandatory = false; // the model refuses to be asked not to reason
    QByteArray highestEffort = "high"; // a higher one is lowered to it; ranks: low … max
    // Content of messages as lists of parts, so that `cache_control` has its place on a part or a
    // tool. Without it text is joined to one string, the form every server takes.
    bool cacheControl = false;
    bool images = true; // `image_url` parts; otherwise a marker stands for the image
    bool fileParts = false; // `file` parts for PDF documents
    bool toolMessageParts = false; // a list, images included, as content of a tool message
    bool strictTools = false; // `strict` on a function
    bool requiredToolChoice = true; // `tool_choice:"required"`; otherwise `auto`
    bool responseFormat = true; // `response_format` with a JSON schema
    bool temperature = true;
    bool topK = false;
    bool maxCompletionTokens = false; // instead of `max_tokens`
    bool streamUsageOption = false; // `stream_options.include_usage` must be asked for
    NoContent noContent = NoContent::Null;
    QByteArray emptyToolResult = "(no output)"; // stands for a tool result without text
    int maxStopSequences = 4;
    int maxTools = 0; // 0: no limit
    int maxToolNameLength = 64;
    qint64 minMaxTokens = 1;
    qint64 maxMaxTokens = 0; // 0: not known
    QByteArray modelFamily; // see chatModelFamily()
    // Members of the request's top level that are not the Messages API's but the server's own, and
    // pass as they are (e.g. `provider` of OpenRouter, which users add to the body of a client).
    QByteArrayList passedMembers;
};

// What the way back needs to know about the request it answers.
struct ChatContext
{
    QByteArray requestedModel; // echoed in the answer
    QByteArray modelFamily; // of the upstream model
    // Upstream tool name → the name the client knows, for names that had to be changed.
    std::map<QByteArray, QByteArray> toolNames;
    // All tool names of the request, to recover one whose case the upstream changed.
    std::vector<QByteArray> knownTools;
    // Stop sequences of the request; the answer can name one only when it is known which it was.
    std::vector<QByteArray> stopSequences;
    QByteArray messageId; // `id` of the answer; a new one is made when it is empty
    bool stream = false;
};

// Who makes a model, as far as its name tells: `anthropic/claude-opus-5`,
// `~anthropic/claude-opus-latest` and `claude-opus-5` are all "anthropic". Empty when the name
// tells nothing. Reasoning of one family means nothing to another.
QByteArray chatModelFamily(QByteArrayView upstreamModel);

} // namespace Switchyard
