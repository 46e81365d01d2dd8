// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/controlclient.h"
#include "app/controlprotocol.h"
#include "tests/app/fakeupstream.h"

#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLocalSocket>

using namespace Switchyard;
using namespace Switchyard::Testing;
using namespace Qt::StringLiterals;

namespace {

const QByteArray token = "placeholder-token";

QJsonObject json(const QByteArray &text)
{
    return QJsonDocument::fromJson(text).object();
}

} // namespace

// The commands that speak to a running instance, and the socket they use.
class TestControl : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();
    void statusHasTheMembersOfTheContract();
    void statusForPeopleNamesTheBackendAndTheAddress();
    void useChangesTheBackendAndKeepsTheChoice();
    void useOverTheEnvironmentSaysThatItIsForThisRun();
    void envGivesLinesThatWorkInAShell();
    void envForTheOtherShells();
    void modelsSayWhatABackendIsAskedFor();
    void logsHaveTheMembersOfTheContract();
    void logsForPeopleAreOneAlignedLinePerRow();
    void followingShowsARequestWhileItRuns();
    void followingEndsWithTheInstance();
    void quitWaitsUntilTheInstanceIsGone();
    void optionsBeforeTheSubcommandReachTheRightInstance();
    void theSocketIsForTheUserAlone();
    void garbageIsAnsweredAndHurtsNobody_data();
    void garbageIsAnsweredAndHurtsNobody();
    void aSilentPeerHurtsNobody();
    void aReaderThatNeverReadsHurtsNobody();
    void tooManyConnectionsAreTurnedAway();

private:
    QString socketPath() const;
    bool connectRaw(QLocalSocket &socket) const;

    std::unique_ptr<Home> m_home;
    std::unique_ptr<Program> m_program;
};

void TestControl::init()
{
    m_home = std::make_unique<Home>();
    m_home->environment.insert(u"SWITCHYARD_TOKEN"_s, QString::fromLatin1(token));
    m_program = std::make_unique<Program>(*m_home, QStringList{u"serve"_s, u"--port"_s, u"0"_s});
    QVERIFY(m_program->waitUntilReady());
}

void TestControl::cleanup()
{
    // Whatever a test did to it, the instance is alive and ends in order.
    if (m_program && m_program->isRunning()) {
        m_program->sendSignal(SIGTERM);
        QCOMPARE(m_program->waitForEnd(), 0);
    }
    m_program.reset();
    m_home.reset();
}

QString TestControl::socketPath() const
{
    qputenv("XDG_RUNTIME_DIR", m_home->runtimeDir().toUtf8());
    const auto place = instancePlace(m_home->configDir());
    return place.ok() ? place.value().socket : QString();
}

bool TestControl::connectRaw(QLocalSocket &socket) const
{
    socket.connectToServer(socketPath());
    return socket.waitForConnected(deadlineMs);
}

void TestControl::statusHasTheMembersOfTheContract()
{
    const RunResult result = run(*m_home, {u"status"_s, u"--json"_s});
    QCOMPARE(result.exitCode, 0);
    QCOMPARE(result.out.count('\n'), 1);
    const QJsonObject status = json(result.out);
    QCOMPARE(status[u"backend"_s].toString(), u"ECHO"_s);
    QCOMPARE(status[u"lane"_s].toString(), u"local"_s);
    QCOMPARE(status[u"port"_s].toInt(), int(m_program->port()));
    QCOMPARE(status[u"url"_s].toString(), u"http://127.0.0.1:%1"_s.arg(m_program->port()));
    QCOMPARE(status[u"version"_s].toString(), QStringLiteral(SWITCHYARD_VERSION));
    QVERIFY(!status[u"instance"_s].toString().isEmpty());
    QVERIFY(status[u"uptime_s"_s].isDouble());
    QCOMPARE(status[u"requests"_s].toInt(-1), 0);
    QCOMPARE(status[u"errors"_s].toInt(-1), 0);
    QCOMPARE(status[u"pid"_s].toInteger(), m_program->pid());

    const QByteArray health = HttpClient(m_program->port(), "GET", "/health").readAll();
    QVERIFY(health.contains(status[u"instance"_s].toString().toLatin1()));
}

