// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/chat/stopreason.h"

namespace Switchyard {

namespace {

struct KnownReason
{
    const char *word; // lower case
    const char *stopReason;
};

constexpr KnownReason knownReasons[] = {
    {"length", "max_tokens"},
    {"max_tokens", "max_tokens"},
    {"max_output_tokens", "max_tokens"},
    {"model_length", "max_tokens"},
    {"model_context_window_exceeded", "model_context_window_exceeded"},
    {"content_filter", "refusal"},
    {"refusal", "refusal"},
    {"safety", "refusal"},
    {"recitation", "refusal"},
    {"blocklist", "refusal"},
    {"prohibited_content", "refusal"},
    {"spii", "refusal"},
    {"stop_sequence", "stop_sequence"},
    {"pause_turn", "pause_turn"},
    {"tool_calls", "tool_use"},
    {"tool_use", "tool_use"},
    {"function_call", "tool_use"},
};

QByteArrayView known(QByteArrayView word)
{
    for (const KnownReason &reason : knownReasons) {
        if (word.compare(QByteArrayView(reason.word), Qt::CaseInsensitive) == 0)
            return reason.stopReason;
    }
    return "end_turn";
}

} // namespace

QByteArray messagesStopReason(QByteArrayView finishReason, QByteArrayView nativeFinishReason,
                              bool hasTools)
{
    const QByteArrayView said = known(finishReason);
    // What OpenAI's words cannot say.
    const QByteArrayView native = known(nativeFinishReason);
    if (native == "model_context_window_exceeded" || native == "refusal")
        return native.toByteArray();
    if (said == "max_tokens" || said == "model_context_window_exceeded" || said == "refusal")
        return said.toByteArray();
    if (hasTools)
        return "tool_use";
    if (native == "stop_sequence" || native == "pause_turn")
        return native.toByteArray();
    return said == "tool_use" ? QByteArray("end_turn") : said.toByteArray();
}

} // namespace Switchyard
