// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/protocol/nativestream.h"

#include <QTest>

using namespace Switchyard;

namespace {

// As OpenRouter sends it; the model is what differs on the way down.
QByteArray start(const QByteArray &model)
{
    return "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"gen-1\","
           "\"type\":\"message\",\"role\":\"assistant\",\"container\":null,\"content\":[],"
           "\"model\":"
        + model
        + ",\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":1231,"
          "\"output_tokens\":1,\"output_tokens_details\":null,\"cache_creation_input_tokens\":7,"
          "\"cache_read_input_tokens\":9,\"cache_creation\":{\"ephemeral_5m_input_tokens\":0},"
          "\"server_tool_use\":null,\"service_tier\":\"standard\"},\"provider\":\"Anthropic\"}}"
          "\n\n";
}

const QByteArray ping = "event: ping\ndata: {\"type\": \"ping\"}\n\n";
const QByteArray block =
    "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,"
    "\"content_block\":{\"type\":\"text\",\"text\":\"\",\"citations\":[]}}\n\n"
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
    "\"delta\":{\"type\":\"text_delta\",\"text\":\"Grüße \\ud83d\\ude00 \xF0\x9F\x98\x80\"}}\n\n"
    "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n";
const QByteArray delta =
    "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"container\":null,"
    "\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{\"input_tokens\":1231,"
    "\"output_tokens\":21,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":9,"
    "\"cost\":0.002672,\"is_byok\":false},\"context_management\":null}\n\n";
const QByteArray stop = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
const QByteArray done = "event: data\ndata: [DONE]\n\n";

const QByteArray asked = "claude-opus-5-5";
const QByteArray up = "\"anthropic/claude-opus-5.5\"";
const QByteArray down = "\"claude-opus-5-5\"";

QByteArray withLineEnds(QByteArray stream, const QByteArray &lineEnd)
{
    return stream.replace('\n', lineEnd);
}

struct Played
{
    QByteArray out;
    StreamTranslator::State state = StreamTranslator::State::Open;
    ApiError error;
    QByteArray errorFrame;
    Usage usage;
    QByteArray stopReason;
    QByteArray upstreamModel;
};

Played play(const QByteArrayList &pieces)
{
    NativeStream stream(asked);
    Played played;
    for (const QByteArray &piece : pieces)
        played.out += stream.feed(piece);
    played.out += stream.finish();
    played.state = stream.state();
    played.error = stream.error();
    played.errorFrame = stream.errorFrame("req_1");
    played.usage = stream.usage();
    played.stopReason = stream.stopReason();
    played.upstreamModel = stream.upstreamModel();
    return played;
}

QByteArrayList bytewise(const QByteArray &stream)
{
    QByteArrayList pieces;
    for (const char byte : stream)
        pieces.append(QByteArray(1, byte));
    return pieces;
}

} // namespace

using State = StreamTranslator::State;
Q_DECLARE_METATYPE(State)

class TestNativeStream : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void framesPass_data();
    void framesPass();
    void usageAndStopReasonAreRead();
    void laterUsageOverwrites();
    void eachFrameLeavesAtOnce();
    void nothingFollowsTheEnd();
    void anErrorEventIsHeldBack();
    void anErrorIsClassifiedByItsType_data();
    void anErrorIsClassifiedByItsType();
    void anErrorInAForeignShapeBecomesOurs();
    void anEndWithoutMessageStopIsATruncation_data();
    void anEndWithoutMessageStopIsATruncation();
    void aHalfFrameAtTheEndIsNotHandedOut();
    void aBrokenStartIsAFailure();
    void deltasAreNotParsed();

    void aJsonAnswerPassesButForItsModel_data();
    void aJsonAnswerPassesButForItsModel();
    void factsOfAJsonAnswerAreRead();
    void noMessageIsAnError_data();
    void noMessageIsAnError();
};