void TestControl::statusForPeopleNamesTheBackendAndTheAddress()
{
    const RunResult result = run(*m_home, {u"status"_s});
    QCOMPARE(result.exitCode, 0);
    for (const QByteArray &word : {QByteArray("running"), QByteArray("ECHO"), QByteArray("offline"),
                                   "http://127.0.0.1:" + QByteArray::number(m_program->port())})
        QVERIFY2(result.out.contains(word), result.out.constData());
}

void TestControl::useChangesTheBackendAndKeepsTheChoice()
{
    const RunResult result = run(*m_home, {u"use"_s, u"openrouter"_s});
    QCOMPARE(result.exitCode, 0);
    QVERIFY2(result.out.contains("OPENROUTER"), result.out.constData());
    QVERIFY2(result.error.contains("secret set OPENROUTER"), result.error.constData());
    QJsonObject status = json(run(*m_home, {u"status"_s, u"--json"_s}).out);
    QCOMPARE(status[u"backend"_s].toString(), u"OPENROUTER"_s);
    QCOMPARE(status[u"lane"_s].toString(), u"native"_s);

    QCOMPARE(run(*m_home, {u"quit"_s}).exitCode, 0);
    QCOMPARE(m_program->waitForEnd(), 0);
    Program next(*m_home, {u"serve"_s, u"--port"_s, u"0"_s});
    QVERIFY(next.waitUntilReady());
    status = json(run(*m_home, {u"status"_s, u"--json"_s}).out);
    QCOMPARE(status[u"backend"_s].toString(), u"OPENROUTER"_s);
}

void TestControl::useOverTheEnvironmentSaysThatItIsForThisRun()
{
    const QString config = m_home->path() + u"/other"_s;
    Home &home = *m_home;
    home.environment.insert(u"PROXY_BACKEND"_s, u"OPENROUTER"_s);
    Program other(home, {u"serve"_s, u"--port"_s, u"0"_s, u"--config-dir"_s, config});
    QVERIFY(other.waitUntilReady());
    const RunResult result = run(home, {u"use"_s, u"ECHO"_s, u"--config-dir"_s, config});
    QCOMPARE(result.exitCode, 0);
    QVERIFY2(result.error.contains("this run only"), result.error.constData());
    QVERIFY(!QFile::exists(config + u"/settings.json"_s));
}

void TestControl::envGivesLinesThatWorkInAShell()
{
    const RunResult lines = run(*m_home, {u"env"_s});
    QCOMPARE(lines.exitCode, 0);
    QProcess shell;
    shell.start(u"/bin/sh"_s,
                {u"-c"_s,
                 QString::fromUtf8(lines.out)
                     + u"printf '%s|%s|%s' \"$ANTHROPIC_BASE_URL\" \"$ANTHROPIC_AUTH_TOKEN\" "
                       "\"${ANTHROPIC_API_KEY-unset}\""_s});
    QVERIFY(shell.waitForFinished(deadlineMs));
    QCOMPARE(shell.readAllStandardOutput(),
             "http://127.0.0.1:" + QByteArray::number(m_program->port()) + '|' + token + '|');
}

void TestControl::envForTheOtherShells()
{
    const QByteArray url = "'http://127.0.0.1:" + QByteArray::number(m_program->port()) + '\'';
    const RunResult fish = run(*m_home, {u"env"_s, u"--shell"_s, u"fish"_s});
    QCOMPARE(fish.out,
             "set -gx ANTHROPIC_BASE_URL " + url + "\nset -gx ANTHROPIC_AUTH_TOKEN '" + token
                 + "'\nset -gx ANTHROPIC_API_KEY ''\n");
    const RunResult powershell = run(*m_home, {u"--shell=powershell"_s, u"env"_s});
    QCOMPARE(powershell.out,
             "$env:ANTHROPIC_BASE_URL = " + url + "\n$env:ANTHROPIC_AUTH_TOKEN = '" + token
                 + "'\n$env:ANTHROPIC_API_KEY = ''\n");
}

