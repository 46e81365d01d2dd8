// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/protocol/apierror.h"

#include <QTest>

using namespace Switchyard;

class TestApiError : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyStatusHasItsType_data();
    void everyStatusHasItsType();
    void everyTypeHasItsStatus_data();
    void everyTypeHasItsStatus();
    void theBodyIsTheMessagesApis();
    void theEventIsACompleteFrame();
    void anInvalidRequestIsNotAskedAgain();
};

void TestApiError::everyStatusHasItsType_data()
{
    QTest::addColumn<int>("status");
    QTest::addColumn<QByteArray>("type");
    const auto row = [](int status, const char *type) {
        QTest::addRow("status %d is %s", status, type) << status << QByteArray(type);
    };
    row(400, "invalid_request_error");
    row(401, "authentication_error");
    row(402, "billing_error");
    row(403, "permission_error");
    row(404, "not_found_error");
    row(405, "invalid_request_error");
    row(408, "timeout_error");
    row(409, "conflict_error");
    row(413, "request_too_large");
    row(422, "invalid_request_error");
    row(429, "rate_limit_error");
    row(431, "invalid_request_error");
    row(500, "api_error");
    row(502, "api_error");
    row(503, "overloaded_error");
    row(504, "timeout_error");
    row(529, "overloaded_error");
    row(599, "api_error");
}

void TestApiError::everyStatusHasItsType()
{
    QFETCH(int, status);
    QFETCH(QByteArray, type);
    QCOMPARE(errorTypeForStatus(status), type);
    QCOMPARE(ApiError::withStatus(status, "x").type, type);
    QCOMPARE(ApiError::withStatus(status, "x").status, status);
    QVERIFY(!ApiError::withStatus(status, "x").shouldRetry);
}

void TestApiError::everyTypeHasItsStatus_data()
{
    QTest::addColumn<QByteArray>("type");
    QTest::addColumn<int>("status");
    const auto row = [](const char *type, int status) {
        QTest::addRow("%s is status %d", type, status) << QByteArray(type) << status;
    };
    row("invalid_request_error", 400);
    row("authentication_error", 401);
    row("billing_error", 402);
    row("permission_error", 403);
    row("not_found_error", 404);
    row("conflict_error", 409);
    row("request_too_large", 413);
    row("rate_limit_error", 429);
    row("api_error", 500);
    row("timeout_error", 504);
    row("overloaded_error", 529);
    row("a_type_of_tomorrow", 500);
}

void TestApiError::everyTypeHasItsStatus()
{
    QFETCH(QByteArray, type);
    QFETCH(int, status);
    QCOMPARE(statusForErrorType(type), status);
}

void TestApiError::theBodyIsTheMessagesApis()
{
    const ApiError error = ApiError::withStatus(404, "No \"model\".");
    QCOMPARE(errorBody(error, "req_1"),
             "{\"type\":\"error\",\"error\":{\"type\":\"not_found_error\",\"message\":\"No "
             "\\\"model\\\".\"},\"request_id\":\"req_1\"}");
}

void TestApiError::theEventIsACompleteFrame()
{
    const ApiError error = ApiError::withStatus(529, "Overloaded\nnow");
    QCOMPARE(errorEvent(error, "req_1"),
             "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\","
             "\"message\":\"Overloaded\\nnow\"},\"request_id\":\"req_1\"}\n\n");
}

void TestApiError::anInvalidRequestIsNotAskedAgain()
{
    const ApiError error = ApiError::invalidRequest("x");
    QCOMPARE(error.status, 400);
    QCOMPARE(error.shouldRetry, std::optional(false));
}

QTEST_APPLESS_MAIN(TestApiError)
#include "tst_apierror.moc"
