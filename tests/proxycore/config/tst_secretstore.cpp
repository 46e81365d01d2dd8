// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/config/secretstore.h"
#include "proxycore/config/settings.h"

#include <QCoreApplication>
#include <QDirIterator>
#include <QElapsedTimer>
#include <QFile>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLocalServer>
#include <QProcess>
#include <QProcessEnvironment>
#include <QTemporaryDir>
#include <QTest>

#include <cstdio>
#include <unistd.h>

// The whole test runs beside a real gnome-keyring: main() starts itself again inside of
// with-keyring.sh. What needs another session (no bus, no service, a locked keyring) is asked by
// the same program as a probe of its own, because a process finds its bus once and for all.

using namespace Switchyard;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace {

constexpr int answerTimeLimitMs = 20'000;
const QString withKeyring =
    QStringLiteral(SWITCHYARD_TEST_DATA "/../../../support/with-keyring.sh");

// Runs the event loop until the answer is there.
SecretStore::Answer readNow(SecretStore &store, const QString &key)
{
    std::optional<SecretStore::Answer> answer;
    store.read(key, [&answer](const SecretStore::Answer &given) { answer = given; });
    if (!QTest::qWaitFor([&answer] { return answer.has_value(); }, answerTimeLimitMs))
        return {{}, u"no answer at all"_s};
    return *answer;
}

QString writeNow(SecretStore &store, const QString &key, const QByteArray &secret)
{
    std::optional<QString> answer;
    store.write(key, Secret(secret), [&answer](const QString &error) { answer = error; });
    if (!QTest::qWaitFor([&answer] { return answer.has_value(); }, answerTimeLimitMs))
        return u"no answer at all"_s;
    return *answer;
}

QString removeNow(SecretStore &store, const QString &key)
{
    std::optional<QString> answer;
    store.remove(key, [&answer](const QString &error) { answer = error; });
    if (!QTest::qWaitFor([&answer] { return answer.has_value(); }, answerTimeLimitMs))
        return u"no answer at all"_s;
    return *answer;
}

// "value" or "nothing" or the error.
QString shown(const SecretStore::Answer &answer)
{
    if (!answer.error.isEmpty())
        return u"error: "_s + answer.error;
    return answer.secret ? QString::fromUtf8(answer.secret->reveal()) : u"nothing"_s;
}

struct Outcome
{
    int exitCode = -1;
    QByteArray output;
    QByteArray errors;
};

Outcome runProgram(const QString &program, const QStringList &arguments,
                   const QProcessEnvironment &environment, const QByteArray &input = {})
{
    QProcess process;
    process.setProcessEnvironment(environment);
    process.start(program, arguments);
    if (!process.waitForStarted())
        return {-1, {}, "cannot start " + program.toUtf8()};
    process.write(input);
    process.closeWriteChannel();
    if (!process.waitForFinished(answerTimeLimitMs + 10'000)) {
        process.terminate(); // the wrapper cleans up behind itself
        process.waitForFinished();
        return {-1, {}, "no end of " + program.toUtf8()};
    }
    return {process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1,
            process.readAllStandardOutput(), process.readAllStandardError()};
}

// The desktop's own tool, which shares no code with QtKeychain.
Outcome secretTool(const QStringList &arguments, const QByteArray &input = {})
{
    return runProgram(u"secret-tool"_s, arguments, QProcessEnvironment::systemEnvironment(), input);
}

QStringList attributes(const QString &key)
{
    return {u"server"_s, u"switchyard"_s, u"user"_s,       key,
            u"type"_s,   u"plaintext"_s,  u"xdg:schema"_s, u"org.qt.keychain"_s};
}

// A probe prints {"answer": …, "ms": …, "late": …}: what came, and how long it took from the call.
int probe(const QStringList &arguments)
{
    SecretStore store;
    if (arguments.size() > 2)
        store.setTimeLimit(std::chrono::milliseconds(arguments[2].toInt()));
    bool sameCall = true;
    bool answeredAtOnce = false;
    QString text;
    QElapsedTimer timer;
    timer.start();
    const auto finish = [&](const QString &answer) {
        answeredAtOnce = sameCall;
        text = answer;
    };
    if (arguments[0] == u"write")
        store.write(arguments[1], Secret("probe-secret"),
                    [&](const QString &error) { finish(error.isEmpty() ? u"done"_s : error); });
    else if (arguments[0] == u"remove")
        store.remove(arguments[1],
                     [&](const QString &error) { finish(error.isEmpty() ? u"done"_s : error); });
    else
        store.read(arguments[1], [&](const SecretStore::Answer &answer) { finish(shown(answer)); });
    const qint64 blockedMs = timer.elapsed();
    sameCall = false;
    if (!QTest::qWaitFor([&text] { return !text.isEmpty(); }, answerTimeLimitMs))
        text = u"no answer at all"_s;
    const QJsonObject report{{u"answer"_s, text},
                             {u"ms"_s, timer.elapsed()},
                             {u"blockedMs"_s, blockedMs},
                             {u"answeredAtOnce"_s, answeredAtOnce}};
    std::puts(QJsonDocument(report).toJson(QJsonDocument::Compact).constData());
    return 0;
}

// Runs a probe behind a wrapper's command line, which may be empty.
QJsonObject probed(QStringList wrapper, const QStringList &arguments,
                   const QProcessEnvironment &environment)
{
    wrapper += QCoreApplication::applicationFilePath();
    wrapper += u"--probe"_s;
    wrapper += arguments;
    const Outcome outcome = runProgram(wrapper.first(), wrapper.mid(1), environment);
    const QList<QByteArray> lines = outcome.output.trimmed().split('\n');
    const QJsonObject report = QJsonDocument::fromJson(lines.last()).object();
    if (outcome.exitCode != 0 || report.isEmpty())
        return {{u"answer"_s,
                 u"the probe failed: "_s + QString::fromUtf8(outcome.output + outcome.errors)}};
    return report;
}

// The environment of a machine without a screen, so that no prompt waits for anybody.
QProcessEnvironment headless()
{
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    for (const QString &name : {u"DISPLAY"_s, u"WAYLAND_DISPLAY"_s})
        environment.remove(name);
    return environment;
}

// The names of the files below a folder that hold the text.
QStringList filesWith(const QString &folder, const QByteArray &text)
{
    QStringList found;
    QDirIterator files(folder, QDir::Files | QDir::Hidden, QDirIterator::Subdirectories);
    while (files.hasNext()) {
        QFile file(files.next());
        if (!file.open(QIODevice::ReadOnly) || file.readAll().contains(text))
            found += file.fileName();
    }
    return found;
}

} // namespace

class TestSecretStore : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();

    void whatWasNeverWrittenIsNotThere();
    void whatWasWrittenIsReadBack_data();
    void whatWasWrittenIsReadBack();
    void theDesktopsToolSeesTheEntry();
    void anEntryOfTheDesktopsToolIsRead();
    void writingAgainReplaces();
    void backendsAreNotMixed();
    void whatWasRemovedIsGone();
    void removingWhatIsNotThereIsASuccess();
    void manyQuestionsAtOnceAreAllAnswered();
    void aDestroyedStoreAnswersNothing();
    void aStoreMayBeDestroyedByItsAnswer();

    void withoutAKeychainTheAnswerIsASentence_data();
    void withoutAKeychainTheAnswerIsASentence();
    void aBusThatNeverAnswersMeetsTheTimeLimit();
    void aLockedKeyringIsNotAnEmptyOne_data();
    void aLockedKeyringIsNotAnEmptyOne();

    void aSecretIsInNoFile();
};

