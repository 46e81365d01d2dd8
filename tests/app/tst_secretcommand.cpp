// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/app/fakeupstream.h"
#include "tests/app/keyringsession.h"

#include <QJsonArray>
#include <QLocalServer>

using namespace Switchyard::Testing;
using namespace Qt::StringLiterals;

namespace {

const QByteArray key = "sk-or-v1-placeholder-of-the-keyring";

QJsonObject status(const Home &home)
{
    return QJsonDocument::fromJson(run(home, {u"status"_s, u"--json"_s}).out).object();
}

// The token as `env` gives it.
QByteArray tokenOf(const Home &home)
{
    const QByteArray lines = run(home, {u"env"_s}).out;
    const QByteArray start = "ANTHROPIC_AUTH_TOKEN='";
    const qsizetype at = lines.indexOf(start) + start.size();
    return lines.mid(at, lines.indexOf('\'', at) - at);
}

} // namespace

// `switchyard secret` and what a start finds in a real keyring.
class TestSecretCommand : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void setListDelete();
    void whatIsNoKeyIsRefused_data();
    void whatIsNoKeyIsRefused();
    void deletingWhatIsNotThereFails();
    void withoutAKeychainItSaysSo();
    void aStartFindsTheKeyInTheKeychain();
    void aRunningInstanceTakesANewKey();
    void aRunningInstanceForgetsADeletedKey();
    void theLocalTokenIsKept();
    void aGivenTokenIsNotStored();
    void aStartDoesNotWaitForAKeychainItDoesNotNeed();
    void anAnswerlessKeychainDelaysTheStartByABound();
};

void TestSecretCommand::init()
{
    clearKeyring();
}

void TestSecretCommand::setListDelete()
{
    const Home home = homeWithKeyring();
    RunResult result = run(home, {u"secret"_s, u"list"_s});
    QCOMPARE(result.exitCode, 0);
    QCOMPARE(result.out.simplified(), QByteArray("OPENROUTER - local-token -"));

    result = run(home, {u"secret"_s, u"set"_s, u"openrouter"_s}, key + '\n');
    QVERIFY2(result.exitCode == 0, result.error.constData());
    QVERIFY(result.out.contains("OPENROUTER"));
    QCOMPARE(keyringEntry(u"OPENROUTER"_s), key);

    result = run(home, {u"secret"_s, u"list"_s});
    QCOMPARE(result.out.simplified(), QByteArray("OPENROUTER keychain local-token -"));
    QVERIFY(!result.out.contains(key));

    result = run(home, {u"secret"_s, u"delete"_s, u"OPENROUTER"_s});
    QVERIFY2(result.exitCode == 0, result.error.constData());
    QCOMPARE(keyringEntry(u"OPENROUTER"_s), QByteArray());
}

