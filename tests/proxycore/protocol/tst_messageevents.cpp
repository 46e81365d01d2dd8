// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/protocol/nativestream.h"
#include "proxycore/protocol/sseparser.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>

using namespace Switchyard;
using namespace Qt::StringLiterals;

namespace {

QByteArray frame(const QByteArray &event, const QByteArray &members)
{
    return "event: " + event + "\ndata: {\"type\":\"" + event + '"'
        + (members.isEmpty() ? QByteArray() : ',' + members) + "}\n\n";
}

// A message with these blocks, and the events of its blocks alone.
QByteArray messageOf(const QByteArray &blocks)
{
    return "{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m\","
           "\"content\":["
        + blocks
        + "],\"stop_reason\":\"end_turn\",\"stop_sequence\":null,\"usage\":{\"input_tokens\":3,"
          "\"output_tokens\":5}}";
}

const QByteArray head = frame(
    "message_start",
    "\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m\","
    "\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":3,"
    "\"output_tokens\":5}}");
const QByteArray tail =
    frame("message_delta",
          "\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{"
          "\"input_tokens\":3,\"output_tokens\":5}")
    + frame("message_stop", "");

QByteArray startOf(int index, const QByteArray &block)
{
    return frame("content_block_start",
                 "\"index\":" + QByteArray::number(index) + ",\"content_block\":" + block);
}

QByteArray deltaOf(int index, const QByteArray &delta)
{
    return frame("content_block_delta",
                 "\"index\":" + QByteArray::number(index) + ",\"delta\":" + delta);
}

QByteArray stopOf(int index)
{
    return frame("content_block_stop", "\"index\":" + QByteArray::number(index));
}

} // namespace

class TestMessageEvents : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void blocksBecomeEvents_data();
    void blocksBecomeEvents();
    void theEndCarriesEverythingOfTheEnd();
    void aMessageWithoutUsageGetsOne();
    void aPrettyPrintedMessageBecomesLines();
    void theEventsAreAStreamToTheTranslator();
    void noMessageIsAnError_data();
    void noMessageIsAnError();
};

