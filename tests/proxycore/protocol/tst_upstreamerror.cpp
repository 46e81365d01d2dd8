// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/protocol/upstreamerror.h"

#include "proxycore/protocol/contextoverflow.h"

#include <QTest>

using namespace Switchyard;

class TestUpstreamError : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyShapeIsRead_data();
    void everyShapeIsRead();
    void aBodyThatIsNoJsonBecomesASentence_data();
    void aBodyThatIsNoJsonBecomesASentence();
    void theMessageIsAlwaysUtf8();
    void anErrorInA200HasAStatusOfItsOwn_data();
    void anErrorInA200HasAStatusOfItsOwn();
    void retryAdviceIsTaken_data();
    void retryAdviceIsTaken();
    void overflowsAreWordedForTheClient_data();
    void overflowsAreWordedForTheClient();
};

void TestUpstreamError::everyShapeIsRead_data()
{
    QTest::addColumn<int>("status");
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<int>("mappedStatus");
    QTest::addColumn<QByteArray>("type");
    QTest::addColumn<QByteArray>("message");

    const auto row = [](const char *name, int status, const char *body, int mappedStatus,
                        const char *type, const char *message) {
        QTest::newRow(name) << status << QByteArray(body) << mappedStatus << QByteArray(type)
                            << QByteArray(message);
    };

    row("Messages API: type and message stay", 400,
        R"({"type":"error","error":{"type":"invalid_request_error","message":"messages.1.role: Input should be 'user' or 'assistant'"},"request_id":"req_1"})",
        400, "invalid_request_error", "messages.1.role: Input should be 'user' or 'assistant'");
    row("Messages API: a type of tomorrow stays", 418,
        R"({"type":"error","error":{"type":"teapot_error","message":"short and stout"}})", 418,
        "teapot_error", "short and stout");
    row("Messages API: an overflow the client knows stays", 400,
        R"({"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 205000 tokens > 200000 maximum"}})",
        400, "invalid_request_error", "prompt is too long: 205000 tokens > 200000 maximum");
    row("OpenRouter's Messages API: credential", 401,
        R"({"type":"error","error":{"type":"authentication_error","message":"Invalid credentials","error_type":"authentication"},"request_id":null})",
        401, "authentication_error", "Invalid credentials");
    row("OpenRouter's Messages API: overloaded provider keeps 503", 503,
        R"({"type":"error","error":{"type":"overloaded_error","message":"Provider overloaded","error_type":"provider_overloaded"}})",
        503, "overloaded_error", "Provider overloaded");

    row("OpenRouter: no credits", 402,
        R"({"error":{"code":402,"message":"Insufficient credits. Add more using https://openrouter.ai/credits","metadata":{}},"user_id":"u"})",
        402, "billing_error", "Insufficient credits. Add more using https://openrouter.ai/credits");
    row("OpenRouter: credential", 401, R"({"error":{"code":401,"message":"User not found."}})", 401,
        "authentication_error", "User not found.");
    row("OpenRouter: rate limit", 429,
        R"({"error":{"code":429,"message":"Rate limit exceeded","metadata":{"error_type":"rate_limit_exceeded"}}})",
        429, "rate_limit_error", "Rate limit exceeded");
    row("OpenRouter: what the provider said is appended", 400,
        R"({"error":{"code":400,"message":"Provider returned error","metadata":{"raw":"{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"messages: text content blocks must be non-empty\"}}","provider_name":"Anthropic"}}})",
        400, "invalid_request_error",
        "Provider returned error (Anthropic): messages: text content blocks must be non-empty");
    row("OpenRouter: what the provider said is an object", 400,
        R"({"error":{"code":400,"message":"Provider returned error","metadata":{"raw":{"error":{"message":"bad schema"}},"provider_name":"Azure"}}})",
        400, "invalid_request_error", "Provider returned error (Azure): bad schema");
    row("OpenRouter: what the provider said is plain text", 502,
        R"({"error":{"code":502,"message":"Provider returned error","metadata":{"raw":"upstream connect error","provider_name":"X"}}})",
        502, "api_error", "Provider returned error (X): upstream connect error");
    row("OpenRouter: what the provider said is said already", 400,
        R"({"error":{"code":400,"message":"bad schema in tool 1","metadata":{"raw":"bad schema","provider_name":"X"}}})",
        400, "invalid_request_error", "bad schema in tool 1");
    row("OpenRouter: the code is a word", 400,
        R"({"error":{"code":"invalid_prompt","message":"no"}})", 400, "invalid_request_error",
        "no");
    row("OpenRouter: the code is a number in a string", 429,
        R"({"error":{"code":"429","message":"slow"}})", 429, "rate_limit_error", "slow");
    row("OpenRouter: there is no code", 404,
        R"({"error":{"message":"No endpoints found that support tool use","error_type":"not_found","http_status":404,"availability":{"code":"no_endpoints","retryable":false}}})",
        404, "not_found_error", "No endpoints found that support tool use");
    row("OpenRouter: moderation names its reasons", 403,
        R"({"error":{"code":403,"message":"Flagged","metadata":{"reasons":["violence","x"],"flagged_input":"secret words","provider_name":"OpenAI","model_slug":"m"}}})",
        403, "permission_error", "Flagged (OpenAI): violence, x");
    row("OpenRouter: time-out behind Cloudflare", 524,
        R"({"error":{"code":524,"message":"timed out"}})", 504, "timeout_error", "timed out");
    row("OpenRouter: request time-out", 408, R"({"error":{"code":408,"message":"timed out"}})", 504,
        "timeout_error", "timed out");
    row("OpenRouter: too large", 413, R"({"error":{"code":413,"message":"too large"}})", 413,
        "request_too_large", "too large");
    row("OpenRouter: unprocessable", 422, R"({"error":{"code":422,"message":"no"}})", 422,
        "invalid_request_error", "no");
    row("OpenRouter: no provider", 502,
        R"({"error":{"code":502,"message":"down","metadata":{"error_type":"provider_unavailable"}}})",
        502, "api_error", "down");
    row("OpenRouter: overloaded without a word", 529, R"({"error":{"code":529,"message":"busy"}})",
        529, "overloaded_error", "busy");

    row("OpenAI: null code", 401,
        R"({"error":{"message":"Incorrect API key","type":"invalid_request_error","param":null,"code":"invalid_api_key"}})",
        401, "invalid_request_error", "Incorrect API key");
    row("LiteLLM: the word None", 400,
        R"({"error":{"message":"Invalid model name passed in model=foo.","type":"None","param":"None","code":"400"}})",
        400, "invalid_request_error", "Invalid model name passed in model=foo.");
    row("LiteLLM: budget", 400,
        R"({"error":{"message":"ExceededBudget: over","type":"budget_exceeded","param":null,"code":"400"}})",
        400, "invalid_request_error", "ExceededBudget: over");
    row("LiteLLM: error is a string", 400, R"({"error":"completion: Invalid model name"})", 400,
        "invalid_request_error", "completion: Invalid model name");
    row("LiteLLM: detail", 403, R"({"detail":"Authentication Error"})", 403, "permission_error",
        "Authentication Error");
    row("Databricks: JSON inside the message", 400,
        R"({"error_code":"BAD_REQUEST","message":"{\"message\":\"messages: text content blocks must be non-empty\"}"})",
        400, "invalid_request_error", "messages: text content blocks must be non-empty");
    row("Databricks: plain message", 404,
        R"({"error_code":"ENDPOINT_NOT_FOUND","message":"The endpoint x does not exist."})", 404,
        "not_found_error", "The endpoint x does not exist.");
    row("Databricks: message alone", 500, R"({"message":"oops"})", 500, "api_error", "oops");
    row("Databricks: an external model's message", 400,
        R"({"error":"Received error from anthropic","external_model_message":{"error":{"message":"bad"}}})",
        400, "invalid_request_error", "Received error from anthropic: bad");
    row("OAuth: a description", 401,
        R"({"error":"invalid_client","error_description":"Client authentication failed"})", 401,
        "authentication_error", "invalid_client: Client authentication failed");
    row("a message that only looks like JSON stays", 400, R"({"error":{"message":"{not json"}})",
        400, "invalid_request_error", "{not json");
}

