// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/config/baseurl.h"

#include "proxycore/downstream/listenaddress.h"

#include <QUrl>

namespace Switchyard {

using namespace Qt::StringLiterals;

namespace {

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

} // namespace Switchyard
