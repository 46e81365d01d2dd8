// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/proxycore/upstream/upstreamtesting.h"

#include <QSignalSpy>
#include <QTimer>

#include <zlib.h>

using namespace Switchyard;
using namespace Switchyard::Testing;

namespace {

QByteArray gzipped(const QByteArray &plain)
{
    z_stream stream{};
    deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    QByteArray packed(qsizetype(deflateBound(&stream, uLong(plain.size()))), Qt::Uninitialized);
    stream.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(plain.data()));
    stream.avail_in = uInt(plain.size());
    stream.next_out = reinterpret_cast<Bytef *>(packed.data());
    stream.avail_out = uInt(packed.size());
    deflate(&stream, Z_FINISH);
    packed.resize(qsizetype(stream.total_out));
    deflateEnd(&stream);
    return packed;
}

// A gzip stream whose pieces can be unpacked as they arrive.
class GzipStream
{
public:
    GzipStream()
    {
        deflateInit2(&m_stream, Z_BEST_SPEED, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    }
    ~GzipStream() { deflateEnd(&m_stream); }
    Q_DISABLE_COPY_MOVE(GzipStream)

    QByteArray add(const QByteArray &plain, int flush)
    {
        QByteArray packed(plain.size() + 256, Qt::Uninitialized);
        m_stream.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(plain.data()));
        m_stream.avail_in = uInt(plain.size());
        m_stream.next_out = reinterpret_cast<Bytef *>(packed.data());
        m_stream.avail_out = uInt(packed.size());
        deflate(&m_stream, flush);
        packed.chop(qsizetype(m_stream.avail_out));
        return packed;
    }

private:
    z_stream m_stream{};
};

} // namespace

