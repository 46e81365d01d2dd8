// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/upstream/systemproxy.h"

#include <QMutex>
#include <QNetworkProxyFactory>
#include <QObject>
#include <QThreadPool>
#include <QUrl>

using namespace Qt::StringLiterals;

namespace Switchyard {

// Outlives both sides: a lookup may still be under way when the client is gone.
struct SystemProxyLookup::Mailbox
{
    QMutex mutex;
    QObject *context = nullptr;
};

namespace {

QByteArray proxyUrl(const QNetworkProxy &proxy)
{
    QUrl url;
    switch (proxy.type()) {
    case QNetworkProxy::HttpProxy:
    case QNetworkProxy::HttpCachingProxy:
        url.setScheme(u"http"_s);
        break;
    case QNetworkProxy::Socks5Proxy:
        url.setScheme(u"socks5h"_s);
        break;
    default:
        return {};
    }
    url.setHost(proxy.hostName());
    url.setPort(proxy.port());
    url.setUserName(proxy.user());
    url.setPassword(proxy.password());
    return url.toEncoded();
}

QByteArray ask(const QUrl &url)
{
    const QList<QNetworkProxy> proxies =
        QNetworkProxyFactory::systemProxyForQuery(QNetworkProxyQuery(url));
    return proxies.isEmpty() ? QByteArray() : proxyUrl(proxies.first());
}

} // namespace

SystemProxyLookup::SystemProxyLookup(QObject *context) : m_mailbox(std::make_shared<Mailbox>())
{
    m_mailbox->context = context;
}

SystemProxyLookup::~SystemProxyLookup()
{
    const QMutexLocker lock(&m_mailbox->mutex);
    m_mailbox->context = nullptr;
}

void SystemProxyLookup::ask(const Origin &origin, Answer answer)
{
    QUrl url;
    url.setScheme(origin.tls ? u"https"_s : u"http"_s);
    url.setHost(QString::fromLatin1(origin.host));
    url.setPort(origin.port);
    QThreadPool::globalInstance()->start(
        [mailbox = m_mailbox, url, answer = std::move(answer)]() mutable {
            const QByteArray found = Switchyard::ask(url);
            const QMutexLocker lock(&mailbox->mutex);
            if (!mailbox->context)
                return;
            QMetaObject::invokeMethod(
                mailbox->context, [found, answer = std::move(answer)] { answer(found); },
                Qt::QueuedConnection);
        });
}

} // namespace Switchyard
