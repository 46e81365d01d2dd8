// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/journal/exchangerecord.h"

#include <QByteArray>

#include <map>
#include <utility>

namespace Switchyard {

// Counters since the start, for /status and /metrics.
class Metrics
{
public:
    void exchangeStarted() { ++m_started; }
    void exchangeEnded(const ExchangeRecord &record);

    quint64 started() const { return m_started; }
    quint64 failed() const { return m_failed; }

    // Prometheus text exposition format 0.0.4.
    QByteArray exposition(std::size_t openExchanges, qint64 uptimeSeconds) const;

private:
    quint64 m_started = 0;
    quint64 m_failed = 0;
    // By backend and name of the state.
    std::map<std::pair<QByteArray, QByteArray>, quint64> m_ended;
    qint64 m_inputTokens = 0;
    qint64 m_cacheReadTokens = 0;
    qint64 m_cacheWriteTokens = 0;
    qint64 m_outputTokens = 0;
};

} // namespace Switchyard
