// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/downstream/access.h"

#include <QTest>

using namespace Switchyard;

class TestAccess : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void decides_data();
    void decides();
    void letsAnyoneInWithoutAToken();
    void refusesEveryoneWhileNoTokenExists();
    void takesAddressesBeyondLoopbackOnlyWhenListeningThere();
};

namespace {

constexpr quint16 port = 4000;

AccessRules rules()
{
    return {true, Secret("sy-local-placeholder")};
}

InboundRequest request(const QByteArray &method, const QByteArray &path,
                       const std::vector<Header> &fields)
{
    InboundRequest made;
    made.method = method;
    made.path = path;
    for (const Header &field : fields)
        made.headers.add(field.name, field.value);
    return made;
}

} // namespace

void TestAccess::decides_data()
{
    QTest::addColumn<QByteArray>("method");
    QTest::addColumn<QByteArray>("path");
    QTest::addColumn<QByteArrayList>("fields"); // name, value, name, value …
    QTest::addColumn<int>("status"); // 0: may pass

    const auto row = [](const char *name, const char *method, const char *path,
                        QByteArrayList fields, int status) {
        QTest::newRow(name) << QByteArray(method) << QByteArray(path) << fields << status;
    };
    const QByteArray bearer = "Bearer sy-local-placeholder";
    const QByteArrayList host{"Host", "127.0.0.1:4000"};
    row("the token as bearer passes", "POST", "/v1/messages",
        host + QByteArrayList{"Authorization", bearer}, 0);
    row("the scheme's case does not matter", "POST", "/v1/messages",
        host + QByteArrayList{"authorization", "bearer sy-local-placeholder"}, 0);
    row("the token as x-api-key passes", "POST", "/v1/messages",
        host + QByteArrayList{"X-Api-Key", "sy-local-placeholder"}, 0);
    row("one right credential of two is enough", "POST", "/v1/messages",
        host + QByteArrayList{"Authorization", bearer, "x-api-key", "other"}, 0);
    row("no token is refused", "POST", "/v1/messages", host, 401);
    row("a wrong token is refused", "POST", "/v1/messages",
        host + QByteArrayList{"x-api-key", "sy-local-placeholdeR"}, 401);
    row("a shorter token is refused", "POST", "/v1/messages",
        host + QByteArrayList{"x-api-key", "sy-local"}, 401);
    row("an empty token is refused", "POST", "/v1/messages", host + QByteArrayList{"x-api-key", ""},
        401);
    row("basic credentials are refused", "POST", "/v1/messages",
        host + QByteArrayList{"Authorization", "Basic sy-local-placeholder"}, 401);
    row("GET / needs the token", "GET", "/", host, 401);
    row("HEAD / does not", "HEAD", "/", host, 0);
    row("HEAD /api/hello does not", "HEAD", "/api/hello", host, 0);
    row("GET /health does not", "GET", "/health", host, 0);
    row("POST /health does", "POST", "/health", host, 401);
    row("metrics need the token", "GET", "/metrics", host, 401);
    row("localhost is this machine", "GET", "/health", {"Host", "localhost:4000"}, 0);
    row("localhost without a port too", "GET", "/health", {"Host", "LOCALHOST"}, 0);
    row("so is the IPv6 loopback", "GET", "/health", {"Host", "[::1]:4000"}, 0);
    row("so is all of 127/8", "GET", "/health", {"Host", "127.8.9.1"}, 0);
    row("another name is foreign", "GET", "/health", {"Host", "evil.example:4000"}, 403);
    row("a name that begins like ours is foreign", "GET", "/health",
        {"Host", "127.0.0.1.evil.example"}, 403);
    row("another address is foreign", "GET", "/health", {"Host", "192.0.2.7:4000"}, 403);
    row("an empty host is foreign", "GET", "/health", {"Host", ""}, 403);
    row("a port that is no number is foreign", "GET", "/health", {"Host", "127.0.0.1:http"}, 403);
    row("a bracket that does not close is foreign", "GET", "/health", {"Host", "[::1"}, 403);
    row("a web page is refused", "GET", "/health",
        host + QByteArrayList{"Origin", "https://evil.example"}, 403);
    row("a page without an origin of its own is refused", "GET", "/health",
        host + QByteArrayList{"Origin", "null"}, 403);
    row("a page of another local port is refused", "GET", "/health",
        host + QByteArrayList{"Origin", "http://127.0.0.1:3000"}, 403);
    row("our own origin passes", "GET", "/health",
        host + QByteArrayList{"Origin", "http://127.0.0.1:4000"}, 0);
    row("a web page with the token is refused all the same", "POST", "/v1/messages",
        host + QByteArrayList{"Authorization", bearer, "Origin", "https://evil.example"}, 403);
}

void TestAccess::decides()
{
    QFETCH(QByteArray, method);
    QFETCH(QByteArray, path);
    QFETCH(QByteArrayList, fields);
    QFETCH(int, status);

    std::vector<Header> headers;
    for (qsizetype i = 0; i + 1 < fields.size(); i += 2)
        headers.push_back({fields[i], fields[i + 1]});
    const auto refusal =
        refuseAccess(request(method, path, headers), rules(), QHostAddress::LocalHost, port);
    QCOMPARE(refusal ? refusal->status : 0, status);
    if (refusal) {
        // The client retries a 401 for most of a minute unless it is told not to.
        QCOMPARE(refusal->shouldRetry, std::optional(false));
        QVERIFY(!refusal->message.contains("sy-local-placeholder"));
    }
}

void TestAccess::letsAnyoneInWithoutAToken()
{
    const InboundRequest plain = request("POST", "/v1/messages", {{"Host", "127.0.0.1:4000"}});
    QVERIFY(!refuseAccess(plain, {false, {}}, QHostAddress::LocalHost, port));
}

void TestAccess::refusesEveryoneWhileNoTokenExists()
{
    const InboundRequest empty =
        request("POST", "/v1/messages", {{"Host", "127.0.0.1"}, {"x-api-key", ""}});
    const auto refusal = refuseAccess(empty, {true, {}}, QHostAddress::LocalHost, port);
    QVERIFY(refusal);
    QCOMPARE(refusal->status, 401);
}

void TestAccess::takesAddressesBeyondLoopbackOnlyWhenListeningThere()
{
    const InboundRequest distant = request("GET", "/health", {{"Host", "192.0.2.7:4000"}});
    QVERIFY(!refuseAccess(distant, rules(), QHostAddress::AnyIPv4, port));
    const InboundRequest named = request("GET", "/health", {{"Host", "evil.example:4000"}});
    QVERIFY(refuseAccess(named, rules(), QHostAddress::AnyIPv4, port));
}

QTEST_GUILESS_MAIN(TestAccess)
#include "tst_access.moc"
