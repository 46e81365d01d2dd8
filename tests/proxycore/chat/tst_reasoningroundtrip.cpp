// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/chat/chatrequest.h"
#include "proxycore/chat/chatstream.h"
#include "tests/proxycore/chat/fixtures.h"
#include "tests/support/streamgrammar.h"

#include <QTest>

using namespace Switchyard;
using namespace Qt::StringLiterals;

// What a model thought must come back to it as it was, though it travels through the Messages API,
// which knows only Claude's form of it.
class TestReasoningRoundTrip : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void comesBackAsItWas_data();
    void comesBackAsItWas();
    void staysAwayFromOtherMakers_data() { comesBackAsItWas_data(); }
    void staysAwayFromOtherMakers();

private:
    static QJsonArray blocksFromStream(const QByteArray &model, const QJsonArray &deltas);
    static QJsonObject sentBack(const QByteArray &model, const QJsonArray &blocks);
};

// The content of an answer as a client keeps it.
QJsonArray TestReasoningRoundTrip::blocksFromStream(const QByteArray &model,
                                                    const QJsonArray &deltas)
{
    ChatContext context;
    context.requestedModel = "claude-opus-5";
    context.modelFamily = chatModelFamily(model);
    ChatStream stream(context);
    QByteArray events;
    for (const QJsonValue &delta : deltas) {
        const QJsonObject chunk{
            {u"choices"_s, QJsonArray{QJsonObject{{u"index"_s, 0}, {u"delta"_s, delta}}}}};
        events +=
            stream.feed("data: " + QJsonDocument(chunk).toJson(QJsonDocument::Compact) + "\n\n");
    }
    events += stream.feed("data: [DONE]\n\n");
    const QString fault = StreamGrammar::fault(events);
    if (!fault.isEmpty())
        qFatal("%s", qPrintable(fault));

    QJsonArray blocks;
    QString error;
    QJsonObject block;
    QString input;
    const auto frames = StreamGrammar::frames(events, &error);
    for (const StreamGrammar::Frame &frame : frames) {
        const QJsonObject data = QJsonDocument::fromJson(frame.data).object();
        const QJsonObject delta = data[u"delta"].toObject();
        if (frame.event == "content_block_start") {
            block = data[u"content_block"].toObject();
            input.clear();
        } else if (frame.event == "content_block_delta") {
            for (const QString &key : {u"text"_s, u"thinking"_s}) {
                if (delta.contains(key))
                    block[key] = block[key].toString() + delta[key].toString();
            }
            if (delta.contains(u"signature"))
                block[u"signature"] = delta[u"signature"];
            input += delta[u"partial_json"].toString();
        } else if (frame.event == "content_block_stop") {
            if (!input.isEmpty())
                block[u"input"] = QJsonDocument::fromJson(input.toUtf8()).object();
            blocks.append(block);
        }
    }
    return blocks;
}

// The assistant's message as it goes to the upstream with the next turn.
QJsonObject TestReasoningRoundTrip::sentBack(const QByteArray &model, const QJsonArray &blocks)
{
    QJsonArray results;
    for (const QJsonValue &block : blocks) {
        if (block[u"type"].toString() == u"tool_use")
            results.append(QJsonObject{{u"type"_s, u"tool_result"_s},
                                       {u"tool_use_id"_s, block[u"id"]},
                                       {u"content"_s, u"ok"_s}});
    }
    if (results.isEmpty())
        results.append(QJsonObject{{u"type"_s, u"text"_s}, {u"text"_s, u"Go on"_s}});
    const QJsonObject request{
        {u"model"_s, u"claude-opus-5"_s},
        {u"max_tokens"_s, 100},
        {u"messages"_s,
         QJsonArray{QJsonObject{{u"role"_s, u"user"_s}, {u"content"_s, u"Hi"_s}},
                    QJsonObject{{u"role"_s, u"assistant"_s}, {u"content"_s, blocks}},
                    QJsonObject{{u"role"_s, u"user"_s}, {u"content"_s, results}}}}};
    const Result<MessagesRequest> read = readMessagesRequest(QJsonDocument(request).toJson());
    if (!read)
        qFatal("%s", read.error().message.constData());
    const Result<ChatRequest> chat =
        convertToChat(read.value(), model, Fixtures::openRouterLike(model));
    if (!chat)
        qFatal("%s", chat.error().message.constData());
    const QJsonObject sent = QJsonDocument::fromJson(chat.value().body).object();
    return sent[u"messages"].toArray()[1].toObject();
}