void TestSecretStore::initTestCase()
{
    // The bus has taken the wrapper's home: nothing here can touch a real one.
    QVERIFY(qEnvironmentVariable("HOME").startsWith(QDir::tempPath()));
}

void TestSecretStore::whatWasNeverWrittenIsNotThere()
{
    SecretStore store;
    QCOMPARE(shown(readNow(store, u"OPENROUTER"_s)), u"nothing"_s);
}

void TestSecretStore::whatWasWrittenIsReadBack_data()
{
    QTest::addColumn<QString>("key");
    QTest::addColumn<QByteArray>("secret");

    QTest::newRow("a backend's key") << u"OPENROUTER"_s << QByteArray("sk-or-v1-placeholder");
    QTest::newRow("the local token")
        << QString::fromLatin1(SecretStore::localTokenKey) << QByteArray("placeholder");
    QTest::newRow("a long secret") << u"LONG"_s << QByteArray(64 * 1024, 'x');
    QTest::newRow("quotes, blanks and letters outside ASCII")
        << u"TEXT"_s << QByteArray("a \"b\" 'c' \xc3\xbc");
}

void TestSecretStore::whatWasWrittenIsReadBack()
{
    QFETCH(QString, key);
    QFETCH(QByteArray, secret);

    SecretStore store;
    QCOMPARE(writeNow(store, key, secret), QString());
    const SecretStore::Answer answer = readNow(store, key);
    QCOMPARE(answer.error, QString());
    QVERIFY(answer.secret.has_value());
    QVERIFY(answer.secret->reveal() == secret);
    QCOMPARE(removeNow(store, key), QString());
}