void TestControl::modelsSayWhatABackendIsAskedFor()
{
    const RunResult result = run(*m_home, {u"models"_s, u"OPENROUTER"_s});
    QCOMPARE(result.exitCode, 0);
    const QByteArray text = result.out.simplified();
    for (const char *line :
         {"claude-opus-5-5 → anthropic/claude-opus-5.5", "big → anthropic/claude-sonnet-4",
          "small → anthropic/claude-3.7-sonnet"})
        QVERIFY2(text.contains(line), result.out.constData());
    QVERIFY(run(*m_home, {u"models"_s}).out.startsWith("ECHO\n"));
}

void TestControl::logsHaveTheMembersOfTheContract()
{
    QVERIFY(HttpClient(m_program->port(), "POST", "/v1/messages", token, messagesBody(true))
                .readAll()
                .contains("message_stop"));
    HttpClient(m_program->port(), "POST", "/v1/messages", "wrong", messagesBody(true)).readAll();
    QVERIFY(m_program->waitForError("#2 blocked"));

    const RunResult result = run(*m_home, {u"logs"_s, u"--json"_s});
    QCOMPARE(result.exitCode, 0);
    const QByteArrayList lines = result.out.trimmed().split('\n');
    QCOMPARE(lines.size(), 2);
    for (const QByteArray &line : lines) {
        const QJsonObject row = json(line);
        for (const QString &key :
             {u"id"_s, u"time"_s, u"state"_s, u"session"_s, u"model"_s, u"upstream_model"_s,
              u"backend"_s, u"lane"_s, u"status"_s, u"attempts"_s, u"ttfb_ms"_s, u"duration_ms"_s,
              u"input_tokens"_s, u"cache_read_tokens"_s, u"cache_write_tokens"_s,
              u"output_tokens"_s, u"cost"_s, u"stop_reason"_s, u"fingerprint"_s})
            QVERIFY2(row.contains(key), qPrintable(key));
    }
    const QJsonObject done = json(lines[0]);
    QCOMPARE(done[u"state"_s].toString(), u"done"_s);
    QCOMPARE(done[u"model"_s].toString(), u"claude-sonnet-4"_s);
    QCOMPARE(done[u"status"_s].toInt(), 200);
    const QJsonObject blocked = json(lines[1]);
    QCOMPARE(blocked[u"state"_s].toString(), u"blocked"_s);
    QCOMPARE(blocked[u"status"_s].toInt(), 401);
    QVERIFY(blocked[u"ttfb_ms"_s].isNull());
    QVERIFY(blocked[u"output_tokens"_s].isNull());
    QCOMPARE(blocked[u"fingerprint"_s].toString().size(), 12);
}

void TestControl::logsForPeopleAreOneAlignedLinePerRow()
{
    for (int i = 0; i < 2; ++i) {
        HttpClient(m_program->port(), "POST", "/v1/messages", token, messagesBody(false)).readAll();
    }
    QVERIFY(m_program->waitForError("#2 done"));
    const RunResult result = run(*m_home, {u"logs"_s});
    QCOMPARE(result.exitCode, 0);
    const QByteArrayList lines = result.out.trimmed().split('\n');
    QCOMPARE(lines.size(), 3);
    const qsizetype column = lines[0].indexOf("backend/lane");
    QVERIFY(column > 0);
    QCOMPARE(lines[1].indexOf("ECHO/local"), column);
    QCOMPARE(lines[2].indexOf("ECHO/local"), column);
}

