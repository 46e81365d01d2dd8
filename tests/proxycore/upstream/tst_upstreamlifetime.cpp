// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/proxycore/upstream/upstreamtesting.h"

#include <QTimer>

using namespace Switchyard;
using namespace Switchyard::Testing;

namespace {

const QByteArray openStream = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";

enum class Moment { Head, Data, End };

// Runs `action` inside the callback of that moment.
void at(Moment moment, Collector &collector, std::function<void()> action)
{
    switch (moment) {
    case Moment::Head:
        collector.onHead = std::move(action);
        break;
    case Moment::Data:
        collector.onData = std::move(action);
        break;
    case Moment::End:
        collector.onFinished = std::move(action);
        break;
    }
}

void momentRows()
{
    QTest::addColumn<Moment>("moment");
    QTest::addRow("inside upstreamHead") << Moment::Head;
    QTest::addRow("inside upstreamData") << Moment::Data;
    QTest::addRow("inside upstreamFinished") << Moment::End;
}

} // namespace

Q_DECLARE_METATYPE(Moment)

class TestUpstreamLifetime : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void closesTheConnectionWhenCancelled_data()
    {
        QTest::addColumn<QByteArray>("scheme");
        QTest::addColumn<QByteArray>("answer");
        QTest::addColumn<bool>("paused");
        QTest::addRow("while connecting (in the handshake)")
            << QByteArray("https://") << QByteArray() << false;
        QTest::addRow("before the head") << QByteArray("http://") << QByteArray() << false;
        QTest::addRow("within the head")
            << QByteArray("http://") << QByteArray("HTTP/1.1 200 OK\r\ncont") << false;
        QTest::addRow("before the first data") << QByteArray("http://") << openStream << false;
        QTest::addRow("within the data")
            << QByteArray("http://") << openStream + chunk("data: one\n\n") << false;
        QTest::addRow("while paused")
            << QByteArray("http://") << openStream + chunk("data: one\n\n") << true;
    }

    void closesTheConnectionWhenCancelled()
    {
        QFETCH(QByteArray, scheme);
        QFETCH(QByteArray, answer);
        QFETCH(bool, paused);
        ScriptedServer server;
        bool touched = false;
        server.onConnection = [&](QTcpSocket *socket) {
            if (scheme == "https://")
                QObject::connect(socket, &QTcpSocket::readyRead, &server, [&] { touched = true; });
        };
        server.onRequest = [&](QTcpSocket *socket, const ScriptedServer::Request &) {
            socket->write(answer);
            touched = true;
        };
        UpstreamClient client;
        Collector collector;
        collector.start(client, post(scheme + server.label() + "/v1/messages"));
        QTRY_VERIFY(touched);
        if (answer.startsWith(openStream))
            QTRY_VERIFY(collector.status);
        if (answer.size() > openStream.size())
            QTRY_COMPARE(collector.data, "data: one\n\n");
        if (paused)
            collector.pause();

        const int callsBefore = collector.calls;
        QElapsedTimer timer;
        timer.start();
        collector.cancel();
        QVERIFY(eventually([&] { return server.open == 0; }, 1000));
        QVERIFY2(timer.elapsed() < 100, qPrintable(QString::number(timer.elapsed())));
        QCOMPARE(collector.calls, callsBefore);
        QVERIFY(!collector.outcome);

        // The client goes on.
        server.answer(answerWith("{}"));
        Collector next;
        next.start(client, post(server.url()));
        QTRY_VERIFY(next.outcome);
        QCOMPARE(next.failure(), UpstreamFailure::None);
    }

    void sendsNothingWhenCancelledAtOnce()
    {
        ScriptedServer server;
        server.answer(answerWith("{}"));
        UpstreamClient client;
        Collector cancelled;
        cancelled.start(client, post(server.url("/cancelled")));
        cancelled.cancel();
        Collector next;
        next.start(client, post(server.url("/next")));
        QTRY_VERIFY(next.outcome);
        QCOMPARE(server.requests.size(), std::size_t(1));
        QCOMPARE(server.requests.front().line(), "POST /next HTTP/1.1");
        QCOMPARE(cancelled.calls, 0);
    }

    void canBeCancelledInsideItsOwnCallbacks_data() { momentRows(); }
    void canBeCancelledInsideItsOwnCallbacks()
    {
        QFETCH(Moment, moment);
        ScriptedServer server;
        QTcpSocket *peer = nullptr;
        server.onRequest = [&](QTcpSocket *socket, const ScriptedServer::Request &) {
            peer = socket;
            socket->write(openStream + chunk("data: one\n\n") + chunk("data: two\n\n"));
            if (moment == Moment::End)
                socket->write("0\r\n\r\n");
        };
        UpstreamClient client;
        Collector collector;
        int callsThen = 0;
        at(moment, collector, [&] {
            callsThen = collector.calls;
            collector.transfer.reset();
        });
        collector.start(client, post(server.url()));
        QTRY_VERIFY(callsThen > 0);
        if (moment != Moment::End)
            QTRY_COMPARE(server.open, 0);

        server.answer(answerWith("{}"));
        Collector next;
        next.start(client, post(server.url()));
        QTRY_VERIFY(next.outcome);
        QCOMPARE(next.failure(), UpstreamFailure::None);
        QCOMPARE(collector.calls, callsThen);
    }

    void canCancelAnotherInsideACallback_data() { momentRows(); }
    void canCancelAnotherInsideACallback()
    {
        QFETCH(Moment, moment);
        ScriptedServer server;
        std::vector<QTcpSocket *> peers;
        server.onRequest = [&](QTcpSocket *socket, const ScriptedServer::Request &) {
            peers.push_back(socket);
        };
        UpstreamClient client;
        Collector first;
        Collector second;
        first.start(client, post(server.url()));
        second.start(client, post(server.url()));
        QTRY_COMPARE(peers.size(), std::size_t(2));
        // Whoever is told first cancels the other one.
        int told = 0;
        at(moment, first, [&] {
            ++told;
            second.transfer.reset();
        });
        at(moment, second, [&] {
            ++told;
            first.transfer.reset();
        });
        for (QTcpSocket *peer : peers)
            peer->write(openStream + chunk("data: one\n\n") + "0\r\n\r\n");
        QTRY_VERIFY(first.outcome.has_value() || second.outcome.has_value());
        QCOMPARE(told, 1);
        QVERIFY(first.outcome.has_value() != second.outcome.has_value());
        server.answer(answerWith("{}"));
        Collector next;
        next.start(client, post(server.url()));
        QTRY_VERIFY(next.outcome);
        QVERIFY(first.outcome.has_value() != second.outcome.has_value());
    }

    void canStartAnotherInsideACallback_data() { momentRows(); }
    void canStartAnotherInsideACallback()
    {
        QFETCH(Moment, moment);
        ScriptedServer server;
        server.answer(openStream + chunk("data: one\n\n") + "0\r\n\r\n");
        UpstreamClient client;
        Collector first;
        Collector second;
        at(moment, first, [&] { second.start(client, post(server.url("/second"))); });
        first.start(client, post(server.url("/first")));
        QTRY_VERIFY(first.outcome);
        QTRY_VERIFY(second.outcome);
        QCOMPARE(first.failure(), UpstreamFailure::None);
        QCOMPARE(second.failure(), UpstreamFailure::None);
        QCOMPARE(second.data, "data: one\n\n");
        QCOMPARE(server.requests.back().line(), "POST /second HTTP/1.1");
    }

    void canLoseItsClientInsideACallback_data() { momentRows(); }
    void canLoseItsClientInsideACallback()
    {
        QFETCH(Moment, moment);
        ScriptedServer server;
        int arrived = 0;
        server.onRequest = [&](QTcpSocket *socket, const ScriptedServer::Request &request) {
            ++arrived;
            if (request.line().contains("/first"))
                socket->write(openStream + chunk("data: one\n\n") + "0\r\n\r\n");
        };
        auto client = std::make_unique<UpstreamClient>();
        Collector waiting;
        waiting.start(*client, post(server.url("/waiting")));
        QTRY_COMPARE(arrived, 1);
        Collector first;
        int callsThen = 0;
        at(moment, first, [&] {
            callsThen = first.calls;
            client.reset();
        });
        first.start(*client, post(server.url("/first")));
        QTRY_COMPARE(server.open, 0);
        QVERIFY(callsThen > 0);
        QCOMPARE(first.calls, callsThen);
        QCOMPARE(waiting.calls, 0);
        // Handles that outlive the client do nothing.
        waiting.pause();
        waiting.resume();
        waiting.cancel();
        first.cancel();
    }

    void endsSilentlyWithItsClient()
    {
        ScriptedServer server;
        server.onRequest = [&](QTcpSocket *socket, const ScriptedServer::Request &request) {
            if (request.line().contains("/stream"))
                socket->write(openStream + chunk("data: one\n\n"));
        };
        auto client = std::make_unique<UpstreamClient>();
        Collector unanswered;
        Collector streaming;
        Collector paused;
        Collector unbegun;
        unanswered.start(*client, post(server.url()));
        streaming.start(*client, post(server.url("/stream")));
        paused.start(*client, post(server.url("/stream")));
        paused.pause();
        QTRY_COMPARE(streaming.data, "data: one\n\n");
        QTRY_VERIFY(paused.status);
        QTRY_COMPARE(server.requests.size(), std::size_t(3));
        unbegun.start(*client, post(server.url()));
        const int callsThen = streaming.calls;
        client.reset();
        QTRY_COMPARE(server.open, 0);
        for (Collector *collector : {&unanswered, &streaming, &paused, &unbegun}) {
            QVERIFY(!collector->outcome);
            collector->pause();
            collector->resume();
            collector->cancel();
        }
        QCOMPARE(streaming.calls, callsThen);
        QCOMPARE(unbegun.calls, 0);
    }

    void holdsTheUpstreamBackWhilePaused()
    {
        constexpr qsizetype size = 32'000'000;
        ScriptedServer server;
        QTcpSocket *peer = nullptr;
        server.onRequest = [&](QTcpSocket *socket, const ScriptedServer::Request &) {
            peer = socket;
            socket->write("HTTP/1.1 200 OK\r\ncontent-length: " + QByteArray::number(size)
                          + "\r\n\r\n" + QByteArray(size, 'x'));
        };
        UpstreamClient client;
        Collector collector;
        collector.onData = [&] {
            if (collector.data.size() < 100'000)
                return;
            collector.onData = nullptr;
            collector.transfer->pause();
        };
        collector.start(client, post(server.url()));
        QTRY_VERIFY(collector.data.size() >= 100'000);
        const qsizetype then = collector.data.size();

        // Others go on meanwhile, and the rest stays with the peer.
        ScriptedServer other;
        other.answer(answerWith("{}"));
        for (int i = 0; i < 20; ++i) {
            Collector quick;
            quick.start(client, post(other.url()));
            QVERIFY(eventually([&] { return quick.outcome.has_value(); }));
        }
        QCOMPARE(collector.data.size(), then);
        QVERIFY(peer->bytesToWrite() > size / 4);

        collector.resume();
        QCOMPARE(collector.data.size(), then);
        QTRY_VERIFY(collector.outcome);
        QCOMPARE(collector.failure(), UpstreamFailure::None);
        QCOMPARE(collector.data.size(), size);
    }

    void canPauseAfterEveryPiece()
    {
        constexpr qsizetype size = 2'000'000;
        ScriptedServer server;
        server.answer(answerWith(QByteArray(size, 'x')));
        UpstreamClient client;
        Collector collector;
        int pauses = 0;
        collector.onData = [&] {
            ++pauses;
            collector.transfer->pause();
            QTimer::singleShot(0, &server, [&] {
                if (collector.transfer)
                    collector.resume();
            });
        };
        collector.start(client, post(server.url()));
        QTRY_VERIFY(collector.outcome);
        QCOMPARE(collector.failure(), UpstreamFailure::None);
        QCOMPARE(collector.data.size(), size);
        QVERIFY(pauses > 100);
    }

    void canBePausedBeforeTheHead()
    {
        ScriptedServer server;
        server.answer(answerWith("late"));
        UpstreamClient client;
        Collector collector;
        collector.start(client, post(server.url()));
        collector.pause();
        QTRY_COMPARE(collector.status, 200);
        ScriptedServer other;
        other.answer(answerWith("{}"));
        Collector quick;
        quick.start(client, post(other.url()));
        QTRY_VERIFY(quick.outcome);
        QCOMPARE(collector.data, QByteArray());
        QVERIFY(!collector.outcome);
        collector.resume();
        QTRY_VERIFY(collector.outcome);
        QCOMPARE(collector.data, "late");
    }

    void mayBePausedAndResumedInOneGo()
    {
        ScriptedServer server;
        QTcpSocket *peer = nullptr;
        server.onRequest = [&](QTcpSocket *socket, const ScriptedServer::Request &) {
            peer = socket;
            socket->write(openStream + chunk("data: one\n\n"));
        };
        UpstreamClient client;
        Collector collector;
        collector.onData = [&] {
            collector.transfer->pause();
            collector.transfer->resume();
            collector.transfer->resume();
        };
        collector.start(client, post(server.url()));
        QTRY_COMPARE(collector.data, "data: one\n\n");
        for (int i = 0; i < 3; ++i) {
            collector.pause();
            peer->write(chunk("."));
            collector.resume();
            collector.pause();
            collector.resume();
            QTRY_COMPARE(collector.data.size(), 11 + i + 1);
        }
        peer->write("0\r\n\r\n");
        QTRY_VERIFY(collector.outcome);
        QCOMPARE(collector.failure(), UpstreamFailure::None);
    }

    void canBeCancelledBetweenResumeAndDelivery()
    {
        ScriptedServer server;
        server.answer(openStream + chunk("data: one\n\n") + chunk("data: two\n\n"));
        UpstreamClient client;
        Collector collector;
        collector.onHead = [&] { collector.transfer->pause(); };
        collector.start(client, post(server.url()));
        QTRY_COMPARE(collector.status, 200);
        collector.resume();
        collector.cancel();
        QTRY_COMPARE(server.open, 0);
        QCOMPARE(collector.data, QByteArray());
        QCOMPARE(collector.calls, 1);
    }
};

QTEST_GUILESS_MAIN(TestUpstreamLifetime)
#include "tst_upstreamlifetime.moc"
