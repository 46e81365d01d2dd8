// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/proxycore/upstream/namelookup.h"
#include "tests/proxycore/upstream/upstreamtesting.h"

using namespace Switchyard;
using namespace Switchyard::Testing;

namespace {

const QByteArray halfChunks =
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + chunk("data: one\n\n");

} // namespace

class TestUpstreamLimits : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        for (const char *name : {"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY",
                                 "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"})
            qunsetenv(name);
    }

    void doesNotStandStillForASlowName()
    {
        ScriptedServer server;
        server.answer(answerWith("{}"));
        UpstreamClient client;

        // Cancelled, and run into the limit, while the look-up hangs.
        Collector cancelled;
        cancelled.start(client, post("http://slow.test/"));
        QTRY_COMPARE(slowNameAsked.load(), 1);
        QElapsedTimer timer;
        timer.start();
        cancelled.cancel();
        QVERIFY2(timer.elapsed() < 100, qPrintable(QString::number(timer.elapsed())));

        Collector late;
        UpstreamRequest request = post("http://slow.test/");
        request.connectTimeoutMs = 150;
        late.start(client, request);
        QTRY_COMPARE(slowNameAsked.load(), 2);
        Collector other;
        other.start(client, post(server.url()));
        QTRY_VERIFY(other.outcome);
        QCOMPARE(other.data, "{}");
        QTRY_VERIFY(late.outcome);
        QCOMPARE(late.failure(), UpstreamFailure::Resolve);
        QCOMPARE(late.outcome->detail, "the name slow.test was not resolved within 0.15 s");

        QCOMPARE(cancelled.calls, 0);
        releaseSlowName();
        releaseSlowName();
    }

    void limitsTheWaitForTheFirstByte()
    {
        ScriptedServer server;
        UpstreamClient client;
        Collector collector;
        UpstreamRequest request = post(server.url());
        request.firstByteTimeoutMs = 200;
        QElapsedTimer timer;
        timer.start();
        collector.start(client, request);
        QTRY_VERIFY(collector.outcome);
        QVERIFY(timer.elapsed() >= 200);
        QCOMPARE(collector.failure(), UpstreamFailure::FirstByteTimeout);
        QVERIFY(!collector.outcome->headReceived);
        QVERIFY(collector.outcome->bodyStarted);
        QCOMPARE(collector.outcome->detail,
                 server.label() + " did not begin to answer within 0.2 s");
        QTRY_COMPARE(server.open, 0);
    }

    void aShortLimitIsKeptBesideLongOnes()
    {
        ScriptedServer server;
        UpstreamClient client;
        Collector patient;
        patient.start(client, post(server.url()));
        QTRY_COMPARE(server.requests.size(), std::size_t(1));
        Collector hasty;
        UpstreamRequest request = post(server.url());
        request.firstByteTimeoutMs = 100;
        hasty.start(client, request);
        QTRY_VERIFY(hasty.outcome);
        QCOMPARE(hasty.failure(), UpstreamFailure::FirstByteTimeout);
        QVERIFY(!patient.outcome);
    }

    void limitsTheSilenceWithinAnAnswer()
    {
        ScriptedServer server;
        QTcpSocket *peer = nullptr;
        server.onRequest = [&](QTcpSocket *socket, const ScriptedServer::Request &) {
            peer = socket;
            socket->write(halfChunks);
        };
        UpstreamClient client;
        Collector collector;
        UpstreamRequest request = post(server.url());
        request.silenceTimeoutMs = 300;
        collector.start(client, request);
        QTRY_COMPARE(collector.data, "data: one\n\n");

        // Signs of life put the end off: together they last longer than the limit.
        QElapsedTimer timer;
        timer.start();
        while (timer.elapsed() < 600) {
            const QByteArray before = collector.data;
            peer->write(chunk("."));
            QVERIFY(eventually([&] { return collector.data == before + "."; }));
            QVERIFY(!collector.outcome);
        }
        timer.restart();
        QTRY_VERIFY(collector.outcome);
        QVERIFY(timer.elapsed() >= 250);
        QCOMPARE(collector.failure(), UpstreamFailure::SilenceTimeout);
        QVERIFY(collector.outcome->headReceived);
        QCOMPARE(collector.outcome->detail,
                 server.label() + " sent nothing for 0.3 s in the middle of the answer");
        QTRY_COMPARE(server.open, 0);
    }

    void pausedTimeIsNoSilence()
    {
        ScriptedServer server;
        QTcpSocket *peer = nullptr;
        server.onRequest = [&](QTcpSocket *socket, const ScriptedServer::Request &) {
            peer = socket;
            socket->write(halfChunks);
        };
        UpstreamClient client;
        Collector paused;
        UpstreamRequest request = post(server.url());
        request.silenceTimeoutMs = 200;
        paused.start(client, request);
        QTRY_COMPARE(paused.data, "data: one\n\n");
        paused.pause();

        // A second transfer with a longer limit tells when the first one's has passed.
        ScriptedServer silent;
        Collector clock;
        UpstreamRequest longer = post(silent.url());
        longer.firstByteTimeoutMs = 500;
        clock.start(client, longer);
        QTRY_VERIFY(clock.outcome);
        QVERIFY(!paused.outcome);

        peer->write(chunk("data: two\n\n") + "0\r\n\r\n");
        paused.resume();
        QTRY_VERIFY(paused.outcome);
        QCOMPARE(paused.failure(), UpstreamFailure::None);
        QCOMPARE(paused.data, "data: one\n\ndata: two\n\n");
    }

    void silenceCountsAgainAfterAPause()
    {
        ScriptedServer server;
        server.answer(halfChunks);
        UpstreamClient client;
        Collector collector;
        UpstreamRequest request = post(server.url());
        request.silenceTimeoutMs = 100;
        collector.onData = [&] { collector.transfer->pause(); };
        collector.start(client, request);
        QTRY_COMPARE(collector.data, "data: one\n\n");
        collector.resume();
        QTRY_VERIFY(collector.outcome);
        QCOMPARE(collector.failure(), UpstreamFailure::SilenceTimeout);
    }

    void limitsTheConnecting()
    {
        // A handshake that never goes on is part of connecting.
        ScriptedServer server;
        UpstreamClient client;
        Collector collector;
        UpstreamRequest request = post("https://" + server.label() + "/");
        request.connectTimeoutMs = 150;
        collector.start(client, request);
        QTRY_VERIFY(collector.outcome);
        QCOMPARE(collector.failure(), UpstreamFailure::Connect);
        QCOMPARE(collector.outcome->detail,
                 "no connection to " + server.label() + " within 0.15 s");
        QTRY_COMPARE(server.open, 0);
    }

    void limitsTheWaitForAnotherTransfersConnection()
    {
        ScriptedServer server;
        UpstreamClient client;
        Collector first;
        first.start(client, post("https://" + server.label() + "/"));
        QTRY_COMPARE(server.connections, 1);
        Collector waiting;
        UpstreamRequest request = post("https://" + server.label() + "/");
        request.connectTimeoutMs = 150;
        waiting.start(client, request);
        QTRY_VERIFY(waiting.outcome);
        QCOMPARE(waiting.failure(), UpstreamFailure::Connect);
        QCOMPARE(waiting.outcome->detail, "no connection to " + server.label() + " within 0.15 s");
        QVERIFY(!first.outcome);
    }
};

QTEST_GUILESS_MAIN(TestUpstreamLimits)
#include "tst_upstreamlimits.moc"