void TestMessageEvents::blocksBecomeEvents_data()
{
    QTest::addColumn<QByteArray>("blocks");
    QTest::addColumn<QByteArray>("events");

    QTest::newRow("no block") << QByteArray() << QByteArray();
    QTest::newRow("text keeps its escapes")
        << QByteArray("{\"type\":\"text\",\"text\":\"a\\n\\u00e4\\ud83d ü\"}")
        << startOf(0, "{\"type\":\"text\",\"text\":\"\"}")
            + deltaOf(0, "{\"type\":\"text_delta\",\"text\":\"a\\n\\u00e4\\ud83d ü\"}") + stopOf(0);
    QTest::newRow("text in any order of members")
        << QByteArray("{\"text\":\"a\",\"citations\":null,\"type\":\"text\"}")
        << startOf(0, "{\"text\":\"\",\"citations\":null,\"type\":\"text\"}")
            + deltaOf(0, "{\"type\":\"text_delta\",\"text\":\"a\"}") + stopOf(0);
    QTest::newRow("empty text has no delta")
        << QByteArray("{\"type\":\"text\",\"text\":\"\"}")
        << startOf(0, "{\"type\":\"text\",\"text\":\"\"}") + stopOf(0);
    QTest::newRow("each citation is a delta")
        << QByteArray("{\"type\":\"text\",\"text\":\"a\",\"citations\":[{\"x\":1},{\"y\":[2]}]}")
        << startOf(0, "{\"type\":\"text\",\"text\":\"\",\"citations\":[]}")
            + deltaOf(0, "{\"type\":\"text_delta\",\"text\":\"a\"}")
            + deltaOf(0, "{\"type\":\"citations_delta\",\"citation\":{\"x\":1}}")
            + deltaOf(0, "{\"type\":\"citations_delta\",\"citation\":{\"y\":[2]}}") + stopOf(0);
    QTest::newRow("thinking has its text and its signature")
        << QByteArray("{\"type\":\"thinking\",\"thinking\":\"hm\",\"signature\":\"Eq==\"}")
        << startOf(0, "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}")
            + deltaOf(0, "{\"type\":\"thinking_delta\",\"thinking\":\"hm\"}")
            + deltaOf(0, "{\"type\":\"signature_delta\",\"signature\":\"Eq==\"}") + stopOf(0);
    QTest::newRow("omitted thinking has its signature alone")
        << QByteArray("{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"Eq==\"}")
        << startOf(0, "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}")
            + deltaOf(0, "{\"type\":\"signature_delta\",\"signature\":\"Eq==\"}") + stopOf(0);
    QTest::newRow("redacted thinking stands whole in its start")
        << QByteArray("{\"type\":\"redacted_thinking\",\"data\":\"abc\"}")
        << startOf(0, "{\"type\":\"redacted_thinking\",\"data\":\"abc\"}") + stopOf(0);
    QTest::newRow("a tool's input is one piece of JSON text")
        << QByteArray(
               "{\"type\":\"tool_use\",\"id\":\"toolu_1\",\"name\":\"Bash\",\"input\":{\"c\": "
               "\"ls \\\"x\\\"\",\"n\":1.0}}")
        << startOf(0, "{\"type\":\"tool_use\",\"id\":\"toolu_1\",\"name\":\"Bash\",\"input\":{}}")
            + deltaOf(0,
                      "{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"c\\\": \\\"ls "
                      "\\\\\\\"x\\\\\\\"\\\",\\\"n\\\":1.0}\"}")
            + stopOf(0);
    QTest::newRow("a tool without input has an empty piece")
        << QByteArray("{\"type\":\"tool_use\",\"id\":\"toolu_1\",\"name\":\"N\",\"input\":{ }}")
        << startOf(0, "{\"type\":\"tool_use\",\"id\":\"toolu_1\",\"name\":\"N\",\"input\":{}}")
            + deltaOf(0, "{\"type\":\"input_json_delta\",\"partial_json\":\"\"}") + stopOf(0);
    QTest::newRow("a result of a server tool stands whole in its start")
        << QByteArray("{\"type\":\"web_search_tool_result\",\"tool_use_id\":\"s\",\"content\":[{"
                      "\"a\":1}]}")
        << startOf(0,
                   "{\"type\":\"web_search_tool_result\",\"tool_use_id\":\"s\",\"content\":[{\"a\":"
                   "1}]}")
            + stopOf(0);
    QTest::newRow("a block of tomorrow stands whole in its start")
        << QByteArray("{\"type\":\"hologram\",\"text\":\"x\",\"input\":{\"a\":1}}")
        << startOf(0, "{\"type\":\"hologram\",\"text\":\"x\",\"input\":{\"a\":1}}") + stopOf(0);
    QTest::newRow("indices count from 0 without gaps")
        << QByteArray("{\"type\":\"text\",\"text\":\"\"},{\"type\":\"text\",\"text\":\"b\"}")
        << startOf(0, "{\"type\":\"text\",\"text\":\"\"}") + stopOf(0)
            + startOf(1, "{\"type\":\"text\",\"text\":\"\"}")
            + deltaOf(1, "{\"type\":\"text_delta\",\"text\":\"b\"}") + stopOf(1);
}

void TestMessageEvents::blocksBecomeEvents()
{
    QFETCH(QByteArray, blocks);
    QFETCH(QByteArray, events);
    const auto made = messageToEvents(messageOf(blocks));
    QVERIFY2(made.ok(), made.ok() ? "" : made.error().message.constData());
    QCOMPARE(made.value(), head + events + tail);
}

