// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/chat/chatstream.h"
#include "tests/proxycore/chat/fixtures.h"
#include "tests/proxycore/chat/mutations.h"
#include "tests/support/streamgrammar.h"

#include <QTest>

using namespace Switchyard;
using namespace Qt::StringLiterals;

namespace {

using State = StreamTranslator::State;

struct Outcome
{
    QByteArray events;
    State state = State::Open;
    ApiError error;

    bool operator==(const Outcome &other) const
    {
        return events == other.events && state == other.state && error.status == other.error.status
            && error.type == other.error.type && error.message == other.error.message;
    }
};

Outcome outcomeOf(ChatStream &stream, QByteArray events)
{
    events += stream.finish();
    return {events, stream.state(), stream.error()};
}

Outcome fedWhole(const ChatContext &context, const QByteArray &input)
{
    ChatStream stream(context);
    return outcomeOf(stream, stream.feed(input));
}

QByteArray withCrLf(QByteArray input)
{
    return input.replace("\n", "\r\n");
}

// Whether an upstream stream of these bytes has come to an end of its own.
bool hasEnded(const QByteArray &prefix)
{
    const QList<QByteArray> lines = prefix.split('\n');
    for (const QByteArray &line : lines) {
        if (!line.startsWith("data:"))
            continue;
        const QByteArray data = line.mid(5).trimmed();
        if (data == "[DONE]")
            return true;
        const QJsonArray choices = QJsonDocument::fromJson(data).object()[u"choices"].toArray();
        if (!choices.isEmpty() && !choices.first()[u"finish_reason"].toString().isEmpty())
            return true;
    }
    return false;
}

QList<qsizetype> frameEnds(const QByteArray &stream)
{
    QList<qsizetype> ends{0};
    for (qsizetype at = stream.indexOf("\n\n"); at >= 0; at = stream.indexOf("\n\n", at + 2))
        ends.append(at + 2);
    return ends;
}

State stateNamed(const QString &name)
{
    return name == u"truncated" ? State::Truncated : State::Failed;
}

} // namespace

class TestChatStream : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void converts_data() { Fixtures::addRows(u"stream"_s, u".in.sse"_s); }
    void converts();
    void isTheSameHoweverItIsSplit_data() { Fixtures::addRows(u"stream"_s, u".in.sse"_s); }
    void isTheSameHoweverItIsSplit();
    void isTruncatedWhenCutBeforeItsEnd_data() { Fixtures::addRows(u"stream"_s, u".out.sse"_s); }
    void isTruncatedWhenCutBeforeItsEnd();

    void keepsTheGrammarWhateverTheUpstreamSends_data()
    {
        Fixtures::addRows(u"stream"_s, u".in.sse"_s);
    }
    void keepsTheGrammarWhateverTheUpstreamSends();

    void saysNothingAfterTheEnd();
    void saysNothingBeforeAnError();
    void givesEveryAnswerAnIdOfItsOwn();
    void knowsUsageCostAndModel();
    void leavesUnknownUsageUnknown();
    void handsOutTextAtOnce();
    void endlessWhiteSpaceInArgumentsFails();
    void benchmarkTextDeltas();
};

void TestChatStream::converts()
{
    QFETCH(QString, name);
    const Outcome got = fedWhole(Fixtures::contextOf(name), Fixtures::read(name + u".in.sse"_s));
    const QString errorFile = name + u".error.json"_s;
    if (!Fixtures::exists(errorFile)) {
        QCOMPARE(got.error.message, QByteArray());
        QCOMPARE(got.events, Fixtures::read(name + u".out.sse"_s));
        QCOMPARE(int(got.state), int(State::Complete));
        QCOMPARE(StreamGrammar::fault(got.events), QString());
        return;
    }
    const QJsonObject error = Fixtures::readJson(errorFile).object();
    QCOMPARE(int(got.state), int(stateNamed(error[u"state"].toString())));
    QCOMPARE(got.error.status, error[u"status"].toInt());
    QCOMPARE(got.error.type, error[u"type"].toString().toUtf8());
    QCOMPARE(got.error.message, error[u"message"].toString().toUtf8());
    QCOMPARE(StreamGrammar::fault(got.events, StreamGrammar::End::Open), QString());
}

