// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/exchange/exchangeconfig.h"
#include "proxycore/journal/exchangerecord.h"

#include <QHostAddress>
#include <QObject>

#include <memory>
#include <vector>

namespace Switchyard {

// The proxy: listener, upstream client and all exchanges, on the thread it was moved to. Slots are
// called queued, signals cross by value.
class ProxyCore : public QObject
{
    Q_OBJECT

public:
    explicit ProxyCore(ExchangeConfigPtr config, QObject *parent = nullptr);
    ~ProxyCore() override;

public Q_SLOTS:
    // Port 0 takes any free one. Answers with listening() or listenFailed().
    void listen(const QHostAddress &address, quint16 port);
    void setConfig(const Switchyard::ExchangeConfigPtr &config);
    // Stops accepting; exchanges may end within the grace time, the rest is cut with an error
    // event. Answers with drained().
    void shutDown(int graceMs);

Q_SIGNALS:
    void listening(quint16 port);
    void listenFailed(const QByteArray &sentence);
    // New and changed rows, in batches of at most one every 50 ms; final rows are never dropped.
    void recordsChanged(const std::vector<Switchyard::ExchangeRecord> &batch);
    void drained();

private:
    class Private;
    std::unique_ptr<Private> d;
};

} // namespace Switchyard
