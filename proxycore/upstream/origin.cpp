// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/upstream/origin.h"

#include <QHostAddress>

namespace Switchyard {

namespace {

bool startsWithNoCase(QByteArrayView text, QByteArrayView prefix)
{
    return text.size() >= prefix.size()
        && text.first(prefix.size()).compare(prefix, Qt::CaseInsensitive) == 0;
}

qsizetype schemeLength(QByteArrayView url)
{
    if (startsWithNoCase(url, "https://"))
        return 8;
    if (startsWithNoCase(url, "http://"))
        return 7;
    return 0;
}

} // namespace

QByteArray Origin::label() const
{
    const QByteArray shown = host.contains(':') ? '[' + host + ']' : host;
    return shown + ':' + QByteArray::number(port);
}

bool Origin::isLoopback() const
{
    if (host == "localhost" || host.endsWith(".localhost"))
        return true;
    const QHostAddress address(QString::fromLatin1(host));
    return !address.isNull() && address.isLoopback();
}

QByteArrayView originPart(QByteArrayView url)
{
    const qsizetype scheme = schemeLength(url);
    if (scheme == 0)
        return {};
    qsizetype end = scheme;
    while (end < url.size() && url[end] != '/' && url[end] != '?' && url[end] != '#')
        ++end;
    return end == scheme ? QByteArrayView() : url.first(end);
}

std::optional<Origin> parseOrigin(QByteArrayView url)
{
    const QByteArrayView part = originPart(url);
    if (part.isEmpty())
        return std::nullopt;

    Origin origin;
    const qsizetype scheme = schemeLength(part);
    origin.tls = scheme == 8;
    origin.port = origin.tls ? 443 : 80;

    QByteArrayView authority = part.sliced(scheme);
    if (const qsizetype at = authority.lastIndexOf('@'); at >= 0)
        authority = authority.sliced(at + 1);

    QByteArrayView port;
    if (authority.startsWith('[')) {
        const qsizetype close = authority.indexOf(']');
        if (close < 0)
            return std::nullopt;
        origin.host = authority.sliced(1, close - 1).toByteArray().toLower();
        const QByteArrayView rest = authority.sliced(close + 1);
        if (!rest.isEmpty() && !rest.startsWith(':'))
            return std::nullopt;
        port = rest.isEmpty() ? rest : rest.sliced(1);
    } else {
        const qsizetype colon = authority.indexOf(':');
        origin.host = authority.first(colon < 0 ? authority.size() : colon).toByteArray().toLower();
        port = colon < 0 ? QByteArrayView() : authority.sliced(colon + 1);
    }
    if (origin.host.isEmpty())
        return std::nullopt;
    if (!port.isEmpty()) {
        bool ok = false;
        const uint number = port.toByteArray().toUInt(&ok);
        if (!ok || number == 0 || number > 65535)
            return std::nullopt;
        origin.port = quint16(number);
    }
    return origin;
}

} // namespace Switchyard
