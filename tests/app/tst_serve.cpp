// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/app/fakeupstream.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QTcpServer>

using namespace Switchyard::Testing;
using namespace Qt::StringLiterals;

// `switchyard serve` as a user or a service manager sees it.
class TestServe : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void exitCodes_data();
    void exitCodes();
    void aReadyServerPrintsOneLineAndIsQuick();
    void idleMemoryIsSmall();
    void withoutAKeyItTellsHowToTryIt();
    void withAKeyItDoesNotTellHowToTryIt();
    void jsonLogsAreJsonAlone();
    void theLogFileGetsARequestLine();
    void theLevelOfTheLog();
    void aTakenPortEndsItWithTheRemedy();
    void aBaseUrlThatIsItselfIsRefused();
    void aSecondServeOnTheSameConfigurationIsRefused();
    void anotherConfigurationRunsBesideIt();
    void afterACrashItStartsAgain();
    void everySignalEndsItWithZero_data();
    void everySignalEndsItWithZero();
    void aStreamMayEndAfterTheSignal();
    void aSecondSignalCutsTheStream();
    void aClosedStandardOutputAndErrorDoNotHurt();
};

void TestServe::exitCodes_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<int>("code");
    QTest::addColumn<QByteArrayList>("named");
    const auto row = [](const char *name, const QString &arguments, int code,
                        const QByteArrayList &named) {
        QTest::newRow(name) << arguments.split(u' ', Qt::SkipEmptyParts) << code << named;
    };
    row("the version", u"--version"_s, 0, {});
    row("the help", u"--help"_s, 0, {});
    row("the help of a subcommand", u"serve --help"_s, 0, {});
    row("an unknown subcommand", u"frob"_s, 2, {"frob", "serve"});
    row("an unknown option", u"serve --frob"_s, 2, {"--frob"});
    row("a port that is no number", u"serve --port many"_s, 2, {"port", "many", "65535"});
    row("a port that is too large", u"--port 65536 serve"_s, 2, {"port", "65536", "65535"});
    row("an unknown backend", u"serve --backend NOWHERE"_s, 2, {"NOWHERE", "OPENROUTER", "ECHO"});
    row("a listen address that is none", u"serve --listen nowhere"_s, 2, {"nowhere"});
    row("no token beyond loopback", u"serve --listen 0.0.0.0 --no-token"_s, 2, {"token"});
    row("an unknown level", u"serve --log-level loud"_s, 2, {"loud", "debug", "warning"});
    row("an unknown format", u"serve --log-format xml"_s, 2, {"xml", "text", "json"});
    row("an .env file that is not there", u"serve --env-file nowhere.env"_s, 2, {"nowhere.env"});
    row("status without an instance", u"status"_s, 3, {"not running"});
    row("use without an instance", u"use ECHO"_s, 3, {"not running"});
    row("env without an instance", u"env"_s, 3, {"not running"});
    row("logs without an instance", u"logs --follow"_s, 3, {"not running"});
    row("models without an instance", u"models"_s, 3, {"not running"});
    row("quit without an instance", u"quit"_s, 3, {"not running"});
    row("an unknown backend, whether an instance runs or not", u"use NOWHERE"_s, 2, {"NOWHERE"});
    row("the tray application without a display", QString(), 2, {"switchyard serve"});
}

void TestServe::exitCodes()
{
    QFETCH(QStringList, arguments);
    QFETCH(int, code);
    QFETCH(QByteArrayList, named);
    const Home home;
    const RunResult result = run(home, arguments);
    QVERIFY2(result.exitCode == code, result.error.constData());
    for (const QByteArray &word : named)
        QVERIFY2(result.error.contains(word), result.error.constData());
    if (code == 0) {
        QVERIFY(!result.out.isEmpty());
        QCOMPARE(result.error, QByteArray());
    } else {
        QCOMPARE(result.out, QByteArray());
        QCOMPARE(result.error.count('\n'), 1);
    }
}

void TestServe::aReadyServerPrintsOneLineAndIsQuick()
{
    Home home;
    home.environment.insert(u"SWITCHYARD_TOKEN"_s, u"placeholder-token"_s);
    qint64 best = deadlineMs;
    for (int i = 0; i < 5; ++i) {
        Program program(home, {u"serve"_s, u"--port"_s, u"0"_s});
        QVERIFY(program.waitUntilReady());
        best = std::min(best, program.readyMs());
        QVERIFY(HttpClient(program.port(), "GET", "/health").readAll().startsWith("HTTP/1.1 200"));
        program.sendSignal(SIGTERM);
        QCOMPARE(program.waitForEnd(), 0);
        QCOMPARE(program.restOfOut(), QByteArray());
    }
    // The goal is 150 ms; a shared machine gets some room.
    qInfo("ready after %lld ms, the best of five starts", best);
    QVERIFY2(best <= 600, QByteArray::number(best).constData());
}

