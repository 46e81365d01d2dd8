// SPDX-License-Identifier: GPL-3.0-or-later
#include "exchangefixture.h"

#include <QElapsedTimer>

using namespace Switchyard;

namespace {

const QByteArray messageStart =
    "event: message_start\ndata: "
    "{\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\","
    "\"role\":\"assistant\",\"model\":\"anthropic/"
    "claude-sonnet-5\",\"content\":[],\"stop_reason\":null,"
    "\"stop_sequence\":null,\"usage\":{\"input_tokens\":12,\"output_tokens\":1}}}\n\n";
const QByteArray blockStart =
    "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,"
    "\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n";
const QByteArray blockDelta =
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
    "\"delta\":{\"type\":\"text_delta\",\"text\":\"Hello\"}}\n\n";
const QByteArray messageEnd =
    "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n"
    "event: message_delta\ndata: "
    "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\","
    "\"stop_sequence\":null},\"usage\":{\"output_tokens\":7}}\n\n"
    "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
const QByteArray wholeStream = messageStart + blockStart + blockDelta + messageEnd;
const QByteArray wholeMessage = "{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\","
                                "\"model\":\"anthropic/claude-sonnet-5\","
                                "\"content\":[{\"type\":\"text\",\"text\":\"Hello\"}],\"stop_"
                                "reason\":\"end_turn\",\"stop_sequence\":null,"
                                "\"usage\":{\"input_tokens\":12,\"output_tokens\":7}}";

QByteArray request(bool stream, const QByteArray &more = {})
{
    return QByteArray(
               "{\"model\":\"claude-sonnet-5\",\"max_tokens\":100,\"messages\":[{\"role\":\"user\","
               "\"content\":\"Hi\"}],\"stream\":")
        + (stream ? "true" : "false") + more + "}";
}

QByteArray asSent(QByteArray stream)
{
    return stream.replace("anthropic/claude-sonnet-5", "claude-sonnet-5");
}

} // namespace

class TestExchange : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void passesAMessageThrough();
    void passesAStreamThroughEventByEvent();
    void sendsTheBodyAsItCame();
    void streamsOnTheStreamPathWhateverTheBodySays();
    void dropsWhatFollowsTheEnd();
    void pingsWhileTheUpstreamIsSilent();
    void pingsBeforeTheHeadAndReportsAFailureAsEvent();
    void endsASilentStreamWithATimeoutError();
    void endsASilentRequestWithATimeoutError();
    void endsATruncatedStreamWithAnErrorEvent_data();
    void endsATruncatedStreamWithAnErrorEvent();
    void turnsAnErrorBeforeTheFirstEventIntoAStatus();
    void passesAnErrorInTheMiddleOn();
    void answersEventsToAStreamRequestThatGotJson();
    void assemblesAMessageFromAStreamNobodyAskedFor();
    void refusesWhatIsNoAnswer_data();
    void refusesWhatIsNoAnswer();
    void mapsUpstreamErrors_data();
    void mapsUpstreamErrors();
    void tellsThatNobodyListens();
    void retriesBeforeTheFirstByte();
    void doesNotRetryWhatIsHopeless();
    void doesNotRetryForAClientThatLeft();
    void cancelsTheUpstreamWhenTheClientLeaves_data();
    void cancelsTheUpstreamWhenTheClientLeaves();
    void pausesTheUpstreamForASlowClient();
    void reusesTheUpstreamConnection();
    void refusesBadRequests_data();
    void refusesBadRequests();
    void refusesABackendThatIsItself();
    void saysThatTheKeyIsMissing();
    void keepsTheBackendItBeganWith();
    void recitesOffline();
    void countsTokens();
    void endsStreamsWhenShutDown();
    void answersItsOwnEndpoints();
    void writesARowForEachRefusal();
};

