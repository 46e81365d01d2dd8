// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/downstream/httpserver.h"

#include <QSignalSpy>
#include <QTest>

#include <deque>

using namespace Switchyard;

namespace {

class Observer final : public ResponseObserver
{
public:
    void clientGone() override { ++gone; }
    void clientDrained() override { ++drained; }

    int gone = 0;
    int drained = 0;
};

// A server that keeps each request until the test answers it.
class Server
{
public:
    explicit Server(const ConnectionLimits &limits = {})
        : http(limits, [this](InboundRequest request, ResponseWriter writer) {
              pending.push_back({std::move(request), std::move(writer)});
          })
    {
        const QByteArray problem = http.listen(QHostAddress::LocalHost, 0);
        if (!problem.isEmpty())
            qFatal("%s", problem.constData());
    }

    ~Server() { pending.clear(); }

    void answerNext(const QByteArray &body)
    {
        ResponseWriter writer = std::move(pending.front().writer);
        pending.pop_front();
        writer.send(200, {}, body);
    }

    struct Pending
    {
        InboundRequest request;
        ResponseWriter writer;
    };
    std::deque<Pending> pending;
    HttpServer http;
};

class Client : public QTcpSocket
{
public:
    explicit Client(const Server &server)
    {
        connectToHost(server.http.address(), server.http.port());
    }

    // Everything received so far.
    QByteArray received()
    {
        m_received += readAll();
        return m_received;
    }

private:
    QByteArray m_received;
};

QByteArray post(const QByteArray &body, const QByteArray &fields = {})
{
    return "POST /v1/messages HTTP/1.1\r\nHost: localhost\r\n" + fields
        + "Content-Length: " + QByteArray::number(body.size()) + "\r\n\r\n" + body;
}

} // namespace

class TestHttpServer : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void answersAndKeepsTheConnection();
    void handsOverTheRequestHoweverSplit();
    void answersPipelinedRequestsInOrder();
    void closesWhenTheClientAskedForIt();
    void givesHeadWithoutABody();
    void streamsChunksAtOnce();
    void streamsToAnOldClientUntilTheEndOfTheConnection();
    void tellsTheClientToContinue();
    void refusesMalformedRequests();
    void letsARefusedClientFinishSending();
    void closesASlowHead();
    void closesAnIdleConnection();
    void doesNotCloseWhileAnswering();
    void holdsTheNumberOfConnectionsToTheLimit();
    void noticesThatTheClientLeft_data();
    void noticesThatTheClientLeft();
    void tellsTheBacklogOfASlowClient();
    void cutsAnAnswerNobodyFinished();
    void stopsAccepting();
    void saysThatThePortIsTaken();
};

void TestHttpServer::answersAndKeepsTheConnection()
{
    Server server;
    Client client(server);
    for (int i = 1; i <= 3; ++i) {
        client.write(post("hello"));
        QTRY_COMPARE(server.pending.size(), std::size_t(1));
        QCOMPARE(server.pending.front().request.body, QByteArray("hello"));
        server.answerNext("answer " + QByteArray::number(i));
        QTRY_VERIFY(client.received().endsWith("answer " + QByteArray::number(i)));
    }
    QCOMPARE(client.received().count("HTTP/1.1 200 OK\r\n"), 3);
    QCOMPARE(client.received().count("content-length: 8\r\n"), 3);
    QCOMPARE(client.state(), QAbstractSocket::ConnectedState);
}

void TestHttpServer::handsOverTheRequestHoweverSplit()
{
    Server server;
    Client client(server);
    QVERIFY(client.waitForConnected());
    client.setSocketOption(QAbstractSocket::LowDelayOption, 1);
    const QByteArray bytes = post("{\"a\":\"\xC3\xA4\"}");
    for (const char byte : bytes) {
        client.write(&byte, 1);
        QVERIFY(client.waitForBytesWritten());
        QCoreApplication::processEvents();
    }
    QTRY_COMPARE(server.pending.size(), std::size_t(1));
    QCOMPARE(server.pending.front().request.body, QByteArray("{\"a\":\"\xC3\xA4\"}"));
    server.answerNext("ok");
    QTRY_VERIFY(client.received().endsWith("ok"));
}

