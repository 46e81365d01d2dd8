// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/backends/backend.h"
#include "proxycore/backends/echoanswer.h"
#include "proxycore/protocol/nativestream.h"
#include "proxycore/protocol/sseparser.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QSet>
#include <QTest>

using namespace Switchyard;
using namespace Qt::StringLiterals;

namespace {

MessagesRequest request(const QByteArray &more)
{
    auto read =
        readMessagesRequest("{\"model\":\"claude-\\\"x\\\"\",\"messages\":[{\"role\":\"user\","
                            "\"content\":\"hi\"}],"
                            + more + '}');
    if (!read.ok())
        qFatal("%s", read.error().message.constData());
    return std::move(read.value());
}

const QString text =
    u"Switchyard is running; choose a backend to reach a model. You sent 1 message for "
    "claude-\"x\"."_s;
constexpr int words = 16;

QJsonObject json(const QByteArray &bytes)
{
    return QJsonDocument::fromJson(bytes).object();
}

} // namespace

class TestEchoAnswer : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aMessageSaysWhereItComesFrom();
    void aStreamSaysTheSameWordByWord();
    void theStreamIsAValidOne();
    void maxTokensCutsTheAnswer_data();
    void maxTokensCutsTheAnswer();
    void idsAreUnique();
    void theCountIsMarkedAsAnEstimate();
    void severalMessagesAreCounted();
    void theBackendAnswersLocally();
};

void TestEchoAnswer::aMessageSaysWhereItComesFrom()
{
    const EchoAnswer answer = makeEchoAnswer(request("\"max_tokens\":1000"));
    QVERIFY(answer.frames.isEmpty());
    const QJsonObject message = json(answer.body);
    QCOMPARE(message.value(u"type"_s).toString(), u"message"_s);
    QCOMPARE(message.value(u"role"_s).toString(), u"assistant"_s);
    QCOMPARE(message.value(u"model"_s).toString(), u"claude-\"x\""_s);
    QCOMPARE(message.value(u"stop_reason"_s).toString(), u"end_turn"_s);
    QVERIFY(message.value(u"stop_sequence"_s).isNull());
    QVERIFY(message.value(u"id"_s).toString().startsWith("msg_"_L1));
    const QJsonArray content = message.value(u"content"_s).toArray();
    QCOMPARE(content.size(), 1);
    QCOMPARE(content.at(0).toObject().value(u"text"_s).toString(), text);
    const QJsonObject usage = message.value(u"usage"_s).toObject();
    QCOMPARE(usage.value(u"output_tokens"_s).toInt(), words);
    QVERIFY(usage.value(u"input_tokens"_s).toInt() > 0);
    QCOMPARE(answer.usage.outputTokens, std::optional<qint64>(words));
}

void TestEchoAnswer::aStreamSaysTheSameWordByWord()
{
    const EchoAnswer answer = makeEchoAnswer(request("\"max_tokens\":1000,\"stream\":true"));
    QVERIFY(answer.body.isEmpty());
    QString said;
    int deltas = 0;
    for (const QByteArray &bytes : answer.frames) {
        // Each element is exactly one whole frame.
        SseParser parser;
        parser.append(bytes);
        const auto frame = parser.next();
        QVERIFY(frame);
        QCOMPARE(frame->raw.size(), bytes.size());
        const QJsonObject data = json(frame->data.toByteArray());
        QCOMPARE(data.value(u"type"_s).toString().toUtf8(), frame->event.toByteArray());
        if (frame->event == "content_block_delta") {
            said += data.value(u"delta"_s).toObject().value(u"text"_s).toString();
            ++deltas;
        }
    }
    QCOMPARE(said, text);
    QCOMPARE(deltas, words);
}

void TestEchoAnswer::theStreamIsAValidOne()
{
    const EchoAnswer answer = makeEchoAnswer(request("\"max_tokens\":1000,\"stream\":true"));
    QCOMPARE(answer.frames.size(), words + 5);
    QVERIFY(answer.frames.at(0).startsWith("event: message_start\n"));
    QVERIFY(answer.frames.at(1).startsWith("event: content_block_start\n"));
    QVERIFY(answer.frames.at(words + 2).startsWith("event: content_block_stop\n"));
    QVERIFY(answer.frames.at(words + 3).startsWith("event: message_delta\n"));
    QVERIFY(answer.frames.at(words + 4).startsWith("event: message_stop\n"));
    NativeStream stream("claude-\"x\"");
    QCOMPARE(stream.feed(answer.frames.join()), answer.frames.join());
    QCOMPARE(stream.state(), StreamTranslator::State::Complete);
    QCOMPARE(stream.usage(), answer.usage);
    QCOMPARE(stream.stopReason(), answer.stopReason);
}