void TestControl::followingShowsARequestWhileItRuns()
{
    const QByteArray key = "sk-or-v1-placeholder-of-the-upstream";
    FakeUpstream upstream(key);
    QVERIFY2(upstream.isRunning(), "node with tests/fakes/openrouter.mjs did not start");
    QVERIFY(upstream.script(
        R"([{"kind":"message","content":"first second third","delivery":{"gates":{"4":"rest"}}}])"));
    const QStringList instance{u"--config-dir"_s, m_home->path() + u"/other"_s};
    m_home->environment.insert(u"OPENROUTER_API_KEY"_s, QString::fromLatin1(key));
    m_home->environment.insert(u"OPENROUTER_API_BASE"_s, upstream.base());
    Program server(*m_home, QStringList{u"serve"_s, u"--port"_s, u"0"_s} + instance);
    QVERIFY(server.waitUntilReady());
    Program machine(*m_home, QStringList{u"logs"_s, u"--follow"_s, u"--json"_s} + instance);
    Program person(*m_home, QStringList{u"logs"_s, u"--follow"_s} + instance);
    QVERIFY(person.readLine().contains("backend/lane"));

    HttpClient client(server.port(), "POST", "/v1/messages", token, messagesBody(true));
    QVERIFY(upstream.waitForGate("rest"));
    // The request runs: its row is there, and says so.
    QByteArray line = machine.readLine();
    if (json(line)[u"state"_s] == u"waiting"_s)
        line = machine.readLine();
    QCOMPARE(json(line)[u"state"_s].toString(), u"streaming"_s);
    QCOMPARE(json(line)[u"upstream_model"_s].toString(), u"anthropic/claude-sonnet-4"_s);
    QVERIFY(json(line)[u"duration_ms"_s].isNull());

    QVERIFY(upstream.openGate("rest"));
    QVERIFY(client.readAll().contains("message_stop"));
    line = machine.readLine();
    QCOMPARE(json(line)[u"state"_s].toString(), u"done"_s);
    QVERIFY(json(line)[u"duration_ms"_s].isDouble());
    line = person.readLine();
    if (line.contains("waiting"))
        line = person.readLine();
    QVERIFY2(line.contains("done"), line.constData());
}

void TestControl::followingEndsWithTheInstance()
{
    Program follower(*m_home, {u"logs"_s, u"--follow"_s});
    QVERIFY(follower.readLine().contains("backend/lane"));
    QCOMPARE(run(*m_home, {u"quit"_s}).exitCode, 0);
    QCOMPARE(follower.waitForEnd(), 0);
}

void TestControl::quitWaitsUntilTheInstanceIsGone()
{
    const RunResult result = run(*m_home, {u"quit"_s});
    QCOMPARE(result.exitCode, 0);
    QTcpSocket late;
    late.connectToHost(u"127.0.0.1"_s, m_program->port());
    QVERIFY(!late.waitForConnected(deadlineMs));
    QCOMPARE(m_program->waitForEnd(), 0);
    QCOMPARE(run(*m_home, {u"status"_s}).exitCode, 3);
}

void TestControl::optionsBeforeTheSubcommandReachTheRightInstance()
{
    const RunResult here =
        run(*m_home, {u"--config-dir"_s, m_home->configDir(), u"--json"_s, u"status"_s});
    QCOMPARE(here.exitCode, 0);
    QCOMPARE(json(here.out)[u"pid"_s].toInteger(), m_program->pid());
    const RunResult elsewhere =
        run(*m_home, {u"--config-dir=%1/elsewhere"_s.arg(m_home->path()), u"status"_s});
    QCOMPARE(elsewhere.exitCode, 3);
    QVERIFY2(elsewhere.error.contains("/elsewhere"), elsewhere.error.constData());
}

void TestControl::theSocketIsForTheUserAlone()
{
    const QFileInfo socket(socketPath());
    QVERIFY(socket.exists());
    const auto others = QFileDevice::ReadGroup | QFileDevice::WriteGroup | QFileDevice::ExeGroup
        | QFileDevice::ReadOther | QFileDevice::WriteOther | QFileDevice::ExeOther;
    QCOMPARE(socket.permissions() & others, QFileDevice::Permissions());
    QCOMPARE(QFileInfo(socket.absolutePath()).permissions() & others, QFileDevice::Permissions());
}

