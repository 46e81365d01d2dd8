// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/upstream/proxyrules.h"
#include "proxycore/upstream/upstreamclient.h"

#include <QTest>

using namespace Switchyard;

namespace {

const char *const variables[] = {"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY",
                                 "all_proxy",  "ALL_PROXY",  "no_proxy",    "NO_PROXY"};

using Environment = QMap<QByteArray, QByteArray>;

} // namespace

Q_DECLARE_METATYPE(Environment)

class TestProxyRules : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init()
    {
        for (const char *name : variables)
            qunsetenv(name);
    }
    void cleanup() { init(); }

    void readsOrigins_data()
    {
        QTest::addColumn<QByteArray>("url");
        QTest::addColumn<QByteArray>("label");
        QTest::addColumn<bool>("tls");
        QTest::addColumn<bool>("loopback");
        const auto row = [](const char *name, const char *url, const char *label, bool tls,
                            bool loopback) {
            QTest::addRow("%s", name) << QByteArray(url) << QByteArray(label) << tls << loopback;
        };
        row("https has port 443", "https://openrouter.ai/api/v1/messages", "openrouter.ai:443",
            true, false);
        row("http has port 80", "http://example.test", "example.test:80", false, false);
        row("a port of its own", "https://example.test:8443?x=1", "example.test:8443", true, false);
        row("user name and password are left out", "https://u:p%40@example.test/x",
            "example.test:443", true, false);
        row("a query with an address in it", "https://example.test?u=http://a@b:1/",
            "example.test:443", true, false);
        row("capitals", "HTTPS://Example.TEST/", "example.test:443", true, false);
        row("an IPv6 address", "http://[::1]:4000/x", "[::1]:4000", false, true);
        row("an IPv6 address without a port", "https://[2001:db8::1]", "[2001:db8::1]:443", true,
            false);
        row("an IPv4 loopback address", "http://127.0.0.2:1/", "127.0.0.2:1", false, true);
        row("localhost", "http://localhost:11434/v1", "localhost:11434", false, true);
        row("a name below localhost", "http://api.localhost/", "api.localhost:80", false, true);
        row("a name that looks like loopback", "http://127.0.0.1.example.test/",
            "127.0.0.1.example.test:80", false, false);
        row("a name that ends in localhost", "http://notlocalhost/", "notlocalhost:80", false,
            false);
    }

    void readsOrigins()
    {
        QFETCH(QByteArray, url);
        QFETCH(QByteArray, label);
        QFETCH(bool, tls);
        QFETCH(bool, loopback);
        const std::optional<Origin> origin = parseOrigin(url);
        QVERIFY(origin);
        QCOMPARE(origin->label(), label);
        QCOMPARE(origin->tls, tls);
        QCOMPARE(origin->isLoopback(), loopback);
    }

    void refusesWhatIsNoOrigin_data()
    {
        QTest::addColumn<QByteArray>("url");
        for (const char *url :
             {"", "example.test", "ftp://example.test/", "https://", "https:///x", "http://:80/",
              "http://user@/", "http://a:0/", "http://a:65536/", "http://a:b/", "http://[::1",
              "http://[::1]x/", "http://a:1:2/", "file:///etc/hostname"})
            QTest::addRow("\"%s\"", url) << QByteArray(url);
    }

    void refusesWhatIsNoOrigin()
    {
        QFETCH(QByteArray, url);
        QVERIFY(!parseOrigin(url));
    }

    void matchesExemptions_data()
    {
        QTest::addColumn<QByteArray>("noProxy");
        QTest::addColumn<QByteArray>("url");
        QTest::addColumn<bool>("matches");
        const auto row = [](const char *name, const char *list, const char *url, bool matches) {
            QTest::addRow("%s", name) << QByteArray(list) << QByteArray(url) << matches;
        };
        row("nothing exempts nothing", "", "https://a.test", false);
        row("a star exempts everything", "*", "https://a.test", true);
        row("the name itself", "a.test", "https://a.test", true);
        row("the name in capitals", "A.Test", "https://a.test", true);
        row("a name below it", "a.test", "https://x.a.test", true);
        row("a name that only ends alike", "a.test", "https://ba.test", false);
        row("a name above it", "x.a.test", "https://a.test", false);
        row("with a leading dot", ".a.test", "https://x.a.test", true);
        row("with a leading dot, the name itself", ".a.test", "https://a.test", true);
        row("with a leading star", "*.a.test", "https://x.a.test", true);
        row("one of several", "b.test, a.test ,c.test", "https://a.test", true);
        row("separated by blanks", "b.test a.test", "https://a.test", true);
        row("none of several", "b.test,,c.test,", "https://a.test", false);
        row("the right port", "a.test:8443", "https://a.test:8443", true);
        row("another port", "a.test:8443", "https://a.test", false);
        row("an address", "10.1.2.3", "https://10.1.2.3", true);
        row("another address", "10.1.2.3", "https://10.1.2.33", false);
        row("an address is no suffix", "2.3", "https://10.1.2.3", false);
        row("a network", "10.0.0.0/8", "https://10.1.2.3", true);
        row("another network", "10.0.0.0/8", "https://11.1.2.3", false);
        row("an IPv6 address", "2001:db8::1", "https://[2001:db8::1]", true);
        row("an IPv6 address in brackets", "[2001:db8::1]", "https://[2001:db8:0::1]", true);
        row("an IPv6 network", "2001:db8::/32", "https://[2001:db8::7]", true);
        row("a network does not match a name", "10.0.0.0/8", "https://10.test", false);
    }

    void matchesExemptions()
    {
        QFETCH(QByteArray, noProxy);
        QFETCH(QByteArray, url);
        QFETCH(bool, matches);
        const std::optional<Origin> origin = parseOrigin(url);
        QVERIFY(origin);
        QCOMPARE(matchesNoProxy(noProxy, *origin), matches);
    }

    void choosesAProxy_data()
    {
        QTest::addColumn<QByteArray>("setting");
        QTest::addColumn<QByteArray>("exempt");
        QTest::addColumn<Environment>("environment");
        QTest::addColumn<QByteArray>("url");
        QTest::addColumn<QByteArray>("proxy"); // "?" for the system's
        const auto row = [](const char *name, const char *setting, const char *exempt,
                            const Environment &environment, const char *url, const char *proxy) {
            QTest::addRow("%s", name) << QByteArray(setting) << QByteArray(exempt) << environment
                                      << QByteArray(url) << QByteArray(proxy);
        };
        row("nothing is said", "", "", {}, "https://a.test", "?");
        row("the setting", "http://p:1", "", {}, "https://a.test", "http://p:1");
        row("the setting wins over the environment", "http://p:1", "",
            {{"https_proxy", "http://e"}}, "https://a.test", "http://p:1");
        row("the setting does not hear the environment's exemptions", "http://p:1", "",
            {{"no_proxy", "a.test"}}, "https://a.test", "http://p:1");
        row("the setting's exemptions", "http://p:1", "a.test", {}, "https://a.test", "");
        row("https_proxy", "", "", {{"https_proxy", "http://e:1"}}, "https://a.test", "http://e:1");
        row("HTTPS_PROXY", "", "", {{"HTTPS_PROXY", "http://e:1"}}, "https://a.test", "http://e:1");
        row("the lower case name wins", "", "",
            {{"https_proxy", "http://low"}, {"HTTPS_PROXY", "http://up"}}, "https://a.test",
            "http://low");
        row("https_proxy is not for http", "", "", {{"https_proxy", "http://e:1"}}, "http://a.test",
            "?");
        row("http_proxy", "", "", {{"http_proxy", "http://e:1"}}, "http://a.test", "http://e:1");
        row("HTTP_PROXY", "", "", {{"HTTP_PROXY", "http://e:1"}}, "http://a.test", "http://e:1");
        row("all_proxy for https", "", "", {{"all_proxy", "socks5h://e"}}, "https://a.test",
            "socks5h://e");
        row("ALL_PROXY for http", "", "", {{"ALL_PROXY", "socks5h://e"}}, "http://a.test",
            "socks5h://e");
        row("the special name wins over all_proxy", "", "",
            {{"all_proxy", "http://all"}, {"https_proxy", "http://e"}}, "https://a.test",
            "http://e");
        row("an empty variable says nothing", "", "", {{"https_proxy", ""}}, "https://a.test", "?");
        row("no_proxy", "", "", {{"https_proxy", "http://e"}, {"no_proxy", "a.test"}},
            "https://a.test", "");
        row("NO_PROXY", "", "", {{"https_proxy", "http://e"}, {"NO_PROXY", "a.test"}},
            "https://a.test", "");
        row("no_proxy holds for the system's proxy as well", "", "", {{"no_proxy", "a.test"}},
            "https://a.test", "");
        row("the setting's exemptions hold beside the environment", "", "a.test",
            {{"https_proxy", "http://e"}}, "https://a.test", "");
        row("loopback never, by the setting", "http://p:1", "", {}, "http://127.0.0.1:4000", "");
        row("loopback never, by the environment", "", "", {{"all_proxy", "http://e"}},
            "https://[::1]:1", "");
        row("loopback is not asked of the system", "", "", {}, "http://localhost:1", "");
    }

    void choosesAProxy()
    {
        QFETCH(QByteArray, setting);
        QFETCH(QByteArray, exempt);
        QFETCH(Environment, environment);
        QFETCH(QByteArray, url);
        QFETCH(QByteArray, proxy);
        for (auto it = environment.cbegin(); it != environment.cend(); ++it)
            qputenv(it.key().constData(), it.value());
        NetworkSettings settings;
        settings.proxyUrl = setting;
        settings.noProxy = exempt;
        const ProxyRules rules(settings);
        const std::optional<Origin> origin = parseOrigin(url);
        QVERIFY(origin);
        QCOMPARE(rules.needsSystem(*origin), proxy == "?");
        if (proxy != "?")
            QCOMPARE(rules.choose(*origin).url, proxy);
    }

    void aLabelHasNoPassword_data()
    {
        QTest::addColumn<QByteArray>("url");
        QTest::addRow("with a scheme") << QByteArray("http://user:secret@proxy.test:3128/");
        QTest::addRow("without a scheme") << QByteArray("user:secret@proxy.test:3128");
        QTest::addRow("a password with an at sign")
            << QByteArray("http://u:se@cret@proxy.test:3128");
    }

    void aLabelHasNoPassword()
    {
        QFETCH(QByteArray, url);
        QCOMPARE(ProxyChoice{url}.label(), "proxy.test:3128");
    }
};

QTEST_APPLESS_MAIN(TestProxyRules)
#include "tst_proxyrules.moc"