void TestExchange::passesAMessageThrough()
{
    ExchangeFixture proxy;
    proxy.start();
    ProxyClient client(proxy);
    client.post(request(false));
    UpstreamCall *call = proxy.nextCall();
    QVERIFY(call);
    QVERIFY(call->head().startsWith("POST /api/v1/messages HTTP/1.1\r\n"));
    QVERIFY(call->head().toLower().contains("\r\nauthorization: bearer sk-or-v1-placeholder\r\n"));
    call->answer(200, "application/json", wholeMessage,
                 "request-id: req_upstream\r\nset-cookie: "
                 "a=b\r\nanthropic-ratelimit-requests-remaining: 9\r\n");
    QTRY_VERIFY(client.isComplete());
    QCOMPARE(client.status(), 200);
    QCOMPARE(client.body(), asSent(wholeMessage));
    QCOMPARE(client.header("request-id"), QByteArray("req_upstream"));
    QCOMPARE(client.header("x-switchyard-backend"), QByteArray("OPENROUTER"));
    QCOMPARE(client.header("x-switchyard-model"), QByteArray("anthropic/claude-sonnet-5"));
    QCOMPARE(client.header("x-switchyard-attempts"), QByteArray("1"));
    QCOMPARE(client.header("x-switchyard-adjustments"), QByteArray("0"));
    QCOMPARE(client.header("anthropic-ratelimit-requests-remaining"), QByteArray("9"));
    QVERIFY(client.header("set-cookie").isEmpty());

    const ExchangeRecord row = proxy.finalRow();
    QCOMPARE(row.state, ExchangeState::Done);
    QCOMPARE(row.status, std::optional(200));
    QCOMPARE(row.model, QByteArray("claude-sonnet-5"));
    QCOMPARE(row.upstreamModel, QByteArray("anthropic/claude-sonnet-5"));
    QCOMPARE(row.usage.inputTokens, std::optional<qint64>(12));
    QCOMPARE(row.usage.outputTokens, std::optional<qint64>(7));
    QVERIFY(!row.usage.cacheReadTokens);
    QCOMPARE(row.stopReason, QByteArray("end_turn"));
    QVERIFY(row.ttfbMs && row.durationMs);
}

void TestExchange::passesAStreamThroughEventByEvent()
{
    ExchangeFixture proxy;
    proxy.start();
    ProxyClient client(proxy);
    client.post(request(true), "/v1/messages?beta=true", "x-claude-code-session-id: session-1\r\n");
    UpstreamCall *call = proxy.nextCall();
    QVERIFY(call);
    call->beginStream();
    // Each event is at the client before the next one exists.
    QByteArray expected;
    for (const QByteArray &event : {messageStart, blockStart, blockDelta}) {
        call->chunk(event);
        expected += asSent(event);
        QTRY_COMPARE(client.body(), expected);
    }
    QCOMPARE(client.header("content-type"), QByteArray("text/event-stream; charset=utf-8"));
    QTRY_COMPARE(proxy.newestState(), std::optional(ExchangeState::Streaming));
    call->chunk(messageEnd);
    call->endStream();
    QTRY_VERIFY(client.isComplete());
    QCOMPARE(client.body(), asSent(wholeStream));
    const ExchangeRecord row = proxy.finalRow();
    QCOMPARE(row.state, ExchangeState::Done);
    QCOMPARE(row.session, QByteArray("session-1"));
    QCOMPARE(row.usage.outputTokens, std::optional<qint64>(7));
}

void TestExchange::sendsTheBodyAsItCame()
{
    ExchangeFixture proxy;
    proxy.start();
    ProxyClient client(proxy);
    const QByteArray odd = " {\"unknown\" : [1.0, 12345678901234567890, "
                           "\"\\u00e4\\/\"],\n\t\"model\":\"claude-sonnet-5\" ,"
                           "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"future\","
                           "\"x\":{}}]}],\"max_tokens\":1}";
    client.post(
        odd, "/v1/messages",
        "anthropic-beta: a,b\r\nauthorization: Bearer client-token\r\nx-api-key: client-token\r\n");
    UpstreamCall *call = proxy.nextCall();
    QVERIFY(call);
    QCOMPARE(call->body(),
             QByteArray(odd).replace("\"claude-sonnet-5\"", "\"anthropic/claude-sonnet-5\""));
    QVERIFY(!call->head().contains("client-token"));
    QVERIFY(call->head().toLower().contains("\r\nanthropic-beta: a,b\r\n"));
}

void TestExchange::streamsOnTheStreamPathWhateverTheBodySays()
{
    ExchangeFixture proxy;
    proxy.start();
    ProxyClient client(proxy);
    client.post(request(false), "/v1/messages/stream");
    UpstreamCall *call = proxy.nextCall();
    QVERIFY(call);
    QVERIFY(call->body().contains("\"stream\":true"));
    call->answer(200, "text/event-stream", wholeStream);
    QTRY_VERIFY(client.isComplete());
    QCOMPARE(client.body(), asSent(wholeStream));
}

