// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/config/baseurl.h"

#include <QTest>

using namespace Switchyard;
using namespace Qt::StringLiterals;

class TestBaseUrl : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void accepted_data();
    void accepted();
    void refused_data();
    void refused();
    void proxies_data();
    void proxies();
    void refusedProxies_data();
    void refusedProxies();
    void userInfoIsCutOut_data();
    void userInfoIsCutOut();
};

void TestBaseUrl::accepted_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QByteArray>("url");

    const auto row = [](const char *name, const QString &text, const QByteArray &url) {
        QTest::newRow(name) << text << url;
    };
    row("https", u"https://openrouter.ai/api/v1"_s, "https://openrouter.ai/api/v1");
    row("a trailing slash is dropped", u"https://openrouter.ai/api/v1/"_s,
        "https://openrouter.ai/api/v1");
    row("several trailing slashes are dropped", u"https://example.com//"_s, "https://example.com");
    row("a host alone", u"https://example.com"_s, "https://example.com");
    row("a port", u"https://example.com:8443/v1"_s, "https://example.com:8443/v1");
    row("scheme and host in capitals", u"HTTPS://Example.COM/V1"_s, "https://example.com/V1");
    row("blanks around it", u"  https://example.com/v1 \n"_s, "https://example.com/v1");
    row("a host in another alphabet", u"https://bücher.example"_s, "https://xn--bcher-kva.example");
    row("an IPv6 address", u"https://[2001:db8::1]:8443"_s, "https://[2001:db8::1]:8443");
    row("an escape in the path stays", u"https://example.com/a%20b"_s, "https://example.com/a%20b");
    row("http to localhost", u"http://localhost:4001"_s, "http://localhost:4001");
    row("http to 127.0.0.1", u"http://127.0.0.1:9/api"_s, "http://127.0.0.1:9/api");
    row("http to another address of the loopback net", u"http://127.8.9.1:9"_s,
        "http://127.8.9.1:9");
    row("http to ::1", u"http://[::1]:9"_s, "http://[::1]:9");
}

void TestBaseUrl::accepted()
{
    QFETCH(QString, text);
    QFETCH(QByteArray, url);

    const ParsedValue<QByteArray> parsed = parseBaseUrl(text);
    QVERIFY2(parsed.ok(), parsed ? "" : qPrintable(parsed.error().predicate()));
    QCOMPARE(parsed.value(), url);
}

void TestBaseUrl::refused_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("words");

    const auto row = [](const char *name, const QString &text, const QString &words) {
        QTest::newRow(name) << text << words;
    };
    row("nothing", QString(), u"is empty"_s);
    row("blanks", u"  "_s, u"is empty"_s);
    row("a word", u"openrouter"_s, u"is \"openrouter\""_s);
    row("a host without a scheme", u"openrouter.ai/api/v1"_s, u"https://"_s);
    row("a host and port without a scheme", u"localhost:4001"_s, u"https://"_s);
    row("another scheme", u"ftp://example.com"_s, u"https://"_s);
    row("a file", u"file:///etc/passwd"_s, u"https://"_s);
    row("no host", u"https:///v1"_s, u"https://"_s);
    row("a blank inside", u"https://exa mple.com"_s, u"https://"_s);
    row("a port that is none", u"https://example.com:99999"_s, u"https://"_s);
    row("http to another machine", u"http://openrouter.ai/api/v1"_s, u"plain http"_s);
    row("http to a private address", u"http://192.168.1.5:4001"_s, u"plain http"_s);
    row("http to a name that only begins like localhost", u"http://localhost.example.com"_s,
        u"plain http"_s);
    row("http to a name that only begins like an address", u"http://127.0.0.1.example.com"_s,
        u"plain http"_s);
    row("http to all addresses", u"http://0.0.0.0:4001"_s, u"plain http"_s);
    row("a user", u"https://user@example.com"_s, u"user or password"_s);
    row("a user and a password", u"https://user:marker@example.com"_s, u"user or password"_s);
    row("a password in an address that is wrong anyway", u"ftp://user:marker@example.com"_s,
        u"\"ftp://example.com\""_s);
    row("a password with a slash, which is no valid address", u"https://user:mar/ker@example.com"_s,
        u"is not an address that can be used"_s);
    row("a query", u"https://example.com/v1?key=marker"_s, u"remove what follows the path"_s);
    row("a fragment", u"https://example.com/v1#top"_s, u"remove what follows the path"_s);
    row("a key in place of the address", u"sk-or-v1-marker"_s, u"looks like a key"_s);
}