void TestSecretStore::theDesktopsToolSeesTheEntry()
{
    SecretStore store;
    QCOMPARE(writeNow(store, u"OPENROUTER"_s, "placeholder-1"), QString());
    const Outcome lookup = secretTool(QStringList{u"lookup"_s} + attributes(u"OPENROUTER"_s));
    QCOMPARE(lookup.exitCode, 0);
    QCOMPARE(lookup.output, "placeholder-1");
}

void TestSecretStore::anEntryOfTheDesktopsToolIsRead()
{
    const Outcome stored =
        secretTool(QStringList{u"store"_s, u"--label=switchyard"_s} + attributes(u"BY_HAND"_s),
                   "placeholder-2");
    QCOMPARE(stored.exitCode, 0);
    SecretStore store;
    QCOMPARE(shown(readNow(store, u"BY_HAND"_s)), u"placeholder-2"_s);
}

void TestSecretStore::writingAgainReplaces()
{
    SecretStore store;
    QCOMPARE(writeNow(store, u"OPENROUTER"_s, "placeholder-3"), QString());
    QCOMPARE(writeNow(store, u"OPENROUTER"_s, "placeholder-4"), QString());
    QCOMPARE(shown(readNow(store, u"OPENROUTER"_s)), u"placeholder-4"_s);
    const Outcome all =
        secretTool(QStringList{u"search"_s, u"--all"_s} + attributes(u"OPENROUTER"_s));
    QCOMPARE(all.output.count("\nsecret = "), 1);
}

void TestSecretStore::backendsAreNotMixed()
{
    SecretStore store;
    QCOMPARE(writeNow(store, u"OPENROUTER"_s, "placeholder-or"), QString());
    QCOMPARE(writeNow(store, u"LITELLM_OPENROUTER"_s, "placeholder-li"), QString());
    QCOMPARE(shown(readNow(store, u"OPENROUTER"_s)), u"placeholder-or"_s);
    QCOMPARE(shown(readNow(store, u"LITELLM_OPENROUTER"_s)), u"placeholder-li"_s);
    QCOMPARE(shown(readNow(store, u"openrouter"_s)), u"nothing"_s);
    QCOMPARE(removeNow(store, u"OPENROUTER"_s), QString());
    QCOMPARE(shown(readNow(store, u"OPENROUTER"_s)), u"nothing"_s);
    QCOMPARE(shown(readNow(store, u"LITELLM_OPENROUTER"_s)), u"placeholder-li"_s);
}

void TestSecretStore::whatWasRemovedIsGone()
{
    SecretStore store;
    QCOMPARE(writeNow(store, u"OPENROUTER"_s, "placeholder-5"), QString());
    QCOMPARE(removeNow(store, u"OPENROUTER"_s), QString());
    QCOMPARE(shown(readNow(store, u"OPENROUTER"_s)), u"nothing"_s);
    const Outcome lookup = secretTool(QStringList{u"lookup"_s} + attributes(u"OPENROUTER"_s));
    QCOMPARE(lookup.exitCode, 1);
    QCOMPARE(lookup.output, "");
}

