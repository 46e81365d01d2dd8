// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/proxycore/upstream/namelookup.h"
#include "tests/proxycore/upstream/tlsserver.h"
#include "tests/proxycore/upstream/upstreamtesting.h"

using namespace Switchyard;
using namespace Switchyard::Testing;

namespace {

// A proxy that opens tunnels to one place whatever is asked for, and answers plain requests itself.
class SmallProxy : public QTcpServer
{
public:
    QList<QByteArray> heads;
    QByteArray refusal; // the answer to every request, when set
    quint16 target = 0; // where tunnels lead
    int open = 0;

    SmallProxy()
    {
        if (!listen(QHostAddress::LocalHost))
            qFatal("no free port on loopback");
        connect(this, &QTcpServer::newConnection, this, [this] {
            QTcpSocket *client = nextPendingConnection();
            ++open;
            connect(client, &QTcpSocket::disconnected, this, [this] { --open; });
            connect(client, &QTcpSocket::disconnected, client, &QObject::deleteLater);
            auto received = std::make_shared<QByteArray>();
            auto tunnel = std::make_shared<QTcpSocket *>(nullptr);
            connect(client, &QTcpSocket::readyRead, this, [this, client, received, tunnel] {
                if (*tunnel) {
                    (*tunnel)->write(client->readAll());
                    return;
                }
                *received += client->readAll();
                const qsizetype end = received->indexOf("\r\n\r\n");
                if (end < 0)
                    return;
                const QByteArray head = received->first(end + 4);
                received->clear();
                heads << head;
                if (!refusal.isEmpty()) {
                    client->write(refusal);
                } else if (head.startsWith("CONNECT ")) {
                    *tunnel = openTunnel(client);
                    client->write("HTTP/1.1 200 Connection established\r\nx-proxy: yes\r\n\r\n");
                } else {
                    client->write(answerWith("from the proxy"));
                }
            });
        });
    }

    QByteArray label() const { return "127.0.0.1:" + QByteArray::number(serverPort()); }

private:
    QTcpSocket *openTunnel(QTcpSocket *client)
    {
        auto *far = new QTcpSocket(client);
        connect(far, &QTcpSocket::readyRead, client,
                [client, far] { client->write(far->readAll()); });
        connect(far, &QTcpSocket::disconnected, client, [client] { client->disconnectFromHost(); });
        far->connectToHost(QHostAddress::LocalHost, target);
        return far;
    }
};

const char *const variables[] = {"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY",
                                 "all_proxy",  "ALL_PROXY",  "no_proxy",    "NO_PROXY"};

} // namespace