void TestHttpServer::answersPipelinedRequestsInOrder()
{
    Server server;
    Client client(server);
    client.write(post("first") + post("second") + post("third"));
    QTRY_COMPARE(server.pending.size(), std::size_t(1));
    // The second waits until the first is answered, whatever arrives meanwhile.
    client.write(post("fourth"));
    QVERIFY(client.waitForBytesWritten());
    for (const char *name : {"first", "second", "third", "fourth"}) {
        QTRY_COMPARE(server.pending.size(), std::size_t(1));
        QCOMPARE(server.pending.front().request.body, QByteArray(name));
        server.answerNext(QByteArray("to ") + name);
    }
    QTRY_VERIFY(client.received().endsWith("to fourth"));
    QVERIFY(client.received().indexOf("to first") < client.received().indexOf("to second"));
    QVERIFY(client.received().indexOf("to second") < client.received().indexOf("to third"));
}

void TestHttpServer::closesWhenTheClientAskedForIt()
{
    Server server;
    Client client(server);
    client.write(post("x", "Connection: close\r\n"));
    QTRY_COMPARE(server.pending.size(), std::size_t(1));
    server.answerNext("bye");
    QTRY_COMPARE(client.state(), QAbstractSocket::UnconnectedState);
    QVERIFY(client.received().contains("connection: close\r\n"));
    QVERIFY(client.received().endsWith("bye"));
}

