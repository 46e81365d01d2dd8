// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/backends/backend.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>

#include <algorithm>

using namespace Switchyard;
using namespace Qt::StringLiterals;

namespace {

const QByteArray body = "{\"model\":\"claude-opus-5-5\", \"max_tokens\":64,\"stream\":true,"
                        "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"x\":1.0}";

// What Claude Code sends, and what others might.
Headers clientHeaders()
{
    Headers headers;
    headers.add("Host", "127.0.0.1:4000");
    headers.add("Authorization", "Bearer local-token");
    headers.add("x-api-key", "local-token");
    headers.add("Cookie", "a=b");
    headers.add("Connection", "keep-alive");
    headers.add("Transfer-Encoding", "chunked");
    headers.add("Content-Length", "1");
    headers.add("Content-Type", "application/json; charset=utf-8");
    headers.add("Accept", "application/json");
    headers.add("Accept-Encoding", "gzip, br");
    headers.add("User-Agent", "claude-cli/2.1.330");
    headers.add("x-stainless-lang", "js");
    headers.add("x-app", "cli");
    headers.add("x-claude-code-session-id", "s");
    headers.add("anthropic-version", "2023-01-01");
    headers.add("anthropic-beta", "a-1,b-2");
    headers.add("Anthropic-Beta", "c-3");
    headers.add("anthropic-dangerous-direct-browser-access", "true");
    return headers;
}

BackendSettings settings()
{
    BackendSettings settings;
    settings.baseUrl = "https://openrouter.test/api/v1";
    settings.credential = Secret("sk-or-v1-placeholder");
    settings.referer = "https://example.test";
    settings.title = "Example";
    return settings;
}

QByteArray listed(const Headers &headers)
{
    QByteArrayList lines;
    for (const Header &field : headers)
        lines.append(field.name.toLower() + ": " + field.value + '\n');
    std::sort(lines.begin(), lines.end());
    return lines.join();
}

} // namespace

class TestOpenRouter : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();

    void theRegistryKnowsTheBackends();
    void modelsAreMapped_data();
    void modelsAreMapped();

    void theNativeLaneSendsTheBytes();
    void theNativeLaneSendsTheseHeadersAndNoOther();
    void theNativeLaneKeepsTheQuery();
    void theNativeLaneHasAVersionWhenTheClientHasNone();
    void withoutStreamingJsonIsAccepted();
    void theChatLaneConverts();
    void theChatLaneSendsTheseHeadersAndNoOther();
    void aRequestTheChatLaneCannotCarryIsRefused();
    void attributionHasDefaults();
    void theDefaultBaseIsOpenRouters();
    void aMissingKeyIsToldWithItsRemedy();
    void aDamagedKeyIsToldAndNotShown_data();
    void aDamagedKeyIsToldAndNotShown();
    void aKeyWithALineEndIsTrimmed();

    void errorsAreMapped();

private:
    PreparedAttempt prepare(const BackendSettings &with, const QByteArray &json = body,
                            const Headers &headers = clientHeaders());

    const Backend *m_backend = nullptr;
};

void TestOpenRouter::init()
{
    m_backend = findBackend("OPENROUTER");
    QVERIFY(m_backend);
}

PreparedAttempt TestOpenRouter::prepare(const BackendSettings &with, const QByteArray &json,
                                        const Headers &headers)
{
    const auto request = readMessagesRequest(json);
    if (!request.ok())
        qFatal("%s", request.error().message.constData());
    auto attempt = m_backend->prepare(
        {request.value(), headers, "beta=true", "anthropic/claude-opus-5.5"}, with);
    if (!attempt.ok())
        qFatal("%s", attempt.error().message.constData());
    return std::move(attempt.value());
}

void TestOpenRouter::theRegistryKnowsTheBackends()
{
    const BackendTraits &traits = m_backend->traits();
    QCOMPARE(traits.title, "OpenRouter");
    QCOMPARE(traits.lanes, (std::vector<Lane>{Lane::Native, Lane::Chat}));
    QVERIFY(!traits.offline);
    QVERIFY(findBackend("ECHO"));
    QVERIFY(findBackend("ECHO")->traits().offline);
    QVERIFY(!findBackend("openrouter"));
    QVERIFY(!findBackend(""));
    for (const Backend *const backend : allBackends()) {
        QCOMPARE(findBackend(backend->traits().name), backend);
        QVERIFY(!backend->traits().lanes.empty());
    }
}