void TestControl::garbageIsAnsweredAndHurtsNobody_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::newRow("an HTTP request") << QByteArray("GET / HTTP/1.1\r\n\r\n");
    QTest::newRow("bytes of all kinds") << QByteArray("\x00\xff\xfe\x80{[\"\n", 8);
    QTest::newRow("another version") << QByteArray("{\"v\":99,\"command\":\"quit\"}\n");
    QTest::newRow("no object") << QByteArray("[\"quit\"]\n");
    QTest::newRow("an unknown command") << QByteArray("{\"v\":1,\"command\":\"frob\"}\n");
    QTest::newRow("a command that is no text") << QByteArray("{\"v\":1,\"command\":{}}\n");
    QTest::newRow("a backend that is none")
        << QByteArray("{\"v\":1,\"command\":\"use\",\"backend\":\"NOWHERE\"}\n");
    QTest::newRow("deep nesting") << QByteArray(30'000, '[') + '\n';
    QTest::newRow("a line without an end") << QByteArray(200'000, 'x');
}

void TestControl::garbageIsAnsweredAndHurtsNobody()
{
    QFETCH(QByteArray, bytes);
    QLocalSocket socket;
    QVERIFY(connectRaw(socket));
    socket.write(bytes);
    QVERIFY(QTest::qWaitFor([&] { return socket.state() == QLocalSocket::UnconnectedState; },
                            deadlineMs));
    const QJsonObject answer = json(socket.readAll());
    QCOMPARE(answer[u"ok"_s].toBool(true), false);
    QVERIFY(!answer[u"error"_s].toString().isEmpty());
    QCOMPARE(json(run(*m_home, {u"status"_s, u"--json"_s}).out)[u"backend"_s].toString(),
             u"ECHO"_s);
}

void TestControl::aSilentPeerHurtsNobody()
{
    QLocalSocket silent;
    QVERIFY(connectRaw(silent));
    silent.write("{\"v\":1,");
    QCOMPARE(run(*m_home, {u"status"_s}).exitCode, 0);
    // It is sent away when its time is over.
    QVERIFY(QTest::qWaitFor([&] { return silent.state() == QLocalSocket::UnconnectedState; },
                            deadlineMs));
}

void TestControl::aReaderThatNeverReadsHurtsNobody()
{
    QLocalSocket reader;
    reader.setReadBufferSize(1);
    QVERIFY(connectRaw(reader));
    reader.write(controlRequest(u"logs"_s, {{u"follow"_s, true}}));
    QVERIFY(reader.waitForBytesWritten(deadlineMs));
    for (int i = 1; i <= 50; ++i)
        HttpClient(m_program->port(), "POST", "/v1/messages", token, messagesBody(false)).readAll();
    QVERIFY(m_program->waitForError("#50 done"));
    QCOMPARE(run(*m_home, {u"logs"_s, u"--json"_s}).out.count('\n'), 50);
}

void TestControl::tooManyConnectionsAreTurnedAway()
{
    std::vector<std::unique_ptr<QLocalSocket>> sockets;
    for (int i = 0; i < 64; ++i) {
        sockets.push_back(std::make_unique<QLocalSocket>());
        QVERIFY(connectRaw(*sockets.back()));
    }
    QLocalSocket late;
    QVERIFY(connectRaw(late));
    QVERIFY(QTest::qWaitFor([&] { return late.state() == QLocalSocket::UnconnectedState; },
                            deadlineMs));
    sockets.clear();
    QVERIFY(QTest::qWaitFor([&] { return run(*m_home, {u"status"_s}).exitCode == 0; }, deadlineMs));
}

QTEST_GUILESS_MAIN(TestControl)
#include "tst_control.moc"