void TestNativeStream::framesPass_data()
{
    QTest::addColumn<QByteArray>("in");
    QTest::addColumn<QByteArray>("out");

    const QByteArray in = start(up) + ping + block + delta + stop;
    const QByteArray out = start(down) + ping + block + delta + stop;
    QTest::newRow("a whole answer") << in << out;
    QTest::newRow("a whole answer in CRLF")
        << withLineEnds(in, "\r\n") << withLineEnds(out, "\r\n");
    QTest::newRow("a whole answer in CR") << withLineEnds(in, "\r") << withLineEnds(out, "\r");
    QTest::newRow("OpenRouter's [DONE] after the end is dropped") << in + done << out;
    QTest::newRow("a [DONE] without an event is dropped") << in + "data:[DONE]" << out;
    QTest::newRow("a [DONE] before the end is dropped")
        << start(up) + block + delta + done + stop << start(down) + block + delta + stop;
    QTest::newRow("comments before the start are dropped")
        << ": OPENROUTER PROCESSING\n\n: OPENROUTER PROCESSING\n\n" + in << out;
    QTest::newRow("comments later pass") << start(up) + ": OPENROUTER PROCESSING\n\n" + block
            + delta + stop << start(down) + ": OPENROUTER PROCESSING\n\n" + block + delta + stop;
    QTest::newRow("extra blank lines are dropped") << "\n\n" + start(up) + "\n" + block + "\n\n"
            + delta + stop << start(down) + block + delta + stop;
    QTest::newRow("a comment in the frame of the start stays in it")
        << ": hello\n" + in << ": hello\n" + out;
    QTest::newRow("pings before the start pass") << ping + in << ping + out;
    QTest::newRow("unknown events pass")
        << start(up) + "event: tomorrow\ndata: {\"x\":1}\n\n" + block + delta + stop
        << start(down) + "event: tomorrow\ndata: {\"x\":1}\n\n" + block + delta + stop;
    QTest::newRow("the final blank line is completed") << in.chopped(1) << out;
    QTest::newRow("the final line end is completed") << in.chopped(2) << out;
    QTest::newRow("the final CRLF blank line is completed")
        << withLineEnds(in, "\r\n").chopped(2) << withLineEnds(out, "\r\n").chopped(2) + '\n';
    QTest::newRow("frames without an event line get one")
        << QByteArray(in)
               .replace("event: message_start\n", "")
               .replace("event: ping\n", "")
               .replace("event: content_block_start\n", "")
               .replace("event: content_block_delta\n", "")
               .replace("event: content_block_stop\n", "")
               .replace("event: message_delta\n", "")
               .replace("event: message_stop\n", "")
        << out;
    QTest::newRow("a start without an event line and without a space gets one")
        << QByteArray(start(up)).replace("event: message_start\ndata: ", "data:") + stop
        << QByteArray(start(down)).replace("\ndata: ", "\ndata:") + stop;
    QTest::newRow("a start of several data lines is joined")
        << QByteArray(start(up)).replace(",\"content\"", "\ndata: ,\"content\"") + stop
        << QByteArray(start(down)).replace(",\"content\"", " ,\"content\"") + stop;
    QTest::newRow("a start without a model passes")
        << QByteArray(start(up)).replace("\"model\":" + up + ',', "") + stop
        << QByteArray(start(up)).replace("\"model\":" + up + ',', "") + stop;
    QTest::newRow("a start whose model is null passes")
        << start("null") + stop << start("null") + stop;
    QTest::newRow("a start whose model is escaped is put back")
        << start("\"a\\/b\\\"c\"") + stop << start(down) + stop;
    QTest::newRow("the model's name elsewhere is not touched") << start(up)
            + QByteArray(block).replace("Gr", "\\\"model\\\":" + up.chopped(1).sliced(1)) + stop
                                                               << start(down)
            + QByteArray(block).replace("Gr", "\\\"model\\\":" + up.chopped(1).sliced(1)) + stop;
    QTest::newRow("a byte order mark is dropped") << "\xEF\xBB\xBF" + in << out;
}

void TestNativeStream::framesPass()
{
    QFETCH(QByteArray, in);
    QFETCH(QByteArray, out);

    const Played whole = play({in});
    QCOMPARE(whole.out, out);
    QCOMPARE(whole.state, State::Complete);
    for (qsizetype i = 0; i <= in.size(); ++i)
        QCOMPARE(play({in.first(i), in.sliced(i)}).out, out);
    QCOMPARE(play(bytewise(in)).out, out);
}