void TestExchange::dropsWhatFollowsTheEnd()
{
    ExchangeFixture proxy;
    proxy.start();
    ProxyClient client(proxy);
    client.post(request(true));
    UpstreamCall *call = proxy.nextCall();
    QVERIFY(call);
    call->answer(200, "text/event-stream", wholeStream + "event: data\ndata: [DONE]\n\n");
    QTRY_VERIFY(client.isComplete());
    QCOMPARE(client.body(), asSent(wholeStream));
}

void TestExchange::pingsWhileTheUpstreamIsSilent()
{
    ExchangeFixture proxy;
    proxy.config.streamPingMs = 30;
    proxy.start();
    ProxyClient client(proxy);
    client.post(request(true));
    UpstreamCall *call = proxy.nextCall();
    QVERIFY(call);
    call->beginStream();
    call->chunk(messageStart);
    QTRY_VERIFY(client.body().count("event: ping\ndata: {\"type\": \"ping\"}\n\n") >= 2);
    call->chunk(blockStart + blockDelta + messageEnd);
    call->endStream();
    QTRY_VERIFY(client.isComplete());
    QVERIFY(client.body().endsWith(messageEnd));
}

void TestExchange::pingsBeforeTheHeadAndReportsAFailureAsEvent()
{
    ExchangeFixture proxy;
    proxy.config.earlyPingMs = 30;
    proxy.config.streamPingMs = 30;
    proxy.start();
    ProxyClient client(proxy);
    client.post(request(true));
    UpstreamCall *call = proxy.nextCall();
    QVERIFY(call);
    QTRY_VERIFY(client.body().count("event: ping\n") >= 2);
    QCOMPARE(client.status(), 200);
    call->answer(
        429, "application/json",
        "{\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\",\"message\":\"Slow down\"}}");
    QTRY_VERIFY(client.isComplete());
    QVERIFY(client.body().contains(
        "event: error\ndata: "
        "{\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\",\"message\":\"Slow down\"}"));
    QVERIFY(!client.body().contains("message_stop"));
    QCOMPARE(proxy.finalRow().state, ExchangeState::Error);
}

void TestExchange::endsASilentStreamWithATimeoutError()
{
    ExchangeFixture proxy;
    proxy.backend().silenceTimeoutMs = 100;
    proxy.start();
    ProxyClient client(proxy);
    client.post(request(true));
    UpstreamCall *call = proxy.nextCall();
    QVERIFY(call);
    call->beginStream();
    call->chunk(messageStart);
    QTRY_VERIFY(client.isComplete());
    QVERIFY(client.body().contains(
        "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"timeout_error\""));
    QVERIFY(!client.body().contains("message_stop"));
    QTRY_VERIFY(call->isClosed());
    QCOMPARE(proxy.finalRow().state, ExchangeState::Error);
}

void TestExchange::endsASilentRequestWithATimeoutError()
{
    ExchangeFixture proxy;
    proxy.backend().firstByteTimeoutMs = 100;
    proxy.start();
    ProxyClient client(proxy);
    client.post(request(true));
    UpstreamCall *call = proxy.nextCall();
    QVERIFY(call);
    QTRY_VERIFY(client.isComplete());
    QCOMPARE(client.status(), 504);
    QVERIFY(client.body().contains("\"type\":\"timeout_error\""));
    QVERIFY(!client.header("x-switchyard-fingerprint").isEmpty());
    QTRY_VERIFY(call->isClosed());
}

void TestExchange::endsATruncatedStreamWithAnErrorEvent_data()
{
    QTest::addColumn<QByteArray>("how");
    QTest::newRow("ended without message_stop") << QByteArray("clean");
    QTest::newRow("connection closed") << QByteArray("close");
    QTest::newRow("connection reset") << QByteArray("reset");
}