void TestSecretStore::removingWhatIsNotThereIsASuccess()
{
    SecretStore store;
    QCOMPARE(removeNow(store, u"NEVER_WRITTEN"_s), QString());
}

void TestSecretStore::manyQuestionsAtOnceAreAllAnswered()
{
    SecretStore store;
    QCOMPARE(writeNow(store, u"OPENROUTER"_s, "placeholder-6"), QString());
    QStringList answers;
    for (int i = 0; i < 20; ++i)
        store.read(i % 2 ? u"OPENROUTER"_s : u"NEVER_WRITTEN"_s,
                   [&answers](const SecretStore::Answer &answer) { answers += shown(answer); });
    QVERIFY2(answers.isEmpty(), "an answer must come from the event loop");
    QTRY_COMPARE(answers.size(), 20);
    QCOMPARE(answers.count(u"placeholder-6"_s), 10);
    QCOMPARE(answers.count(u"nothing"_s), 10);
}

void TestSecretStore::aDestroyedStoreAnswersNothing()
{
    bool answered = false;
    {
        SecretStore store;
        store.read(u"OPENROUTER"_s, [&answered](const SecretStore::Answer &) { answered = true; });
    }
    // Jobs run one after the other, so the abandoned one has ended when this one has.
    SecretStore other;
    readNow(other, u"OPENROUTER"_s);
    QVERIFY(!answered);
}

void TestSecretStore::aStoreMayBeDestroyedByItsAnswer()
{
    for (const QString &key : {u"OPENROUTER"_s, u"NEVER_WRITTEN"_s}) {
        auto store = std::make_unique<SecretStore>();
        store->read(key, [&store](const SecretStore::Answer &) { store.reset(); });
        QTRY_VERIFY(!store);
    }
}

void TestSecretStore::withoutAKeychainTheAnswerIsASentence_data()
{
    QTest::addColumn<QString>("session");
    QTest::addColumn<QStringList>("question");
    QTest::addColumn<QString>("beginning");
    QTest::addColumn<QString>("remedy");

    const QString noBus = u"There is no session bus (D-Bus)"_s;
    const QString noService = u"No keychain (Secret Service) runs in this session"_s;
    const QString noLibrary = u"The library libsecret is missing"_s;
    const QString openRouter = u"set OPENROUTER_API_KEY in the environment."_s;
    const QString token = u"set SWITCHYARD_TOKEN in the environment."_s;
    const QStringList read{u"read"_s, u"OPENROUTER"_s};
    const QStringList write{u"write"_s, u"local-token"_s};
    const QStringList remove{u"remove"_s, u"OPENROUTER"_s};
    const auto row = [](const char *name, const QString &session, const QStringList &question,
                        const QString &beginning, const QString &remedy) {
        QTest::newRow(name) << session << question << beginning << remedy;
    };
    row("reading without a bus", u"no bus"_s, read, u"error: "_s + noBus, openRouter);
    row("writing without a bus", u"no bus"_s, write, noBus, token);
    row("removing without a bus", u"no bus"_s, remove, noBus, openRouter);
    row("reading without a bus, with a display on which one could be launched",
        u"no bus but a display"_s, read, u"error: "_s + noBus, openRouter);
    row("reading when the bus is to be launched", u"autolaunch"_s, read, u"error: "_s + noBus,
        openRouter);
    row("reading when the bus is gone", u"dead bus"_s, read, u"error: The keychain failed ("_s,
        openRouter);
    row("reading without a Secret Service", u"no service"_s, read, u"error: "_s + noService,
        openRouter);
    row("writing without a Secret Service", u"no service"_s, write, noService, token);
    row("removing without a Secret Service", u"no service"_s, remove, noService, openRouter);
    row("reading without libsecret", u"no library"_s, read, u"error: "_s + noLibrary, openRouter);
    row("writing without libsecret", u"no library"_s, write, noLibrary, token);
    row("the remedy for a key that is no backend's", u"no bus"_s, {u"read"_s, u"SOMETHING"_s},
        u"error: "_s + noBus, u"give the secret in the environment."_s);
}

