// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/downstream/requestframer.h"

#include <QTest>

#include <vector>

using namespace Switchyard;

namespace {

// Feeds `bytes` in pieces; returns the requests read. Stops at a failure.
std::vector<InboundRequest> readAll(RequestFramer &framer,
                                    const std::vector<QByteArrayView> &pieces)
{
    std::vector<InboundRequest> requests;
    for (QByteArrayView piece : pieces) {
        while (!piece.isEmpty() && framer.state() != RequestFramer::State::Failed) {
            piece = piece.sliced(framer.feed(piece));
            if (framer.state() == RequestFramer::State::Complete)
                requests.push_back(framer.take());
        }
    }
    return requests;
}

QByteArray describe(const std::vector<InboundRequest> &requests)
{
    QByteArray text;
    for (const InboundRequest &request : requests) {
        text += request.method + ' ' + request.path + '?' + request.query + '\n';
        for (const Header &field : request.headers)
            text += field.name + '=' + field.value + '\n';
        text += '[' + request.body + "]\n";
    }
    return text;
}

} // namespace

class TestRequestFramer : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void readsTheSameHoweverSplit_data();
    void readsTheSameHoweverSplit();
    void refuses_data();
    void refuses();
    void holdsTheHeadToItsLimit();
    void holdsTheBodyToItsLimit();
    void holdsAChunkedBodyToItsLimit();
    void knowsWhetherTheConnectionStays_data();
    void knowsWhetherTheConnectionStays();
    void tellsOnceThatTheClientWaitsForContinue();
    void fillsABodyInPlace();
};

