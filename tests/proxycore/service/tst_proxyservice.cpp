// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/service/proxyservice.h"

#include "proxycore/config/settings.h"

#include <QFile>
#include <QJsonDocument>
#include <QJsonObject>
#include <QSignalSpy>
#include <QTcpServer>
#include <QTcpSocket>
#include <QTemporaryDir>
#include <QTest>

using namespace Switchyard;
using namespace Qt::StringLiterals;

namespace {

constexpr int deadlineMs = 20'000;

// The whole answer of the server to one request on a connection of its own.
QByteArray post(const ProxyService &service, const QByteArray &token)
{
    const QByteArray body = R"({"model":"claude-sonnet-4","max_tokens":5,)"
                            R"("messages":[{"role":"user","content":"Hello"}]})";
    QTcpSocket socket;
    socket.connectToHost(QHostAddress(QHostAddress::LocalHost), service.status().port);
    if (!socket.waitForConnected(deadlineMs))
        return "no connection";
    socket.write("POST /v1/messages HTTP/1.1\r\nHost: 127.0.0.1:"
                 + QByteArray::number(service.status().port) + "\r\nAuthorization: Bearer " + token
                 + "\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: "
                 + QByteArray::number(body.size()) + "\r\n\r\n" + body);
    QSignalSpy gone(&socket, &QTcpSocket::disconnected);
    if (socket.state() != QTcpSocket::UnconnectedState && !gone.wait(deadlineMs))
        return "no end";
    return socket.readAll();
}

} // namespace

class TestProxyService : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void init();
    void withoutAnythingTheOfflineBackendAnswers();
    void aWrongTokenIsRefusedAndCounted();
    void aGivenTokenIsTheOneAsked();
    void withoutATokenEverybodyIsLetIn();
    void rowsAndTotalsArrive();
    void aChoiceOfBackendIsKeptInTheSettingsFile();
    void aChoiceOverTheEnvironmentIsForThisRun();
    void aNameThatIsNoBackendsIsRefused();
    void aChosenBackendWithoutAKeyStaysChosen();
    void aTakenPortNamesItsHolderAndTheRemedy();
    void afterAFailureItCanBeStartedAgain();
    void stoppingEndsItAndFreesThePort();
    void itMayBeDestroyedWhileItRuns();

private:
    bool startAndWait(ProxyService &service);
    Settings m_settings;
    std::unique_ptr<QTemporaryDir> m_folder;
};

void TestProxyService::initTestCase()
{
    // No keychain: what is tested with one is tested with the whole program.
    qunsetenv("DBUS_SESSION_BUS_ADDRESS");
    qunsetenv("XDG_RUNTIME_DIR");
}

void TestProxyService::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    QVERIFY(m_folder->isValid());
    SettingsSources sources;
    sources.configDir = m_folder->path();
    sources.dataDir = m_folder->path();
    sources.commandLine.port = u"0"_s;
    const LoadedSettings loaded = loadSettings(sources);
    QVERIFY(loaded.problems.empty());
    m_settings = loaded.settings;
}

bool TestProxyService::startAndWait(ProxyService &service)
{
    service.start(m_settings);
    return QTest::qWaitFor(
        [&] {
            const ServiceState state = service.status().state;
            return state == ServiceState::Running || state == ServiceState::Failed;
        },
        deadlineMs);
}

void TestProxyService::withoutAnythingTheOfflineBackendAnswers()
{
    ProxyService service;
    QCOMPARE(service.status().state, ServiceState::Stopped);
    QVERIFY(startAndWait(service));
    const ServiceStatus status = service.status();
    QCOMPARE(status.state, ServiceState::Running);
    QCOMPARE(status.backend, QByteArray("ECHO"));
    QCOMPARE(status.lane, QByteArray("local"));
    QVERIFY(status.port != 0);
    QCOMPARE(status.url, "http://127.0.0.1:" + QByteArray::number(status.port));
    QVERIFY(!status.instance.isEmpty());
    QCOMPARE(service.tokenOrigin(), TokenOrigin::ThisRun);
    QVERIFY(!service.keychainProblem().isEmpty());
    QVERIFY(service.clientToken().startsWith("sy-"));
    const QByteArray answer = post(service, service.clientToken());
    QVERIFY2(answer.startsWith("HTTP/1.1 200"), answer.constData());
}

void TestProxyService::aWrongTokenIsRefusedAndCounted()
{
    ProxyService service;
    QVERIFY(startAndWait(service));
    QVERIFY(post(service, "wrong").startsWith("HTTP/1.1 401"));
    QTRY_COMPARE_WITH_TIMEOUT(service.status().errors, quint64(1), deadlineMs);
    QCOMPARE(service.records().front().state, ExchangeState::Blocked);
}

void TestProxyService::aGivenTokenIsTheOneAsked()
{
    m_settings.token = {Secret("placeholder-token"), Origin::Environment};
    ProxyService service;
    QVERIFY(startAndWait(service));
    QCOMPARE(service.clientToken(), QByteArray("placeholder-token"));
    QCOMPARE(service.tokenOrigin(), TokenOrigin::Given);
    QVERIFY(post(service, "placeholder-token").startsWith("HTTP/1.1 200"));
}

void TestProxyService::withoutATokenEverybodyIsLetIn()
{
    m_settings.tokenRequired = {false, Origin::CommandLine};
    ProxyService service;
    QVERIFY(startAndWait(service));
    QCOMPARE(service.clientToken(), QByteArray());
    QCOMPARE(service.tokenOrigin(), TokenOrigin::NotRequired);
    QVERIFY(post(service, "anything").startsWith("HTTP/1.1 200"));
}

