// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/protocol/result.h"

#include <QByteArray>

#include <optional>

namespace Switchyard {

// A byte range of a body.
struct ByteRange
{
    qsizetype offset = 0;
    qsizetype length = 0;

    bool isEmpty() const { return length == 0; }
};

// What the proxy needs to know of a Messages API request, read without building a tree. Everything
// else stays in `body`, untouched.
struct MessagesRequest
{
    QByteArray body;
    QByteArray model; // decoded
    ByteRange modelToken; // the JSON string in `body`, quotes included
    bool stream = false;
    ByteRange streamToken; // the JSON boolean in `body`; empty when the field is absent
    std::optional<qint64> maxTokens;
    // Start of the first member, just behind the opening brace: where a member can be inserted.
    qsizetype firstMember = 0;
    int messageCount = 0;
    int toolCount = 0;
};

enum class MessagesEndpoint { Create, CountTokens };

// How much of a body is checked to be JSON.
enum class JsonDepth {
    Whole,
    // The members we read, and that strings and brackets close and all of it is UTF-8. Enough where
    // the bytes go on as they are to an upstream that reads them itself: half the time of a
    // request.
    TopLevel,
};

// Reads and checks a request body. Errors are 400 and name the field, e.g.
// "messages: a list of messages is required."
Result<MessagesRequest> readMessagesRequest(QByteArray body,
                                            MessagesEndpoint endpoint = MessagesEndpoint::Create,
                                            JsonDepth depth = JsonDepth::Whole);

// Makes room for the bytes simdjson may read behind the end (SIMDJSON_PADDING).
void ensureJsonPadding(QByteArray &json);

} // namespace Switchyard
