// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/exchange/exchangeconfig.h"
#include "proxycore/journal/exchangerecord.h"

#include <QHostAddress>
#include <QObject>
#include <QThread>

#include <vector>

namespace Switchyard {

class ProxyCore;

// A ProxyCore on a thread of its own, made and destroyed there: some of its parts are bound to the
// thread that made them. Lives on the main thread and tells there what the core tells.
class ProxyThread : public QObject
{
    Q_OBJECT

public:
    explicit ProxyThread(QObject *parent = nullptr);
    ~ProxyThread() override;

    bool isRunning() const { return m_host != nullptr; }
    void start(const ExchangeConfigPtr &config, const QHostAddress &address, quint16 port);
    void setConfig(const ExchangeConfigPtr &config);
    void shutDown(int graceMs);
    // Ends the thread, whatever is still going on. Nothing is told after that.
    void end();

Q_SIGNALS:
    void listening(quint16 port);
    void listenFailed(const QByteArray &sentence);
    void recordsChanged(const std::vector<Switchyard::ExchangeRecord> &batch);
    void drained();

private:
    // Lives on the thread and owns the core.
    struct Host;

    QThread m_thread;
    Host *m_host = nullptr;
};

} // namespace Switchyard
