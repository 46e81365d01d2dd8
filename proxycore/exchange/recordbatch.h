// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/journal/exchangerecord.h"

#include <QBasicTimer>
#include <QObject>

#include <vector>

namespace Switchyard {

// Where an exchange's row stands in the batch that is being collected.
struct BatchSlot
{
    quint64 batch = 0;
    std::size_t index = 0;
};

// Collects changed rows and hands them out together, so that a thousand requests a second are
// twenty wake-ups of the window. A row that changes twice is sent once, with its last values.
class RecordBatch : public QObject
{
    Q_OBJECT

public:
    static constexpr int intervalMs = 50;

    using QObject::QObject;

    void put(const ExchangeRecord &record, BatchSlot &slot);
    void flush();

Q_SIGNALS:
    void ready(const std::vector<Switchyard::ExchangeRecord> &batch);

protected:
    void timerEvent(QTimerEvent *event) override;

private:
    std::vector<ExchangeRecord> m_records;
    quint64 m_batch = 1;
    QBasicTimer m_timer;
};

} // namespace Switchyard