void TestExchange::endsATruncatedStreamWithAnErrorEvent()
{
    QFETCH(QByteArray, how);
    ExchangeFixture proxy;
    proxy.start();
    ProxyClient client(proxy);
    client.post(request(true));
    UpstreamCall *call = proxy.nextCall();
    QVERIFY(call);
    call->beginStream();
    call->chunk(messageStart + blockStart + blockDelta);
    QTRY_VERIFY(client.body().contains("Hello"));
    if (how == "clean")
        call->endStream();
    else if (how == "close")
        call->close();
    else
        call->reset();
    QTRY_VERIFY(client.isComplete());
    QCOMPARE(client.body().count("event: error\n"), 1);
    QVERIFY(client.body().contains("\"type\":\"api_error\""));
    QVERIFY(!client.body().contains("message_stop"));
    const ExchangeRecord row = proxy.finalRow();
    QCOMPARE(row.state, ExchangeState::Truncated);
    QCOMPARE(row.fingerprint.size(), 12);
}

void TestExchange::turnsAnErrorBeforeTheFirstEventIntoAStatus()
{
    ExchangeFixture proxy;
    proxy.start();
    ProxyClient client(proxy);
    client.post(request(true));
    UpstreamCall *call = proxy.nextCall();
    QVERIFY(call);
    call->answer(200, "text/event-stream",
                 "event: error\ndata: "
                 "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":"
                 "\"Overloaded\"}}\n\n");
    QTRY_VERIFY(client.isComplete());
    QCOMPARE(client.status(), 529);
    QVERIFY(client.body().contains("\"message\":\"Overloaded\""));
}

void TestExchange::passesAnErrorInTheMiddleOn()
{
    ExchangeFixture proxy;
    proxy.start();
    ProxyClient client(proxy);
    client.post(request(true));
    UpstreamCall *call = proxy.nextCall();
    QVERIFY(call);
    const QByteArray error = "event: error\ndata: "
                             "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\","
                             "\"message\":\"Overloaded\",\"error_type\":\"x\"}}\n\n";
    call->answer(200, "text/event-stream", messageStart + error + "event: ping\ndata: {}\n\n");
    QTRY_VERIFY(client.isComplete());
    QCOMPARE(client.body(), asSent(messageStart) + error);
}

void TestExchange::answersEventsToAStreamRequestThatGotJson()
{
    ExchangeFixture proxy;
    proxy.start();
    ProxyClient client(proxy);
    client.post(request(true));
    UpstreamCall *call = proxy.nextCall();
    QVERIFY(call);
    call->answer(200, "application/json", wholeMessage);
    QTRY_VERIFY(client.isComplete());
    QCOMPARE(client.header("content-type"), QByteArray("text/event-stream; charset=utf-8"));
    QVERIFY(client.body().startsWith("event: message_start\n"));
    QVERIFY(client.body().contains("Hello"));
    QVERIFY(client.body().endsWith("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"));
}

void TestExchange::assemblesAMessageFromAStreamNobodyAskedFor()
{
    ExchangeFixture proxy;
    proxy.start();
    ProxyClient client(proxy);
    client.post(request(false));
    UpstreamCall *call = proxy.nextCall();
    QVERIFY(call);
    call->answer(200, "text/plain", wholeStream);
    QTRY_VERIFY(client.isComplete());
    QCOMPARE(client.status(), 200);
    QCOMPARE(client.header("content-type"), QByteArray("application/json"));
    QCOMPARE(client.body(), asSent(wholeMessage));
}

void TestExchange::refusesWhatIsNoAnswer_data()
{
    QTest::addColumn<bool>("stream");
    QTest::addColumn<QByteArray>("contentType");
    QTest::addColumn<QByteArray>("body");
    for (const bool stream : {false, true}) {
        const QByteArray to = stream ? "to a stream" : "to a plain request";
        QTest::addRow("a login page %s", to.constData())
            << stream << QByteArray("text/html")
            << QByteArray("<!DOCTYPE html><title>Log in</title>");
        QTest::addRow("nothing %s", to.constData())
            << stream << QByteArray("application/json") << QByteArray();
        QTest::addRow("blanks %s", to.constData())
            << stream << QByteArray("application/json") << QByteArray(" \n ");
        QTest::addRow("plain text %s", to.constData())
            << stream << QByteArray("text/plain") << QByteArray("hello");
        QTest::addRow("a list %s", to.constData())
            << stream << QByteArray("application/json") << QByteArray("[1]");
        QTest::addRow("broken JSON %s", to.constData())
            << stream << QByteArray("application/json") << QByteArray("{\"id\":");
        QTest::addRow("an empty event stream %s", to.constData())
            << stream << QByteArray("text/event-stream") << QByteArray(": hi\n\n");
    }
}

