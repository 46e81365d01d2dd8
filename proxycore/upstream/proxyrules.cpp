// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/upstream/proxyrules.h"

#include "proxycore/upstream/upstreamclient.h"

#include <QHostAddress>

namespace Switchyard {

namespace {

QByteArray fromEnvironment(const char *lowerCase, const char *upperCase)
{
    const QByteArray value = qgetenv(lowerCase).trimmed();
    return value.isEmpty() ? qgetenv(upperCase).trimmed() : value;
}

bool matchesEntry(QByteArrayView entry, const Origin &origin)
{
    if (entry == "*")
        return true;

    // An address or a network.
    const QString text = QString::fromLatin1(entry);
    const QHostAddress address(QString::fromLatin1(origin.host));
    if (!address.isNull()) {
        if (entry.contains('/')) {
            const auto subnet = QHostAddress::parseSubnet(text);
            return !subnet.first.isNull() && address.isInSubnet(subnet);
        }
        QString literal = text;
        if (literal.startsWith(u'[') && literal.endsWith(u']'))
            literal = literal.sliced(1, literal.size() - 2);
        if (const QHostAddress listed(literal); !listed.isNull())
            return listed == address;
    }

    if (const qsizetype colon = entry.lastIndexOf(':'); colon >= 0) {
        if (entry.sliced(colon + 1).toByteArray() != QByteArray::number(origin.port))
            return false;
        entry = entry.first(colon);
    }
    if (entry.startsWith("*."))
        entry = entry.sliced(2);
    else if (entry.startsWith('.'))
        entry = entry.sliced(1);
    if (entry.isEmpty() || entry.size() > origin.host.size())
        return false;
    const QByteArrayView host(origin.host);
    if (host.last(entry.size()).compare(entry, Qt::CaseInsensitive) != 0)
        return false;
    return host.size() == entry.size() || host[host.size() - entry.size() - 1] == '.';
}

} // namespace

QByteArray ProxyChoice::label() const
{
    QByteArrayView rest(url);
    if (const qsizetype scheme = rest.indexOf("://"); scheme >= 0)
        rest = rest.sliced(scheme + 3);
    if (const qsizetype slash = rest.indexOf('/'); slash >= 0)
        rest = rest.first(slash);
    if (const qsizetype at = rest.lastIndexOf('@'); at >= 0)
        rest = rest.sliced(at + 1);
    return rest.toByteArray();
}

bool matchesNoProxy(QByteArrayView noProxy, const Origin &origin)
{
    const auto isSeparator = [](char c) { return c == ',' || c == ' ' || c == '\t'; };
    qsizetype position = 0;
    while (position < noProxy.size()) {
        qsizetype end = position;
        while (end < noProxy.size() && !isSeparator(noProxy[end]))
            ++end;
        if (end > position && matchesEntry(noProxy.sliced(position, end - position), origin))
            return true;
        position = end + 1;
    }
    return false;
}

ProxyRules::ProxyRules(const NetworkSettings &settings) : m_noProxy(settings.noProxy)
{
    if (!settings.proxyUrl.isEmpty()) {
        m_forHttp = settings.proxyUrl;
        m_forHttps = settings.proxyUrl;
        return;
    }
    const QByteArray forAll = fromEnvironment("all_proxy", "ALL_PROXY");
    m_forHttp = fromEnvironment("http_proxy", "HTTP_PROXY");
    if (m_forHttp.isEmpty())
        m_forHttp = forAll;
    m_forHttps = fromEnvironment("https_proxy", "HTTPS_PROXY");
    if (m_forHttps.isEmpty())
        m_forHttps = forAll;
    m_noProxy += ',' + fromEnvironment("no_proxy", "NO_PROXY");
}

bool ProxyRules::isExempt(const Origin &origin) const
{
    return origin.isLoopback() || matchesNoProxy(m_noProxy, origin);
}

bool ProxyRules::needsSystem(const Origin &origin) const
{
    return (origin.tls ? m_forHttps : m_forHttp).isEmpty() && !isExempt(origin);
}

ProxyChoice ProxyRules::choose(const Origin &origin) const
{
    if (isExempt(origin))
        return {};
    return {origin.tls ? m_forHttps : m_forHttp};
}

} // namespace Switchyard
