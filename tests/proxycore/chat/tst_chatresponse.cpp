// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/chat/chatresponse.h"
#include "tests/proxycore/chat/fixtures.h"

#include <QTest>

using namespace Switchyard;
using namespace Qt::StringLiterals;

class TestChatResponse : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void converts_data() { Fixtures::addRows(u"response"_s, u".in.txt"_s); }
    void converts();
    void tellsTheJournalWhatItNeeds();
    void keepsToolInputAsBytes();
};

void TestChatResponse::converts()
{
    QFETCH(QString, name);
    const Result<MessagesResponse> got =
        convertChatResponse(Fixtures::read(name + u".in.txt"_s), Fixtures::contextOf(name));
    const QString errorFile = name + u".error.json"_s;
    if (Fixtures::exists(errorFile)) {
        QVERIFY(!got.ok());
        const QJsonObject error = Fixtures::readJson(errorFile).object();
        QCOMPARE(got.error().status, error[u"status"].toInt());
        QCOMPARE(got.error().type, error[u"type"].toString().toUtf8());
        QCOMPARE(got.error().message, error[u"message"].toString().toUtf8());
        return;
    }
    QVERIFY2(got.ok(), got.ok() ? "" : got.error().message.constData());
    QCOMPARE(Fixtures::minified(got.value().body),
             Fixtures::minified(Fixtures::read(name + u".out.json"_s)));
    QJsonParseError parsed;
    const QJsonObject message = QJsonDocument::fromJson(got.value().body, &parsed).object();
    QCOMPARE(parsed.error, QJsonParseError::NoError);
    QCOMPARE(message[u"stop_reason"].toString().toUtf8(), got.value().stopReason);
}

void TestChatResponse::tellsTheJournalWhatItNeeds()
{
    const Result<MessagesResponse> got = convertChatResponse(
        R"({"model":"openai/gpt-5","choices":[{"message":{"content":"Hi"},"finish_reason":"length"}],
            "usage":{"prompt_tokens":5,"completion_tokens":2,"cost":0.5}})",
        Fixtures::context({}));
    QVERIFY(got.ok());
    QCOMPARE(got.value().upstreamModel, QByteArray("openai/gpt-5"));
    QCOMPARE(got.value().stopReason, QByteArray("max_tokens"));
    QCOMPARE(got.value().usage.inputTokens, std::optional<qint64>(5));
    QCOMPARE(got.value().usage.outputTokens, std::optional<qint64>(2));
    QVERIFY(!got.value().usage.cacheReadTokens);
    QCOMPARE(got.value().usage.cost, std::optional<double>(0.5));
}

void TestChatResponse::keepsToolInputAsBytes()
{
    const Result<MessagesResponse> got = convertChatResponse(
        R"({"choices":[{"message":{"tool_calls":[{"id":"c1","function":{"name":"T","arguments":
            "{\"big\": 9007199254740993, \"one\":1.0,\"z\":1,\"a\":\"\\u00e9\"}"}}]},"finish_reason":"stop"}]})",
        Fixtures::context({}));
    QVERIFY(got.ok());
    QVERIFY(got.value().body.contains(
        R"("input":{"big": 9007199254740993, "one":1.0,"z":1,"a":"\u00e9"})"));
}

QTEST_APPLESS_MAIN(TestChatResponse)
#include "tst_chatresponse.moc"