void TestExchange::refusesWhatIsNoAnswer()
{
    QFETCH(bool, stream);
    QFETCH(QByteArray, contentType);
    QFETCH(QByteArray, body);
    ExchangeFixture proxy;
    proxy.start();
    ProxyClient client(proxy);
    client.post(request(stream));
    UpstreamCall *call = proxy.nextCall();
    QVERIFY(call);
    call->answer(200, contentType, body);
    QTRY_VERIFY(client.isComplete());
    QCOMPARE(client.status(), 502);
    QVERIFY(client.body().contains("\"type\":\"api_error\""));
    QVERIFY(proxy.finalRow().state
            == (body.startsWith(':') ? ExchangeState::Truncated : ExchangeState::Error));
}

void TestExchange::mapsUpstreamErrors_data()
{
    QTest::addColumn<int>("status");
    QTest::addColumn<QByteArray>("type");
    const auto row = [](int status, const char *type) {
        QTest::addRow("%d", status) << status << QByteArray(type);
    };
    row(400, "invalid_request_error");
    row(401, "authentication_error");
    row(402, "billing_error");
    row(403, "permission_error");
    row(404, "not_found_error");
    row(413, "request_too_large");
    row(429, "rate_limit_error");
    row(500, "api_error");
    row(504, "timeout_error");
    row(529, "overloaded_error");
}

void TestExchange::mapsUpstreamErrors()
{
    QFETCH(int, status);
    QFETCH(QByteArray, type);
    for (const bool stream : {false, true}) {
        ExchangeFixture proxy;
        proxy.start();
        ProxyClient client(proxy);
        client.post(request(stream));
        UpstreamCall *call = proxy.nextCall();
        QVERIFY(call);
        call->answer(status, "application/json",
                     "{\"error\":{\"code\":" + QByteArray::number(status)
                         + ",\"message\":\"The upstream's own words\"}}",
                     "retry-after: 17\r\n");
        QTRY_VERIFY(client.isComplete());
        QCOMPARE(client.status(), status);
        QVERIFY2(client.body().contains("\"type\":\"" + type + "\""), client.body());
        QVERIFY(client.body().contains("The upstream's own words"));
        QCOMPARE(client.header("retry-after"), QByteArray("17"));
        QCOMPARE(client.header("x-switchyard-fingerprint"), proxy.finalRow().fingerprint);
    }
}

void TestExchange::tellsThatNobodyListens()
{
    ExchangeFixture proxy;
    QTcpServer gone;
    QVERIFY(gone.listen(QHostAddress::LocalHost));
    proxy.backend().baseUrl = "http://127.0.0.1:" + QByteArray::number(gone.serverPort());
    gone.close();
    proxy.start();
    ProxyClient client(proxy);
    client.post(request(true));
    QTRY_VERIFY(client.isComplete());
    QCOMPARE(client.status(), 502);
    QVERIFY(client.body().contains("OpenRouter cannot be reached"));
    // It heals by itself when the upstream is back.
    QVERIFY(client.header("x-should-retry") != "false");
}

void TestExchange::retriesBeforeTheFirstByte()
{
    ExchangeFixture proxy;
    proxy.backend().retries = 1;
    proxy.start();
    ProxyClient client(proxy);
    client.post(request(true));
    UpstreamCall *first = proxy.nextCall();
    QVERIFY(first);
    const QByteArray sent = first->body();
    first->answer(503, "application/json", "{\"error\":{\"code\":503,\"message\":\"busy\"}}",
                  "retry-after-ms: 1\r\nConnection: close\r\n");
    first->close();
    UpstreamCall *second = proxy.nextCall();
    QVERIFY(second);
    QCOMPARE(second->body(), sent);
    second->answer(200, "text/event-stream", wholeStream);
    QTRY_VERIFY(client.isComplete());
    QCOMPARE(client.body(), asSent(wholeStream));
    QCOMPARE(client.header("x-switchyard-attempts"), QByteArray("2"));
    QCOMPARE(proxy.finalRow().attempts, 2);
    QCOMPARE(proxy.finalRow().state, ExchangeState::Done);
}