void TestServe::idleMemoryIsSmall()
{
    // A sanitizer's own memory is not the program's.
#ifdef __SANITIZE_ADDRESS__
    constexpr int goal = 400 * 1024;
#else
    constexpr int goal = 35 * 1024;
#endif
    Home home;
    home.environment.insert(u"SWITCHYARD_TOKEN"_s, u"placeholder-token"_s);
    Program program(home, {u"serve"_s, u"--port"_s, u"0"_s});
    QVERIFY(program.waitUntilReady());
    const QByteArray status = procFile(program.pid(), "status");
    const qsizetype at = status.indexOf("VmRSS:");
    QVERIFY(at >= 0);
    const int kilobytes = status.mid(at + 6).simplified().split(' ').first().toInt();
    qInfo("idle memory %d kB", kilobytes);
    QVERIFY(kilobytes > 0);
    QVERIFY2(kilobytes <= goal, QByteArray::number(kilobytes).constData());
}

void TestServe::withoutAKeyItTellsHowToTryIt()
{
    const Home home;
    Program program(home, {u"serve"_s, u"--port"_s, u"0"_s});
    QVERIFY(program.waitUntilReady());
    QVERIFY(program.waitForError("secret set OPENROUTER"));
    const QByteArray said = program.error();
    for (const char *word :
         {"ECHO", "ANTHROPIC_BASE_URL", "ANTHROPIC_AUTH_TOKEN", "/v1/messages", "\n  claude\n"})
        QVERIFY2(said.contains(word), said.constData());

    // The lines do what they say, pasted into a shell.
    QByteArray pasted;
    for (const QByteArray &line : said.split('\n')) {
        if (line.startsWith("  eval ") || line.startsWith("  curl "))
            pasted += line.trimmed() + '\n';
    }
    QCOMPARE(pasted.count('\n'), 2);
    QProcess shell;
    shell.setProcessEnvironment(home.environment);
    shell.start(u"/bin/sh"_s, {u"-c"_s, QString::fromUtf8(pasted)});
    QVERIFY(shell.waitForFinished(deadlineMs));
    const QByteArray answer = shell.readAllStandardOutput();
    const QJsonObject message = QJsonDocument::fromJson(answer).object();
    QVERIFY2(message[u"type"_s] == u"message"_s, answer + shell.readAllStandardError());
}

void TestServe::withAKeyItDoesNotTellHowToTryIt()
{
    Home home;
    home.environment.insert(u"OPENROUTER_API_KEY"_s, u"sk-or-v1-placeholder"_s);
    Program program(home, {u"serve"_s, u"--port"_s, u"0"_s});
    QVERIFY(program.waitUntilReady());
    QVERIFY(program.waitForError("backend OPENROUTER"));
    program.sendSignal(SIGTERM);
    QCOMPARE(program.waitForEnd(), 0);
    QVERIFY(!program.error().contains("curl"));
}

void TestServe::jsonLogsAreJsonAlone()
{
    const Home home;
    Program program(home,
                    {u"serve"_s, u"--port"_s, u"0"_s, u"--log-format"_s, u"json"_s, u"--token"_s,
                     u"placeholder-token"_s});
    QVERIFY(program.waitUntilReady());
    HttpClient(program.port(), "POST", "/v1/messages", "placeholder-token", messagesBody(false))
        .readAll();
    program.sendSignal(SIGTERM);
    QCOMPARE(program.waitForEnd(), 0);
    bool sawExchange = false;
    const QByteArrayList lines = program.error().trimmed().split('\n');
    for (const QByteArray &line : lines) {
        const QJsonObject entry = QJsonDocument::fromJson(line).object();
        for (const QString &key :
             {u"time"_s, u"level"_s, u"category"_s, u"message"_s, u"instance"_s})
            QVERIFY2(entry[key].isString(), line.constData());
        if (entry[u"category"_s] == u"switchyard.request"_s) {
            sawExchange = true;
            QCOMPARE(entry[u"exchange"_s].toObject()[u"backend"_s].toString(), u"ECHO"_s);
        }
    }
    QVERIFY(sawExchange);
}

void TestServe::theLogFileGetsARequestLine()
{
    Home home;
    home.environment.insert(u"SWITCHYARD_TOKEN"_s, u"placeholder-token"_s);
    Program program(home, {u"serve"_s, u"--port"_s, u"0"_s});
    QVERIFY(program.waitUntilReady());
    HttpClient(program.port(), "POST", "/v1/messages", "placeholder-token", messagesBody(false))
        .readAll();
    QVERIFY(program.waitForError("switchyard.request: #1 done model=claude-sonnet-4"));
    QFile file(home.logFile());
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QByteArray log = file.readAll();
    QVERIFY2(log.contains("switchyard.request: #1 done model=claude-sonnet-4"), log.constData());
    QVERIFY(log.contains("backend=ECHO lane=local status=200"));
    // What was said is nobody's business.
    QVERIFY(!log.contains("Hello"));
}