void TestBaseUrl::refused()
{
    QFETCH(QString, text);
    QFETCH(QString, words);

    const ParsedValue<QByteArray> parsed = parseBaseUrl(text);
    QVERIFY(!parsed.ok());
    const QString sentence = parsed.error().predicate();
    QVERIFY2(sentence.contains(words), qPrintable(sentence));
    QVERIFY2(!sentence.contains(u"mar"_s), qPrintable(sentence));
}

void TestBaseUrl::proxies_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<bool>("userInfoAllowed");
    QTest::addColumn<QByteArray>("url");

    QTest::newRow("http") << u"http://proxy.example:3128"_s << false
                          << QByteArray("http://proxy.example:3128");
    QTest::newRow("https") << u"https://proxy.example:3128"_s << false
                           << QByteArray("https://proxy.example:3128");
    QTest::newRow("socks5h") << u"socks5h://127.0.0.1:1080"_s << false
                             << QByteArray("socks5h://127.0.0.1:1080");
    QTest::newRow("host and port alone mean http")
        << u"proxy.example:3128"_s << false << QByteArray("http://proxy.example:3128");
    QTest::newRow("a password is accepted from the environment")
        << u"http://user:word@proxy.example:3128"_s << true
        << QByteArray("http://user:word@proxy.example:3128");
}

void TestBaseUrl::proxies()
{
    QFETCH(QString, text);
    QFETCH(bool, userInfoAllowed);
    QFETCH(QByteArray, url);

    const ParsedValue<QByteArray> parsed =
        parseProxyUrl(text, userInfoAllowed ? UserInfo::Allowed : UserInfo::Refused);
    QVERIFY2(parsed.ok(), parsed ? "" : qPrintable(parsed.error().predicate()));
    QCOMPARE(parsed.value(), url);
}

void TestBaseUrl::refusedProxies_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("words");

    QTest::newRow("nothing") << QString() << u"is empty"_s;
    QTest::newRow("a scheme no proxy has") << u"ftp://proxy.example"_s << u"socks5h"_s;
    QTest::newRow("no host") << u"http://"_s << u"socks5h"_s;
    QTest::newRow("a password in the settings file")
        << u"http://user:marker@proxy.example"_s << u"HTTPS_PROXY"_s;
}

void TestBaseUrl::refusedProxies()
{
    QFETCH(QString, text);
    QFETCH(QString, words);

    const ParsedValue<QByteArray> parsed = parseProxyUrl(text, UserInfo::Refused);
    QVERIFY(!parsed.ok());
    const QString sentence = parsed.error().predicate();
    QVERIFY2(sentence.contains(words), qPrintable(sentence));
    QVERIFY2(!sentence.contains(u"marker"_s), qPrintable(sentence));
}

void TestBaseUrl::userInfoIsCutOut_data()
{
    QTest::addColumn<QByteArray>("url");
    QTest::addColumn<QByteArray>("shown");

    const auto row = [](const char *name, const QByteArray &url, const QByteArray &shown) {
        QTest::newRow(name) << url << shown;
    };
    row("an empty text stays", "", "");
    row("an address without a user stays", "http://proxy.example:3128",
        "http://proxy.example:3128");
    row("a user", "http://user@proxy.example", "http://proxy.example");
    row("a user and a password", "http://user:word@proxy.example:3128/x",
        "http://proxy.example:3128/x");
    row("a password with an @", "http://user:wo@rd@proxy.example", "http://proxy.example");
    row("without a scheme", "user:word@proxy.example:3128", "proxy.example:3128");
    row("an @ in the path stays", "http://proxy.example/a@b", "http://proxy.example/a@b");
}

void TestBaseUrl::userInfoIsCutOut()
{
    QFETCH(QByteArray, url);
    QTEST(withoutUserInfo(url), "shown");
}

QTEST_GUILESS_MAIN(TestBaseUrl)
#include "tst_baseurl.moc"
