// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/protocol/usage.h"

#include <QByteArray>

#include <simdjson.h>

#include <optional>
#include <vector>

namespace Switchyard {

// What one `chat.completion.chunk`, or a whole `chat.completion`, says. The views are inner JSON
// text of the bytes it was read from; absent and null are empty.
struct ChatChunk
{
    struct Reasoning
    {
        enum class Kind { Text, Summary, Encrypted };

        Kind kind = Kind::Text;
        QByteArrayView text; // of a text or summary
        QByteArrayView signature;
        QByteArrayView data; // of what is encrypted
        QByteArrayView id;
        QByteArrayView format;
        QByteArrayView index; // number token
        bool isDetail = false; // from `reasoning_details`; otherwise text alone
    };

    struct ToolFragment
    {
        std::optional<qint64> index;
        QByteArrayView id;
        QByteArrayView name;
        QByteArrayView arguments; // inner, when they came as a string
        QByteArrayView argumentsObject; // the bytes, when they came as an object
    };

    bool hasChoice = false;
    bool isMessage = false; // the choice had a whole message and no delta
    std::vector<Reasoning> reasoning;
    std::vector<QByteArrayView> texts;
    QByteArrayView refusal;
    std::vector<ToolFragment> tools;
    QByteArrayView finishReason;
    QByteArrayView nativeFinishReason;
    QByteArrayView matchedStop; // the stop sequence, where a server tells it
    bool hasUsage = false;
    Usage usage;
    QByteArrayView model;
    // A body that tells of an error and of nothing else; empty when there is none.
    QByteArray error;

    bool hasContent() const
    {
        return !reasoning.empty() || !texts.empty() || !refusal.isEmpty() || !tools.empty();
    }
};

// Reads one JSON object. The bytes must be padded and live as long as the chunk. False when they
// are no JSON object.
bool readChatChunk(simdjson::ondemand::parser &parser, simdjson::padded_string_view json,
                   ChatChunk &chunk);

} // namespace Switchyard