void TestReasoningRoundTrip::comesBackAsItWas_data()
{
    QTest::addColumn<QByteArray>("model");
    QTest::addColumn<QByteArray>("deltas");
    QTest::addColumn<QByteArray>("reasoning"); // members of the assistant message expected back

    QTest::newRow("Claude's, signed at the end")
        << QByteArray("anthropic/claude-opus-5") << QByteArray(R"([
            {"reasoning_details":[{"type":"reasoning.text","text":" Let\u0301 me ","format":"anthropic-claude-v1","index":0}]},
            {"reasoning_details":[{"type":"reasoning.text","text":"see\n","format":"anthropic-claude-v1","index":0}]},
            {"reasoning_details":[{"type":"reasoning.text","signature":"EpwC/+==","format":"anthropic-claude-v1","index":0}]},
            {"tool_calls":[{"index":0,"id":"toolu_1","function":{"name":"Read","arguments":"{}"}}]}])")
        << QByteArray(R"({"reasoning_details":[
            {"type":"reasoning.text","text":" Let\u0301 me see\n","signature":"EpwC/+==","format":"anthropic-claude-v1","index":0}]})");
    QTest::newRow("Claude's, signed after the text began")
        << QByteArray("anthropic/claude-opus-5") << QByteArray(R"([
            {"reasoning_details":[{"type":"reasoning.text","text":"Hm","format":"anthropic-claude-v1","index":0}]},
            {"content":"Yes"},
            {"reasoning_details":[{"type":"reasoning.text","signature":"S==","format":"anthropic-claude-v1","index":0}]}])")
        << QByteArray(R"({"reasoning_details":[
            {"type":"reasoning.text","text":"Hm","signature":"S==","format":"anthropic-claude-v1","index":0}]})");
    QTest::newRow("Claude's, redacted between two thoughts")
        << QByteArray("anthropic/claude-opus-5") << QByteArray(R"([
            {"reasoning_details":[{"type":"reasoning.text","text":"One","signature":"S1","format":"anthropic-claude-v1","index":0}]},
            {"reasoning_details":[{"type":"reasoning.encrypted","data":"EmwK","format":"anthropic-claude-v1","index":1}]},
            {"reasoning_details":[{"type":"reasoning.text","text":"Two","signature":"S2","format":"anthropic-claude-v1","index":2}]},
            {"content":"Yes"}])")
        << QByteArray(R"({"reasoning_details":[
            {"type":"reasoning.text","text":"One","signature":"S1","format":"anthropic-claude-v1","index":0},
            {"type":"reasoning.encrypted","data":"EmwK","format":"anthropic-claude-v1","index":1},
            {"type":"reasoning.text","text":"Two","signature":"S2","format":"anthropic-claude-v1","index":2}]})");
    QTest::newRow("OpenAI's summary and encrypted content")
        << QByteArray("openai/gpt-5") << QByteArray(R"([
            {"reasoning":"**Pl","reasoning_details":[{"type":"reasoning.summary","summary":"**Pl","id":"rs_1","format":"openai-responses-v1","index":0}]},
            {"reasoning":"an**","reasoning_details":[{"type":"reasoning.summary","summary":"an**","format":"openai-responses-v1","index":0}]},
            {"reasoning_details":[{"type":"reasoning.encrypted","data":"gAAA","id":"rs_1","format":"openai-responses-v1","index":1}]},
            {"tool_calls":[{"index":0,"id":"call_1","function":{"name":"Read","arguments":"{\"a\":1}"}}]}])")
        << QByteArray(R"({"reasoning_details":[
            {"type":"reasoning.summary","summary":"**Plan**","id":"rs_1","format":"openai-responses-v1","index":0},
            {"type":"reasoning.encrypted","data":"gAAA","id":"rs_1","format":"openai-responses-v1","index":1}]})");
    QTest::newRow("Gemini's text and signature")
        << QByteArray("google/gemini-3-pro") << QByteArray(R"([
            {"reasoning_details":[{"type":"reasoning.text","text":"Hm","format":"google-gemini-v1","index":0}]},
            {"reasoning_details":[{"type":"reasoning.encrypted","data":"CiQB","id":"tool_0","format":"google-gemini-v1","index":1}],
             "tool_calls":[{"index":0,"id":"tool_0","function":{"name":"Read","arguments":"{\"a\":1}"}}]}])")
        << QByteArray(R"({"reasoning_details":[
            {"type":"reasoning.text","text":"Hm","format":"google-gemini-v1","index":0},
            {"type":"reasoning.encrypted","data":"CiQB","id":"tool_0","format":"google-gemini-v1","index":1}]})");
    QTest::newRow("signed text that is not Claude's") << QByteArray("x-ai/grok-5")
                                                      << QByteArray(R"([
            {"reasoning_details":[{"type":"reasoning.text","text":"Hm","signature":"G==","format":"xai-responses-v1","index":0}]},
            {"content":"Yes"}])") << QByteArray(R"({"reasoning_details":[
            {"type":"reasoning.text","text":"Hm","signature":"G==","format":"xai-responses-v1","index":0}]})");
    QTest::newRow("plain reasoning")
        << QByteArray("deepseek/deepseek-r1")
        << QByteArray(R"([{"reasoning":"First, "},{"reasoning":"\"then\"\n"},{"content":"Yes"}])")
        << QByteArray(R"({"reasoning":"First, \"then\"\n"})");
}

void TestReasoningRoundTrip::comesBackAsItWas()
{
    QFETCH(QByteArray, model);
    QFETCH(QByteArray, deltas);
    QFETCH(QByteArray, reasoning);
    const QJsonArray blocks = blocksFromStream(model, QJsonDocument::fromJson(deltas).array());
    const QJsonObject message = sentBack(model, blocks);
    const QJsonObject expected = QJsonDocument::fromJson(reasoning).object();
    QVERIFY(!expected.isEmpty());
    QCOMPARE(message[u"reasoning_details"], expected[u"reasoning_details"]);
    QCOMPARE(message[u"reasoning"], expected[u"reasoning"]);
}

void TestReasoningRoundTrip::staysAwayFromOtherMakers()
{
    QFETCH(QByteArray, model);
    QFETCH(QByteArray, deltas);
    const QJsonArray blocks = blocksFromStream(model, QJsonDocument::fromJson(deltas).array());
    const QJsonObject message = sentBack("qwen/qwen3-coder", blocks);
    QVERIFY(!message.isEmpty());
    QVERIFY(!message.contains(u"reasoning_details"));
    QVERIFY(!message.contains(u"reasoning"));
}

QTEST_APPLESS_MAIN(TestReasoningRoundTrip)
#include "tst_reasoningroundtrip.moc"
