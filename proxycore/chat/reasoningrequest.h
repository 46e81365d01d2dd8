// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/chat/chatdialect.h"
#include "proxycore/protocol/adjustment.h"

#include <QByteArray>

namespace Switchyard {

// What a Messages request says about thinking and effort.
struct ThinkingWish
{
    enum class Kind { Absent, Disabled, Adaptive, Budget };

    Kind kind = Kind::Absent;
    qint64 budget = 0;
    QByteArrayView effort; // inner JSON text, empty when absent
    qint64 maxTokens = 0; // as sent
};

// Appends the member that says the same to the server, with a comma in front; nothing when there is
// nothing to say. Disabled thinking wins over any effort.
void appendReasoningRequest(QByteArray &out, const ThinkingWish &wish, const ChatDialect &dialect,
                            Adjustments &adjustments);

} // namespace Switchyard