void TestServe::theLevelOfTheLog()
{
    Home home;
    home.environment.insert(u"SWITCHYARD_TOKEN"_s, u"placeholder-token"_s);
    home.environment.insert(u"OPENROUTER_API_KEY"_s, u"sk-or-v1-placeholder"_s);
    Program program(
        home,
        {u"serve"_s, u"--port"_s, u"0"_s, u"--log-level"_s, u"error"_s, u"--backend"_s, u"ECHO"_s});
    QVERIFY(program.waitUntilReady());
    HttpClient(program.port(), "POST", "/v1/messages", "placeholder-token", messagesBody(false))
        .readAll();
    program.sendSignal(SIGTERM);
    QCOMPARE(program.waitForEnd(), 0);
    QCOMPARE(program.error(), QByteArray());
}

void TestServe::aTakenPortEndsItWithTheRemedy()
{
    QTcpServer other;
    QVERIFY(other.listen(QHostAddress::LocalHost));
    const QByteArray port = QByteArray::number(other.serverPort());
    const Home home;
    const RunResult result = run(home, {u"serve"_s, u"--port"_s, QString::fromLatin1(port)});
    QCOMPARE(result.exitCode, 1);
    QCOMPARE(result.out, QByteArray());
    QVERIFY2(result.error.contains(port), result.error.constData());
    QVERIFY2(result.error.contains("tst_serve"), result.error.constData());
    QVERIFY2(result.error.contains(QByteArray::number(QCoreApplication::applicationPid())),
             result.error.constData());
    QVERIFY2(result.error.contains("--port 0"), result.error.constData());
}

void TestServe::aBaseUrlThatIsItselfIsRefused()
{
    // A port that is certainly free is not needed: it is refused before it listens.
    Home home;
    home.environment.insert(u"OPENROUTER_API_BASE"_s, u"http://localhost:4123/v1"_s);
    const RunResult result = run(home, {u"serve"_s, u"--port"_s, u"4123"_s});
    QCOMPARE(result.exitCode, 2);
    QVERIFY2(result.error.contains("OPENROUTER_API_BASE"), result.error.constData());
    QVERIFY2(result.error.contains("itself"), result.error.constData());
}

void TestServe::aSecondServeOnTheSameConfigurationIsRefused()
{
    const Home home;
    Program first(home, {u"serve"_s, u"--port"_s, u"0"_s});
    QVERIFY(first.waitUntilReady());
    const RunResult second = run(home, {u"serve"_s, u"--port"_s, u"0"_s});
    QCOMPARE(second.exitCode, 1);
    QCOMPARE(second.out, QByteArray());
    QVERIFY2(second.error.contains(QByteArray::number(first.pid())), second.error.constData());
    QVERIFY(first.isRunning());
    QCOMPARE(run(home, {u"status"_s}).exitCode, 0);
}

void TestServe::anotherConfigurationRunsBesideIt()
{
    const Home home;
    Program first(home, {u"serve"_s, u"--port"_s, u"0"_s});
    QVERIFY(first.waitUntilReady());
    const QString other = home.path() + u"/other"_s;
    Program second(home, {u"serve"_s, u"--port"_s, u"0"_s, u"--config-dir"_s, other});
    QVERIFY(second.waitUntilReady());
    QVERIFY(first.port() != second.port());
    const RunResult status = run(home, {u"status"_s, u"--json"_s, u"--config-dir"_s, other});
    QCOMPARE(QJsonDocument::fromJson(status.out).object()[u"pid"_s].toInteger(), second.pid());
}

void TestServe::afterACrashItStartsAgain()
{
    const Home home;
    {
        Program crashed(home, {u"serve"_s, u"--port"_s, u"0"_s});
        QVERIFY(crashed.waitUntilReady());
        crashed.sendSignal(SIGKILL);
        QCOMPARE(crashed.waitForEnd(), -1);
    }
    QCOMPARE(run(home, {u"status"_s}).exitCode, 3);
    Program next(home, {u"serve"_s, u"--port"_s, u"0"_s});
    QVERIFY(next.waitUntilReady());
    QCOMPARE(run(home, {u"status"_s}).exitCode, 0);
}

void TestServe::everySignalEndsItWithZero_data()
{
    QTest::addColumn<int>("number");
    QTest::newRow("a service manager's SIGTERM") << SIGTERM;
    QTest::newRow("Ctrl+C") << SIGINT;
    QTest::newRow("a closed terminal") << SIGHUP;
}