void TestProxyService::rowsAndTotalsArrive()
{
    ProxyService service;
    QVERIFY(startAndWait(service));
    QSignalSpy rows(&service, &ProxyService::recordsChanged);
    QVERIFY(post(service, service.clientToken()).startsWith("HTTP/1.1 200"));
    QTRY_VERIFY_WITH_TIMEOUT(service.status().requests == 1 && service.status().openStreams == 0,
                             deadlineMs);
    QVERIFY(!rows.isEmpty());
    const std::vector<ExchangeRecord> records = service.records();
    QCOMPARE(records.size(), std::size_t(1));
    QCOMPARE(records.front().state, ExchangeState::Done);
    QCOMPARE(records.front().backend, QByteArray("ECHO"));
    QVERIFY(service.status().totalTokens > 0);
    QCOMPARE(service.status().errors, quint64(0));
    const auto backends = service.backends();
    const auto echo = std::find_if(backends.begin(), backends.end(),
                                   [](const BackendStatus &b) { return b.name == "ECHO"; });
    QVERIFY(echo != backends.end());
    QVERIFY(echo->active && echo->offline && echo->configured && echo->lastLatencyMs);
}

void TestProxyService::aChoiceOfBackendIsKeptInTheSettingsFile()
{
    ProxyService service;
    QVERIFY(startAndWait(service));
    QSignalSpy changed(&service, &ProxyService::statusChanged);
    QVERIFY(service.keepsBackendChoice());
    QVERIFY(service.useBackend("OPENROUTER"));
    QCOMPARE(changed.size(), 1);
    QCOMPARE(service.status().backend, QByteArray("OPENROUTER"));
    QCOMPARE(service.status().lane, QByteArray("native"));

    QFile file(m_folder->filePath(u"settings.json"_s));
    QVERIFY(file.open(QIODevice::ReadOnly));
    QCOMPARE(QJsonDocument::fromJson(file.readAll()).object()[u"backend"_s].toString(),
             u"OPENROUTER"_s);
}

void TestProxyService::aChoiceOverTheEnvironmentIsForThisRun()
{
    m_settings.backend = {"OPENROUTER", Origin::Environment};
    ProxyService service;
    QVERIFY(startAndWait(service));
    QVERIFY(!service.keepsBackendChoice());
    QVERIFY(service.useBackend("ECHO"));
    QCOMPARE(service.status().backend, QByteArray("ECHO"));
    QVERIFY(!QFile::exists(m_folder->filePath(u"settings.json"_s)));
}

void TestProxyService::aNameThatIsNoBackendsIsRefused()
{
    ProxyService service;
    QVERIFY(startAndWait(service));
    QVERIFY(!service.useBackend("NOWHERE"));
    QVERIFY(!service.useBackend(""));
    QCOMPARE(service.status().backend, QByteArray("ECHO"));
}

void TestProxyService::aChosenBackendWithoutAKeyStaysChosen()
{
    m_settings.backend = {"OPENROUTER", Origin::File};
    ProxyService service;
    QVERIFY(startAndWait(service));
    QCOMPARE(service.status().backend, QByteArray("OPENROUTER"));
    for (const BackendStatus &backend : service.backends())
        QCOMPARE(backend.configured, backend.offline);
}

void TestProxyService::aTakenPortNamesItsHolderAndTheRemedy()
{
    QTcpServer other;
    QVERIFY(other.listen(QHostAddress::LocalHost));
    m_settings.port = {other.serverPort(), Origin::CommandLine};
    ProxyService service;
    QVERIFY(startAndWait(service));
    QCOMPARE(service.status().state, ServiceState::Failed);
    const QByteArray failure = service.status().failure;
    QVERIFY2(failure.contains(QByteArray::number(other.serverPort())), failure.constData());
    QVERIFY2(failure.contains(QByteArray::number(QCoreApplication::applicationPid())),
             failure.constData());
    QVERIFY2(failure.contains("--port 0"), failure.constData());
}

void TestProxyService::afterAFailureItCanBeStartedAgain()
{
    QTcpServer other;
    QVERIFY(other.listen(QHostAddress::LocalHost));
    m_settings.port = {other.serverPort(), Origin::CommandLine};
    ProxyService service;
    QVERIFY(startAndWait(service));
    QCOMPARE(service.status().state, ServiceState::Failed);
    m_settings.port.value = 0;
    service.start(m_settings);
    QTRY_COMPARE_WITH_TIMEOUT(service.status().state, ServiceState::Running, deadlineMs);
    QVERIFY(service.status().failure.isEmpty());
    QVERIFY(post(service, service.clientToken()).startsWith("HTTP/1.1 200"));
}

void TestProxyService::stoppingEndsItAndFreesThePort()
{
    ProxyService service;
    QVERIFY(startAndWait(service));
    const quint16 port = service.status().port;
    QSignalSpy stopped(&service, &ProxyService::stopped);
    service.stop();
    QVERIFY(stopped.size() == 1 || stopped.wait(deadlineMs));
    QCOMPARE(service.status().state, ServiceState::Stopped);
    QTcpServer next;
    QVERIFY(next.listen(QHostAddress::LocalHost, port));
}

void TestProxyService::itMayBeDestroyedWhileItRuns()
{
    auto service = std::make_unique<ProxyService>();
    service->start(m_settings);
    service.reset();
    service = std::make_unique<ProxyService>();
    QVERIFY(startAndWait(*service));
    QCOMPARE(service->status().state, ServiceState::Running);
    service.reset();
}

QTEST_GUILESS_MAIN(TestProxyService)
#include "tst_proxyservice.moc"