class TestUpstreamProxy : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        m_authority = std::make_unique<CertificateAuthority>(QStringLiteral("Test authority"));
        m_server = std::make_unique<TlsServer>(*m_authority, TlsServer::Options());
    }
    void cleanupTestCase() { m_server.reset(); }

    void init()
    {
        for (const char *name : variables)
            qunsetenv(name);
        upstreamNameAsked = 0;
    }
    void cleanup() { init(); }

    void tunnelsTls()
    {
        SmallProxy proxy;
        proxy.target = m_server->port();
        UpstreamClient client;
        client.setNetworkSettings(through("http://" + proxy.label()));
        for (int i = 0; i < 2; ++i) {
            Collector collector;
            collector.start(client, post(m_server->url("/protocol", "upstream.test")));
            QTRY_VERIFY(collector.outcome);
            QCOMPARE(collector.outcome->detail, QByteArray());
            QCOMPARE(collector.status, 200);
            QCOMPARE(collector.headers.value("x-protocol"), "HTTP/2.0");
            QVERIFY(!collector.headers.contains("x-proxy"));
        }
        QCOMPARE(proxy.heads.size(), 1);
        QVERIFY(proxy.heads.first().startsWith("CONNECT " + m_server->label("upstream.test")
                                               + " HTTP/1.1\r\n"));
        // The proxy looks the name up, and sees no header of the request.
        QCOMPARE(upstreamNameAsked.load(), 0);
        QVERIFY(!proxy.heads.first().toLower().contains("content-type"));
    }

    void forwardsPlainRequests()
    {
        SmallProxy proxy;
        UpstreamClient client;
        client.setNetworkSettings(through("http://user:pa%20ss@" + proxy.label()));
        Collector collector;
        collector.start(client, get("http://upstream.test:8080/v1/models?x=1"));
        QTRY_VERIFY(collector.outcome);
        QCOMPARE(collector.outcome->detail, QByteArray());
        QCOMPARE(collector.data, "from the proxy");
        QVERIFY(proxy.heads.first().startsWith(
            "GET http://upstream.test:8080/v1/models?x=1 HTTP/1.1\r\n"));
        QCOMPARE(upstreamNameAsked.load(), 0);
    }

    void givesThePasswordToTheProxyAlone()
    {
        SmallProxy proxy;
        proxy.target = m_server->port();
        proxy.refusal = "HTTP/1.1 407 Proxy Authentication Required\r\n"
                        "proxy-authenticate: Basic realm=\"p\"\r\ncontent-length: 0\r\n\r\n";
        UpstreamClient client;
        client.setNetworkSettings(through("http://user:pass@" + proxy.label()));
        Collector collector;
        collector.start(client, post(m_server->url("/protocol", "upstream.test")));
        QTRY_VERIFY(!proxy.heads.isEmpty());
        QTRY_VERIFY(collector.outcome);
        QCOMPARE(collector.failure(), UpstreamFailure::Proxy);
        QVERIFY(proxy.heads.last().toLower().contains("proxy-authorization: basic "));
        QVERIFY(proxy.heads.last().contains(QByteArray("user:pass").toBase64()));
        QCOMPARE(collector.outcome->detail,
                 "the proxy " + proxy.label()
                     + " asks for a user name and password (407); put them into the proxy URL");
    }

    void takesTheProxyFromTheEnvironment_data()
    {
        QTest::addColumn<QByteArray>("variable");
        QTest::addRow("https_proxy") << QByteArray("https_proxy");
        QTest::addRow("HTTPS_PROXY") << QByteArray("HTTPS_PROXY");
        QTest::addRow("all_proxy") << QByteArray("all_proxy");
        QTest::addRow("ALL_PROXY") << QByteArray("ALL_PROXY");
    }

    void takesTheProxyFromTheEnvironment()
    {
        QFETCH(QByteArray, variable);
        SmallProxy proxy;
        proxy.target = m_server->port();
        qputenv(variable.constData(), "http://" + proxy.label());
        UpstreamClient client;
        client.setNetworkSettings(through({}));
        Collector collector;
        collector.start(client, post(m_server->url("/protocol", "upstream.test")));
        QTRY_VERIFY(collector.outcome);
        QCOMPARE(collector.outcome->detail, QByteArray());
        QCOMPARE(proxy.heads.size(), 1);
    }

    void goesDirectlyWhereItShould_data()
    {
        QTest::addColumn<QByteArray>("setting");
        QTest::addColumn<QByteArray>("noProxy");
        QTest::addColumn<QByteArray>("variable");
        QTest::addColumn<QByteArray>("host");
        QTest::addRow("loopback, with the setting")
            << QByteArray("PROXY") << QByteArray() << QByteArray() << QByteArray("127.0.0.1");
        QTest::addRow("localhost, with the setting")
            << QByteArray("PROXY") << QByteArray() << QByteArray() << QByteArray("localhost");
        QTest::addRow("loopback, with the environment")
            << QByteArray() << QByteArray() << QByteArray("ALL_PROXY") << QByteArray("127.0.0.1");
        QTest::addRow("a name exempted by the setting")
            << QByteArray("PROXY") << QByteArray("other.test,upstream.test") << QByteArray()
            << QByteArray("upstream.test");
        QTest::addRow("a name exempted beside the environment")
            << QByteArray() << QByteArray(".test") << QByteArray("https_proxy")
            << QByteArray("upstream.test");
        QTest::addRow("no proxy anywhere: the system is asked and has none")
            << QByteArray() << QByteArray() << QByteArray() << QByteArray("upstream.test");
    }

    void goesDirectlyWhereItShould()
    {
        QFETCH(QByteArray, setting);
        QFETCH(QByteArray, noProxy);
        QFETCH(QByteArray, variable);
        QFETCH(QByteArray, host);
        SmallProxy proxy;
        const QByteArray proxyUrl = "http://" + proxy.label();
        if (!variable.isEmpty())
            qputenv(variable.constData(), proxyUrl);
        NetworkSettings settings = through(setting.isEmpty() ? QByteArray() : proxyUrl);
        settings.noProxy = noProxy;
        UpstreamClient client;
        client.setNetworkSettings(settings);
        for (int i = 0; i < 2; ++i) {
            Collector collector;
            collector.start(client, post(m_server->url("/protocol", host)));
            QTRY_VERIFY(collector.outcome);
            QCOMPARE(collector.outcome->detail, QByteArray());
            QCOMPARE(collector.status, 200);
        }
        QCOMPARE(proxy.heads.size(), 0);
        QCOMPARE(upstreamNameAsked.load(), host == "upstream.test" ? 1 : 0);
    }

    void canBeCancelledWhileTheSystemIsAsked()
    {
        UpstreamClient client;
        client.setNetworkSettings(through({}));
        Collector cancelled;
        cancelled.start(client, post(m_server->url("/protocol", "upstream.test")));
        cancelled.cancel();
        Collector next;
        next.start(client, post(m_server->url("/protocol", "upstream.test")));
        QTRY_VERIFY(next.outcome);
        QCOMPARE(next.outcome->detail, QByteArray());
        QCOMPARE(cancelled.calls, 0);

        auto gone = std::make_unique<UpstreamClient>();
        Collector orphan;
        orphan.start(*gone, post(m_server->url("/protocol", "upstream.test")));
        gone.reset();
        Collector last;
        last.start(client, post(m_server->url("/protocol", "upstream.test")));
        QTRY_VERIFY(last.outcome);
        QCOMPARE(orphan.calls, 0);
    }

    void tellsWhatTheProxyDid_data()
    {
        QTest::addColumn<QByteArray>("refusal");
        QTest::addColumn<QByteArray>("scheme");
        QTest::addColumn<QByteArray>("detail");
        const QByteArray credentials = "the proxy PROXY asks for a user name and password (407); "
                                       "put them into the proxy URL";
        QTest::addRow("a tunnel refused")
            << QByteArray("HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno")
            << QByteArray("https")
            << QByteArray("the proxy PROXY refused the way to ORIGIN with status 403");
        QTest::addRow("a tunnel without a password")
            << QByteArray("HTTP/1.1 407 Who\r\nproxy-authenticate: Basic realm=\"p\"\r\n"
                          "content-length: 0\r\n\r\n")
            << QByteArray("https") << credentials;
        QTest::addRow("a plain request without a password")
            << QByteArray("HTTP/1.1 407 Who\r\nproxy-authenticate: Basic realm=\"p\"\r\n"
                          "content-length: 0\r\n\r\n")
            << QByteArray("http") << credentials;
    }

    void tellsWhatTheProxyDid()
    {
        QFETCH(QByteArray, refusal);
        QFETCH(QByteArray, scheme);
        QFETCH(QByteArray, detail);
        SmallProxy proxy;
        proxy.refusal = refusal;
        UpstreamClient client;
        client.setNetworkSettings(through("http://" + proxy.label()));
        Collector collector;
        collector.start(client, post(scheme + "://upstream.test:8443/v1?key=secret"));
        QTRY_VERIFY(collector.outcome);
        QCOMPARE(collector.failure(), UpstreamFailure::Proxy);
        QVERIFY(!collector.status);
        detail.replace("PROXY", proxy.label()).replace("ORIGIN", "upstream.test:8443");
        QCOMPARE(collector.outcome->detail, detail);
    }

    void tellsAProxyThatHangsUp()
    {
        ScriptedServer proxy;
        proxy.onRequestHead = [](QTcpSocket *socket, const QByteArray &) {
            socket->disconnectFromHost();
        };
        UpstreamClient client;
        client.setNetworkSettings(through("http://" + proxy.label()));
        Collector collector;
        collector.start(client, post("https://upstream.test/"));
        QTRY_VERIFY(collector.outcome);
        QCOMPARE(collector.failure(), UpstreamFailure::Proxy);
        QVERIFY2(collector.outcome->detail.startsWith("the proxy " + proxy.label()
                                                      + " could not be used on the way to "
                                                        "upstream.test:443"),
                 collector.outcome->detail.constData());
    }

    void tellsAProxyThatIsNotThere()
    {
        QByteArray label;
        {
            const SmallProxy gone;
            label = gone.label();
        }
        UpstreamClient client;
        client.setNetworkSettings(through("http://user:secret@" + label));
        Collector refused;
        refused.start(client, post("https://upstream.test/"));
        QTRY_VERIFY(refused.outcome);
        QCOMPARE(refused.failure(), UpstreamFailure::Proxy);
        QCOMPARE(refused.outcome->detail,
                 "connection refused by the proxy " + label + "; check the proxy setting");

        client.setNetworkSettings(through("http://user:secret@nowhere.test:3128"));
        Collector unknown;
        unknown.start(client, post("https://upstream.test/"));
        QTRY_VERIFY(unknown.outcome);
        QCOMPARE(unknown.failure(), UpstreamFailure::Proxy);
        QCOMPARE(unknown.outcome->detail,
                 QByteArray("the name of the proxy nowhere.test:3128 has no address; check the "
                            "proxy setting"));
    }

    void tellsAnUpstreamThatBreaksBehindTheProxy()
    {
        ScriptedServer proxy;
        proxy.onRequest = [](QTcpSocket *socket, const ScriptedServer::Request &) {
            ScriptedServer::reset(socket);
        };
        UpstreamClient client;
        client.setNetworkSettings(through("http://" + proxy.label()));
        Collector collector;
        collector.start(client, post("http://upstream.test:8080/"));
        QTRY_VERIFY(collector.outcome);
        QCOMPARE(collector.failure(), UpstreamFailure::Reset);
        QVERIFY(collector.outcome->bodyStarted);
        QCOMPARE(collector.outcome->detail,
                 QByteArray("upstream.test:8080 closed the connection before answering"));
    }

private:
    NetworkSettings through(const QByteArray &proxyUrl) const
    {
        NetworkSettings settings;
        settings.proxyUrl = proxyUrl;
        settings.extraCaFile = m_authority->file();
        return settings;
    }

    std::unique_ptr<CertificateAuthority> m_authority;
    std::unique_ptr<TlsServer> m_server;
};

QTEST_GUILESS_MAIN(TestUpstreamProxy)
#include "tst_upstreamproxy.moc"