void TestOpenRouter::modelsAreMapped_data()
{
    QTest::addColumn<QByteArray>("asked");
    QTest::addColumn<QByteArray>("mapped");
    const auto row = [](const char *asked, const char *mapped) {
        QTest::newRow(asked) << QByteArray(asked) << QByteArray(mapped);
    };
    row("big", "anthropic/claude-sonnet-4");
    row("small", "anthropic/claude-3.7-sonnet");
    row("claude-sonnet-4-20250514", "anthropic/claude-sonnet-4");
    row("claude-3-7-sonnet-20250219", "anthropic/claude-3.7-sonnet");
    row("claude-opus-5-5[1m]", "anthropic/claude-opus-5.5");
    row("openai/gpt-4o", "openai/gpt-4o");
    row("google/gemini-2.5-pro", "google/gemini-2.5-pro");
    row("google/gemini-2.5-pro[1m]", "google/gemini-2.5-pro");
    row("deepseek/deepseek-r1:free", "deepseek/deepseek-r1:free");
    row("anthropic/claude-sonnet-5:nitro", "anthropic/claude-sonnet-5:nitro");
    row("~anthropic/claude-opus-latest", "~anthropic/claude-opus-latest");
    row("gpt-4o", "");
    row("/gpt-4o", "");
    row("openai/", "");
}

void TestOpenRouter::modelsAreMapped()
{
    QFETCH(QByteArray, asked);
    QFETCH(QByteArray, mapped);
    QCOMPARE(m_backend->mapModel(asked), mapped);
}

void TestOpenRouter::theNativeLaneSendsTheBytes()
{
    const PreparedAttempt attempt = prepare(settings());
    QCOMPARE(attempt.lane, Lane::Native);
    QByteArray expected = body;
    expected.replace("claude-opus-5-5", "anthropic/claude-opus-5.5");
    QCOMPARE(attempt.body.joined(), expected);
    QVERIFY(attempt.adjustments.empty());
}

void TestOpenRouter::theNativeLaneSendsTheseHeadersAndNoOther()
{
    QCOMPARE(listed(prepare(settings()).headers),
             "accept: text/event-stream\n"
             "anthropic-beta: a-1,b-2, c-3\n"
             "anthropic-version: 2023-01-01\n"
             "authorization: Bearer sk-or-v1-placeholder\n"
             "content-type: application/json\n"
             "http-referer: https://example.test\n"
             "user-agent: switchyard/" SWITCHYARD_VERSION "\n"
             "x-title: Example\n");
}

void TestOpenRouter::theNativeLaneKeepsTheQuery()
{
    QCOMPARE(prepare(settings()).url, "https://openrouter.test/api/v1/messages?beta=true");
    const auto request = readMessagesRequest(body);
    const Headers headers;
    const auto attempt = m_backend->prepare({request.value(), headers, "", "m"}, settings());
    QVERIFY(attempt.ok());
    QCOMPARE(attempt.value().url, "https://openrouter.test/api/v1/messages");
}

void TestOpenRouter::theNativeLaneHasAVersionWhenTheClientHasNone()
{
    const PreparedAttempt attempt = prepare(settings(), body, Headers());
    QCOMPARE(attempt.headers.value("anthropic-version"), "2023-06-01");
    QVERIFY(!attempt.headers.contains("anthropic-beta"));
}

void TestOpenRouter::withoutStreamingJsonIsAccepted()
{
    const QByteArray json = QByteArray(body).replace("\"stream\":true,", "");
    QCOMPARE(prepare(settings(), json).headers.value("accept"), "application/json");
}

void TestOpenRouter::theChatLaneConverts()
{
    BackendSettings chat = settings();
    chat.lane = Lane::Chat;
    const PreparedAttempt attempt = prepare(chat);
    QCOMPARE(attempt.lane, Lane::Chat);
    QCOMPARE(attempt.url, "https://openrouter.test/api/v1/chat/completions");
    const QJsonObject sent = QJsonDocument::fromJson(attempt.body.joined()).object();
    QCOMPARE(sent.value(u"model"_s).toString(), u"anthropic/claude-opus-5.5"_s);
    QCOMPARE(attempt.chat.requestedModel, "claude-opus-5-5");
}