void TestUpstreamError::everyShapeIsRead()
{
    QFETCH(int, status);
    QFETCH(QByteArray, body);
    QFETCH(int, mappedStatus);
    QFETCH(QByteArray, type);
    QFETCH(QByteArray, message);

    const ApiError error = upstreamApiError(status, Headers(), body, "OpenRouter");
    QCOMPARE(error.message, message);
    QCOMPARE(error.status, mappedStatus);
    QCOMPARE(error.type, type);
}

void TestUpstreamError::aBodyThatIsNoJsonBecomesASentence_data()
{
    QTest::addColumn<int>("status");
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<QByteArray>("message");

    QTest::newRow("an empty body")
        << 500 << QByteArray() << QByteArray("OpenRouter answered 500 without an explanation.");
    QTest::newRow("an empty body of a refused credential")
        << 401 << QByteArray(" \n")
        << QByteArray("OpenRouter answered 401 without an explanation; check its API key and what "
                      "that key may do.");
    QTest::newRow("a web page with a title")
        << 502
        << QByteArray("<!DOCTYPE html>\n<html><head><TITLE>502 Bad\n Gateway</TITLE></head></html>")
        << QByteArray("OpenRouter answered 502 with a web page instead of an API answer (502 Bad "
                      "Gateway); check the base URL and any proxy in between.");
    QTest::newRow("a web page without a title")
        << 403 << QByteArray("<html></html>")
        << QByteArray("OpenRouter answered 403 with a web page instead of an API answer; check the "
                      "base URL and any proxy in between.");
    QTest::newRow("plain text") << 400 << QByteArray("Invalid Token\n")
                                << QByteArray("OpenRouter answered 400: Invalid Token");
    QTest::newRow("long text is cut")
        << 400 << QByteArray(10'000, 'x')
        << QByteArray("OpenRouter answered 400: " + QByteArray(300, 'x') + "…");
    QTest::newRow("a JSON list") << 400 << QByteArray("[1]")
                                 << QByteArray("OpenRouter answered 400: [1]");
    QTest::newRow("a JSON object without an error")
        << 404 << QByteArray("{\"a\":1}") << QByteArray("OpenRouter answered 404: {\"a\":1}");
    QTest::newRow("an error that is null")
        << 500 << QByteArray("{\"error\":null}")
        << QByteArray("OpenRouter answered 500: {\"error\":null}");
    QTest::newRow("an error without a word")
        << 500 << QByteArray("{\"error\":{}}")
        << QByteArray("OpenRouter answered 500: {\"error\":{}}");
    QTest::newRow("broken JSON") << 500 << QByteArray("{\"error\":{\"mess")
                                 << QByteArray("OpenRouter answered 500: {\"error\":{\"mess");
}

void TestUpstreamError::aBodyThatIsNoJsonBecomesASentence()
{
    QFETCH(int, status);
    QFETCH(QByteArray, body);
    QFETCH(QByteArray, message);
    const ApiError error = upstreamApiError(status, Headers(), body, "OpenRouter");
    QCOMPARE(error.message, message);
    QCOMPARE(error.status, status);
    QCOMPARE(error.type, errorTypeForStatus(status));
}

void TestUpstreamError::theMessageIsAlwaysUtf8()
{
    const ApiError error = upstreamApiError(500, Headers(), "caf\xE9 \x01", "OpenRouter");
    QVERIFY(error.message.isValidUtf8());
    QVERIFY(error.message.contains("caf"));
}

void TestUpstreamError::anErrorInA200HasAStatusOfItsOwn_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<int>("status");
    QTest::addColumn<QByteArray>("type");
    const auto row = [](const char *name, const char *body, int status, const char *type) {
        QTest::newRow(name) << QByteArray(body) << status << QByteArray(type);
    };
    row("by its type", R"({"type":"error","error":{"type":"rate_limit_error","message":"x"}})", 429,
        "rate_limit_error");
    row("by its code", R"({"error":{"code":403,"message":"x"}})", 403, "permission_error");
    row("by its word",
        R"({"error":{"message":"x","metadata":{"error_type":"provider_overloaded"}}})", 503,
        "overloaded_error");
    row("by nothing", R"({"error":{"message":"x"}})", 502, "api_error");
    row("by a code that is no status", R"({"error":{"code":0,"message":"x"}})", 502, "api_error");
}

