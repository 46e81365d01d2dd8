// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/downstream/listenaddress.h"

#include <QNetworkInterface>
#include <QUrl>

namespace Switchyard {

using namespace Qt::StringLiterals;

namespace {

bool isWildcard(const QHostAddress &address)
{
    return address == QHostAddress(QHostAddress::Any) || address == QHostAddress::AnyIPv4
        || address == QHostAddress::AnyIPv6;
}

} // namespace

QHostAddress listenHostAddress(const QString &text)
{
    if (text.compare(u"localhost"_s, Qt::CaseInsensitive) == 0)
        return QHostAddress(QHostAddress::LocalHost);
    QHostAddress address;
    address.setAddress(text.startsWith(u'[') && text.endsWith(u']') ? text.mid(1, text.size() - 2)
                                                                    : text);
    return address;
}

QByteArray clientUrl(const QHostAddress &address, quint16 port)
{
    QByteArray host;
    if (address == QHostAddress::AnyIPv6)
        host = "[::1]";
    else if (isWildcard(address))
        host = "127.0.0.1";
    else if (address.protocol() == QAbstractSocket::IPv6Protocol)
        host = '[' + address.toString().toLatin1() + ']';
    else
        host = address.toString().toLatin1();
    return "http://" + host + ':' + QByteArray::number(port);
}

bool leadsToListener(const QByteArray &baseUrl, const QHostAddress &address, quint16 port)
{
    const QUrl url = QUrl::fromEncoded(baseUrl);
    const int urlPort = url.port(url.scheme() == u"https"_s ? 443 : 80);
    if (port == 0 || urlPort != port)
        return false;

    const QString host = url.host();
    QHostAddress target;
    if (host == u"localhost"_s || host.endsWith(u".localhost"_s))
        target = QHostAddress(QHostAddress::LocalHost);
    else if (!target.setAddress(host))
        return false;

    // Connecting to 0.0.0.0 or :: reaches this machine.
    if (isWildcard(target))
        target = QHostAddress(QHostAddress::LocalHost);
    if (!isWildcard(address)) {
        return target.isEqual(address, QHostAddress::TolerantConversion)
            || (host.endsWith(u"localhost"_s) && address == QHostAddress::LocalHostIPv6);
    }
    return target.isLoopback() || QNetworkInterface::allAddresses().contains(target);
}

} // namespace Switchyard
