// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/config/baseurl.h"

#include <QNetworkInterface>
#include <QSysInfo>
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
    void loopbackHosts_data();
    void loopbackHosts();
    void pointsAtUs_data();
    void pointsAtUs();
    void pointsElsewhere_data();
    void pointsElsewhere();
    void everyAddressOfThisMachineIsOursWhenListeningOnAll();
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

void TestBaseUrl::loopbackHosts_data()
{
    QTest::addColumn<QString>("host");
    QTest::addColumn<bool>("loopback");

    const auto row = [](const char *name, const QString &host, bool loopback) {
        QTest::newRow(name) << host << loopback;
    };
    row("localhost is", u"localhost"_s, true);
    row("LOCALHOST with a final dot is", u"LOCALHOST."_s, true);
    row("a name under localhost is", u"api.localhost"_s, true);
    row("127.0.0.1 is", u"127.0.0.1"_s, true);
    row("127.255.255.254 is", u"127.255.255.254"_s, true);
    row("the short spelling 127.1 is", u"127.1"_s, true);
    row("::1 is", u"::1"_s, true);
    row("[::1] in brackets is", u"[::1]"_s, true);
    row("::ffff:127.0.0.1 is", u"::ffff:127.0.0.1"_s, true);
    row("128.0.0.1 is not", u"128.0.0.1"_s, false);
    row("126.255.255.255 is not", u"126.255.255.255"_s, false);
    row("0.0.0.0 is not", u"0.0.0.0"_s, false);
    row(":: is not", u"::"_s, false);
    row("::ffff:10.0.0.1 is not", u"::ffff:10.0.0.1"_s, false);
    row("a name is not", u"example.com"_s, false);
    row("a name that ends like localhost is not", u"mylocalhost"_s, false);
    row("nothing is not", QString(), false);
}

void TestBaseUrl::loopbackHosts()
{
    QFETCH(QString, host);
    QTEST(isLoopbackHost(host), "loopback");
}

void TestBaseUrl::pointsAtUs_data()
{
    QTest::addColumn<QByteArray>("url");
    QTest::addColumn<QString>("address");
    QTest::addColumn<quint16>("port");

    const auto row = [](const char *name, const QByteArray &url, const QString &address,
                        quint16 port = 4000) { QTest::newRow(name) << url << address << port; };
    row("the very address", "http://127.0.0.1:4000", u"127.0.0.1"_s);
    row("with a path", "http://127.0.0.1:4000/api/v1", u"127.0.0.1"_s);
    row("localhost", "http://localhost:4000", u"127.0.0.1"_s);
    row("localhost in capitals and with a dot", "http://LocalHost.:4000", u"127.0.0.1"_s);
    row("::1", "http://[::1]:4000", u"127.0.0.1"_s);
    row("the mapped address", "http://[::ffff:127.0.0.1]:4000", u"127.0.0.1"_s);
    row("the mapped address in hexadecimal", "http://[::ffff:7f00:1]:4000", u"127.0.0.1"_s);
    row("a short spelling", "http://127.1:4000", u"127.0.0.1"_s);
    row("a decimal spelling", "http://2130706433:4000", u"127.0.0.1"_s);
    row("a hexadecimal spelling", "http://0x7f.0.0.1:4000", u"127.0.0.1"_s);
    row("another address of the loopback net", "http://127.0.0.2:4000", u"127.0.0.1"_s);
    row("all addresses", "https://0.0.0.0:4000", u"127.0.0.1"_s);
    row("all IPv6 addresses", "https://[::]:4000", u"::1"_s);
    row("over https", "https://127.0.0.1:4000", u"127.0.0.1"_s);
    row("the default port of http", "http://127.0.0.1", u"127.0.0.1"_s, 80);
    row("the default port of https", "https://127.0.0.1", u"127.0.0.1"_s, 443);
    row("while listening on localhost", "http://127.0.0.1:4000", u"localhost"_s);
    row("while listening on ::1", "http://localhost:4000", u"::1"_s);
    row("loopback while listening on all addresses", "http://127.0.0.1:4000", u"0.0.0.0"_s);
    row("loopback while listening on all IPv6 addresses", "http://[::1]:4000", u"::"_s);
    row("the one address we listen on", "https://192.0.2.7:4000", u"192.0.2.7"_s);
    row("the machine's name while listening on all addresses",
        "https://" + QSysInfo::machineHostName().toUtf8() + ":4000", u"0.0.0.0"_s);
}

void TestBaseUrl::pointsAtUs()
{
    QFETCH(QByteArray, url);
    QFETCH(QString, address);
    QFETCH(quint16, port);
    QVERIFY(pointsAtListener(url, address, port));
}

void TestBaseUrl::pointsElsewhere_data()
{
    QTest::addColumn<QByteArray>("url");
    QTest::addColumn<QString>("address");
    QTest::addColumn<quint16>("port");

    const auto row = [](const char *name, const QByteArray &url, const QString &address,
                        quint16 port = 4000) { QTest::newRow(name) << url << address << port; };
    row("another port of this machine", "http://127.0.0.1:4001", u"127.0.0.1"_s);
    row("the same port of another machine", "https://192.0.2.8:4000", u"127.0.0.1"_s);
    row("the same port of a named machine", "https://example.com:4000", u"127.0.0.1"_s);
    row("another machine while listening on all addresses", "https://192.0.2.8:4000", u"0.0.0.0"_s);
    row("a named machine while listening on all addresses", "https://example.com:4000",
        u"0.0.0.0"_s);
    row("loopback while listening on one address of the network", "http://127.0.0.1:4000",
        u"192.0.2.7"_s);
    row("the default port is not ours", "https://127.0.0.1", u"127.0.0.1"_s);
    row("while the port is not known yet", "http://127.0.0.1:4000", u"127.0.0.1"_s, 0);
}

void TestBaseUrl::pointsElsewhere()
{
    QFETCH(QByteArray, url);
    QFETCH(QString, address);
    QFETCH(quint16, port);
    QVERIFY(!pointsAtListener(url, address, port));
}

void TestBaseUrl::everyAddressOfThisMachineIsOursWhenListeningOnAll()
{
    const QList<QHostAddress> addresses = QNetworkInterface::allAddresses();
    QVERIFY(!addresses.isEmpty());
    for (QHostAddress address : addresses) {
        address.setScopeId({});
        const QString host = address.protocol() == QAbstractSocket::IPv6Protocol
            ? u"[%1]"_s.arg(address.toString())
            : address.toString();
        QVERIFY2(pointsAtListener("https://" + host.toLatin1() + ":4000", u"0.0.0.0"_s, 4000),
                 qPrintable(host));
    }
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
