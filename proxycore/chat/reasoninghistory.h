// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/chat/chatdialect.h"
#include "proxycore/chat/jsonpath.h"
#include "proxycore/protocol/adjustment.h"

#include <QByteArray>

#include <vector>

namespace Switchyard {

// The reasoning of one assistant turn on its way back to the model that made it. Text and
// signatures stay the bytes they were, in their order; what the model could not read is left out
// and recorded. The views are inner JSON text and live as long as the request.
class ReasoningHistory
{
public:
    ReasoningHistory(const ChatDialect &dialect, Adjustments &adjustments)
        : m_dialect(dialect), m_adjustments(adjustments)
    {
    }

    void addThinking(QByteArrayView text, QByteArrayView signature, const JsonPath &path);
    void addRedacted(QByteArrayView data, const JsonPath &path);

    // Leaves out what turned out to be unusable. To be called before isEmpty() and write().
    void settle();
    bool isEmpty() const { return m_entries.empty(); }
    // Members of the assistant message, each with a comma in front.
    void write(QByteArray &out) const;
    void clear() { m_entries.clear(); }

private:
    struct Entry
    {
        enum class Kind {
            Signed, // Claude's, with its signature
            Unsigned, // Claude's; the signature may follow in a block of its own
            Encrypted, // Claude's
            Tagged, // another model's; `members` and `text`
            Whole, // another model's; `members` alone
            Plain, // another model's, text alone
        };

        Kind kind;
        QByteArrayView text;
        QByteArrayView signature;
        QByteArray members;
        QByteArray path;
    };

    bool isClaude() const { return m_dialect.modelFamily == "anthropic"; }
    // Whether reasoning goes back at all; otherwise recorded.
    bool accepts(const JsonPath &path);
    void leaveOutForeign(const JsonPath &path);

    const ChatDialect &m_dialect;
    Adjustments &m_adjustments;
    std::vector<Entry> m_entries;
};

} // namespace Switchyard
