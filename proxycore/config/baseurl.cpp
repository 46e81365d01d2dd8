// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/config/baseurl.h"

#include <QHostAddress>
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

// What stands in front of an @ may be a password: it is cut out, and a text in which it cannot be
// told apart is not repeated.
ValueFault wrongUrl(const QString &text, const QString &advice)
{
    if (text.trimmed().isEmpty())
        return {u"is empty"_s, advice};
    const QString shown =
        QString::fromUtf8(withoutUserInfo(text.trimmed().toUtf8())).section(u'?', 0, 0);
    if (shown.contains(u'@'))
        return {u"is not an address that can be used"_s, advice};
    return {u"is %1"_s.arg(quotedValue(shown)), advice};
}

constexpr auto baseUrlAdvice =
    "give an address like https://openrouter.ai/api/v1 (plain http only for this machine)."_L1;

} // namespace

QByteArray withoutUserInfo(const QByteArray &url)
{
    const qsizetype scheme = url.indexOf("://");
    const qsizetype start = scheme < 0 ? 0 : scheme + 3;
    qsizetype end = url.size();
    for (const char c : {'/', '?', '#'})
        if (const qsizetype at = url.indexOf(c, start); at >= 0)
            end = qMin(end, at);
    const qsizetype at = url.lastIndexOf('@', end - 1);
    if (end == start || at < start)
        return url;
    return url.first(start) + url.sliced(at + 1);
}

bool isLoopbackHost(const QString &host)
{
    const QString bare = bareHost(host);
    if (bare == u"localhost" || bare.endsWith(".localhost"_L1))
        return true;
    const QHostAddress address = addressOf(bare);
    return !address.isNull() && address.isLoopback();
}

ParsedValue<QByteArray> parseBaseUrl(const QString &text)
{
    const QUrl url(text.trimmed(), QUrl::StrictMode);
    const QString scheme = url.scheme().toLower();
    if (!url.isValid() || (scheme != u"https" && scheme != u"http") || url.host().isEmpty())
        return wrongUrl(text, baseUrlAdvice);
    if (!url.userInfo().isEmpty())
        return wrongUrl(text,
                        u"it names a user or password in front of the host; remove that, "
                        "keys belong in the keychain."_s);
    if (url.hasQuery() || url.hasFragment())
        return wrongUrl(text, u"remove what follows the path (? or #)."_s);
    if (scheme == u"http" && !isLoopbackHost(url.host()))
        return wrongUrl(text,
                        u"plain http would send your key readable for everyone on the way; "
                        "use https (http is accepted only for this machine)."_s);
    QByteArray base = url.toEncoded();
    while (base.endsWith('/'))
        base.chop(1);
    return base;
}

ParsedValue<QByteArray> parseProxyUrl(const QString &text, UserInfo userInfo)
{
    const QString trimmed = text.trimmed();
    const QUrl url(trimmed.contains("://"_L1) ? trimmed : u"http://"_s + trimmed);
    const QString scheme = url.scheme().toLower();
    const bool known = scheme == u"http" || scheme == u"https" || scheme == u"socks4"
        || scheme == u"socks4a" || scheme == u"socks5" || scheme == u"socks5h";
    if (!url.isValid() || !known || url.host().isEmpty())
        return wrongUrl(text,
                        u"give an address like http://proxy.example:3128 (http, https, "
                        "socks4, socks4a, socks5 or socks5h)."_s);
    if (userInfo == UserInfo::Refused && !url.userInfo().isEmpty())
        return wrongUrl(text,
                        u"it names a user or password, which are never kept in a file; "
                        "give the whole address in the variable HTTPS_PROXY instead."_s);
    return url.toEncoded();
}

bool pointsAtListener(const QByteArray &url, const QString &listenAddress, quint16 port)
{
    const QUrl target = QUrl::fromEncoded(url);
    const int targetPort = target.port(target.scheme() == u"https" ? 443 : 80);
    if (port == 0 || targetPort != port)
        return false;

    const QHostAddress listener = isLoopbackHost(listenAddress)
        ? QHostAddress(QHostAddress::LocalHost)
        : addressOf(listenAddress);
    const QHostAddress destination = addressOf(target.host());
    const bool local = isLoopbackHost(target.host()) || isAnyAddress(destination);
    if (local)
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