void TestHttpServer::givesHeadWithoutABody()
{
    Server server;
    Client client(server);
    client.write("HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    QTRY_COMPARE(server.pending.size(), std::size_t(1));
    server.answerNext("four");
    QTRY_VERIFY(client.received().endsWith("\r\n\r\n"));
    QVERIFY(client.received().contains("content-length: 4\r\n"));
    // The next answer must not be mistaken for the missing body.
    client.write(post("x"));
    QTRY_COMPARE(server.pending.size(), std::size_t(1));
    server.answerNext("ok");
    QTRY_VERIFY(client.received().endsWith("\r\n\r\nok"));
}

void TestHttpServer::streamsChunksAtOnce()
{
    Server server;
    Client client(server);
    client.write(post("x"));
    QTRY_COMPARE(server.pending.size(), std::size_t(1));
    ResponseWriter writer = std::move(server.pending.front().writer);
    server.pending.clear();
    writer.beginStream(200, {});
    QTRY_VERIFY(client.received().endsWith("transfer-encoding: chunked\r\n\r\n"));
    writer.write("event one");
    QTRY_VERIFY(client.received().endsWith("9\r\nevent one\r\n"));
    writer.write("event two");
    QTRY_VERIFY(client.received().endsWith("9\r\nevent two\r\n"));
    writer.write({}); // an empty chunk would end the body
    writer.endStream();
    QTRY_VERIFY(client.received().endsWith("event two\r\n0\r\n\r\n"));
    writer.write("too late");
    client.write(post("y"));
    QTRY_COMPARE(server.pending.size(), std::size_t(1));
    QVERIFY(!client.received().contains("too late"));
}

void TestHttpServer::streamsToAnOldClientUntilTheEndOfTheConnection()
{
    Server server;
    Client client(server);
    client.write("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    QTRY_COMPARE(server.pending.size(), std::size_t(1));
    ResponseWriter writer = std::move(server.pending.front().writer);
    server.pending.clear();
    writer.beginStream(200, {});
    writer.write("plain");
    writer.endStream();
    QTRY_COMPARE(client.state(), QAbstractSocket::UnconnectedState);
    QVERIFY(client.received().endsWith("\r\n\r\nplain"));
}

void TestHttpServer::tellsTheClientToContinue()
{
    Server server;
    Client client(server);
    client.write(
        "POST / HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    QTRY_COMPARE(client.received(), QByteArray("HTTP/1.1 100 Continue\r\n\r\n"));
    QVERIFY(server.pending.empty());
    client.write("abc");
    QTRY_COMPARE(server.pending.size(), std::size_t(1));
    QCOMPARE(server.pending.front().request.body, QByteArray("abc"));
}

void TestHttpServer::refusesMalformedRequests()
{
    Server server;
    QSignalSpy refused(&server.http, &HttpServer::requestRefused);
    Client client(server);
    client.write("nonsense\r\n\r\n");
    QTRY_VERIFY(client.received().startsWith("HTTP/1.1 400 Bad Request\r\n"));
    QVERIFY(client.received().contains("connection: close\r\n"));
    QVERIFY(client.received().contains("\"type\":\"invalid_request_error\""));
    QVERIFY(server.pending.empty());
    QCOMPARE(refused.count(), 1);
}

void TestHttpServer::letsARefusedClientFinishSending()
{
    Server server;
    Client client(server);
    // Far more than any socket buffer: were the connection closed at once, the answer would be
    // lost to a reset.
    const QByteArray body(40 * 1024 * 1024, 'x');
    client.write(post(body));
    QTRY_VERIFY(client.received().contains("\r\n\r\n{"));
    QVERIFY(client.received().startsWith("HTTP/1.1 413 Content Too Large\r\n"));
    QVERIFY(client.received().contains("\"type\":\"request_too_large\""));
    QTRY_COMPARE_WITH_TIMEOUT(client.state(), QAbstractSocket::UnconnectedState, 10'000);
}

void TestHttpServer::closesASlowHead()
{
    ConnectionLimits limits;
    limits.headTimeoutMs = 100;
    Server server(limits);
    Client silent(server);
    Client slow(server);
    slow.write("GET / HTTP/1.1\r\n");
    QTRY_COMPARE(silent.state(), QAbstractSocket::UnconnectedState);
    QCOMPARE(silent.received(), QByteArray());
    QTRY_VERIFY(slow.received().startsWith("HTTP/1.1 408 Request Timeout\r\n"));
    QTRY_COMPARE(slow.state(), QAbstractSocket::UnconnectedState);
}

void TestHttpServer::closesAnIdleConnection()
{
    ConnectionLimits limits;
    limits.idleTimeoutMs = 100;
    Server server(limits);
    Client idle(server);
    idle.write(post("x"));
    QTRY_COMPARE(server.pending.size(), std::size_t(1));
    server.answerNext("ok");
    QTRY_COMPARE(idle.state(), QAbstractSocket::UnconnectedState);
    QVERIFY(idle.received().endsWith("\r\n\r\nok"));

    Client stalled(server);
    stalled.write("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf");
    QTRY_VERIFY(stalled.received().startsWith("HTTP/1.1 408 "));
}

void TestHttpServer::doesNotCloseWhileAnswering()
{
    ConnectionLimits limits;
    limits.idleTimeoutMs = 50;
    limits.headTimeoutMs = 50;
    Server server(limits);
    Client busy(server);
    busy.write(post("x"));
    QTRY_COMPARE(server.pending.size(), std::size_t(1));
    // A second connection that is closed for its silence shows that the time has passed.
    Client witness(server);
    QTRY_COMPARE(witness.state(), QAbstractSocket::ConnectedState);
    QTRY_COMPARE(witness.state(), QAbstractSocket::UnconnectedState);
    QCOMPARE(busy.state(), QAbstractSocket::ConnectedState);
    server.answerNext("patience");
    QTRY_VERIFY(busy.received().endsWith("patience"));
}

void TestHttpServer::holdsTheNumberOfConnectionsToTheLimit()
{
    ConnectionLimits limits;
    limits.maxConnections = 3;
    Server server(limits);
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < 3; ++i) {
        clients.push_back(std::make_unique<Client>(server));
        clients.back()->write(post("x"));
    }
    QTRY_COMPARE(server.pending.size(), std::size_t(3));
    Client oneMore(server);
    QTRY_VERIFY(oneMore.received().startsWith("HTTP/1.1 503 Service Unavailable\r\n"));
    QTRY_COMPARE(oneMore.state(), QAbstractSocket::UnconnectedState);

    clients.pop_back();
    // When one left there is room again.
    QTRY_VERIFY(!server.pending.back().writer.isOpen());
    Client successor(server);
    successor.write(post("y"));
    QTRY_COMPARE(server.pending.size(), std::size_t(4));
}

void TestHttpServer::noticesThatTheClientLeft_data()
{
    QTest::addColumn<bool>("streaming");
    QTest::addColumn<bool>("aborted");
    QTest::newRow("before the answer, closed") << false << false;
    QTest::newRow("before the answer, reset") << false << true;
    QTest::newRow("in a stream, closed") << true << false;
    QTest::newRow("in a stream, reset") << true << true;
}

void TestHttpServer::noticesThatTheClientLeft()
{
    QFETCH(bool, streaming);
    QFETCH(bool, aborted);

    Server server;
    Client client(server);
    client.write(post("x"));
    QTRY_COMPARE(server.pending.size(), std::size_t(1));
    ResponseWriter writer = std::move(server.pending.front().writer);
    server.pending.clear();
    Observer observer;
    writer.setObserver(&observer);
    if (streaming) {
        writer.beginStream(200, {});
        writer.write("one");
        QTRY_VERIFY(client.received().contains("one"));
    }
    if (aborted)
        client.abort();
    else
        client.disconnectFromHost();
    QTRY_COMPARE(observer.gone, 1);
    QVERIFY(!writer.isOpen());
    writer.write("to nobody");
    writer.endStream();
    QCOMPARE(observer.gone, 1);
}

void TestHttpServer::tellsTheBacklogOfASlowClient()
{
    Server server;
    Client client(server);
    client.setReadBufferSize(4096);
    client.write(post("x"));
    QTRY_COMPARE(server.pending.size(), std::size_t(1));
    ResponseWriter writer = std::move(server.pending.front().writer);
    server.pending.clear();
    Observer observer;
    writer.setObserver(&observer);
    writer.beginStream(200, {});
    const QByteArray chunk(64 * 1024, 'x');
    int chunks = 0;
    while (writer.backlog() < 1024 * 1024) {
        writer.write(chunk);
        ++chunks;
        QVERIFY2(chunks < 10'000, "the kernel takes everything");
    }
    // All of it arrives once the client reads, and the writer hears that there is room again.
    client.setReadBufferSize(0);
    QTRY_COMPARE_WITH_TIMEOUT((client.received(), writer.backlog()), 0, 20'000);
    QVERIFY(observer.drained > 0);
    writer.endStream();
    QTRY_VERIFY(client.received().endsWith("0\r\n\r\n"));
    QVERIFY(client.received().size() > qsizetype(chunks) * chunk.size());
}

void TestHttpServer::cutsAnAnswerNobodyFinished()
{
    Server server;
    Client client(server);
    client.write(post("x"));
    QTRY_COMPARE(server.pending.size(), std::size_t(1));
    server.pending.clear();
    QTRY_COMPARE(client.state(), QAbstractSocket::UnconnectedState);
    QCOMPARE(client.received(), QByteArray());
}

void TestHttpServer::stopsAccepting()
{
    Server server;
    Client idle(server);
    Client busy(server);
    busy.write(post("x"));
    QTRY_COMPARE(server.pending.size(), std::size_t(1));
    const quint16 port = server.http.port();
    server.http.stopAccepting();
    QTRY_COMPARE(idle.state(), QAbstractSocket::UnconnectedState);
    QTcpSocket late;
    late.connectToHost(QHostAddress::LocalHost, port);
    QTRY_COMPARE(late.error(), QAbstractSocket::ConnectionRefusedError);
    server.answerNext("last");
    QTRY_COMPARE(busy.state(), QAbstractSocket::UnconnectedState);
    QVERIFY(busy.received().endsWith("last"));
}

void TestHttpServer::saysThatThePortIsTaken()
{
    Server server;
    HttpServer second({}, [](InboundRequest, ResponseWriter) {});
    const QByteArray problem = second.listen(QHostAddress::LocalHost, server.http.port());
    QVERIFY(problem.contains("port " + QByteArray::number(server.http.port())));
    QVERIFY(problem.endsWith('.'));
}

QTEST_GUILESS_MAIN(TestHttpServer)
#include "tst_httpserver.moc"