void TestChatStream::isTheSameHoweverItIsSplit()
{
    QFETCH(QString, name);
    const ChatContext context = Fixtures::contextOf(name);
    const QByteArray lf = Fixtures::read(name + u".in.sse"_s);
    const Outcome whole = fedWhole(context, lf);
    for (const QByteArray &input : {lf, withCrLf(lf)}) {
        ChatStream slow(context);
        QByteArray events;
        for (const char c : input)
            events += slow.feed(QByteArrayView(&c, 1));
        const Outcome bytewise = outcomeOf(slow, events);
        QCOMPARE(bytewise.events, whole.events);
        QVERIFY(bytewise == whole);

        for (qsizetype at = 0; at <= input.size(); ++at) {
            ChatStream stream(context);
            QByteArray first = stream.feed(QByteArrayView(input).first(at));
            first += stream.feed(QByteArrayView(input).sliced(at));
            if (!(outcomeOf(stream, first) == whole))
                QFAIL(qPrintable(u"differs when split at byte %1"_s.arg(at)));
        }
    }
}

void TestChatStream::isTruncatedWhenCutBeforeItsEnd()
{
    QFETCH(QString, name);
    const ChatContext context = Fixtures::contextOf(name);
    const QByteArray input = Fixtures::read(name + u".in.sse"_s);
    int cuts = 0;
    for (const qsizetype end : frameEnds(input)) {
        const QByteArray prefix = input.first(end);
        if (hasEnded(prefix))
            break;
        const Outcome got = fedWhole(context, prefix);
        QCOMPARE(int(got.state), int(State::Truncated));
        QCOMPARE(got.error.type, QByteArray("api_error"));
        QVERIFY(!got.error.message.isEmpty());
        QCOMPARE(StreamGrammar::fault(got.events, StreamGrammar::End::Open), QString());
        ++cuts;
    }
    QVERIFY(cuts > 0);
}

void TestChatStream::keepsTheGrammarWhateverTheUpstreamSends()
{
    QFETCH(QString, name);
    const ChatContext context = Fixtures::contextOf(name);
    const QByteArray input = Fixtures::read(name + u".in.sse"_s);
    const QList<qsizetype> ends = frameEnds(input);
    int tried = 0;
    for (int i = 1; i < ends.size(); ++i) {
        const QByteArray frame = input.mid(ends[i - 1], ends[i] - ends[i - 1]).trimmed();
        const QJsonDocument chunk = QJsonDocument::fromJson(frame.mid(frame.indexOf('{')));
        if (!frame.startsWith("data:") || !chunk.isObject())
            continue;
        for (const QJsonValue &mutation : Mutations::of(chunk.object())) {
            const QByteArray changed = "data: "
                + QJsonDocument(mutation.toObject()).toJson(QJsonDocument::Compact) + "\n\n";
            const Outcome got =
                fedWhole(context, input.first(ends[i - 1]) + changed + input.sliced(ends[i]));
            QVERIFY(got.state != State::Open);
            const auto end = got.state == State::Complete ? StreamGrammar::End::Complete
                                                          : StreamGrammar::End::Open;
            const QString fault = StreamGrammar::fault(got.events, end);
            QVERIFY2(fault.isEmpty(), (fault.toUtf8() + '\n' + changed).constData());
            ++tried;
        }
    }
    QVERIFY(tried > 0);
}

void TestChatStream::saysNothingAfterTheEnd()
{
    ChatStream stream(Fixtures::context({}));
    stream.feed(
        "data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"},\"finish_reason\":\"stop\"}]}\n\n");
    QVERIFY(stream.feed("data: [DONE]\n\n").endsWith("{\"type\":\"message_stop\"}\n\n"));
    QCOMPARE(stream.feed("data: {\"error\":{\"message\":\"too late\"}}\n\n"), QByteArray());
    QCOMPARE(stream.finish(), QByteArray());
    QCOMPARE(int(stream.state()), int(State::Complete));
}

void TestChatStream::saysNothingBeforeAnError()
{
    ChatStream stream(Fixtures::context({}));
    QCOMPARE(stream.feed(": OPENROUTER PROCESSING\n\n"), QByteArray());
    QCOMPARE(stream.feed("data: {\"error\":{\"code\":429,\"message\":\"Slow down\"}}\n\n"),
             QByteArray());
    QCOMPARE(int(stream.state()), int(State::Failed));
    QCOMPARE(stream.error().status, 429);
    QCOMPARE(stream.error().type, QByteArray("rate_limit_error"));
}

