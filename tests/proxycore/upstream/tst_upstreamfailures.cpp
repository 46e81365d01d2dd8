// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/proxycore/upstream/namelookup.h"
#include "tests/proxycore/upstream/upstreamtesting.h"

using namespace Switchyard;
using namespace Switchyard::Testing;

namespace {

const QByteArray halfBody = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"half\":";
const QByteArray halfChunks =
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + chunk("data: one\n\n");

enum class Ending { Close, Reset };

void end(QTcpSocket *socket, Ending ending)
{
    if (ending == Ending::Close)
        socket->disconnectFromHost();
    else
        ScriptedServer::reset(socket);
}

} // namespace

Q_DECLARE_METATYPE(Ending)

class TestUpstreamFailures : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        for (const char *name : {"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY",
                                 "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"})
            qunsetenv(name);
    }

    void tellsABrokenConnectionBeforeTheHead_data()
    {
        QTest::addColumn<QByteArray>("written");
        QTest::addColumn<Ending>("ending");
        QTest::addRow("closed without a byte") << QByteArray() << Ending::Close;
        QTest::addRow("reset without a byte") << QByteArray() << Ending::Reset;
        QTest::addRow("closed within the head")
            << QByteArray("HTTP/1.1 200 OK\r\ncontent-") << Ending::Close;
        QTest::addRow("reset within the head")
            << QByteArray("HTTP/1.1 200 OK\r\ncontent-") << Ending::Reset;
    }

    void tellsABrokenConnectionBeforeTheHead()
    {
        QFETCH(QByteArray, written);
        QFETCH(Ending, ending);
        ScriptedServer server;
        Collector collector;
        server.onRequest = [&](QTcpSocket *socket, const ScriptedServer::Request &) {
            socket->write(written);
            socket->flush();
            end(socket, ending);
        };
        UpstreamClient client;
        collector.start(client, post(server.url()));
        QTRY_VERIFY(collector.outcome);
        QCOMPARE(collector.failure(), UpstreamFailure::Reset);
        QVERIFY(!collector.outcome->headReceived);
        QVERIFY(collector.outcome->bodyStarted);
        QVERIFY(!collector.outcome->connectionReused);
        QCOMPARE(collector.outcome->detail,
                 server.label() + " closed the connection before answering");
        QVERIFY(!collector.status);
        QCOMPARE(server.requests.size(), std::size_t(1));
    }

    void tellsACutOffBody_data()
    {
        QTest::addColumn<QByteArray>("written");
        QTest::addColumn<QByteArray>("arrived");
        QTest::addColumn<Ending>("ending");
        QTest::addRow("a body shorter than its length, closed")
            << halfBody << QByteArray("{\"half\":") << Ending::Close;
        QTest::addRow("a body shorter than its length, reset")
            << halfBody << QByteArray("{\"half\":") << Ending::Reset;
        QTest::addRow("chunks without the last one, closed")
            << halfChunks << QByteArray("data: one\n\n") << Ending::Close;
        QTest::addRow("chunks without the last one, reset")
            << halfChunks << QByteArray("data: one\n\n") << Ending::Reset;
        QTest::addRow("a chunk cut in its middle, closed")
            << halfChunks + "40\r\ndata: tw" << QByteArray("data: one\n\ndata: tw")
            << Ending::Close;
    }

    void tellsACutOffBody()
    {
        QFETCH(QByteArray, written);
        QFETCH(QByteArray, arrived);
        QFETCH(Ending, ending);
        ScriptedServer server;
        QTcpSocket *peer = nullptr;
        server.onRequest = [&](QTcpSocket *socket, const ScriptedServer::Request &) {
            peer = socket;
            socket->write(written);
        };
        UpstreamClient client;
        Collector collector;
        collector.start(client, post(server.url()));
        QTRY_COMPARE(collector.data, arrived);
        QVERIFY(!collector.outcome);
        end(peer, ending);
        QTRY_VERIFY(collector.outcome);
        QCOMPARE(collector.failure(), UpstreamFailure::Reset);
        QVERIFY(collector.outcome->headReceived);
        QCOMPARE(collector.outcome->detail,
                 server.label() + " broke the connection in the middle of the answer");
    }

    void tellsWhatIsNotHttp_data()
    {
        QTest::addColumn<QByteArray>("answer");
        QTest::addRow("another protocol") << QByteArray("SSH-2.0-OpenSSH_9.2\r\n");
        QTest::addRow("a bare page") << QByteArray("<html><body>hello</body></html>\n");
        QTest::addRow("a status that is no number") << QByteArray("HTTP/1.1 abc OK\r\n\r\n");
    }

    void tellsWhatIsNotHttp()
    {
        QFETCH(QByteArray, answer);
        ScriptedServer server;
        server.answer(answer);
        UpstreamClient client;
        Collector collector;
        collector.start(client, post(server.url()));
        QTRY_VERIFY(collector.outcome);
        QCOMPARE(collector.failure(), UpstreamFailure::Protocol);
        QVERIFY(!collector.outcome->headReceived);
        QVERIFY2(collector.outcome->detail.startsWith(server.label() + " did not answer in HTTP"),
                 collector.outcome->detail.constData());
    }

    void tellsABodyThatCannotBeUnpacked()
    {
        ScriptedServer server;
        server.answer("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 30\r\n\r\n"
                      "this is certainly not gzipped!");
        UpstreamClient client;
        Collector collector;
        collector.start(client, post(server.url()));
        QTRY_VERIFY(collector.outcome);
        QCOMPARE(collector.failure(), UpstreamFailure::Protocol);
        QVERIFY(collector.outcome->headReceived);
        QCOMPARE(collector.data, QByteArray());
    }

    void doesNotFollowARedirect_data()
    {
        QTest::addColumn<int>("status");
        QTest::addColumn<QByteArray>("location");
        QTest::addColumn<QByteArray>("named");
        QTest::addRow("302 to a login page elsewhere")
            << 302 << QByteArray("https://user:secret@login.example/oauth?token=secret")
            << QByteArray(" to login.example:443");
        QTest::addRow("303 on the same host")
            << 303 << QByteArray("/login?token=secret") << QByteArray();
        QTest::addRow("307 keeps the method, still not followed")
            << 307 << QByteArray("http://127.0.0.1:1/secret") << QByteArray(" to 127.0.0.1:1");
        QTest::addRow("308") << 308 << QByteArray("http://127.0.0.1:1/")
                             << QByteArray(" to 127.0.0.1:1");
        QTest::addRow("301 without a place") << 301 << QByteArray() << QByteArray();
    }

    void doesNotFollowARedirect()
    {
        QFETCH(int, status);
        QFETCH(QByteArray, location);
        QFETCH(QByteArray, named);
        ScriptedServer server;
        server.answer("HTTP/1.1 " + QByteArray::number(status) + " Moved\r\n"
                      + (location.isEmpty() ? QByteArray() : "location: " + location + "\r\n")
                      + "content-length: 5\r\n\r\nmoved");
        UpstreamClient client;
        Collector collector;
        collector.start(client, post(server.url()));
        QTRY_VERIFY(collector.outcome);
        QCOMPARE(collector.failure(), UpstreamFailure::Redirect);
        QVERIFY(!collector.status);
        QCOMPARE(collector.outcome->detail,
                 server.label() + " answered with a redirect" + named + " ("
                     + QByteArray::number(status)
                     + "), as login pages do; check the base URL and the credential");
        QCOMPARE(server.requests.size(), std::size_t(1));
    }

    void tellsWhoRefused()
    {
        QByteArray label;
        {
            const ScriptedServer server;
            label = server.label();
        }
        UpstreamClient client;
        Collector collector;
        collector.start(client, post("http://user:secret@" + label + "/v1/messages?key=secret"));
        QTRY_VERIFY(collector.outcome);
        QCOMPARE(collector.failure(), UpstreamFailure::Connect);
        QCOMPARE(collector.outcome->detail, "connection refused by " + label);
        QVERIFY(!collector.outcome->bodyStarted);
        QVERIFY(!collector.outcome->connectionReused);
    }

    void tellsANameWithoutAnAddress()
    {
        UpstreamClient client;
        Collector collector;
        collector.start(client, post("https://nowhere.test/v1/messages"));
        QTRY_VERIFY(collector.outcome);
        QCOMPARE(collector.failure(), UpstreamFailure::Resolve);
        QCOMPARE(collector.outcome->detail,
                 QByteArray("the name nowhere.test has no address; check the base URL and this "
                            "machine's network"));
    }

    void refusesWhatCannotBeSent_data()
    {
        QTest::addColumn<QByteArray>("url");
        QTest::addColumn<QByteArray>("value");
        QTest::addColumn<UpstreamFailure>("failure");
        QTest::addColumn<QByteArray>("detail");
        const QByteArray badUrl =
            "the address of the upstream is not a valid http or https URL; check the base URL";
        const QByteArray badHeader = "the request header authorization contains a line break; "
                                     "check the credential and the extra headers";
        QTest::addRow("an empty URL")
            << QByteArray() << QByteArray("v") << UpstreamFailure::Connect << badUrl;
        QTest::addRow("a URL without a scheme")
            << QByteArray("127.0.0.1:1/x") << QByteArray("v") << UpstreamFailure::Connect << badUrl;
        QTest::addRow("a file") << QByteArray("file:///etc/hostname") << QByteArray("v")
                                << UpstreamFailure::Connect << badUrl;
        QTest::addRow("a port that is none")
            << QByteArray("http://127.0.0.1:99999/") << QByteArray("v") << UpstreamFailure::Connect
            << badUrl;
        QTest::addRow("a key with a line feed at its end")
            << QByteArray() << QByteArray("Bearer secret\n") << UpstreamFailure::Protocol
            << badHeader;
        QTest::addRow("a key that smuggles a header")
            << QByteArray() << QByteArray("x\r\nx-evil: 1") << UpstreamFailure::Protocol
            << badHeader;
    }

    void refusesWhatCannotBeSent()
    {
        QFETCH(QByteArray, url);
        QFETCH(QByteArray, value);
        QFETCH(UpstreamFailure, failure);
        QFETCH(QByteArray, detail);
        ScriptedServer server;
        UpstreamClient client;
        Collector collector;
        UpstreamRequest request =
            post(url.isEmpty() && failure == UpstreamFailure::Protocol ? server.url() : url);
        request.headers.add("authorization", value);
        collector.start(client, request);
        QVERIFY(!collector.outcome);
        QTRY_VERIFY(collector.outcome);
        QCOMPARE(collector.failure(), failure);
        QCOMPARE(collector.outcome->detail, detail);
        QCOMPARE(server.connections, 0);
        // The handle is good for the next one.
        server.answer(answerWith("{}"));
        Collector next;
        next.start(client, post(server.url()));
        QTRY_VERIFY(next.outcome);
        QCOMPARE(next.failure(), UpstreamFailure::None);
    }

    void sendsABodyOnlyOnce_data()
    {
        QTest::addColumn<QByteArray>("body");
        QTest::addColumn<Ending>("ending");
        QTest::addRow("a small body, closed") << QByteArray("{}") << Ending::Close;
        QTest::addRow("a small body, reset") << QByteArray("{}") << Ending::Reset;
        QTest::addRow("48 kB, closed") << QByteArray(48'000, 'x') << Ending::Close;
        QTest::addRow("3 MB, reset") << QByteArray(3'000'000, 'x') << Ending::Reset;
        QTest::addRow("no body at all, closed") << QByteArray() << Ending::Close;
        QTest::addRow("no body at all, reset") << QByteArray() << Ending::Reset;
    }

    // libcurl by itself would send it again: the connection is a kept one and no byte came back.
    void sendsABodyOnlyOnce()
    {
        QFETCH(QByteArray, body);
        QFETCH(Ending, ending);
        ScriptedServer server;
        server.answer(answerWith("{}"));
        UpstreamClient client;
        Collector first;
        first.start(client, post(server.url()));
        QTRY_VERIFY(first.outcome);
        QCOMPARE(first.failure(), UpstreamFailure::None);

        server.onRequest = [ending](QTcpSocket *socket, const ScriptedServer::Request &) {
            end(socket, ending);
        };
        Collector second;
        second.start(client, post(server.url(), body));
        QTRY_VERIFY(second.outcome);
        QCOMPARE(second.failure(), UpstreamFailure::Reset);
        QVERIFY(!second.outcome->headReceived);
        QVERIFY(second.outcome->connectionReused);
        QCOMPARE(second.outcome->bodyStarted, !body.isEmpty());
        QCOMPARE(second.outcome->detail,
                 server.label() + " closed the connection before answering");
        QCOMPARE(server.requests.size(), std::size_t(2));
        QVERIFY(server.requests.back().body == body);

        // What comes later is served by a new connection, and nothing of the old body appears.
        server.answer(answerWith("{}"));
        Collector third;
        third.start(client, post(server.url(), "third"));
        QTRY_VERIFY(third.outcome);
        QCOMPARE(third.failure(), UpstreamFailure::None);
        QCOMPARE(server.requests.size(), std::size_t(3));
        QCOMPARE(server.requests.back().body, "third");
    }

    void sendsABodyOnlyOnceWhenTheHeadAloneWasRead()
    {
        ScriptedServer server;
        server.answer(answerWith("{}"));
        UpstreamClient client;
        Collector first;
        first.start(client, post(server.url()));
        QTRY_VERIFY(first.outcome);

        int heads = 0;
        server.onRequestHead = [&heads](QTcpSocket *socket, const QByteArray &) {
            ++heads;
            ScriptedServer::reset(socket);
        };
        Collector second;
        second.start(client, post(server.url(), QByteArray(5'000'000, 'x')));
        QTRY_VERIFY(second.outcome);
        QCOMPARE(second.failure(), UpstreamFailure::Reset);
        QVERIFY(second.outcome->bodyStarted);
        QCOMPARE(heads, 1);
    }

    void takesANewConnectionWhenTheKeptOneWasClosed_data()
    {
        QTest::addColumn<Ending>("ending");
        QTest::addRow("closed while idle") << Ending::Close;
        QTest::addRow("reset while idle") << Ending::Reset;
    }

    void takesANewConnectionWhenTheKeptOneWasClosed()
    {
        QFETCH(Ending, ending);
        ScriptedServer server;
        QTcpSocket *kept = nullptr;
        server.onRequest = [&](QTcpSocket *socket, const ScriptedServer::Request &) {
            kept = socket;
            socket->write(answerWith("{}"));
        };
        UpstreamClient client;
        Collector first;
        first.start(client, post(server.url()));
        QTRY_VERIFY(first.outcome);

        end(kept, ending);
        QTRY_COMPARE(server.open, 0);
        Collector second;
        second.start(client, post(server.url(), "second"));
        QTRY_VERIFY(second.outcome);
        QCOMPARE(second.failure(), UpstreamFailure::None);
        QVERIFY(!second.outcome->connectionReused);
        QCOMPARE(server.connections, 2);
        QCOMPARE(server.requests.size(), std::size_t(2));
        QCOMPARE(server.requests.back().body, "second");
    }
};

QTEST_GUILESS_MAIN(TestUpstreamFailures)
#include "tst_upstreamfailures.moc"