void TestExchange::doesNotRetryWhatIsHopeless()
{
    ExchangeFixture proxy;
    proxy.backend().retries = 3;
    proxy.start();
    ProxyClient client(proxy);
    client.post(request(true));
    UpstreamCall *call = proxy.nextCall();
    QVERIFY(call);
    call->answer(400, "application/json", "{\"error\":{\"code\":400,\"message\":\"no\"}}");
    QTRY_VERIFY(client.isComplete());
    QCOMPARE(client.status(), 400);
    QCOMPARE(proxy.finalRow().attempts, 1);
}

void TestExchange::doesNotRetryForAClientThatLeft()
{
    ExchangeFixture proxy;
    proxy.backend().retries = 1;
    proxy.start();
    ProxyClient client(proxy);
    client.post(request(true));
    UpstreamCall *call = proxy.nextCall();
    QVERIFY(call);
    call->answer(503, "application/json", "{\"error\":{\"code\":503,\"message\":\"busy\"}}",
                 "retry-after: 1\r\n");
    client.abort();
    QCOMPARE(proxy.finalRow().state, ExchangeState::Cancelled);
    QCOMPARE(proxy.finalRow().attempts, 1);
    QCOMPARE(proxy.calls.size(), std::size_t(1));
}

void TestExchange::cancelsTheUpstreamWhenTheClientLeaves_data()
{
    QTest::addColumn<QByteArray>("stage");
    QTest::newRow("before the head") << QByteArray("head");
    QTest::newRow("after the head") << QByteArray("body");
    QTest::newRow("in the stream") << QByteArray("stream");
    QTest::newRow("in an answer that is collected") << QByteArray("json");
}

void TestExchange::cancelsTheUpstreamWhenTheClientLeaves()
{
    QFETCH(QByteArray, stage);
    ExchangeFixture proxy;
    proxy.start();
    ProxyClient client(proxy);
    client.post(request(stage != "json"));
    UpstreamCall *call = proxy.nextCall();
    QVERIFY(call);
    if (stage == "json") {
        call->send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
                   "1000\r\n\r\n{\"id\":");
    } else if (stage != "head") {
        call->beginStream();
        if (stage == "stream") {
            call->chunk(messageStart);
            QTRY_VERIFY(client.body().contains("message_start"));
        }
    }
    QElapsedTimer sinceLeft;
    sinceLeft.start();
    client.abort();
    QTRY_VERIFY(call->isClosed());
    QVERIFY2(sinceLeft.elapsed() < 100, QByteArray::number(sinceLeft.elapsed()));
    QCOMPARE(proxy.finalRow().state, ExchangeState::Cancelled);
}

