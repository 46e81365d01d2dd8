// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/service/proxythread.h"

#include "proxycore/exchange/proxycore.h"

#include <QCoreApplication>

#include <memory>

namespace Switchyard {

struct ProxyThread::Host : public QObject
{
    std::unique_ptr<ProxyCore> core;
};

ProxyThread::ProxyThread(QObject *parent) : QObject(parent)
{
    m_thread.setObjectName(QStringLiteral("proxy"));
}

ProxyThread::~ProxyThread()
{
    end();
}

void ProxyThread::start(const ExchangeConfigPtr &config, const QHostAddress &address, quint16 port)
{
    end();
    m_host = new Host;
    m_host->moveToThread(&m_thread);
    connect(&m_thread, &QThread::finished, m_host, &QObject::deleteLater);
    m_thread.start();
    QMetaObject::invokeMethod(m_host, [this, host = m_host, config, address, port] {
        host->core = std::make_unique<ProxyCore>(config);
        const ProxyCore *core = host->core.get();
        connect(core, &ProxyCore::listening, this, &ProxyThread::listening);
        connect(core, &ProxyCore::listenFailed, this, &ProxyThread::listenFailed);
        connect(core, &ProxyCore::recordsChanged, this, &ProxyThread::recordsChanged);
        connect(core, &ProxyCore::drained, this, &ProxyThread::drained);
        host->core->listen(address, port);
    });
}

void ProxyThread::setConfig(const ExchangeConfigPtr &config)
{
    if (m_host)
        QMetaObject::invokeMethod(m_host,
                                  [host = m_host, config] { host->core->setConfig(config); });
}

void ProxyThread::shutDown(int graceMs)
{
    if (m_host)
        QMetaObject::invokeMethod(m_host,
                                  [host = m_host, graceMs] { host->core->shutDown(graceMs); });
}

void ProxyThread::end()
{
    if (!m_host)
        return;
    m_thread.quit();
    m_thread.wait();
    m_host = nullptr;
    // What the core has told before its end and nobody has heard yet is about a run that is over.
    QCoreApplication::removePostedEvents(this, QEvent::MetaCall);
}

} // namespace Switchyard