void TestNativeStream::usageAndStopReasonAreRead()
{
    const Played played = play({start(up) + block + delta + stop});
    QCOMPARE(played.usage.inputTokens, std::optional<qint64>(1231));
    QCOMPARE(played.usage.outputTokens, std::optional<qint64>(21));
    QCOMPARE(played.usage.cacheWriteTokens, std::optional<qint64>(0));
    QCOMPARE(played.usage.cacheReadTokens, std::optional<qint64>(9));
    QCOMPARE(played.usage.cost, std::optional(0.002672));
    QCOMPARE(played.stopReason, "end_turn");
    QCOMPARE(played.upstreamModel, "anthropic/claude-opus-5.5");
}

void TestNativeStream::laterUsageOverwrites()
{
    NativeStream stream(asked);
    stream.feed(start(up));
    QCOMPARE(stream.usage().outputTokens, std::optional<qint64>(1));
    QVERIFY(!stream.usage().cost);
    stream.feed(
        "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":"
        "null},\"usage\":{\"output_tokens\":5,\"input_tokens\":null}}\n\n");
    QCOMPARE(stream.usage().outputTokens, std::optional<qint64>(5));
    QCOMPARE(stream.usage().inputTokens, std::optional<qint64>(1231));
    QCOMPARE(stream.stopReason(), QByteArray());
    stream.feed(
        "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":"
        "\"tool_use\"},\"usage\":{\"output_tokens\":8}}\n\n");
    QCOMPARE(stream.usage().outputTokens, std::optional<qint64>(8));
    QCOMPARE(stream.usage().inputTokens, std::optional<qint64>(1231));
    QCOMPARE(stream.stopReason(), "tool_use");
}

void TestNativeStream::eachFrameLeavesAtOnce()
{
    NativeStream stream(asked);
    QCOMPARE(stream.feed(start(up)), start(down));
    QCOMPARE(stream.feed(ping + block.first(10)), ping);
    QCOMPARE(stream.feed(block.sliced(10)), block);
    QCOMPARE(stream.state(), State::Open);
    QCOMPARE(stream.feed(delta + stop), delta + stop);
    QCOMPARE(stream.state(), State::Complete);
}

void TestNativeStream::nothingFollowsTheEnd()
{
    NativeStream stream(asked);
    stream.feed(start(up) + stop);
    QCOMPARE(stream.feed(ping + block + stop), QByteArray());
    QCOMPARE(stream.finish(), QByteArray());
    QCOMPARE(stream.state(), State::Complete);
}

void TestNativeStream::anErrorEventIsHeldBack()
{
    const QByteArray frame =
        "event: error\r\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\","
        "\"message\":\"Overloaded, \\\"try\\\" "
        "later\",\"error_type\":\"provider_overloaded\"}}\r\n\r\n";
    const QByteArray in = start(up) + frame + block;
    const Played played = play({in});
    QCOMPARE(played.out, start(down));
    QCOMPARE(played.state, State::Failed);
    QCOMPARE(played.error.type, "overloaded_error");
    QCOMPARE(played.error.message, "Overloaded, \"try\" later");
    QCOMPARE(played.error.status, 529);
    QCOMPARE(played.errorFrame, frame);
    for (qsizetype i = 0; i <= in.size(); ++i) {
        const Played split = play({in.first(i), in.sliced(i)});
        QCOMPARE(split.out, start(down));
        QCOMPARE(split.errorFrame, frame);
    }
}

void TestNativeStream::anErrorIsClassifiedByItsType_data()
{
    QTest::addColumn<QByteArray>("type");
    QTest::addColumn<int>("status");
    QTest::newRow("a rate limit is 429") << QByteArray("rate_limit_error") << 429;
    QTest::newRow("a bad request is 400") << QByteArray("invalid_request_error") << 400;
    QTest::newRow("an API error is 500") << QByteArray("api_error") << 500;
    QTest::newRow("a time-out is 504") << QByteArray("timeout_error") << 504;
    QTest::newRow("a type of tomorrow is 500 and stays") << QByteArray("quota_error") << 500;
}

void TestNativeStream::anErrorIsClassifiedByItsType()
{
    QFETCH(QByteArray, type);
    QFETCH(int, status);
    const Played played =
        play({start(up) + "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"" + type
              + "\",\"message\":\"m\"}}\n\n"});
    QCOMPARE(played.state, State::Failed);
    QCOMPARE(played.error.type, type);
    QCOMPARE(played.error.status, status);
    QCOMPARE(played.error.message, "m");
}