void TestExchange::pausesTheUpstreamForASlowClient()
{
    ExchangeFixture proxy;
    proxy.config.clientBacklogBytes = 64 * 1024;
    proxy.start();
    ProxyClient client(proxy);
    client.setReadBufferSize(1024);
    client.post(request(true));
    UpstreamCall *call = proxy.nextCall();
    QVERIFY(call);
    call->beginStream();
    call->chunk(messageStart + blockStart);
    // More than all socket buffers of the way together hold.
    QByteArray delta = blockDelta;
    delta.replace("Hello", QByteArray(100'000, 'x'));
    constexpr int deltas = 500;
    for (int i = 0; i < deltas; ++i)
        call->chunk(delta);
    call->chunk(messageEnd);
    call->endStream();
    client.setReadBufferSize(0);
    QTRY_VERIFY_WITH_TIMEOUT(client.received().endsWith("\r\n0\r\n\r\n"), 30'000);
    QCOMPARE(client.body().count("content_block_delta\ndata"), deltas);
    QVERIFY(client.body().endsWith(messageEnd));
}

void TestExchange::reusesTheUpstreamConnection()
{
    ExchangeFixture proxy;
    proxy.start();
    ProxyClient first(proxy);
    first.post(request(true));
    UpstreamCall *call = proxy.nextCall();
    QVERIFY(call);
    call->answer(200, "text/event-stream", wholeStream + "event: data\ndata: [DONE]\n\n");
    QTRY_VERIFY(first.isComplete());
    call->forgetRequest();
    ProxyClient second(proxy);
    second.post(request(false));
    QTRY_VERIFY(call->requestComplete());
    QCOMPARE(proxy.calls.size(), std::size_t(1));
    call->answer(200, "application/json", wholeMessage);
    QTRY_VERIFY(second.isComplete());
}

void TestExchange::refusesBadRequests_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<QByteArray>("named");
    QTest::newRow("not JSON") << QByteArray("hello") << QByteArray("JSON");
    QTest::newRow("nothing") << QByteArray() << QByteArray("JSON");
    QTest::newRow("a list") << QByteArray("[]") << QByteArray("object");
    QTest::newRow("no model") << QByteArray(
        "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],\"max_tokens\":1}")
                              << QByteArray("model");
    QTest::newRow("no messages") << QByteArray("{\"model\":\"a\",\"max_tokens\":1}")
                                 << QByteArray("messages");
    QTest::newRow("no max_tokens")
        << QByteArray("{\"model\":\"a\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}")
        << QByteArray("max_tokens");
    QTest::newRow("a model that is a number") << QByteArray(
        "{\"model\":1,\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],\"max_tokens\":1}")
                                              << QByteArray("model");
    QTest::newRow("a stream that is text")
        << QByteArray("{\"model\":\"a\",\"stream\":\"yes\",\"messages\":[{\"role\":\"user\","
                      "\"content\":\"a\"}],\"max_tokens\":1}")
        << QByteArray("stream");
}

void TestExchange::refusesBadRequests()
{
    QFETCH(QByteArray, body);
    QFETCH(QByteArray, named);
    ExchangeFixture proxy;
    proxy.start();
    ProxyClient client(proxy);
    client.post(body);
    QTRY_VERIFY(client.isComplete());
    QCOMPARE(client.status(), 400);
    QVERIFY2(client.body().contains(named), client.body());
    QCOMPARE(client.header("x-should-retry"), QByteArray("false"));
    QCOMPARE(proxy.finalRow().state, ExchangeState::Blocked);
    QVERIFY(proxy.calls.empty());
    // The connection is good for the next request.
    client.get("/health");
    QTRY_VERIFY(client.received().count("HTTP/1.1 ") == 2);
}

void TestExchange::refusesABackendThatIsItself()
{
    ExchangeFixture proxy;
    proxy.start();
    ExchangeConfig own = proxy.config;
    own.backends["OPENROUTER"].baseUrl =
        "http://localhost:" + QByteArray::number(proxy.port) + "/api/v1";
    proxy.core->setConfig(std::make_shared<const ExchangeConfig>(own));
    ProxyClient client(proxy);
    client.post(request(true));
    QTRY_VERIFY(client.isComplete());
    QCOMPARE(client.status(), 502);
    QVERIFY(client.body().contains("itself"));
    QCOMPARE(client.header("x-should-retry"), QByteArray("false"));
}

void TestExchange::saysThatTheKeyIsMissing()
{
    ExchangeFixture proxy;
    proxy.backend().credential = {};
    proxy.start();
    ProxyClient client(proxy);
    client.post(request(true));
    QTRY_VERIFY(client.isComplete());
    QCOMPARE(client.status(), 503);
    QVERIFY(client.body().contains("switchyard secret set OPENROUTER"));
    QCOMPARE(client.header("x-should-retry"), QByteArray("false"));
    QVERIFY(proxy.calls.empty());
}

void TestExchange::keepsTheBackendItBeganWith()
{
    ExchangeFixture proxy;
    proxy.start();
    ProxyClient running(proxy);
    running.post(request(true));
    UpstreamCall *call = proxy.nextCall();
    QVERIFY(call);
    call->beginStream();
    call->chunk(messageStart + blockStart);
    QTRY_VERIFY(running.body().contains("content_block_start"));

    ExchangeConfig switched = proxy.config;
    switched.activeBackend = "ECHO";
    proxy.core->setConfig(std::make_shared<const ExchangeConfig>(switched));
    ProxyClient later(proxy);
    later.post(request(false));
    QTRY_VERIFY(later.isComplete());
    QCOMPARE(later.header("x-switchyard-backend"), QByteArray("ECHO"));

    call->chunk(blockDelta + messageEnd);
    call->endStream();
    QTRY_VERIFY(running.isComplete());
    QCOMPARE(running.body(), asSent(wholeStream));
    QCOMPARE(running.header("x-switchyard-backend"), QByteArray("OPENROUTER"));
}

void TestExchange::recitesOffline()
{
    ExchangeFixture proxy;
    proxy.config.activeBackend = "ECHO";
    proxy.start();
    ProxyClient client(proxy);
    client.post(request(true));
    QTRY_VERIFY(client.isComplete());
    QVERIFY(client.body().startsWith("event: message_start\n"));
    QVERIFY(client.body().endsWith("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"));
    const ExchangeRecord row = proxy.finalRow();
    QCOMPARE(row.state, ExchangeState::Done);
    QCOMPARE(row.lane, std::optional(Lane::Local));

    ProxyClient leaving(proxy);
    leaving.post(request(true));
    QTRY_VERIFY(leaving.body().contains("message_start"));
    leaving.abort();
    QTRY_COMPARE(proxy.newestState(), std::optional(ExchangeState::Cancelled));
}

void TestExchange::countsTokens()
{
    ExchangeFixture proxy;
    proxy.start();
    ProxyClient client(proxy);
    client.post(
        "{\"model\":\"claude-sonnet-5\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}",
        "/v1/messages/count_tokens?beta=true");
    QTRY_VERIFY(client.isComplete());
    QCOMPARE(client.status(), 200);
    QVERIFY(client.body().startsWith("{\"input_tokens\":"));
    QCOMPARE(client.header("x-switchyard-estimate"), QByteArray("bytes"));
    QVERIFY(proxy.calls.empty());
}

void TestExchange::endsStreamsWhenShutDown()
{
    ExchangeFixture proxy;
    proxy.start();
    ProxyClient client(proxy);
    client.post(request(true));
    UpstreamCall *call = proxy.nextCall();
    QVERIFY(call);
    call->beginStream();
    call->chunk(messageStart);
    QTRY_VERIFY(client.body().contains("message_start"));
    QSignalSpy drained(proxy.core.get(), &ProxyCore::drained);
    proxy.core->shutDown(50);
    QTRY_COMPARE(drained.count(), 1);
    QTRY_VERIFY(client.isComplete());
    QVERIFY(client.body().contains("event: error\n"));
    QVERIFY(client.body().contains("overloaded_error"));
    QTRY_VERIFY(call->isClosed());
    QCOMPARE(proxy.finalRow().state, ExchangeState::Error);
}

void TestExchange::answersItsOwnEndpoints()
{
    ExchangeFixture proxy;
    proxy.start();
    struct Case
    {
        const char *path;
        int status;
        const char *contains;
    };
    const Case cases[] = {
        {"/health", 200, "\"instance\":\"test-instance\""},
        {"/health?x=1", 200, "\"status\":\"ok\""},
        {"/status", 200, "\"backend\":\"OPENROUTER\""},
        {"/metrics", 200, "switchyard_exchanges_open 0"},
        {"/v1/models?limit=2", 200, "\"has_more\":true"},
        {"/v1/models/claude-sonnet-5", 200, "\"display_name\":\"Claude Sonnet 5\""},
        {"/v1/models/nobody", 404, "not_found_error"},
        {"/", 200, ""},
        {"/v1/messages", 405, "POST"},
        {"/nothing", 404, "not_found_error"},
    };
    for (const Case &c : cases) {
        ProxyClient client(proxy);
        client.get(c.path);
        QTRY_VERIFY2(client.isComplete(), c.path);
        QVERIFY2(client.status() == c.status, c.path);
        QVERIFY2(client.body().contains(c.contains), c.path);
        QVERIFY2(client.header("request-id").startsWith("req_"), c.path);
        QVERIFY2((client.header("allow") == "POST") == (c.status == 405), c.path);
    }
}

void TestExchange::writesARowForEachRefusal()
{
    ExchangeFixture proxy;
    proxy.config.access.tokenRequired = true;
    proxy.config.access.token = Secret("sy-local-placeholder");
    proxy.start();
    ProxyClient stranger(proxy);
    stranger.post(request(true));
    QTRY_VERIFY(stranger.isComplete());
    QCOMPARE(stranger.status(), 401);
    QCOMPARE(proxy.finalRow().state, ExchangeState::Blocked);
    ProxyClient garbage(proxy);
    garbage.write("nonsense\r\n\r\n");
    QTRY_COMPARE(proxy.rows.size(), std::size_t(2));
    QCOMPARE(proxy.finalRow().status, std::optional(400));
}

QTEST_GUILESS_MAIN(TestExchange)
#include "tst_exchange.moc"
