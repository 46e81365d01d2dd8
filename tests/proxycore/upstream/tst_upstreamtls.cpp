// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/proxycore/upstream/namelookup.h"
#include "tests/proxycore/upstream/tlsserver.h"
#include "tests/proxycore/upstream/upstreamtesting.h"

using namespace Switchyard;
using namespace Switchyard::Testing;

class TestUpstreamTls : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        for (const char *name : {"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY",
                                 "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"})
            qunsetenv(name);
        m_authority = std::make_unique<CertificateAuthority>(QStringLiteral("Test authority"));
        m_other = std::make_unique<CertificateAuthority>(QStringLiteral("Other authority"));
        m_behind = std::make_unique<ScriptedServer>();
        m_server = std::make_unique<TlsServer>(*m_authority, TlsServer::Options());
        TlsServer::Options options;
        options.program = TlsServer::Program::NginxHttp1;
        m_http1Server = std::make_unique<TlsServer>(*m_authority, options);
        options.names = "DNS:elsewhere.test";
        m_misnamedServer = std::make_unique<TlsServer>(*m_authority, options);
        m_otherServer = std::make_unique<TlsServer>(*m_other, TlsServer::Options());
        TlsServer::Options relay;
        relay.program = TlsServer::Program::Nghttpx;
        relay.behind = m_behind->serverPort();
        m_relay = std::make_unique<TlsServer>(*m_authority, relay);
    }

    void init()
    {
        qunsetenv("SSL_CERT_DIR");
        qunsetenv("SSL_CERT_FILE");
        m_behind->onRequest = nullptr;
        m_behind->onRequestHead = nullptr;
        m_behind->requests.clear();
    }

    void cleanupTestCase()
    {
        m_relay.reset();
        m_server.reset();
        m_http1Server.reset();
        m_misnamedServer.reset();
        m_otherServer.reset();
        m_behind.reset();
    }

    void speaksHttp2WhenOffered_data()
    {
        QTest::addColumn<bool>("server");
        QTest::addColumn<bool>("client");
        QTest::addColumn<QByteArray>("spoken");
        QTest::addRow("both can HTTP/2") << true << true << QByteArray("HTTP/2.0");
        QTest::addRow("the client is told not to") << true << false << QByteArray("HTTP/1.1");
        QTest::addRow("the server cannot") << false << true << QByteArray("HTTP/1.1");
    }

    void speaksHttp2WhenOffered()
    {
        QFETCH(bool, server);
        QFETCH(bool, client);
        QFETCH(QByteArray, spoken);
        UpstreamClient upstream;
        upstream.setNetworkSettings(trusting(m_authority->file()));
        Collector collector;
        UpstreamRequest request = post((server ? *m_server : *m_http1Server).url("/protocol"));
        request.http2 = client;
        collector.start(upstream, request);
        QTRY_VERIFY(collector.outcome);
        QCOMPARE(collector.outcome->detail, QByteArray());
        QCOMPARE(collector.status, 200);
        QCOMPARE(collector.headers.value("x-protocol"), spoken);
    }

    void doesNotTrustAnAuthorityItWasNotTold()
    {
        UpstreamClient client;
        Collector collector;
        collector.start(client, post(m_server->url("/protocol?key=secret")));
        QTRY_VERIFY(collector.outcome);
        QCOMPARE(collector.failure(), UpstreamFailure::Tls);
        QVERIFY(!collector.outcome->bodyStarted);
        const QByteArray &detail = collector.outcome->detail;
        QVERIFY2(
            detail.startsWith("the certificate of " + m_server->label() + " was not accepted ("),
            detail.constData());
        QVERIFY2(detail.contains("issuer"), detail.constData());
        QVERIFY2(detail.contains("extra CA file"), detail.constData());
        QVERIFY2(!detail.contains("secret"), detail.constData());
    }

    void doesNotAcceptACertificateForAnotherName()
    {
        UpstreamClient client;
        client.setNetworkSettings(trusting(m_authority->file()));
        Collector collector;
        collector.start(client, post(m_misnamedServer->url("/protocol")));
        QTRY_VERIFY(collector.outcome);
        QCOMPARE(collector.failure(), UpstreamFailure::Tls);
    }

    // The system's store is stood for by a folder or a bundle with the other authority.
    void trustsTheExtraFileBesideTheSystemsStore_data()
    {
        QTest::addColumn<bool>("asFolder");
        QTest::addColumn<bool>("extra");
        QTest::addRow("a folder alone") << true << false;
        QTest::addRow("a folder and the extra file") << true << true;
        QTest::addRow("a bundle alone") << false << false;
        QTest::addRow("a bundle and the extra file") << false << true;
    }

    void trustsTheExtraFileBesideTheSystemsStore()
    {
        QFETCH(bool, asFolder);
        QFETCH(bool, extra);
        if (asFolder)
            qputenv("SSL_CERT_DIR", m_other->hashedFolder());
        else
            qputenv("SSL_CERT_FILE", m_other->file());
        UpstreamClient client;
        client.setNetworkSettings(extra ? trusting(m_authority->file()) : NetworkSettings());

        Collector bySystem;
        bySystem.start(client, post(m_otherServer->url("/protocol")));
        QTRY_VERIFY(bySystem.outcome);
        QCOMPARE(bySystem.outcome->detail, QByteArray());
        QCOMPARE(bySystem.status, 200);

        Collector byExtra;
        byExtra.start(client, post(m_server->url("/protocol")));
        QTRY_VERIFY(byExtra.outcome);
        QCOMPARE(byExtra.failure(), extra ? UpstreamFailure::None : UpstreamFailure::Tls);
    }

    void namesAnExtraFileThatIsNoCertificate_data()
    {
        QTest::addColumn<bool>("exists");
        QTest::addColumn<bool>("besideABundle");
        QTest::addRow("a file that is not there") << false << false;
        QTest::addRow("a file that is something else") << true << false;
        QTest::addRow("a file that is not there, beside a bundle") << false << true;
    }

    void namesAnExtraFileThatIsNoCertificate()
    {
        QFETCH(bool, exists);
        QFETCH(bool, besideABundle);
        QTemporaryDir folder;
        const QString path = folder.filePath(QStringLiteral("extra.pem"));
        if (exists)
            writeFile(path, "no certificate\n");
        if (besideABundle)
            qputenv("SSL_CERT_FILE", m_authority->file());
        UpstreamClient client;
        client.setNetworkSettings(trusting(QFile::encodeName(path)));
        Collector collector;
        collector.start(client, post(m_server->url("/protocol")));
        QTRY_VERIFY(collector.outcome);
        QCOMPARE(collector.failure(), UpstreamFailure::Tls);
        QCOMPARE(collector.outcome->detail,
                 "the extra CA file " + QFile::encodeName(path)
                     + " cannot be read as PEM certificates, so " + m_server->label()
                     + " cannot be verified");
    }

    void newTrustHoldsForNewTransfers()
    {
        UpstreamClient client;
        for (const bool trusted : {false, true, false}) {
            client.setNetworkSettings(trusted ? trusting(m_authority->file()) : NetworkSettings());
            Collector collector;
            collector.start(client, post(m_server->url("/protocol")));
            QTRY_VERIFY(collector.outcome);
            QCOMPARE(collector.failure(), trusted ? UpstreamFailure::None : UpstreamFailure::Tls);
        }
    }

    void tellsAPortThatDoesNotSpeakTls_data()
    {
        QTest::addColumn<QByteArray>("answer");
        QTest::addRow("plain HTTP") << QByteArray("HTTP/1.1 400 Bad Request\r\n\r\n");
        QTest::addRow("closed in the handshake") << QByteArray();
    }

    void tellsAPortThatDoesNotSpeakTls()
    {
        QFETCH(QByteArray, answer);
        ScriptedServer server;
        server.onConnection = [&](QTcpSocket *socket) {
            QObject::connect(socket, &QTcpSocket::readyRead, &server, [=] {
                socket->write(answer);
                socket->disconnectFromHost();
            });
        };
        UpstreamClient client;
        Collector collector;
        collector.start(client, post("https://" + server.label() + '/'));
        QTRY_VERIFY(collector.outcome);
        QCOMPARE(collector.failure(), UpstreamFailure::Tls);
        QVERIFY2(collector.outcome->detail.startsWith("no TLS connection with " + server.label()),
                 collector.outcome->detail.constData());
    }

    void sharesOneHttp2Connection()
    {
        UpstreamClient client;
        client.setNetworkSettings(trusting(m_authority->file()));
        std::vector<Collector> collectors(50);
        for (Collector &collector : collectors)
            collector.start(client, post(m_server->url("/protocol")));
        for (Collector &collector : collectors) {
            QTRY_VERIFY(collector.outcome);
            QCOMPARE(collector.outcome->detail, QByteArray());
            QCOMPARE(collector.headers.value("x-protocol"), "HTTP/2.0");
            QCOMPARE(collector.headers.value("x-connection"),
                     collectors.front().headers.value("x-connection"));
        }
    }

    void opensSeveralHttp1Connections()
    {
        UpstreamClient client;
        client.setNetworkSettings(trusting(m_authority->file()));
        std::vector<Collector> collectors(4);
        for (Collector &collector : collectors) {
            UpstreamRequest request = post(m_relay->url("/held"));
            request.http2 = false;
            collector.start(client, request);
        }
        QTRY_COMPARE(m_behind->requests.size(), collectors.size());
        for (const ScriptedServer::Request &request : m_behind->requests)
            QCOMPARE(request.field("via"), "1.1 nghttpx");
    }

    void carriesABody_data()
    {
        QTest::addColumn<bool>("http2");
        QTest::addColumn<qsizetype>("size");
        for (const bool http2 : {true, false}) {
            for (const qsizetype size : {0, 1, 16384, 48000, 65536, 1'000'003, 5'000'000})
                QTest::addRow("%lld bytes by HTTP/%d", qint64(size), http2 ? 2 : 1)
                    << http2 << size;
        }
    }

    void carriesABody()
    {
        QFETCH(bool, http2);
        QFETCH(qsizetype, size);
        QByteArray body(size, Qt::Uninitialized);
        for (qsizetype i = 0; i < size; ++i)
            body[i] = char('a' + i % 23);
        m_behind->onRequest = [](QTcpSocket *socket, const ScriptedServer::Request &request) {
            socket->write(answerWith(request.body));
        };
        UpstreamClient client;
        client.setNetworkSettings(trusting(m_authority->file()));
        Collector collector;
        UpstreamRequest request = post(m_relay->url("/echo"), body);
        request.http2 = http2;
        collector.start(client, request);
        QTRY_VERIFY_WITH_TIMEOUT(collector.outcome, 20'000);
        QCOMPARE(collector.outcome->detail, QByteArray());
        QCOMPARE(m_behind->requests.front().field("via"),
                 QByteArray(http2 ? "2 nghttpx" : "1.1 nghttpx"));
        QVERIFY(m_behind->requests.front().body == body);
        QVERIFY(collector.data == body);
    }

    void tellsAStreamThatIsResetInTheMiddle()
    {
        QTcpSocket *broken = nullptr;
        QTcpSocket *whole = nullptr;
        m_behind->onRequest = [&](QTcpSocket *socket, const ScriptedServer::Request &request) {
            (request.line().contains("/broken") ? broken : whole) = socket;
            socket->write("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
                          "transfer-encoding: chunked\r\n\r\n"
                          + chunk("data: one\n\n"));
        };
        UpstreamClient client;
        client.setNetworkSettings(trusting(m_authority->file()));
        Collector first;
        Collector second;
        first.start(client, post(m_relay->url("/broken")));
        second.start(client, post(m_relay->url("/whole")));
        QTRY_COMPARE(first.data, "data: one\n\n");
        QTRY_COMPARE(second.data, "data: one\n\n");
        QCOMPARE(m_behind->requests[0].field("via"), "2 nghttpx");

        ScriptedServer::reset(broken);
        QTRY_VERIFY(first.outcome);
        QCOMPARE(first.failure(), UpstreamFailure::Reset);
        QVERIFY(first.outcome->headReceived);
        QCOMPARE(first.outcome->detail,
                 m_relay->label() + " broke the connection in the middle of the answer");

        // The other stream of the same connection lives on.
        QVERIFY(!second.outcome);
        whole->write(chunk("data: two\n\n") + "0\r\n\r\n");
        QTRY_VERIFY(second.outcome);
        QCOMPARE(second.outcome->detail, QByteArray());
        QCOMPARE(second.data, "data: one\n\ndata: two\n\n");
        QVERIFY(second.outcome->connectionReused);
    }

    void cancelsAStream_data()
    {
        QTest::addColumn<bool>("answered");
        QTest::addColumn<bool>("paused");
        QTest::addColumn<bool>("alone");
        QTest::addColumn<bool>("othersPaused");
        for (const bool alone : {true, false}) {
            const char *where = alone ? "alone on its connection" : "beside another stream";
            QTest::addRow("before the head, %s", where) << false << false << alone << false;
            QTest::addRow("in the body, %s", where) << true << false << alone << false;
            QTest::addRow("while paused, %s", where) << true << true << alone << false;
        }
        QTest::addRow("before the head, beside a paused stream") << false << false << false << true;
        QTest::addRow("in the body, beside a paused stream") << true << false << false << true;
    }

    void cancelsAStream()
    {
        QFETCH(bool, answered);
        QFETCH(bool, paused);
        QFETCH(bool, alone);
        QFETCH(bool, othersPaused);
        QTcpSocket *kept = nullptr;
        bool cancelledIsGone = false;
        bool cancelledIsThere = false;
        m_behind->onRequest = [&](QTcpSocket *socket, const ScriptedServer::Request &request) {
            const bool toBeCancelled = request.line().contains("/cancelled");
            if (toBeCancelled) {
                cancelledIsThere = true;
                QObject::connect(socket, &QTcpSocket::disconnected, m_behind.get(),
                                 [&] { cancelledIsGone = true; });
            } else {
                kept = socket;
            }
            if (answered || !toBeCancelled)
                socket->write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
                              + chunk("data: one\n\n"));
        };
        UpstreamClient client;
        client.setNetworkSettings(trusting(m_authority->file()));
        Collector staying;
        if (!alone) {
            staying.start(client, post(m_relay->url("/staying")));
            QTRY_COMPARE(staying.data, "data: one\n\n");
            if (othersPaused) {
                staying.pause();
                kept->write(chunk("data: two\n\n"));
            }
        }
        Collector cancelled;
        cancelled.start(client, post(m_relay->url("/cancelled")));
        QTRY_VERIFY(cancelledIsThere);
        if (answered)
            QTRY_COMPARE(cancelled.data, "data: one\n\n");
        if (paused)
            cancelled.pause();
        QElapsedTimer timer;
        timer.start();
        cancelled.cancel();
        QVERIFY(eventually([&] { return cancelledIsGone; }, 1000));
        QVERIFY2(timer.elapsed() < 100, qPrintable(QString::number(timer.elapsed())));
        QVERIFY(!cancelled.outcome);

        if (!alone) {
            QCOMPARE(staying.data, "data: one\n\n");
            if (othersPaused)
                staying.resume();
            else
                kept->write(chunk("data: two\n\n"));
            kept->write("0\r\n\r\n");
            QTRY_VERIFY(staying.outcome);
            QCOMPARE(staying.outcome->detail, QByteArray());
            QCOMPARE(staying.data, "data: one\n\ndata: two\n\n");
        }
        m_behind->answer(answerWith("{}"));
        Collector next;
        next.start(client, post(m_relay->url("/next")));
        QTRY_VERIFY(next.outcome);
        QCOMPARE(next.outcome->detail, QByteArray());
    }

    void aPausedStreamDoesNotHoldTheOthersUp_data()
    {
        QTest::addColumn<qsizetype>("pauseAfter");
        QTest::addRow("paused with the head") << qsizetype(0);
        QTest::addRow("paused with the first data") << qsizetype(1);
        QTest::addRow("paused in full flow") << qsizetype(1'000'000);
    }

    void aPausedStreamDoesNotHoldTheOthersUp()
    {
        QFETCH(qsizetype, pauseAfter);
        const QByteArray large(6'000'000, 'x');
        QTcpSocket *streaming = nullptr;
        m_behind->onRequest = [&](QTcpSocket *socket, const ScriptedServer::Request &request) {
            if (request.line().contains("/large")) {
                socket->write(answerWith(large));
            } else if (request.line().contains("/stream")) {
                streaming = socket;
                socket->write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
            } else {
                socket->write(answerWith("{}"));
            }
        };
        UpstreamClient client;
        client.setNetworkSettings(trusting(m_authority->file()));
        Collector stream;
        stream.start(client, post(m_relay->url("/stream")));
        QTRY_COMPARE(stream.status, 200);

        Collector paused;
        bool wasPaused = false;
        const auto pauseIfDue = [&] {
            if (wasPaused || paused.data.size() < pauseAfter)
                return;
            wasPaused = true;
            paused.transfer->pause();
        };
        paused.onHead = pauseIfDue;
        paused.onData = pauseIfDue;
        paused.start(client, post(m_relay->url("/large")));
        QTRY_VERIFY(wasPaused);
        const qsizetype then = paused.data.size();
        for (int i = 0; i < 20; ++i) {
            Collector quick;
            quick.start(client, post(m_relay->url("/small")));
            QVERIFY(eventually([&] { return quick.outcome.has_value(); }));
            QCOMPARE(quick.outcome->detail, QByteArray());
            QCOMPARE(quick.data, "{}");
            QVERIFY(quick.outcome->connectionReused);
            streaming->write(chunk("."));
            QVERIFY(eventually([&] { return stream.data.size() == i + 1; }));
        }
        QCOMPARE(paused.data.size(), then);
        QVERIFY(!paused.outcome);
        paused.resume();
        QTRY_VERIFY_WITH_TIMEOUT(paused.outcome, 20'000);
        QCOMPARE(paused.outcome->detail, QByteArray());
        QVERIFY(paused.data == large);
    }

    void limitsTheWaitForTheFirstByteOfAStream()
    {
        QTcpSocket *kept = nullptr;
        bool cancelledIsGone = false;
        m_behind->onRequest = [&](QTcpSocket *socket, const ScriptedServer::Request &request) {
            if (request.line().contains("/stream")) {
                kept = socket;
                socket->write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
                return;
            }
            QObject::connect(socket, &QTcpSocket::disconnected, m_behind.get(),
                             [&] { cancelledIsGone = true; });
        };
        UpstreamClient client;
        client.setNetworkSettings(trusting(m_authority->file()));
        Collector stream;
        stream.start(client, post(m_relay->url("/stream")));
        QTRY_COMPARE(stream.status, 200);
        Collector collector;
        UpstreamRequest request = post(m_relay->url("/never"));
        request.firstByteTimeoutMs = 200;
        collector.start(client, request);
        QTRY_VERIFY(collector.outcome);
        QCOMPARE(collector.failure(), UpstreamFailure::FirstByteTimeout);
        QCOMPARE(m_behind->requests.size(), std::size_t(2));
        QVERIFY(eventually([&] { return cancelledIsGone; }, 1000));

        // The connection is still good.
        kept->write(chunk("data: one\n\n") + "0\r\n\r\n");
        QTRY_VERIFY(stream.outcome);
        QCOMPARE(stream.outcome->detail, QByteArray());
        QCOMPARE(stream.data, "data: one\n\n");
    }

private:
    static NetworkSettings trusting(const QByteArray &file)
    {
        NetworkSettings settings;
        settings.extraCaFile = file;
        return settings;
    }

    std::unique_ptr<CertificateAuthority> m_authority;
    std::unique_ptr<CertificateAuthority> m_other;
    std::unique_ptr<ScriptedServer> m_behind;
    std::unique_ptr<TlsServer> m_server;
    std::unique_ptr<TlsServer> m_relay;
    std::unique_ptr<TlsServer> m_http1Server;
    std::unique_ptr<TlsServer> m_misnamedServer;
    std::unique_ptr<TlsServer> m_otherServer;
};

QTEST_GUILESS_MAIN(TestUpstreamTls)
#include "tst_upstreamtls.moc"
