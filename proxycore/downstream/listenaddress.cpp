// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/downstream/listenaddress.h"

#include <QNetworkInterface>
#include <QSysInfo>
#include <QUrl>

#include <algorithm>

namespace Switchyard {

using namespace Qt::StringLiterals;

namespace {

// An address in IPv4 when it is one, also when it is written as ::ffff:a.b.c.d.
QHostAddress plainAddress(const QHostAddress &address)
{
    bool isIpv4 = false;
    const quint32 ipv4 = address.toIPv4Address(&isIpv4);
    return isIpv4 ? QHostAddress(ipv4) : address;
}

QString bareHost(QString host)
{
    if (host.startsWith(u'[') && host.endsWith(u']'))
        host = host.mid(1, host.size() - 2);
    if (host.endsWith(u'.'))
        host.chop(1);
    return host.toLower();
}

QHostAddress addressOf(const QString &host)
{
    QHostAddress address;
    address.setAddress(bareHost(host));
    return plainAddress(address);
}

bool isAnyAddress(const QHostAddress &address)
{
    return address == QHostAddress(QHostAddress::AnyIPv4)
        || address == QHostAddress(QHostAddress::AnyIPv6)
        || address == QHostAddress(QHostAddress::Any);
}

bool isOwnAddress(QHostAddress address)
{
    address.setScopeId({});
    const QList<QHostAddress> own = QNetworkInterface::allAddresses();
    return std::any_of(own.begin(), own.end(), [&address](QHostAddress candidate) {
        candidate.setScopeId({});
        return candidate == address;
    });
}

} // namespace

QHostAddress listenHostAddress(const QString &text)
{
    const QString host = bareHost(text.trimmed());
    if (host == u"localhost")
        return QHostAddress(QHostAddress::LocalHost);
    QHostAddress address;
    address.setAddress(host);
    return address;
}

QByteArray clientUrl(const QHostAddress &address, quint16 port)
{
    QByteArray host;
    if (address == QHostAddress::AnyIPv6)
        host = "[::1]";
    else if (isAnyAddress(address))
        host = "127.0.0.1";
    else if (address.protocol() == QAbstractSocket::IPv6Protocol)
        host = '[' + address.toString().toLatin1() + ']';
    else
        host = address.toString().toLatin1();
    return "http://" + host + ':' + QByteArray::number(port);
}

bool isLoopbackHost(const QString &host)
{
    const QString bare = bareHost(host);
    if (bare == u"localhost" || bare.endsWith(".localhost"_L1))
        return true;
    const QHostAddress address = addressOf(bare);
    return !address.isNull() && address.isLoopback();
}

bool leadsToListener(const QByteArray &url, const QHostAddress &address, quint16 port)
{
    const QUrl target = QUrl::fromEncoded(url);
    const int targetPort = target.port(target.scheme() == u"https" ? 443 : 80);
    if (port == 0 || targetPort != port)
        return false;

    const QHostAddress listener = plainAddress(address);
    const QHostAddress destination = addressOf(target.host());
    // Connecting to 0.0.0.0 or :: reaches this machine.
    if (isLoopbackHost(target.host()) || isAnyAddress(destination))
        return listener.isLoopback() || isAnyAddress(listener);
    if (listener.isLoopback())
        return false;
    if (!isAnyAddress(listener))
        return destination == listener;
    if (destination.isNull())
        return target.host().compare(QSysInfo::machineHostName(), Qt::CaseInsensitive) == 0;
    return isOwnAddress(destination);
}

} // namespace Switchyard