void TestNativeStream::anErrorInAForeignShapeBecomesOurs()
{
    const Played played =
        play({start(up) + "data: {\"error\":{\"code\":\"429\",\"message\":\"slow down\"}}\n\n"});
    QCOMPARE(played.out, start(down));
    QCOMPARE(played.state, State::Failed);
    QCOMPARE(played.error.status, 429);
    QCOMPARE(played.error.type, "rate_limit_error");
    QCOMPARE(played.errorFrame,
             "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\","
             "\"message\":\"slow down\"},\"request_id\":\"req_1\"}\n\n");
}

void TestNativeStream::anEndWithoutMessageStopIsATruncation_data()
{
    QTest::addColumn<QByteArray>("in");
    QTest::addColumn<QByteArray>("out");
    QTest::addColumn<QByteArray>("words");
    QTest::newRow("nothing came") << QByteArray() << QByteArray() << QByteArray("was empty");
    QTest::newRow("comments alone came")
        << QByteArray(": OPENROUTER PROCESSING\n\n") << QByteArray() << QByteArray("was empty");
    QTest::newRow("the start came") << start(up) << start(down) << QByteArray("in the middle");
    QTest::newRow("all but message_stop came")
        << start(up) + block + delta << start(down) + block + delta << QByteArray("in the middle");
    QTest::newRow("a [DONE] is no message_stop") << start(up) + block + delta
            + done << start(down) + block + delta << QByteArray("in the middle");
}

void TestNativeStream::anEndWithoutMessageStopIsATruncation()
{
    QFETCH(QByteArray, in);
    QFETCH(QByteArray, out);
    QFETCH(QByteArray, words);
    const Played played = play({in});
    QCOMPARE(played.out, out);
    QCOMPARE(played.state, State::Truncated);
    QCOMPARE(played.error.type, "api_error");
    QVERIFY2(played.error.message.contains(words), played.error.message.constData());
    QVERIFY(played.errorFrame.startsWith("event: error\ndata: "));
    QVERIFY(played.errorFrame.contains("req_1"));
}

void TestNativeStream::aHalfFrameAtTheEndIsNotHandedOut()
{
    const QByteArray in = start(up) + block;
    const QByteArray whole = start(down) + block;
    const qsizetype lastFrame = block.indexOf("event: content_block_stop");
    for (qsizetype cut = in.size() - block.size() + lastFrame + 1; cut < in.size() - 2; ++cut) {
        const Played played = play({in.first(cut)});
        QCOMPARE(played.out, start(down) + block.first(lastFrame));
        QCOMPARE(played.state, State::Truncated);
    }
    QCOMPARE(play({in.chopped(2)}).out, whole);
}

void TestNativeStream::aBrokenStartIsAFailure()
{
    const Played played = play({"event: message_start\ndata: {\"type\":\"message_start\",\n\n"});
    QCOMPARE(played.out, QByteArray());
    QCOMPARE(played.state, State::Failed);
    QCOMPARE(played.error.type, "api_error");
    QVERIFY(played.error.message.contains("message_start"));
}

void TestNativeStream::deltasAreNotParsed()
{
    const QByteArray odd = "event: content_block_delta\ndata: {not even JSON\n\n";
    QCOMPARE(play({start(up) + odd + stop}).out, start(down) + odd + stop);
}

void TestNativeStream::aJsonAnswerPassesButForItsModel_data()
{
    QTest::addColumn<QByteArray>("in");
    QTest::addColumn<QByteArray>("out");
    QTest::newRow("the model stands at the top")
        << QByteArray(
               "{\"id\":\"msg_1\", \"type\":\"message\",\"model\": \"up/x\",\"content\":[]}\n")
        << QByteArray("{\"id\":\"msg_1\", \"type\":\"message\",\"model\": "
                      "\"claude-opus-5-5\",\"content\":[]}\n");
    QTest::newRow("the same name in the content stays")
        << QByteArray("{\"content\":[{\"model\":\"up/x\"}],\"model\":\"up/x\"}")
        << QByteArray("{\"content\":[{\"model\":\"up/x\"}],\"model\":\"claude-opus-5-5\"}");
    QTest::newRow("numbers keep their digits")
        << QByteArray("{\"content\":[1.0,12345678901234567890],\"model\":\"up/x\"}")
        << QByteArray("{\"content\":[1.0,12345678901234567890],\"model\":\"claude-opus-5-5\"}");
    QTest::newRow("there is no model")
        << QByteArray("{\"content\":[]}") << QByteArray("{\"content\":[]}");
    QTest::newRow("an error that is null is none")
        << QByteArray("{\"error\":null,\"content\":[],\"model\":\"x\"}")
        << QByteArray("{\"error\":null,\"content\":[],\"model\":\"claude-opus-5-5\"}");
}