void TestUpstreamError::anErrorInA200HasAStatusOfItsOwn()
{
    QFETCH(QByteArray, body);
    QFETCH(int, status);
    QFETCH(QByteArray, type);
    const ApiError error = upstreamApiError(200, Headers(), body, "OpenRouter");
    QCOMPARE(error.status, status);
    QCOMPARE(error.type, type);
    QCOMPARE(error.message, "x");
}

void TestUpstreamError::retryAdviceIsTaken_data()
{
    QTest::addColumn<int>("status");
    QTest::addColumn<QByteArray>("header");
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<QByteArray>("advice");

    const QByteArray plain = R"({"error":{"message":"x"}})";
    QTest::newRow("the header says no")
        << 529 << QByteArray("false") << plain << QByteArray("false");
    QTest::newRow("the header says yes")
        << 400 << QByteArray("true") << plain << QByteArray("true");
    QTest::newRow("the header says nonsense")
        << 500 << QByteArray("maybe") << plain << QByteArray();
    QTest::newRow("the body says it is hopeless")
        << 429 << QByteArray()
        << QByteArray(R"({"error":{"message":"x","availability":{"retryable":false}}})")
        << QByteArray("false");
    QTest::newRow("the body says it will pass")
        << 503 << QByteArray()
        << QByteArray(R"({"error":{"message":"x","availability":{"retryable":true}}})")
        << QByteArray("true");
    QTest::newRow("our credential is refused")
        << 401 << QByteArray() << plain << QByteArray("false");
    QTest::newRow("our account is empty") << 402 << QByteArray() << plain << QByteArray("false");
    QTest::newRow("a rate limit is the client's to judge")
        << 429 << QByteArray() << plain << QByteArray();
    QTest::newRow("a failure is the client's to judge")
        << 500 << QByteArray() << plain << QByteArray();
}