void TestSecretStore::withoutAKeychainTheAnswerIsASentence()
{
    QFETCH(QString, session);
    QFETCH(QStringList, question);
    QFETCH(QString, beginning);
    QFETCH(QString, remedy);

    QTemporaryDir folder;
    QProcessEnvironment environment = headless();
    QStringList wrapper;
    if (session == u"no service") {
        wrapper =
            QStringList{u"dbus-run-session"_s,
                        u"--config-file=" SWITCHYARD_TEST_DATA "/bare-session-bus.conf"_s, u"--"_s};
    } else if (session == u"no library") {
        // The first file of that name on the path is no library.
        QFile broken(folder.filePath(u"libsecret-1.so.0"_s));
        QVERIFY(broken.open(QIODevice::WriteOnly));
        environment.insert(u"LD_LIBRARY_PATH"_s, folder.path());
    } else if (session == u"dead bus") {
        environment.insert(u"DBUS_SESSION_BUS_ADDRESS"_s,
                           u"unix:path="_s + folder.filePath(u"x"_s));
    } else if (session == u"autolaunch") {
        environment.insert(u"DBUS_SESSION_BUS_ADDRESS"_s, u"autolaunch:"_s);
    } else {
        environment.remove(u"DBUS_SESSION_BUS_ADDRESS"_s);
        environment.insert(u"XDG_RUNTIME_DIR"_s, folder.path());
        if (session == u"no bus but a display")
            environment.insert(u"DISPLAY"_s, u":4711"_s);
    }

    const QJsonObject report = probed(wrapper, question, environment);
    const QString answer = report[u"answer"_s].toString();
    QVERIFY2(answer.startsWith(beginning), qPrintable(answer));
    QVERIFY2(answer.endsWith(remedy), qPrintable(answer));
    QVERIFY(!report[u"answeredAtOnce"_s].toBool());
    qInfo("answered after %d ms, the call took %d ms", report[u"ms"_s].toInt(),
          report[u"blockedMs"_s].toInt());
    QVERIFY2(report[u"ms"_s].toInt() < 2000, "the answer came late");
    QVERIFY2(report[u"blockedMs"_s].toInt() < 500, "the call blocked");
}

void TestSecretStore::aBusThatNeverAnswersMeetsTheTimeLimit()
{
    QTemporaryDir folder;
    QLocalServer bus; // accepts, and says nothing
    QVERIFY2(bus.listen(folder.filePath(u"bus"_s)), qPrintable(bus.errorString()));
    QProcessEnvironment environment = headless();
    environment.insert(u"DBUS_SESSION_BUS_ADDRESS"_s, u"unix:path="_s + bus.fullServerName());

    const QJsonObject report = probed({}, {u"read"_s, u"OPENROUTER"_s, u"300"_s}, environment);
    const QString answer = report[u"answer"_s].toString();
    QVERIFY2(answer.startsWith(u"error: The keychain did not answer within 0.3 s"_s),
             qPrintable(answer));
    QVERIFY2(answer.endsWith(u"set OPENROUTER_API_KEY in the environment."_s), qPrintable(answer));
    QVERIFY2(report[u"ms"_s].toInt() >= 250, "the answer came early");
    QVERIFY2(report[u"ms"_s].toInt() < 2300, "the answer came late");
    QVERIFY2(report[u"blockedMs"_s].toInt() < 500, "the call blocked");
}

void TestSecretStore::aLockedKeyringIsNotAnEmptyOne_data()
{
    QTest::addColumn<QString>("question");
    QTest::addColumn<QString>("key");
    QTest::addColumn<QString>("beginning");

    const QString locked = u"The keychain is locked or refused access"_s;
    QTest::newRow("reading an entry") << u"read"_s << u"OPENROUTER"_s << u"error: "_s + locked;
    QTest::newRow("reading what is not there") << u"read"_s << u"NEVER_WRITTEN"_s << u"nothing"_s;
    QTest::newRow("writing") << u"write"_s << u"OPENROUTER"_s << locked;
    QTest::newRow("removing an entry") << u"remove"_s << u"OPENROUTER"_s << locked;
}