void TestNativeStream::aJsonAnswerPassesButForItsModel()
{
    QFETCH(QByteArray, in);
    QFETCH(QByteArray, out);
    const auto read = readNativeResponse(in, asked);
    QVERIFY2(read.ok(), read.ok() ? "" : read.error().message.constData());
    QCOMPARE(read.value().body, out);
}

void TestNativeStream::factsOfAJsonAnswerAreRead()
{
    const auto read = readNativeResponse(
        "{\"type\":\"message\",\"model\":\"up\",\"content\":[],\"stop_reason\":\"max_tokens\","
        "\"usage\":{\"input_tokens\":1,\"cache_read_input_tokens\":2,\"cache_creation_input_"
        "tokens\":"
        "3,\"output_tokens\":4,\"cost\":0.5,\"server_tool_use\":null}}",
        asked);
    QVERIFY(read.ok());
    QCOMPARE(read.value().upstreamModel, "up");
    QCOMPARE(read.value().stopReason, "max_tokens");
    QCOMPARE(read.value().usage, (Usage{1, 2, 3, 4, 0.5}));

    const auto bare = readNativeResponse("{\"content\":[],\"usage\":null}", asked);
    QVERIFY(bare.ok());
    QCOMPARE(bare.value().usage, Usage());
}

void TestNativeStream::noMessageIsAnError_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<int>("status");
    QTest::addColumn<QByteArray>("type");
    QTest::addColumn<QByteArray>("words");
    QTest::newRow("an error of the Messages API in a 200") << QByteArray(
        "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"busy\"}}")
                                                           << 529 << QByteArray("overloaded_error")
                                                           << QByteArray("busy");
    QTest::newRow("an error of OpenRouter in a 200")
        << QByteArray("{\"error\":{\"code\":402,\"message\":\"Insufficient credits\"}}") << 402
        << QByteArray("billing_error") << QByteArray("Insufficient credits");
    QTest::newRow("a web page") << QByteArray("<html><title>Sign in</title></html>") << 502
                                << QByteArray("api_error") << QByteArray("Sign in");
    QTest::newRow("nothing") << QByteArray() << 502 << QByteArray("api_error")
                             << QByteArray("without an explanation");
    QTest::newRow("a list") << QByteArray("[1,2]") << 502 << QByteArray("api_error")
                            << QByteArray("[1,2]");
    QTest::newRow("an object that is no message")
        << QByteArray("{\"object\":\"chat.completion\",\"choices\":[]}") << 502
        << QByteArray("api_error") << QByteArray("chat.completion");
    QTest::newRow("a message cut in the middle")
        << QByteArray("{\"type\":\"message\",\"content\":[{\"type\":\"te") << 502
        << QByteArray("api_error") << QByteArray("message");
    QTest::newRow("a message that is malformed deep inside")
        << QByteArray("{\"type\":\"message\",\"content\":[{\"type\":tru}]}") << 502
        << QByteArray("api_error") << QByteArray("message");
}

void TestNativeStream::noMessageIsAnError()
{
    QFETCH(QByteArray, body);
    QFETCH(int, status);
    QFETCH(QByteArray, type);
    QFETCH(QByteArray, words);
    const auto read = readNativeResponse(body, asked);
    QVERIFY(!read.ok());
    QCOMPARE(read.error().status, status);
    QCOMPARE(read.error().type, type);
    QVERIFY2(read.error().message.contains(words), read.error().message.constData());
}

QTEST_APPLESS_MAIN(TestNativeStream)
#include "tst_nativestream.moc"