void TestOpenRouter::theChatLaneSendsTheseHeadersAndNoOther()
{
    BackendSettings chat = settings();
    chat.lane = Lane::Chat;
    QCOMPARE(listed(prepare(chat).headers),
             "accept: text/event-stream\n"
             "authorization: Bearer sk-or-v1-placeholder\n"
             "content-type: application/json\n"
             "http-referer: https://example.test\n"
             "user-agent: switchyard/" SWITCHYARD_VERSION "\n"
             "x-title: Example\n");
}

void TestOpenRouter::aRequestTheChatLaneCannotCarryIsRefused()
{
    BackendSettings chat = settings();
    chat.lane = Lane::Chat;
    const auto request = readMessagesRequest(
        "{\"model\":\"m\",\"max_tokens\":64,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],"
        "\"tools\":[{\"type\":\"code_execution_20250825\",\"name\":\"code_execution\"}]}");
    QVERIFY(request.ok());
    const Headers headers;
    const auto attempt =
        m_backend->prepare({request.value(), headers, "", "anthropic/claude-opus-5.5"}, chat);
    QVERIFY(!attempt.ok());
    QCOMPARE(attempt.error().status, 400);
}

void TestOpenRouter::attributionHasDefaults()
{
    BackendSettings bare = settings();
    bare.referer.clear();
    bare.title.clear();
    const PreparedAttempt attempt = prepare(bare);
    QCOMPARE(attempt.headers.value("x-title"), "Switchyard");
    QVERIFY(!attempt.headers.value("http-referer").isEmpty());
}

void TestOpenRouter::theDefaultBaseIsOpenRouters()
{
    BackendSettings bare = settings();
    bare.baseUrl.clear();
    QCOMPARE(prepare(bare).url, "https://openrouter.ai/api/v1/messages?beta=true");
}

void TestOpenRouter::aMissingKeyIsToldWithItsRemedy()
{
    BackendSettings bare = settings();
    bare.credential = Secret();
    const auto request = readMessagesRequest(body);
    const Headers headers;
    const auto attempt = m_backend->prepare({request.value(), headers, "", "m"}, bare);
    QVERIFY(!attempt.ok());
    QCOMPARE(attempt.error().status, 401);
    QCOMPARE(attempt.error().type, "authentication_error");
    QCOMPARE(attempt.error().shouldRetry, std::optional(false));
    QVERIFY(attempt.error().message.contains("switchyard secret set OPENROUTER"));
    QVERIFY(attempt.error().message.contains("OPENROUTER_API_KEY"));
}

void TestOpenRouter::aDamagedKeyIsToldAndNotShown_data()
{
    QTest::addColumn<QByteArray>("key");
    QTest::newRow("a line break inside") << QByteArray("sk-or\r\nX-Evil: 1");
    QTest::newRow("a space inside") << QByteArray("sk-or v1");
    QTest::newRow("a letter that is not ASCII") << QByteArray("sk-or-\xC3\xA4");
}

void TestOpenRouter::aDamagedKeyIsToldAndNotShown()
{
    QFETCH(QByteArray, key);
    BackendSettings damaged = settings();
    damaged.credential = Secret(key);
    const auto request = readMessagesRequest(body);
    const Headers headers;
    const auto attempt = m_backend->prepare({request.value(), headers, "", "m"}, damaged);
    QVERIFY(!attempt.ok());
    QCOMPARE(attempt.error().status, 401);
    QVERIFY(!attempt.error().message.contains("sk-or"));
}

void TestOpenRouter::aKeyWithALineEndIsTrimmed()
{
    BackendSettings pasted = settings();
    pasted.credential = Secret(" sk-or-v1-placeholder\r\n");
    QCOMPARE(prepare(pasted).headers.value("authorization"), "Bearer sk-or-v1-placeholder");
}

void TestOpenRouter::errorsAreMapped()
{
    const ApiError error = m_backend->mapError(
        402, Headers(), "{\"error\":{\"code\":402,\"message\":\"Insufficient credits\"}}");
    QCOMPARE(error.status, 402);
    QCOMPARE(error.type, "billing_error");
    QCOMPARE(error.message, "Insufficient credits");
    QVERIFY(m_backend->mapError(502, Headers(), "").message.startsWith("OpenRouter answered 502"));
}

QTEST_APPLESS_MAIN(TestOpenRouter)
#include "tst_openrouter.moc"