void TestSecretCommand::whatIsNoKeyIsRefused_data()
{
    QTest::addColumn<QByteArray>("input");
    QTest::newRow("nothing") << QByteArray();
    QTest::newRow("an empty line") << QByteArray("\n");
    QTest::newRow("blanks") << QByteArray("   \n");
    QTest::newRow("words") << QByteArray("my secret key\n");
    QTest::newRow("a control character") << QByteArray("sk-\x01placeholder\n");
    QTest::newRow("letters beyond ASCII") << QByteArray("schlüssel\n");
    QTest::newRow("a whole file") << QByteArray(100'000, 'x');
}

void TestSecretCommand::whatIsNoKeyIsRefused()
{
    QFETCH(QByteArray, input);
    const Home home = homeWithKeyring();
    const RunResult result = run(home, {u"secret"_s, u"set"_s, u"OPENROUTER"_s}, input);
    QCOMPARE(result.exitCode, 2);
    QVERIFY(result.error.contains("standard input"));
    QCOMPARE(keyringEntry(u"OPENROUTER"_s), QByteArray());
}

void TestSecretCommand::deletingWhatIsNotThereFails()
{
    const Home home = homeWithKeyring();
    const RunResult result = run(home, {u"secret"_s, u"delete"_s, u"OPENROUTER"_s});
    QCOMPARE(result.exitCode, 1);
    QVERIFY(result.error.contains("OPENROUTER"));
}

void TestSecretCommand::withoutAKeychainItSaysSo()
{
    const Home home;
    for (const QStringList &command : {QStringList{u"secret"_s, u"set"_s, u"OPENROUTER"_s},
                                       QStringList{u"secret"_s, u"delete"_s, u"OPENROUTER"_s},
                                       QStringList{u"secret"_s, u"list"_s}}) {
        const RunResult result = run(home, command, key);
        QCOMPARE(result.exitCode, 1);
        QVERIFY2(result.error.contains("keychain"), result.error.constData());
        QVERIFY2(result.error.contains("OPENROUTER_API_KEY"), result.error.constData());
        QCOMPARE(result.error.count('\n'), 1);
    }
}

void TestSecretCommand::aStartFindsTheKeyInTheKeychain()
{
    FakeUpstream upstream(key);
    QVERIFY2(upstream.isRunning(), "node with tests/fakes/openrouter.mjs did not start");
    Home home = homeWithKeyring();
    home.environment.insert(u"OPENROUTER_API_BASE"_s, upstream.base());
    QCOMPARE(run(home, {u"secret"_s, u"set"_s}, key).exitCode, 0);

    Program program(home, {u"serve"_s, u"--port"_s, u"0"_s});
    QVERIFY(program.waitUntilReady());
    qInfo("ready after %lld ms with two questions to the keyring", program.readyMs());
    QCOMPARE(status(home)[u"backend"_s].toString(), u"OPENROUTER"_s);
    // The upstream takes this key and no other.
    const QByteArray answer =
        HttpClient(program.port(), "POST", "/v1/messages", tokenOf(home), messagesBody(false))
            .readAll();
    QVERIFY2(answer.startsWith("HTTP/1.1 200"), answer.constData());
    QVERIFY2(answer.contains("Hello from the fake upstream."), answer.constData());
}

void TestSecretCommand::aRunningInstanceTakesANewKey()
{
    FakeUpstream upstream(key);
    QVERIFY2(upstream.isRunning(), "node with tests/fakes/openrouter.mjs did not start");
    Home home = homeWithKeyring();
    home.environment.insert(u"OPENROUTER_API_BASE"_s, upstream.base());
    Program program(home, {u"serve"_s, u"--port"_s, u"0"_s});
    QVERIFY(program.waitUntilReady());
    QCOMPARE(status(home)[u"backend"_s].toString(), u"ECHO"_s);

    // Nobody chose a backend, so the one that now has a key is taken.
    QCOMPARE(run(home, {u"secret"_s, u"set"_s, u"OPENROUTER"_s}, key).exitCode, 0);
    QVERIFY(QTest::qWaitFor(
        [&] { return status(home)[u"backend"_s].toString() == u"OPENROUTER"_s; }, deadlineMs));
    const QByteArray answer =
        HttpClient(program.port(), "POST", "/v1/messages", tokenOf(home), messagesBody(false))
            .readAll();
    QVERIFY2(answer.contains("Hello from the fake upstream."), answer.constData());
}

void TestSecretCommand::aRunningInstanceForgetsADeletedKey()
{
    Home home = homeWithKeyring();
    QCOMPARE(run(home, {u"secret"_s, u"set"_s, u"OPENROUTER"_s}, key).exitCode, 0);
    Program program(home, {u"serve"_s, u"--port"_s, u"0"_s, u"--backend"_s, u"OPENROUTER"_s});
    QVERIFY(program.waitUntilReady());
    const auto configured = [&home] {
        const QJsonArray backends = status(home)[u"backends"_s].toArray();
        for (const QJsonValue &backend : backends) {
            if (backend[u"name"_s] == u"OPENROUTER"_s)
                return backend[u"configured"_s].toBool();
        }
        return false;
    };
    QVERIFY(configured());
    QCOMPARE(run(home, {u"secret"_s, u"delete"_s, u"OPENROUTER"_s}).exitCode, 0);
    QVERIFY(QTest::qWaitFor([&] { return !configured(); }, deadlineMs));
}

void TestSecretCommand::theLocalTokenIsKept()
{
    const Home home = homeWithKeyring();
    QByteArray first;
    {
        Program program(home, {u"serve"_s, u"--port"_s, u"0"_s});
        QVERIFY(program.waitUntilReady());
        first = tokenOf(home);
        QVERIFY(first.startsWith("sy-"));
        QVERIFY(
            QTest::qWaitFor([&] { return keyringEntry(u"local-token"_s) == first; }, deadlineMs));
        QCOMPARE(run(home, {u"quit"_s}).exitCode, 0);
    }
    Program program(home, {u"serve"_s, u"--port"_s, u"0"_s});
    QVERIFY(program.waitUntilReady());
    QCOMPARE(tokenOf(home), first);
    QVERIFY(!program.error().contains("this run only"));
}

void TestSecretCommand::aGivenTokenIsNotStored()
{
    Home home = homeWithKeyring();
    home.environment.insert(u"SWITCHYARD_TOKEN"_s, u"placeholder-token"_s);
    Program program(home, {u"serve"_s, u"--port"_s, u"0"_s});
    QVERIFY(program.waitUntilReady());
    QCOMPARE(tokenOf(home), QByteArray("placeholder-token"));
    QCOMPARE(run(home, {u"quit"_s}).exitCode, 0);
    QCOMPARE(keyringEntry(u"local-token"_s), QByteArray());
}

void TestSecretCommand::aStartDoesNotWaitForAKeychainItDoesNotNeed()
{
    // A bus that takes a connection and never says a word.
    QLocalServer mute;
    const QTemporaryDir folder;
    QVERIFY(mute.listen(folder.filePath(u"bus"_s)));
    Home home;
    home.environment.insert(u"DBUS_SESSION_BUS_ADDRESS"_s, u"unix:path="_s + mute.fullServerName());
    home.environment.insert(u"OPENROUTER_API_KEY"_s, u"sk-or-v1-placeholder"_s);
    home.environment.insert(u"SWITCHYARD_TOKEN"_s, u"placeholder-token"_s);
    Program program(home, {u"serve"_s, u"--port"_s, u"0"_s});
    QVERIFY(program.waitUntilReady());
    QCOMPARE(status(home)[u"backend"_s].toString(), u"OPENROUTER"_s);
    QVERIFY(!mute.hasPendingConnections());
    QVERIFY(!program.error().contains("keychain"));
}

void TestSecretCommand::anAnswerlessKeychainDelaysTheStartByABound()
{
    QLocalServer mute;
    const QTemporaryDir folder;
    QVERIFY(mute.listen(folder.filePath(u"bus"_s)));
    Home home;
    home.environment.insert(u"DBUS_SESSION_BUS_ADDRESS"_s, u"unix:path="_s + mute.fullServerName());
    Program program(home, {u"serve"_s, u"--port"_s, u"0"_s});
    QVERIFY(program.waitUntilReady());
    qInfo("ready after %lld ms beside a keychain that never answers", program.readyMs());
    QVERIFY(program.readyMs() < 10'000);
    QVERIFY2(program.error().contains("keychain"), program.error().constData());
    QVERIFY(HttpClient(program.port(), "POST", "/v1/messages", tokenOf(home), messagesBody(false))
                .readAll()
                .startsWith("HTTP/1.1 200"));
    program.sendSignal(SIGTERM);
    QCOMPARE(program.waitForEnd(), 0);
}

int main(int argc, char **argv)
{
    return runBesideKeyring<TestSecretCommand>(argc, argv);
}

#include "tst_secretcommand.moc"