void TestChatStream::givesEveryAnswerAnIdOfItsOwn()
{
    QSet<QString> ids;
    for (int i = 0; i < 50; ++i) {
        ChatContext context;
        context.requestedModel = "claude-opus-5";
        ChatStream stream(context);
        const QByteArray start =
            stream.feed("data: {\"id\":\"same\",\"choices\":[{\"delta\":{}}]}\n\n");
        QString fault;
        const auto frames = StreamGrammar::frames(start, &fault);
        QCOMPARE(frames.size(), 1);
        const QString id =
            QJsonDocument::fromJson(frames.first().data)[u"message"][u"id"].toString();
        QVERIFY(id.startsWith(u"msg_"));
        ids.insert(id);
    }
    QCOMPARE(ids.size(), 50);
}

void TestChatStream::knowsUsageCostAndModel()
{
    ChatStream stream(Fixtures::context({}));
    stream.feed(
        "data: {\"model\":\"anthropic/claude-opus-5\",\"choices\":[{\"delta\":{\"content\":\"Hi\"},"
        "\"finish_reason\":\"stop\"}]}\n\n"
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":7,\"cost\":"
        "0.00125,\"prompt_tokens_details\":{\"cached_tokens\":600,\"cache_write_tokens\":300}}}"
        "\n\n");
    QCOMPARE(int(stream.state()), int(State::Complete));
    Usage expected;
    expected.inputTokens = 100;
    expected.cacheReadTokens = 600;
    expected.cacheWriteTokens = 300;
    expected.outputTokens = 7;
    expected.cost = 0.00125;
    QVERIFY(stream.usage() == expected);
    QCOMPARE(stream.upstreamModel(), QByteArray("anthropic/claude-opus-5"));
    QCOMPARE(stream.stopReason(), QByteArray("end_turn"));
}

void TestChatStream::leavesUnknownUsageUnknown()
{
    ChatStream stream(Fixtures::context({}));
    stream.feed("data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"},\"finish_reason\":\"stop\"}],"
                "\"usage\":null}\n\ndata: [DONE]\n\n");
    QVERIFY(stream.usage() == Usage());
}

void TestChatStream::handsOutTextAtOnce()
{
    ChatStream stream(Fixtures::context({}));
    const QByteArray first = stream.feed(
        "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n");
    QVERIFY(first.startsWith("event: message_start\n"));
    QVERIFY(stream.feed("data: {\"choices\":[{\"delta\":{\"content\":\"Hel\"}}]}\n\n")
                .contains("\"Hel\""));
    QVERIFY(stream.feed("data: {\"choices\":[{\"delta\":{\"content\":\"lo\"}}]}\n\n")
                .contains("\"lo\""));
    const QByteArray tool = stream.feed("data: "
                                        "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,"
                                        "\"id\":\"a\",\"function\":{\"name\":"
                                        "\"T\",\"arguments\":\"{\\\"x\"}}]}}]}\n\n");
    QVERIFY(tool.contains(R"("partial_json":"{\"x")"));
}

void TestChatStream::endlessWhiteSpaceInArgumentsFails()
{
    ChatStream stream(Fixtures::context({}));
    stream.feed("data: "
                "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"function\":{"
                "\"name\":"
                "\"T\",\"arguments\":\"{\"}}]}}]}\n\n");
    const QByteArray blanks =
        "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":"
        "{\"arguments\":\""
        + QByteArray(100, ' ') + "\"}}]}}]}\n\n";
    for (int i = 0; i < 5; ++i)
        stream.feed(blanks);
    QCOMPARE(int(stream.state()), int(State::Open));
    stream.feed(blanks);
    QCOMPARE(int(stream.state()), int(State::Failed));
}

void TestChatStream::benchmarkTextDeltas()
{
    QByteArray input;
    for (int i = 0; i < 1000; ++i)
        input +=
            "data: "
            "{\"id\":\"gen-1\",\"provider\":\"Anthropic\",\"model\":\"anthropic/claude-opus-5\","
            "\"object\":\"chat.completion.chunk\",\"created\":1760000000,\"choices\":[{\"index\":0,"
            "\"delta\":{\"role\":\"assistant\",\"content\":\" word\"},\"finish_reason\":null,"
            "\"native_finish_reason\":null,\"logprobs\":null}]}\n\n";
    QBENCHMARK
    {
        ChatStream stream(Fixtures::context({}));
        QVERIFY(stream.feed(input).size() > 1000);
    }
}

QTEST_APPLESS_MAIN(TestChatStream)
#include "tst_chatstream.moc"