void TestUpstreamError::retryAdviceIsTaken()
{
    QFETCH(int, status);
    QFETCH(QByteArray, header);
    QFETCH(QByteArray, body);
    QFETCH(QByteArray, advice);
    Headers headers;
    if (!header.isEmpty())
        headers.add("X-Should-Retry", header);
    const ApiError error = upstreamApiError(status, headers, body, "OpenRouter");
    QCOMPARE(error.shouldRetry ? (*error.shouldRetry ? "true" : "false") : "", advice);
}

void TestUpstreamError::overflowsAreWordedForTheClient_data()
{
    QTest::addColumn<QByteArray>("sentence");
    QTest::addColumn<QByteArray>("kind");
    QTest::addColumn<QByteArray>("worded");

    const auto row = [](const char *name, const QByteArray &sentence, const char *kind,
                        const QByteArray &worded) {
        QTest::newRow(name) << sentence << QByteArray(kind) << worded;
    };
    const auto tooLong = [](const QByteArray &sentence, const char *input, const char *limit) {
        return QByteArray("prompt is too long: ") + input + " tokens > " + limit + " maximum ("
            + sentence + ')';
    };

    QByteArray sentence =
        "This model's maximum context length is 128000 tokens. However, your messages resulted in "
        "130,517 tokens. Please reduce the length of the messages.";
    row("OpenAI's words", sentence, "context_length_exceeded",
        tooLong(sentence, "130517", "128000"));
    row("OpenAI's words without a code", sentence, "", tooLong(sentence, "130517", "128000"));

    sentence =
        "This endpoint's maximum context length is 200000 tokens. However, you requested about "
        "232000 tokens (228000 of text input, 4000 in the output). Please reduce the length.";
    row("OpenRouter's words", sentence, "", tooLong(sentence, "228000", "200000"));

    sentence =
        "This endpoint's maximum context length is 200000 tokens. However, you requested about "
        "228000 tokens (100000 of text input, 128000 in the output). Please reduce the length.";
    row("OpenRouter's words when the answer is what is too long", sentence, "",
        "input length and `max_tokens` exceed context limit: 100000 + 128000 > 200000, decrease "
        "input "
        "length or `max_tokens` and try again ("
            + sentence + ')');

    sentence =
        "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens "
        "(5000 in the messages, 4000 in the completion).";
    row("OpenAI's older words", sentence, "",
        "input length and `max_tokens` exceed context limit: 5000 + 4000 > 8192, decrease input "
        "length "
        "or `max_tokens` and try again ("
            + sentence + ')');

    sentence =
        "Requested token count exceeds the model's maximum context length of 131072 tokens. You "
        "requested a total of 150000 tokens: 140000 tokens from the input messages and 10000 "
        "tokens for the completion.";
    row("vLLM's words", sentence, "", tooLong(sentence, "140000", "131072"));

    sentence =
        "The input token count (1050000) exceeds the maximum number of tokens allowed (1048576).";
    row("Google's words", sentence, "", tooLong(sentence, "1050000", "1048576"));

    sentence = "prompt token count of 130000 exceeds the limit of 128000";
    row("Copilot's words", sentence, "", tooLong(sentence, "130000", "128000"));

    sentence = "Input is too long for requested model.";
    row("Bedrock's words, without numbers", sentence, "", "prompt is too long: " + sentence);

    sentence = "litellm.ContextWindowExceededError: too much";
    row("LiteLLM's words", sentence, "", "prompt is too long: " + sentence);

    row("a code alone", "too big", "context_length_exceeded", "prompt is too long: too big");

    row("the API's own words stay", "prompt is too long: 205000 tokens > 200000 maximum", "", "");
    row("the API's own words about max_tokens stay",
        "input length and `max_tokens` exceed context limit: 1 + 2 > 3, decrease input length or "
        "`max_tokens` and try again",
        "", "");
    row("another error is no overflow", "max_tokens: 128001 > 64000, which is the maximum allowed",
        "", "");
    row("a rate limit is no overflow", "Rate limit of 30000 input tokens per minute exceeded", "",
        "");
}

void TestUpstreamError::overflowsAreWordedForTheClient()
{
    QFETCH(QByteArray, sentence);
    QFETCH(QByteArray, kind);
    QFETCH(QByteArray, worded);
    QCOMPARE(overflowSentence(sentence, kind).value_or(QByteArray()), worded);

    if (worded.isEmpty())
        return;
    QByteArray quoted = sentence;
    quoted.replace('"', "\\\"");
    const ApiError error = upstreamApiError(
        413, Headers(), R"({"error":{"message":")" + quoted + R"(","code":")" + kind + "\"}}", "X");
    QCOMPARE(error.message, worded);
    QCOMPARE(error.status, 400);
    QCOMPARE(error.type, "invalid_request_error");
}

QTEST_APPLESS_MAIN(TestUpstreamError)
#include "tst_upstreamerror.moc"
