// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/exchange/metrics.h"

namespace Switchyard {

void Metrics::exchangeEnded(const ExchangeRecord &record)
{
    if (record.state == ExchangeState::Error || record.state == ExchangeState::Truncated)
        ++m_failed;
    ++m_ended[{record.backend, exchangeStateName(record.state)}];
    m_inputTokens += record.usage.inputTokens.value_or(0);
    m_cacheReadTokens += record.usage.cacheReadTokens.value_or(0);
    m_cacheWriteTokens += record.usage.cacheWriteTokens.value_or(0);
    m_outputTokens += record.usage.outputTokens.value_or(0);
}

QByteArray Metrics::exposition(std::size_t openExchanges, qint64 uptimeSeconds) const
{
    QByteArray text;
    const auto describe = [&](const char *name, const char *type, const char *help) {
        text.append("# HELP ").append(name).append(' ').append(help).append('\n');
        text.append("# TYPE ").append(name).append(' ').append(type).append('\n');
    };
    const auto sample = [&](const QByteArray &name, qint64 value) {
        text.append(name).append(' ').append(QByteArray::number(value)).append('\n');
    };
    describe("switchyard_uptime_seconds", "gauge", "Seconds since the start.");
    sample("switchyard_uptime_seconds", uptimeSeconds);
    describe("switchyard_exchanges_open", "gauge", "Exchanges that are being answered.");
    sample("switchyard_exchanges_open", qint64(openExchanges));
    describe("switchyard_exchanges_total", "counter",
             "Exchanges that ended, by backend and state.");
    for (const auto &[labels, count] : m_ended) {
        sample("switchyard_exchanges_total{backend=\"" + labels.first + "\",state=\""
                   + labels.second + "\"}",
               qint64(count));
    }
    describe("switchyard_tokens_total", "counter",
             "Tokens as the upstreams counted them, by kind.");
    sample("switchyard_tokens_total{kind=\"input\"}", m_inputTokens);
    sample("switchyard_tokens_total{kind=\"cache_read\"}", m_cacheReadTokens);
    sample("switchyard_tokens_total{kind=\"cache_write\"}", m_cacheWriteTokens);
    sample("switchyard_tokens_total{kind=\"output\"}", m_outputTokens);
    return text;
}

} // namespace Switchyard