void TestSecretStore::aLockedKeyringIsNotAnEmptyOne()
{
    QFETCH(QString, question);
    QFETCH(QString, key);
    QFETCH(QString, beginning);

    // A keyring of its own, because there is no way back without its password.
    const QString script =
        u"printf placeholder | secret-tool store --label=switchyard server switchyard "
        "user OPENROUTER type plaintext xdg:schema org.qt.keychain && "
        "dbus-send --session --print-reply --dest=org.freedesktop.secrets "
        "/org/freedesktop/secrets org.freedesktop.Secret.Service.Lock "
        "array:objpath:/org/freedesktop/secrets/collection/login >/dev/null && exec \"$@\""_s;
    const QJsonObject report =
        probed({withKeyring, u"sh"_s, u"-c"_s, script, u"sh"_s}, {question, key}, headless());
    const QString answer = report[u"answer"_s].toString();
    QVERIFY2(answer.startsWith(beginning), qPrintable(answer));
    QVERIFY2(report[u"ms"_s].toInt() < 6000, "the answer came late");
}

void TestSecretStore::aSecretIsInNoFile()
{
    const QByteArray marker = "marker-3f1c9a7e-secret";
    const QString home = qEnvironmentVariable("HOME");
    QVERIFY(defaultConfigDir().startsWith(home));
    QVERIFY(defaultDataDir().startsWith(home));

    // All ways a secret comes in, then everything that saves.
    SecretStore store;
    for (const Backend *backend : allBackends())
        QCOMPARE(writeNow(store, QString::fromLatin1(backend->traits().name), marker), QString());
    QCOMPARE(writeNow(store, QString::fromLatin1(SecretStore::localTokenKey), marker), QString());
    SettingsSources sources;
    sources.configDir = defaultConfigDir();
    sources.dataDir = defaultDataDir();
    sources.environment.insert(u"OPENROUTER_API_KEY"_s, QString::fromLatin1(marker));
    sources.environment.insert(u"SWITCHYARD_TOKEN"_s, QString::fromLatin1(marker));
    sources.environment.insert(u"HTTPS_PROXY"_s,
                               u"http://user:%1@proxy.example"_s.arg(QLatin1StringView(marker)));
    const LoadedSettings loaded = loadSettings(sources);
    QVERIFY(loaded.problems.empty());
    QVERIFY(loaded.settings.backends.at("OPENROUTER").credential.value.reveal() == marker);
    QCOMPARE(saveBackendChoice(sources.configDir, "OPENROUTER"), std::nullopt);

    // The home holds our folders, the keyring's own file, and whatever a fallback would write.
    QVERIFY(QFile::exists(sources.configDir + u"/settings.json"_s));
    QVERIFY(QFile::exists(home + u"/data/keyrings/login.keyring"_s));
    QCOMPARE(filesWith(home, marker), QStringList());
    QCOMPARE(filesWith(home, marker.toBase64()), QStringList());

    // The search itself finds a marker where there is one.
    QFile planted(sources.configDir + u"/.planted"_s);
    QVERIFY(planted.open(QIODevice::WriteOnly));
    planted.write("x" + marker + "y");
    planted.close();
    QCOMPARE(filesWith(home, marker), QStringList{planted.fileName()});
    QVERIFY(planted.remove());
}

int main(int argc, char **argv)
{
    if (argc > 3 && qstrcmp(argv[1], "--probe") == 0) {
        const QCoreApplication app(argc, argv);
        return probe(app.arguments().mid(2));
    }
    if (!qEnvironmentVariableIsSet("PRIVATE_KEYRING")) {
        const QByteArray wrapper = QFile::encodeName(withKeyring);
        std::vector<char *> command{const_cast<char *>(wrapper.constData())};
        command.insert(command.end(), argv, argv + argc);
        command.push_back(nullptr);
        execv(wrapper.constData(), command.data());
        std::perror(wrapper.constData());
        return 1;
    }
    const QCoreApplication app(argc, argv);
    TestSecretStore test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_secretstore.moc"
