// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

#include <optional>

namespace Switchyard {

// Clients compact a conversation, or ask for a shorter answer, only on the Messages API's own
// wording of an overflow. When `sentence` (or the machine word `kind`) reports an overflow in other
// words, this is a sentence in that wording, with the numbers where they are known, followed by the
// upstream's own. Empty when it is no overflow, or worded well already.
std::optional<QByteArray> overflowSentence(QByteArrayView sentence, QByteArrayView kind);

} // namespace Switchyard