class TestUpstreamClient : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void sendsWhatItWasGivenAndNothingElse()
    {
        ScriptedServer server;
        server.answer(answerWith("{}"));
        UpstreamClient client;
        Collector collector;

        UpstreamRequest request;
        request.url = server.url("/v1/messages?beta=true");
        request.headers.add("Content-Type", "application/json");
        request.headers.add("x-api-key", "sk-or-v1-placeholder");
        request.headers.add("anthropic-beta", "one");
        request.headers.add("anthropic-beta", "two");
        request.headers.add("x-empty", "");
        const QByteArray text = R"({"model":"theirs","stream":true})";
        request.body.append(text, {0, 10});
        request.body.append("ours");
        request.body.append(text, {16, text.size() - 16});
        collector.start(client, request);

        QTRY_VERIFY(collector.outcome);
        QCOMPARE(collector.failure(), UpstreamFailure::None);
        QCOMPARE(server.requests.size(), std::size_t(1));
        const ScriptedServer::Request &seen = server.requests.front();
        QCOMPARE(seen.line(), "POST /v1/messages?beta=true HTTP/1.1");
        QCOMPARE(seen.body, R"({"model":"ours","stream":true})");

        QList<QByteArray> fields = seen.fields();
        QCOMPARE(fields.takeFirst(), "Host: " + server.label());
        QVERIFY(fields.first().startsWith("Accept-Encoding: "));
        QVERIFY(fields.takeFirst().contains("gzip"));
        const QList<QByteArray> expected = {
            "Content-Type: application/json",
            "x-api-key: sk-or-v1-placeholder",
            "anthropic-beta: one",
            "anthropic-beta: two",
            "x-empty:",
            "Content-Length: 30",
        };
        auto sorted = [](QList<QByteArray> list) {
            std::sort(list.begin(), list.end());
            return list;
        };
        QCOMPARE(sorted(fields), sorted(expected));
    }

    void keepsTheTransportHeadersToItself_data()
    {
        QTest::addColumn<QByteArray>("name");
        QTest::addColumn<QByteArray>("value");
        for (const auto &[name, value] :
             std::initializer_list<std::pair<const char *, const char *>>{
                 {"Content-Length", "3"},
                 {"transfer-encoding", "chunked"},
                 {"Host", "elsewhere.example"},
                 {"connection", "close"},
                 {"Expect", "100-continue"},
                 {"Accept-Encoding", "identity"},
                 {"TE", "trailers"},
                 {"proxy-connection", "keep-alive"},
             }) {
            QTest::addRow("a %s of the caller is not sent", name)
                << QByteArray(name) << QByteArray(value);
        }
    }

    void keepsTheTransportHeadersToItself()
    {
        QFETCH(QByteArray, name);
        QFETCH(QByteArray, value);
        ScriptedServer server;
        server.answer(answerWith("{}"));
        UpstreamClient client;
        Collector collector;
        UpstreamRequest request = post(server.url());
        request.headers.add(name, value);
        collector.start(client, request);

        QTRY_VERIFY(collector.outcome);
        QCOMPARE(collector.failure(), UpstreamFailure::None);
        QVERIFY(server.requests.front().field(name) != value);
        QCOMPARE(server.requests.front().body, R"({"model":"m"})");
    }

    void sendsEveryMethod_data()
    {
        QTest::addColumn<QByteArray>("method");
        QTest::addColumn<QByteArray>("body");
        QTest::addColumn<QByteArray>("contentLength");
        QTest::addRow("GET without a body") << QByteArray("GET") << QByteArray() << QByteArray();
        QTest::addRow("HEAD without a body") << QByteArray("HEAD") << QByteArray() << QByteArray();
        QTest::addRow("POST without a body says so")
            << QByteArray("POST") << QByteArray() << QByteArray("0");
        QTest::addRow("DELETE without a body")
            << QByteArray("DELETE") << QByteArray() << QByteArray();
        QTest::addRow("PUT with a body")
            << QByteArray("PUT") << QByteArray("xyz") << QByteArray("3");
    }

    void sendsEveryMethod()
    {
        QFETCH(QByteArray, method);
        QFETCH(QByteArray, body);
        QFETCH(QByteArray, contentLength);
        ScriptedServer server;
        server.onRequest = [](QTcpSocket *socket, const ScriptedServer::Request &request) {
            const QByteArray answer = answerWith("four");
            const bool headOnly = request.line().startsWith("HEAD ");
            socket->write(headOnly ? answer.chopped(4) : answer);
        };
        UpstreamClient client;
        // On a handle that is fresh, and on one that sent something else before.
        for (int round = 0; round < 3; ++round) {
            Collector collector;
            UpstreamRequest request;
            request.method = round == 1 ? QByteArray("POST") : method;
            request.url = server.url("/v1/models");
            request.body = SegmentedBody(round == 1 ? QByteArray("abc") : body);
            collector.start(client, request);
            QTRY_VERIFY(collector.outcome);
            QCOMPARE(collector.failure(), UpstreamFailure::None);
            QCOMPARE(collector.data, request.method == "HEAD" ? QByteArray() : QByteArray("four"));
            const ScriptedServer::Request &seen = server.requests.back();
            QCOMPARE(seen.line(), request.method + " /v1/models HTTP/1.1");
            if (round == 1)
                continue;
            QCOMPARE(seen.body, body);
            QCOMPARE(seen.field("content-length"), contentLength);
            QCOMPARE(seen.field("content-type"), QByteArray());
        }
        QCOMPARE(server.connections, 1);
    }

    void tellsTheHeadersAsTheyCame()
    {
        ScriptedServer server;
        server.answer("HTTP/1.1 429 Slow down\r\nRetry-After:  7 \r\nx-twice: a\r\nX-Twice: b\r\n"
                      "x-empty:\r\nContent-Length: 2\r\n\r\n{}");
        UpstreamClient client;
        Collector collector;
        collector.start(client, post(server.url()));

        QTRY_VERIFY(collector.outcome);
        QCOMPARE(collector.failure(), UpstreamFailure::None);
        QVERIFY(collector.outcome->headReceived);
        QCOMPARE(collector.status, 429);
        QStringList seen;
        for (const Header &field : collector.headers)
            seen << QString::fromLatin1(field.name + '=' + field.value);
        QCOMPARE(seen.join(u'|'),
                 QStringLiteral("Retry-After=7|x-twice=a|X-Twice=b|x-empty=|Content-Length=2"));
        QCOMPARE(collector.data, "{}");
    }

    void passesOverInterimHeads()
    {
        ScriptedServer server;
        server.answer("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"
                      + answerWith("{}"));
        UpstreamClient client;
        Collector collector;
        collector.start(client, post(server.url()));
        QTRY_VERIFY(collector.outcome);
        QCOMPARE(collector.failure(), UpstreamFailure::None);
        QCOMPARE(collector.status, 200);
        QVERIFY(!collector.headers.contains("link"));
        QCOMPARE(collector.data, "{}");
    }

    void doesNotWaitForAContinue()
    {
        ScriptedServer server;
        server.answer(answerWith("{}"));
        UpstreamClient client;
        Collector collector;
        const QByteArray body(3'000'000, 'x');
        collector.start(client, post(server.url(), body));
        QTRY_VERIFY(collector.outcome);
        QCOMPARE(collector.failure(), UpstreamFailure::None);
        QCOMPARE(server.requests.front().field("expect"), QByteArray());
        QVERIFY(server.requests.front().body == body);
    }

    void readsAnAnswerSplitAtEveryByte()
    {
        const QByteArray whole = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nx-a: b\r\n\r\n"
            + chunk("data: one\n\n") + chunk("data: \xc3\xa4\n\n") + "0\r\nx-trailer: t\r\n\r\n";
        ScriptedServer server;
        qsizetype split = 0;
        server.onRequest = [&](QTcpSocket *socket, const ScriptedServer::Request &) {
            socket->write(whole.first(split));
            socket->flush();
            // The rest follows when the client had its turn.
            QTimer::singleShot(0, socket,
                               [socket, &whole, &split] { socket->write(whole.sliced(split)); });
        };
        UpstreamClient client;
        for (split = 1; split < whole.size(); ++split) {
            Collector collector;
            collector.start(client, post(server.url()));
            QVERIFY(eventually([&] { return collector.outcome.has_value(); }));
            QCOMPARE(collector.failure(), UpstreamFailure::None);
            QCOMPARE(collector.status, 200);
            QCOMPARE(collector.headers.value("x-a"), "b");
            QVERIFY(!collector.headers.contains("x-trailer"));
            QCOMPARE(collector.data, "data: one\n\ndata: \xc3\xa4\n\n");
        }
        QCOMPARE(server.connections, 1);
    }

    void tellsEachPieceWhenItArrives()
    {
        ScriptedServer server;
        QTcpSocket *peer = nullptr;
        server.onRequest = [&](QTcpSocket *socket, const ScriptedServer::Request &) {
            peer = socket;
            socket->write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
        };
        UpstreamClient client;
        Collector collector;
        collector.start(client, post(server.url()));
        QTRY_COMPARE(collector.status, 200);
        for (int i = 0; i < 20; ++i) {
            const QByteArray event = "data: " + QByteArray::number(i) + "\n\n";
            const QByteArray before = collector.data;
            peer->write(chunk(event));
            QVERIFY(eventually([&] { return collector.data == before + event; }));
        }
        peer->write("0\r\n\r\n");
        QTRY_VERIFY(collector.outcome);
        QCOMPARE(collector.failure(), UpstreamFailure::None);
    }

    void unpacksBodies_data()
    {
        QTest::addColumn<QByteArray>("encoding");
        QTest::addColumn<QByteArray>("packed");
        const QByteArray plain(500, 'a');
        QTest::addRow("gzip") << QByteArray("gzip") << gzipped(plain);
        QTest::addRow("deflate") << QByteArray("deflate") << qCompress(plain).sliced(4);
        QTest::addRow("br") << QByteArray("br") << QByteArray::fromBase64("oZgPwC8RFowFAq0=");
        QTest::addRow("zstd") << QByteArray("zstd")
                              << QByteArray::fromBase64("KLUv/WT0AE0AABBhYQEA7yrAAvqFQeg=");
    }

    void unpacksBodies()
    {
        QFETCH(QByteArray, encoding);
        QFETCH(QByteArray, packed);
        ScriptedServer server;
        server.answer("HTTP/1.1 200 OK\r\ncontent-encoding: " + encoding + "\r\ncontent-length: "
                      + QByteArray::number(packed.size()) + "\r\n\r\n" + packed);
        UpstreamClient client;
        Collector collector;
        collector.start(client, post(server.url()));
        QTRY_VERIFY(collector.outcome);
        QCOMPARE(collector.outcome->detail, QByteArray());
        QCOMPARE(collector.data, QByteArray(500, 'a'));
        QCOMPARE(collector.headers.value("content-encoding"), encoding);
        QVERIFY(server.requests.front().field("accept-encoding").contains(encoding));
    }

    void unpacksAStreamPieceByPiece()
    {
        ScriptedServer server;
        QTcpSocket *peer = nullptr;
        server.onRequest = [&](QTcpSocket *socket, const ScriptedServer::Request &) {
            peer = socket;
            socket->write("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n"
                          "transfer-encoding: chunked\r\n\r\n");
        };
        UpstreamClient client;
        Collector collector;
        collector.start(client, post(server.url()));
        QTRY_COMPARE(collector.status, 200);
        GzipStream stream;
        for (int i = 0; i < 5; ++i) {
            const QByteArray event = "event: ping\ndata: " + QByteArray::number(i) + "\n\n";
            const QByteArray before = collector.data;
            peer->write(chunk(stream.add(event, Z_SYNC_FLUSH)));
            QTRY_COMPARE(collector.data, before + event);
        }
        peer->write(chunk(stream.add({}, Z_FINISH)) + "0\r\n\r\n");
        QTRY_VERIFY(collector.outcome);
        QCOMPARE(collector.failure(), UpstreamFailure::None);
    }

    void usesAConnectionAgain()
    {
        ScriptedServer server;
        server.answer(answerWith("{}"));
        UpstreamClient client;
        for (int i = 0; i < 20; ++i) {
            Collector collector;
            collector.start(client, post(server.url()));
            QVERIFY(eventually([&] { return collector.outcome.has_value(); }));
            QCOMPARE(collector.failure(), UpstreamFailure::None);
            QCOMPARE(collector.outcome->connectionReused, i > 0);
            QVERIFY(collector.outcome->bodyStarted);
        }
        QCOMPARE(server.connections, 1);
    }

    void keepsManyTransfersApart()
    {
        ScriptedServer server;
        server.onRequest = [](QTcpSocket *socket, const ScriptedServer::Request &request) {
            socket->write(answerWith("answer to " + request.body));
        };
        UpstreamClient client;
        constexpr std::size_t count = 300;
        std::vector<Collector> collectors(count);
        std::size_t ended = 0;
        for (int round = 0; round < 2; ++round) {
            ended = 0;
            for (std::size_t i = 0; i < count; ++i) {
                collectors[i] = Collector();
                collectors[i].onFinished = [&ended] { ++ended; };
                collectors[i].start(
                    client,
                    post(server.url(),
                         QByteArray(20'000, char('a' + i % 26)) + QByteArray::number(i)));
            }
            QTRY_COMPARE_WITH_TIMEOUT(ended, count, 30'000);
            for (std::size_t i = 0; i < count; ++i) {
                QCOMPARE(collectors[i].outcome->detail, QByteArray());
                QVERIFY(collectors[i].data.startsWith("answer to "));
                QVERIFY(collectors[i].data.endsWith(char('a' + i % 26) + QByteArray::number(i)));
            }
        }
        QVERIFY(server.connections <= int(count));
    }

    void tellsAnAnswerThatComesBeforeTheBodyIsSent()
    {
        ScriptedServer server;
        server.onRequestHead = [](QTcpSocket *socket, const QByteArray &) {
            socket->write(
                "HTTP/1.1 413 Too large\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}");
            socket->flush();
        };
        UpstreamClient client;
        Collector collector;
        collector.start(client, post(server.url(), QByteArray(20'000'000, 'x')));
        QTRY_VERIFY(collector.outcome);
        QCOMPARE(collector.status, 413);
        QCOMPARE(collector.data, "{}");
        QCOMPARE(collector.failure(), UpstreamFailure::None);
    }

    void endsABodylessAnswerAtOnce_data()
    {
        QTest::addColumn<QByteArray>("head");
        QTest::addRow("204") << QByteArray("HTTP/1.1 204 No Content\r\n\r\n");
        QTest::addRow("200 of length 0")
            << QByteArray("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    }

    void endsABodylessAnswerAtOnce()
    {
        QFETCH(QByteArray, head);
        ScriptedServer server;
        server.answer(head);
        UpstreamClient client;
        Collector collector;
        collector.start(client, post(server.url()));
        QTRY_VERIFY(collector.outcome);
        QCOMPARE(collector.failure(), UpstreamFailure::None);
        QVERIFY(collector.status.has_value());
        QCOMPARE(collector.data, QByteArray());
    }

    void takesNewNetworkSettingsWhileTransfersRun()
    {
        ScriptedServer server;
        QTcpSocket *peer = nullptr;
        server.onRequest = [&](QTcpSocket *socket, const ScriptedServer::Request &request) {
            if (request.line().contains("/slow"))
                peer = socket;
            else
                socket->write(answerWith("fast"));
        };
        UpstreamClient client;
        Collector slow;
        slow.start(client, post(server.url("/slow")));
        QTRY_VERIFY(peer);
        client.setNetworkSettings({});
        Collector fast;
        fast.start(client, post(server.url("/fast")));
        QTRY_VERIFY(fast.outcome);
        QCOMPARE(fast.data, "fast");
        peer->write(answerWith("slow"));
        QTRY_VERIFY(slow.outcome);
        QCOMPARE(slow.data, "slow");
    }
};

QTEST_GUILESS_MAIN(TestUpstreamClient)
#include "tst_upstreamclient.moc"