void TestMessageEvents::theEndCarriesEverythingOfTheEnd()
{
    const auto made = messageToEvents(
        "{\"type\":\"message\",\"model\":\"m\",\"content\":[],\"stop_reason\":\"stop_sequence\","
        "\"stop_sequence\":\"###\",\"stop_details\":{\"type\":\"refusal\"},\"container\":{\"id\":"
        "\"c\"},"
        "\"usage\":{\"output_tokens\":5,\"cost\":0.1},\"context_management\":{\"applied_edits\":[]}"
        "}");
    QVERIFY(made.ok());
    QCOMPARE(
        made.value(),
        frame(
            "message_start",
            "\"message\":{\"type\":\"message\",\"model\":\"m\",\"content\":[],\"stop_reason\":null,"
            "\"stop_sequence\":null,\"stop_details\":null,\"container\":{\"id\":\"c\"},\"usage\":{"
            "\"output_tokens\":5,\"cost\":0.1}}")
            + frame(
                "message_delta",
                "\"delta\":{\"stop_reason\":\"stop_sequence\",\"stop_sequence\":\"###\","
                "\"stop_details\":{\"type\":\"refusal\"},\"container\":{\"id\":\"c\"}},\"usage\":{"
                "\"output_tokens\":5,\"cost\":0.1},\"context_management\":{\"applied_edits\":[]}")
            + frame("message_stop", ""));
}

void TestMessageEvents::aMessageWithoutUsageGetsOne()
{
    const auto made = messageToEvents("{\"type\":\"message\",\"content\":[],\"usage\":null}");
    QVERIFY(made.ok());
    // Clients read usage of both events without looking whether it is there.
    NativeStream stream("m");
    QCOMPARE(stream.feed(made.value()), made.value());
    QCOMPARE(stream.usage().inputTokens, std::optional<qint64>(0));
    QCOMPARE(stream.usage().outputTokens, std::optional<qint64>(0));
    QCOMPARE(made.value().count("\"usage\""), qsizetype(2));
}

void TestMessageEvents::aPrettyPrintedMessageBecomesLines()
{
    const QByteArray pretty =
        QJsonDocument::fromJson(messageOf("{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"N\","
                                          "\"input\":{\"a\":[1,2]}}"))
            .toJson(QJsonDocument::Indented)
            .replace("\n", "\r\n");
    const auto made = messageToEvents(pretty);
    QVERIFY(made.ok());
    SseParser parser;
    parser.append(made.value());
    int frames = 0;
    while (const auto one = parser.next()) {
        ++frames;
        QVERIFY(!one->data.contains('\n'));
        const QJsonObject data = QJsonDocument::fromJson(one->data.toByteArray()).object();
        QCOMPARE(data.value(u"type"_s).toString().toUtf8(), one->event.toByteArray());
        const QString input = data.value(u"delta"_s).toObject().value(u"partial_json"_s).toString();
        if (!input.isEmpty())
            QCOMPARE(
                QJsonDocument::fromJson(input.toUtf8()).object().value(u"a"_s).toArray().size(), 2);
    }
    QCOMPARE(frames, 6);
}

void TestMessageEvents::theEventsAreAStreamToTheTranslator()
{
    const auto made = messageToEvents(messageOf("{\"type\":\"text\",\"text\":\"x\"}"));
    QVERIFY(made.ok());
    NativeStream stream("other");
    stream.feed(made.value());
    QCOMPARE(stream.state(), StreamTranslator::State::Complete);
    QCOMPARE(stream.stopReason(), "end_turn");
    QCOMPARE(stream.usage().outputTokens, std::optional<qint64>(5));
}

void TestMessageEvents::noMessageIsAnError_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::newRow("an error object")
        << QByteArray("{\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"x\"}}");
    QTest::newRow("a web page") << QByteArray("<html>");
    QTest::newRow("content is a string") << QByteArray("{\"type\":\"message\",\"content\":\"x\"}");
    QTest::newRow("a block is a string")
        << QByteArray("{\"type\":\"message\",\"content\":[\"x\"]}");
}

void TestMessageEvents::noMessageIsAnError()
{
    QFETCH(QByteArray, body);
    QVERIFY(!messageToEvents(body).ok());
}

QTEST_APPLESS_MAIN(TestMessageEvents)
#include "tst_messageevents.moc"