void TestEchoAnswer::maxTokensCutsTheAnswer_data()
{
    QTest::addColumn<int>("maxTokens");
    QTest::addColumn<QString>("said");
    QTest::addColumn<QByteArray>("stopReason");
    QTest::newRow("none is an empty answer") << 0 << QString() << QByteArray("max_tokens");
    QTest::newRow("one is the first word") << 1 << u"Switchyard"_s << QByteArray("max_tokens");
    QTest::newRow("one less than needed")
        << words - 1 << text.section(u' ', 0, words - 2) << QByteArray("max_tokens");
    QTest::newRow("just enough") << words << text << QByteArray("end_turn");
}

void TestEchoAnswer::maxTokensCutsTheAnswer()
{
    QFETCH(int, maxTokens);
    QFETCH(QString, said);
    QFETCH(QByteArray, stopReason);
    const QByteArray limit = "\"max_tokens\":" + QByteArray::number(maxTokens);
    const EchoAnswer answer = makeEchoAnswer(request(limit));
    const QJsonArray content = json(answer.body).value(u"content"_s).toArray();
    QCOMPARE(content.size(), said.isEmpty() ? 0 : 1);
    QCOMPARE(content.at(0).toObject().value(u"text"_s).toString(), said);
    QCOMPARE(json(answer.body).value(u"stop_reason"_s).toString().toUtf8(), stopReason);
    QCOMPARE(answer.stopReason, stopReason);
    QCOMPARE(answer.usage.outputTokens, std::optional<qint64>(maxTokens));

    const EchoAnswer streamed = makeEchoAnswer(request(limit + ",\"stream\":true"));
    QCOMPARE(streamed.frames.size(), maxTokens == 0 ? 3 : maxTokens + 5);
    QVERIFY(streamed.frames.join().contains("\"stop_reason\":\"" + stopReason + '"'));
}

void TestEchoAnswer::idsAreUnique()
{
    QSet<QString> ids;
    for (int i = 0; i < 100; ++i)
        ids.insert(
            json(makeEchoAnswer(request("\"max_tokens\":1")).body).value(u"id"_s).toString());
    QCOMPARE(ids.size(), 100);
}

void TestEchoAnswer::theCountIsMarkedAsAnEstimate()
{
    const QJsonObject count = json(estimatedCountBody(request("\"max_tokens\":1")));
    QVERIFY(count.value(u"input_tokens"_s).toInt() > 0);
    QCOMPARE(count.value(u"estimated"_s).toBool(), true);
}

void TestEchoAnswer::severalMessagesAreCounted()
{
    auto read =
        readMessagesRequest("{\"model\":\"m\",\"max_tokens\":99,\"messages\":[{\"role\":\"user\"},"
                            "{\"role\":\"assistant\"},{\"role\":\"user\"}]}");
    QVERIFY(read.ok());
    QVERIFY(makeEchoAnswer(read.value()).body.contains("You sent 3 messages for m."));
}

void TestEchoAnswer::theBackendAnswersLocally()
{
    const Backend *const echo = findBackend("ECHO");
    QVERIFY(echo);
    QCOMPARE(echo->traits().lanes, (std::vector<Lane>{Lane::Local}));
    QVERIFY(echo->traits().credentialVariables.isEmpty());
    QCOMPARE(echo->mapModel("anything"), "anything");
    const MessagesRequest asked = request("\"max_tokens\":1");
    const Headers headers;
    const auto attempt = echo->prepare({asked, headers, "", "m"}, BackendSettings());
    QVERIFY(attempt.ok());
    QCOMPARE(attempt.value().lane, Lane::Local);
    QVERIFY(attempt.value().url.isEmpty());
    QVERIFY(attempt.value().body.isEmpty());
}

QTEST_APPLESS_MAIN(TestEchoAnswer)
#include "tst_echoanswer.moc"
