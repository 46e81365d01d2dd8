// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/journal/exchangerecord.h"

#include <deque>
#include <set>
#include <vector>

namespace Switchyard {

// The exchanges of one run, oldest first, without a gap between the ids: a row is found by
// `id - firstId`. When the bound is reached the oldest rows go; the totals keep counting them.
class RecordList
{
public:
    struct Totals
    {
        quint64 requests = 0;
        quint64 errors = 0; // ended with an error the client saw: error, truncated, blocked
        int open = 0; // not ended yet
        qint64 tokens = 0; // of ended exchanges, as far as they are known
    };

    explicit RecordList(std::size_t bound) : m_bound(bound) { }

    // Adds new rows and replaces known ones. Returns those that ended with this batch, each once in
    // its life.
    std::vector<const ExchangeRecord *> apply(const std::vector<ExchangeRecord> &batch);

    // Null for an id that was never seen or has been dropped.
    const ExchangeRecord *find(quint64 id) const;
    // The first id that may still be found; ids run from here to lastId().
    quint64 firstId() const { return m_firstId; }
    quint64 lastId() const { return m_firstId + m_rows.size() - 1; }
    bool isEmpty() const { return m_rows.empty(); }

    const Totals &totals() const { return m_totals; }
    std::vector<ExchangeRecord> toVector() const;

private:
    void store(const ExchangeRecord &record);

    std::size_t m_bound;
    // A default row (id 0) stands for an id that has not arrived yet.
    std::deque<ExchangeRecord> m_rows;
    quint64 m_firstId = 1;
    std::set<quint64> m_open;
    Totals m_totals;
};

} // namespace Switchyard
