// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/service/recordlist.h"

namespace Switchyard {

namespace {

bool isFailure(ExchangeState state)
{
    return state == ExchangeState::Error || state == ExchangeState::Truncated
        || state == ExchangeState::Blocked;
}

qint64 knownTokens(const Usage &usage)
{
    return usage.inputTokens.value_or(0) + usage.cacheReadTokens.value_or(0)
        + usage.cacheWriteTokens.value_or(0) + usage.outputTokens.value_or(0);
}

} // namespace

std::vector<const ExchangeRecord *> RecordList::apply(const std::vector<ExchangeRecord> &batch)
{
    std::vector<const ExchangeRecord *> ended;
    for (const ExchangeRecord &record : batch) {
        const bool wasOpen = m_open.contains(record.id);
        const ExchangeRecord *known = find(record.id);
        // A row that fell off the list and is not open has been counted before.
        const bool isNew = !wasOpen && !known && record.id >= m_firstId;
        if (isNew)
            ++m_totals.requests;
        if (!isFinal(record.state)) {
            if (isNew)
                m_open.insert(record.id);
        } else if (wasOpen || isNew) {
            m_open.erase(record.id);
            m_totals.tokens += knownTokens(record.usage);
            if (isFailure(record.state))
                ++m_totals.errors;
            ended.push_back(&record);
        }
        store(record);
    }
    m_totals.open = int(m_open.size());
    return ended;
}

void RecordList::store(const ExchangeRecord &record)
{
    if (record.id < m_firstId)
        return;
    std::size_t index = record.id - m_firstId;
    if (index >= m_rows.size() + m_bound) {
        m_rows.clear();
        m_firstId = record.id;
        index = 0;
    }
    while (m_rows.size() <= index)
        m_rows.emplace_back();
    m_rows[index] = record;
    while (m_rows.size() > m_bound) {
        m_rows.pop_front();
        ++m_firstId;
    }
}

const ExchangeRecord *RecordList::find(quint64 id) const
{
    if (id < m_firstId || id - m_firstId >= m_rows.size())
        return nullptr;
    const ExchangeRecord &row = m_rows[id - m_firstId];
    return row.id == id ? &row : nullptr;
}

std::vector<ExchangeRecord> RecordList::toVector() const
{
    std::vector<ExchangeRecord> rows;
    rows.reserve(m_rows.size());
    for (const ExchangeRecord &row : m_rows) {
        if (row.id != 0)
            rows.push_back(row);
    }
    return rows;
}

} // namespace Switchyard
