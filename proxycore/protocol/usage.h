// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QtGlobal>

#include <optional>

namespace Switchyard {

// Token counts in the accounting of the Messages API: `inputTokens` excludes what was read from or
// written to the cache. Unknown is empty, never 0.
struct Usage
{
    std::optional<qint64> inputTokens;
    std::optional<qint64> cacheReadTokens;
    std::optional<qint64> cacheWriteTokens;
    std::optional<qint64> outputTokens;
    // US dollars, only where the upstream tells it.
    std::optional<double> cost;

    bool operator==(const Usage &) const = default;

    // The numbers of a stream are cumulative: a later one replaces an earlier one.
    void overwriteWith(const Usage &later)
    {
        const auto take = [](auto &mine, const auto &theirs) {
            if (theirs)
                mine = theirs;
        };
        take(inputTokens, later.inputTokens);
        take(cacheReadTokens, later.cacheReadTokens);
        take(cacheWriteTokens, later.cacheWriteTokens);
        take(outputTokens, later.outputTokens);
        take(cost, later.cost);
    }
};

} // namespace Switchyard