void TestRequestFramer::readsTheSameHoweverSplit_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QByteArray>("expected");

    QTest::newRow("a request without a body")
        << QByteArray("GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
        << QByteArray("GET /health?\nHost=a\n[]\n");
    QTest::newRow("a body of known length")
        << QByteArray(
               "POST /v1/messages?beta=true HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
        << QByteArray("POST /v1/messages?beta=true\nHost=a\nContent-Length=5\n[hello]\n");
    QTest::newRow("two requests in a row")
        << QByteArray("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhiGET /b "
                      "HTTP/1.1\r\nHost: b\r\n\r\n")
        << QByteArray("POST /a?\nHost=a\nContent-Length=2\n[hi]\nGET /b?\nHost=b\n[]\n");
    QTest::newRow("a chunked body with an extension and a trailer")
        << QByteArray("POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                      "3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nLater: 1\r\n\r\n")
        << QByteArray("POST /a?\nHost=a\nTransfer-Encoding=chunked\n[abc0123456789]\n");
    QTest::newRow("line ends without a carriage return")
        << QByteArray("GET /a HTTP/1.1\nHost: a\n\n") << QByteArray("GET /a?\nHost=a\n[]\n");
    QTest::newRow("blank lines before the request")
        << QByteArray("\r\n\r\nGET /a HTTP/1.1\r\nHost: a\r\n\r\n")
        << QByteArray("GET /a?\nHost=a\n[]\n");
    QTest::newRow("blanks around a value and an empty value")
        << QByteArray("GET /a HTTP/1.1\r\nHost:   a \t\r\nX-Empty:\r\n\r\n")
        << QByteArray("GET /a?\nHost=a\nX-Empty=\n[]\n");
    QTest::newRow("the same length twice")
        << QByteArray(
               "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx")
        << QByteArray("POST /a?\nHost=a\nContent-Length=1\nContent-Length=1\n[x]\n");
    QTest::newRow("an old client without a host")
        << QByteArray("GET /a HTTP/1.0\r\n\r\n") << QByteArray("GET /a?\n[]\n");
}

void TestRequestFramer::readsTheSameHoweverSplit()
{
    QFETCH(QByteArray, bytes);
    QFETCH(QByteArray, expected);

    RequestFramer whole;
    QCOMPARE(describe(readAll(whole, {bytes})), expected);
    for (qsizetype at = 1; at < bytes.size(); ++at) {
        RequestFramer framer;
        const QByteArrayView view(bytes);
        QCOMPARE(describe(readAll(framer, {view.first(at), view.sliced(at)})), expected);
    }
    std::vector<QByteArrayView> single;
    for (qsizetype at = 0; at < bytes.size(); ++at)
        single.push_back(QByteArrayView(bytes).sliced(at, 1));
    RequestFramer framer;
    QCOMPARE(describe(readAll(framer, single)), expected);
}

void TestRequestFramer::refuses_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<int>("status");

    const auto row = [](const char *name, const char *bytes, int status = 400) {
        QTest::newRow(name) << QByteArray(bytes) << status;
    };
    row("no HTTP at all", "hello\r\n\r\n");
    row("a request line of two words", "GET /a\r\n\r\n");
    row("a version nobody speaks here", "GET /a HTTP/2.0\r\nHost: a\r\n\r\n", 505);
    row("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505);
    row("a method with a bracket", "G(T /a HTTP/1.1\r\nHost: a\r\n\r\n");
    row("a path that is a URL", "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n");
    row("a blank in the path", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n");
    row("a field without a colon", "GET /a HTTP/1.1\r\nHost: a\r\nnonsense\r\n\r\n");
    row("a blank before the colon", "GET /a HTTP/1.1\r\nHost : a\r\n\r\n");
    row("a folded field", "GET /a HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n\r\n");
    row("a control character in a value",
        "GET /a HTTP/1.1\r\nHost: a\r\nX: 1\x01"
        "2\r\n\r\n");
    row("no host", "GET /a HTTP/1.1\r\n\r\n");
    row("two hosts", "GET /a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
    row("a negative length", "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n");
    row("a length that is no number", "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 1a\r\n\r\n");
    row("an empty length", "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n");
    row("two lengths",
        "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n");
    row("a length and chunks",
        "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n");
    row("an unknown transfer encoding",
        "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n");
    row("chunks twice",
        "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n");
    row("chunks from an old client",
        "POST /a HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    row("a chunk size that is no number",
        "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n");
    row("a chunk longer than its size",
        "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n");
    row("a length beyond the limit",
        "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 33554433\r\n\r\n", 413);
    row("a length beyond any number",
        "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n");
}

void TestRequestFramer::refuses()
{
    QFETCH(QByteArray, bytes);
    QFETCH(int, status);

    for (qsizetype at = 0; at < bytes.size(); ++at) {
        RequestFramer framer;
        const QByteArrayView view(bytes);
        QVERIFY(readAll(framer, {view.first(at), view.sliced(at)}).empty());
        QCOMPARE(framer.state(), RequestFramer::State::Failed);
        QCOMPARE(framer.error().status, status);
        QVERIFY(framer.error().message.endsWith('.'));
        QCOMPARE(framer.error().shouldRetry, std::optional(false));
    }
}

void TestRequestFramer::holdsTheHeadToItsLimit()
{
    const RequestLimits limits;
    const QByteArray start = "GET /a HTTP/1.1\r\nHost: a\r\nX: ";
    const QByteArray end = "\r\n\r\n";
    const QByteArray atBound =
        start + QByteArray(limits.maxHeadBytes - start.size() - end.size(), 'x') + end;
    QCOMPARE(atBound.size(), limits.maxHeadBytes);

    RequestFramer framer;
    QCOMPARE(readAll(framer, {atBound}).size(), std::size_t(1));

    QByteArray onePast = atBound;
    onePast.insert(start.size(), 'x');
    RequestFramer strict;
    QVERIFY(readAll(strict, {onePast}).empty());
    QCOMPARE(strict.error().status, 431);

    RequestFramer endless;
    const QByteArray noEnd(limits.maxHeadBytes + 1, 'x');
    QVERIFY(readAll(endless, {noEnd}).empty());
    QCOMPARE(endless.error().status, 431);
}

void TestRequestFramer::holdsTheBodyToItsLimit()
{
    const RequestLimits limits{64 * 1024, 100};
    const auto request = [](int length) {
        return "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: " + QByteArray::number(length)
            + "\r\n\r\n" + QByteArray(length, 'x');
    };
    RequestFramer framer(limits);
    const QByteArray atBound = request(100);
    const auto requests = readAll(framer, {atBound});
    QCOMPARE(requests.size(), std::size_t(1));
    QCOMPARE(requests.front().body.size(), 100);

    RequestFramer strict(limits);
    const QByteArray onePast = request(101);
    QVERIFY(readAll(strict, {onePast}).empty());
    QCOMPARE(strict.error().status, 413);
    QCOMPARE(strict.error().type, QByteArray("request_too_large"));
}

void TestRequestFramer::holdsAChunkedBodyToItsLimit()
{
    const RequestLimits limits{64 * 1024, 100};
    const QByteArray head = "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    RequestFramer framer(limits);
    const QByteArray atBound = head + "32\r\n" + QByteArray(50, 'x') + "\r\n32\r\n"
        + QByteArray(50, 'y') + "\r\n0\r\n\r\n";
    QCOMPARE(readAll(framer, {atBound}).size(), std::size_t(1));

    RequestFramer strict(limits);
    const QByteArray onePast = head + "32\r\n" + QByteArray(50, 'x') + "\r\n33\r\n"
        + QByteArray(51, 'y') + "\r\n0\r\n\r\n";
    QVERIFY(readAll(strict, {onePast}).empty());
    QCOMPARE(strict.error().status, 413);
}

void TestRequestFramer::knowsWhetherTheConnectionStays_data()
{
    QTest::addColumn<QByteArray>("head");
    QTest::addColumn<bool>("stays");

    QTest::newRow("HTTP/1.1 stays by itself")
        << QByteArray("GET / HTTP/1.1\r\nHost: a\r\n\r\n") << true;
    QTest::newRow("HTTP/1.1 closes on demand")
        << QByteArray("GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n") << false;
    QTest::newRow("HTTP/1.0 closes by itself") << QByteArray("GET / HTTP/1.0\r\n\r\n") << false;
    QTest::newRow("HTTP/1.0 stays on demand")
        << QByteArray("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n") << true;
}

void TestRequestFramer::knowsWhetherTheConnectionStays()
{
    QFETCH(QByteArray, head);
    QFETCH(bool, stays);

    RequestFramer framer;
    const auto requests = readAll(framer, {head});
    QCOMPARE(requests.size(), std::size_t(1));
    QCOMPARE(requests.front().keepAlive, stays);
}

void TestRequestFramer::tellsOnceThatTheClientWaitsForContinue()
{
    RequestFramer framer;
    framer.feed("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    QVERIFY(framer.takeContinueWish());
    QVERIFY(!framer.takeContinueWish());

    RequestFramer impatient;
    impatient.feed(
        "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\na");
    QVERIFY(!impatient.takeContinueWish());
}

void TestRequestFramer::fillsABodyInPlace()
{
    RequestFramer framer;
    QCOMPARE(framer.bodySpaceSize(), 0);
    framer.feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe");
    QCOMPARE(framer.bodySpaceSize(), 3);
    std::memcpy(framer.bodySpace(), "llo", 3);
    framer.bodyFilled(3);
    QCOMPARE(framer.state(), RequestFramer::State::Complete);
    QCOMPARE(framer.take().body, QByteArray("hello"));
    QVERIFY(framer.isIdle());
}

QTEST_GUILESS_MAIN(TestRequestFramer)
#include "tst_requestframer.moc"
