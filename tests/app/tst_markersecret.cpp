// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/app/fakeupstream.h"
#include "tests/app/keyringsession.h"

#include <QDirIterator>

using namespace Switchyard::Testing;
using namespace Qt::StringLiterals;

namespace {

const QByteArray marker = "sk-or-v1-marker-5d1c0ffee7";
const QByteArray tokenMarker = "sy-marker-0a11ce";

enum class Way { Environment, EnvFile, Keychain };

// Every place under the folder where the text stands.
QStringList filesWith(const QString &folder, const QByteArray &text)
{
    QStringList found;
    QDirIterator files(folder, QDir::Files | QDir::Hidden, QDirIterator::Subdirectories);
    while (files.hasNext()) {
        QFile file(files.next());
        if (file.open(QIODevice::ReadOnly) && file.readAll().contains(text))
            found.append(file.fileName());
    }
    return found;
}

} // namespace

// A key and a token that are easy to find are looked for wherever they must not be.
class TestMarkerSecret : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void neitherKeyNorTokenIsLeftAnywhere_data();
    void neitherKeyNorTokenIsLeftAnywhere();
    void theSearchFindsWhatIsThere();
};

void TestMarkerSecret::neitherKeyNorTokenIsLeftAnywhere_data()
{
    QTest::addColumn<Way>("way");
    QTest::addColumn<QString>("format");
    QTest::newRow("a key of the environment, text log") << Way::Environment << u"text"_s;
    QTest::newRow("a key of the environment, JSON log") << Way::Environment << u"json"_s;
    QTest::newRow("a key of an .env file") << Way::EnvFile << u"text"_s;
    QTest::newRow("a key given to `secret set`") << Way::Keychain << u"text"_s;
}

void TestMarkerSecret::neitherKeyNorTokenIsLeftAnywhere()
{
    QFETCH(Way, way);
    QFETCH(QString, format);
    clearKeyring();
    FakeUpstream upstream(marker);
    QVERIFY2(upstream.isRunning(), "node with tests/fakes/openrouter.mjs did not start");
    // A good answer, a stream, an error that quotes the key as some upstreams do, a broken stream.
    QVERIFY(upstream.script(
        R"([{"kind":"message","content":"fine"},{"kind":"message","content":"fine"},)"
        R"({"kind":"error","status":401,"error_type":"authentication_error",)"
        R"("message":"Incorrect API key provided: )"
        + marker
        + R"("},)"
          R"({"kind":"message","content":"one two three","delivery":{"after":4,"end":"rst"}}])"));

    Home home = homeWithKeyring();
    home.environment.insert(u"OPENROUTER_API_BASE"_s, upstream.base());
    home.environment.insert(u"SWITCHYARD_TOKEN"_s, QString::fromLatin1(tokenMarker));
    QStringList arguments{u"serve"_s, u"--port"_s,       u"0"_s, u"--log-level"_s,
                          u"debug"_s, u"--log-format"_s, format};
    QByteArrayList said; // everything anybody could read
    QTemporaryDir elsewhere; // the user's own .env file holds the key, of course
    switch (way) {
    case Way::Environment:
        home.environment.insert(u"OPENROUTER_API_KEY"_s, QString::fromLatin1(marker));
        break;
    case Way::EnvFile: {
        QFile file(elsewhere.filePath(u".env"_s));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write("OPENROUTER_API_KEY=" + marker + '\n');
        arguments += {u"--env-file"_s, file.fileName()};
        break;
    }
    case Way::Keychain: {
        const RunResult set = run(home, {u"secret"_s, u"set"_s, u"OPENROUTER"_s}, marker);
        QCOMPARE(set.exitCode, 0);
        said += {set.out, set.error};
        break;
    }
    }

    Program program(home, arguments);
    QVERIFY(program.waitUntilReady());
    QCOMPARE(procFile(program.pid(), "cmdline").count(QByteArray(SWITCHYARD_PROGRAM)), 1);
    said += procFile(program.pid(), "cmdline");

    const auto post = [&](const QByteArray &token, bool stream) {
        said += HttpClient(program.port(), "POST", "/v1/messages", token, messagesBody(stream))
                    .readAll();
        return said.last();
    };
    QVERIFY2(post(tokenMarker, false).startsWith("HTTP/1.1 200"), said.last().constData());
    QVERIFY2(post(tokenMarker, true).contains("message_stop"), said.last().constData());
    QVERIFY2(post(tokenMarker, false).startsWith("HTTP/1.1 401"), said.last().constData());
    QVERIFY2(post(tokenMarker, true).contains("event: error"), said.last().constData());
    QVERIFY2(post("wrong", true).startsWith("HTTP/1.1 401"), said.last().constData());
    for (const char *path : {"/health", "/health/detailed", "/status", "/metrics", "/v1/models",
                             "/v1/models/big", "/nowhere"})
        said += HttpClient(program.port(), "GET", path, tokenMarker).readAll();
    for (const QString &command : {u"status"_s, u"status --json"_s, u"logs"_s, u"logs --json"_s,
                                   u"models"_s, u"secret list"_s, u"use OPENROUTER"_s}) {
        const RunResult result = run(home, command.split(u' '));
        QVERIFY2(result.exitCode == 0, result.error.constData());
        said += {result.out, result.error};
    }
    QCOMPARE(run(home, {u"quit"_s}).exitCode, 0);
    QCOMPARE(program.waitForEnd(), 0);
    said += {program.restOfOut(), program.error()};

    for (const QByteArray &text : said) {
        QVERIFY2(!text.contains(marker), text.constData());
        QVERIFY2(!text.contains(tokenMarker), text.constData());
    }
    QVERIFY(QFile::exists(home.logFile()));
    QCOMPARE(filesWith(home.path(), marker), QStringList());
    QCOMPARE(filesWith(home.path(), tokenMarker), QStringList());
}

void TestMarkerSecret::theSearchFindsWhatIsThere()
{
    const Home home;
    QVERIFY(QDir().mkpath(home.configDir()));
    QFile planted(home.configDir() + u"/.hidden"_s);
    QVERIFY(planted.open(QIODevice::WriteOnly));
    planted.write("x" + marker + "y");
    planted.close();
    QCOMPARE(filesWith(home.path(), marker), QStringList{planted.fileName()});
}

int main(int argc, char **argv)
{
    return runBesideKeyring<TestMarkerSecret>(argc, argv);
}

#include "tst_markersecret.moc"