void TestServe::everySignalEndsItWithZero()
{
    QFETCH(int, number);
    const Home home;
    Program program(home, {u"serve"_s, u"--port"_s, u"0"_s});
    QVERIFY(program.waitUntilReady());
    program.sendSignal(number);
    QCOMPARE(program.waitForEnd(), 0);
    QCOMPARE(run(home, {u"status"_s}).exitCode, 3);
}

void TestServe::aStreamMayEndAfterTheSignal()
{
    const QByteArray key = "sk-or-v1-placeholder-of-the-upstream";
    FakeUpstream upstream(key);
    QVERIFY2(upstream.isRunning(), "node with tests/fakes/openrouter.mjs did not start");
    QVERIFY(upstream.script(
        R"([{"kind":"message","content":"first second third","delivery":{"gates":{"4":"rest"}}}])"));
    Home home;
    home.environment.insert(u"OPENROUTER_API_KEY"_s, QString::fromLatin1(key));
    home.environment.insert(u"OPENROUTER_API_BASE"_s, upstream.base());
    home.environment.insert(u"SWITCHYARD_TOKEN"_s, u"placeholder-token"_s);
    Program program(home, {u"serve"_s, u"--port"_s, u"0"_s});
    QVERIFY(program.waitUntilReady());

    HttpClient client(program.port(), "POST", "/v1/messages", "placeholder-token",
                      messagesBody(true));
    QVERIFY(client.waitFor("message_start"));
    QVERIFY(upstream.waitForGate("rest"));
    program.sendSignal(SIGTERM);
    QVERIFY(program.waitForError("Ending;"));
    QVERIFY(program.isRunning());
    QVERIFY(upstream.openGate("rest"));

    const QByteArray answer = client.readAll();
    QVERIFY2(answer.contains("event: message_stop"), answer.constData());
    QVERIFY2(!answer.contains("event: error"), answer.constData());
    QCOMPARE(program.waitForEnd(), 0);
    QVERIFY(program.error().contains("#1 done"));
}

void TestServe::aSecondSignalCutsTheStream()
{
    const QByteArray key = "sk-or-v1-placeholder-of-the-upstream";
    FakeUpstream upstream(key);
    QVERIFY2(upstream.isRunning(), "node with tests/fakes/openrouter.mjs did not start");
    QVERIFY(upstream.script(
        R"([{"kind":"message","content":"first second third","delivery":{"gates":{"4":"never"}}}])"));
    Home home;
    home.environment.insert(u"OPENROUTER_API_KEY"_s, QString::fromLatin1(key));
    home.environment.insert(u"OPENROUTER_API_BASE"_s, upstream.base());
    home.environment.insert(u"SWITCHYARD_TOKEN"_s, u"placeholder-token"_s);
    Program program(home, {u"serve"_s, u"--port"_s, u"0"_s});
    QVERIFY(program.waitUntilReady());

    HttpClient client(program.port(), "POST", "/v1/messages", "placeholder-token",
                      messagesBody(true));
    QVERIFY(client.waitFor("message_start"));
    QVERIFY(upstream.waitForGate("never"));
    program.sendSignal(SIGTERM);
    QVERIFY(program.waitForError("Ending;"));
    QVERIFY(program.isRunning());
    program.sendSignal(SIGTERM);

    const QByteArray answer = client.readAll();
    QVERIFY2(answer.contains("event: error"), answer.constData());
    QVERIFY2(!answer.contains("message_stop"), answer.constData());
    QCOMPARE(program.waitForEnd(), 0);
}

void TestServe::aClosedStandardOutputAndErrorDoNotHurt()
{
    Home home;
    home.environment.insert(u"SWITCHYARD_TOKEN"_s, u"placeholder-token"_s);
    QProcess shell;
    shell.setProcessEnvironment(home.environment);
    shell.start(u"/bin/sh"_s,
                {u"-c"_s, u"exec '" SWITCHYARD_PROGRAM "' serve --port 0 >&- 2>&-"_s});
    QVERIFY(shell.waitForStarted());
    QByteArray status;
    QVERIFY(QTest::qWaitFor(
        [&] {
            return (status = run(home, {u"status"_s, u"--json"_s}).out)
                .contains("\"state\":\"running\"");
        },
        deadlineMs));
    const auto port = quint16(QJsonDocument::fromJson(status).object()[u"port"_s].toInt());
    const QByteArray answer =
        HttpClient(port, "POST", "/v1/messages", "placeholder-token", messagesBody(false))
            .readAll();
    QVERIFY2(answer.startsWith("HTTP/1.1 200"), answer.constData());
    QCOMPARE(run(home, {u"quit"_s}).exitCode, 0);
    QVERIFY(shell.waitForFinished(deadlineMs));
    QCOMPARE(shell.exitCode(), 0);
}

QTEST_GUILESS_MAIN(TestServe)
#include "tst_serve.moc"
