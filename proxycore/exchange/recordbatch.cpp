// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/exchange/recordbatch.h"

#include <utility>

namespace Switchyard {

void RecordBatch::put(const ExchangeRecord &record, BatchSlot &slot)
{
    if (slot.batch == m_batch) {
        m_records[slot.index] = record;
        return;
    }
    slot = {m_batch, m_records.size()};
    m_records.push_back(record);
    if (!m_timer.isActive())
        m_timer.start(intervalMs, this);
}

void RecordBatch::flush()
{
    m_timer.stop();
    if (m_records.empty())
        return;
    ++m_batch;
    Q_EMIT ready(std::exchange(m_records, {}));
}

void RecordBatch::timerEvent(QTimerEvent *)
{
    flush();
}

} // namespace Switchyard
