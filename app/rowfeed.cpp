// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/rowfeed.h"

#include "app/controlprotocol.h"

namespace Switchyard {

RowFeed::RowFeed(const RecordList &records, bool follow) : m_records(records), m_follow(follow)
{
    if (records.isEmpty())
        return;
    for (quint64 id = records.firstId(); id <= records.lastId(); ++id)
        m_waiting.insert(m_waiting.end(), id);
}

void RowFeed::rowsChanged(const std::vector<ExchangeRecord> &batch)
{
    if (!m_follow)
        return;
    for (const ExchangeRecord &record : batch) {
        const auto sent = m_sent.find(record.id);
        if (sent == m_sent.end() || sent->second != record.state)
            m_waiting.insert(record.id);
    }
    // Rows that fell off the list cannot be sent any more.
    m_waiting.erase(m_waiting.begin(), m_waiting.lower_bound(m_records.firstId()));
}

QByteArray RowFeed::take(qsizetype bytes)
{
    QByteArray lines;
    while (!m_waiting.empty() && lines.size() < bytes) {
        const quint64 id = *m_waiting.begin();
        m_waiting.erase(m_waiting.begin());
        const ExchangeRecord *record = m_records.find(id);
        if (!record)
            continue;
        lines.append(controlRow(toJsonLine(*record)));
        if (isFinal(record->state))
            m_sent.erase(id);
        else if (m_follow)
            m_sent[id] = record->state;
    }
    return lines;
}

} // namespace Switchyard
