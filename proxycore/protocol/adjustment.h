// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

#include <vector>

namespace Switchyard {

// One recorded difference between what the client sent and what was sent on.
struct Adjustment
{
    QByteArray field; // where, e.g. `messages[3].content[0].cache_control`
    QByteArray rule; // stable name of the rule, e.g. `chat.cache-control-refused`
    QByteArray reason; // one plain English sentence

    bool operator==(const Adjustment &) const = default;
};

using Adjustments = std::vector<Adjustment>;

} // namespace Switchyard
