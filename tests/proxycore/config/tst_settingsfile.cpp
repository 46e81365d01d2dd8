// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/config/settings.h"
#include "proxycore/config/settingsfile.h"

#include <QFile>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QTemporaryDir>
#include <QTest>

using namespace Switchyard;
using namespace Qt::StringLiterals;

namespace {

void writeFile(const QString &path, const QByteArray &content)
{
    QFile file(path);
    QVERIFY2(file.open(QIODevice::WriteOnly), qPrintable(path));
    QCOMPARE(file.write(content), content.size());
}

QByteArray contentOf(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray("cannot be read");
}

QJsonObject object(const QByteArray &json)
{
    return QJsonDocument::fromJson(json).object();
}

constexpr auto ownerOnly = QFileDevice::ReadOwner | QFileDevice::WriteOwner | QFileDevice::ReadUser
    | QFileDevice::WriteUser;

} // namespace

class TestSettingsFile : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();

    void noFileIsNoProblem();
    void anEmptyFileIsNoProblem();
    void aFileIsRead();
    void unusableFiles_data();
    void unusableFiles();
    void secretsAreRefused_data();
    void secretsAreRefused();
    void namesThatOnlySoundLikeSecretsAreAccepted();
    void aFolderInPlaceOfTheFileIsRefused();
    void aLinkToNowhereIsRefused();

    void theFirstSaveMakesFolderAndFileForTheOwnerAlone();
    void anExistingFolderKeepsItsRights();
    void everythingElseInTheFileStays();
    void changes_data();
    void changes();
    void anUnusableFileIsNotOverwritten_data();
    void anUnusableFileIsNotOverwritten();
    void aSecretIsNotSaved();
    void aLinkIsFollowedAndStays();
    void aFolderThatCannotBeMadeIsNamed();
    void nothingElseIsLeftInTheFolder();
    void theBackendChoiceIsSaved();

private:
    QString path() const { return settingsFilePath(m_configDir); }

    std::unique_ptr<QTemporaryDir> m_folder;
    QString m_configDir;
};

void TestSettingsFile::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    QVERIFY(m_folder->isValid());
    m_configDir = m_folder->path();
}

void TestSettingsFile::cleanup()
{
    m_folder.reset();
}

void TestSettingsFile::noFileIsNoProblem()
{
    const SettingsFile file = readSettingsFile(m_configDir);
    QVERIFY(file.problems.empty());
    QVERIFY(file.root.isEmpty());
}

void TestSettingsFile::anEmptyFileIsNoProblem()
{
    writeFile(path(), " \n");
    const SettingsFile file = readSettingsFile(m_configDir);
    QVERIFY(file.problems.empty());
    QVERIFY(file.root.isEmpty());
}

void TestSettingsFile::aFileIsRead()
{
    writeFile(path(), "\xef\xbb\xbf{\"version\": 1, \"port\": 4001}");
    const SettingsFile file = readSettingsFile(m_configDir);
    QVERIFY(file.problems.empty());
    QCOMPARE(file.root, object(R"({"version": 1, "port": 4001})"));
}

void TestSettingsFile::unusableFiles_data()
{
    QTest::addColumn<QByteArray>("content");
    QTest::addColumn<QStringList>("words");

    const auto row = [](const char *name, const QByteArray &content, const QStringList &words) {
        QTest::newRow(name) << content << words;
    };
    row("a comma too many, with line and column", "{\n  \"port\": 4000,\n}\n",
        {u"not valid JSON"_s, u"line 3, column"_s, u"move the file away"_s});
    row("a missing quote, with line and column", "{\"port: 4000}",
        {u"not valid JSON"_s, u"line 1, column"_s});
    row("the column counts characters and not bytes", "{\"\xc3\xbc\xc3\xbc\": ?}",
        {u"line 1, column 8"_s});
    row("a list", "[]", {u"one JSON object"_s});
    row("a version of the future", R"({"version": 2, "later": true})",
        {u"version 2"_s, u"up to version 1"_s, u"newer"_s});
    row("a version that is a text", R"({"version": "1"})", {u"\"version\""_s, u"give 1"_s});
    row("version 0", R"({"version": 0})", {u"\"version\""_s, u"give 1"_s});
    row("a version between the versions", R"({"version": 0.5})", {u"\"version\""_s});
    row("a file above the bound of 1 MiB", QByteArray(1024 * 1024 + 1, ' '),
        {u"larger than 1 MiB"_s});
}

void TestSettingsFile::unusableFiles()
{
    QFETCH(QByteArray, content);
    QFETCH(QStringList, words);

    writeFile(path(), content);
    const SettingsFile file = readSettingsFile(m_configDir);
    QVERIFY(file.root.isEmpty());
    QCOMPARE(file.problems.size(), std::size_t(1));
    words += path();
    for (const QString &word : std::as_const(words))
        QVERIFY2(file.problems.front().contains(word), qPrintable(file.problems.front()));
}

void TestSettingsFile::secretsAreRefused_data()
{
    QTest::addColumn<QByteArray>("content");
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("command");

    const auto row = [](const char *name, const QByteArray &content, const QString &key,
                        const QString &command) {
        QTest::newRow(name) << content << key << command;
    };
    const QString openRouter = u"switchyard secret set OPENROUTER\""_s;
    const QString token = u"switchyard secret set local-token\""_s;
    const QString other = u"switchyard secret set BACKEND\""_s;
    row("an api_key of a backend", R"({"backends": {"OPENROUTER": {"api_key": "marker"}}})",
        u"\"backends.OPENROUTER.api_key\""_s, openRouter);
    row("an apiKey", R"({"backends": {"OPENROUTER": {"apiKey": "marker"}}})",
        u"\"backends.OPENROUTER.apiKey\""_s, openRouter);
    row("a credential", R"({"backends": {"OPENROUTER": {"credential": "marker"}}})",
        u"\"backends.OPENROUTER.credential\""_s, openRouter);
    row("a key deep below a backend",
        R"({"backends": {"OPENROUTER": {"auth": [{"x-api-key": "marker"}]}}})",
        u"\"backends.OPENROUTER.auth.x-api-key\""_s, openRouter);
    row("a token at the top", R"({"token": "marker"})", u"\"token\""_s, token);
    row("a list of tokens", R"({"tokens": ["marker"]})", u"\"tokens\""_s, token);
    row("an object of tokens", R"({"token": {"value": "marker"}})", u"\"token\""_s, token);
    row("a variable's name as key", R"({"OPENROUTER_API_KEY": "marker"})",
        u"\"OPENROUTER_API_KEY\""_s, other);
    row("a password", R"({"proxy_password": "marker"})", u"\"proxy_password\""_s, other);
    row("a secret", R"({"clientSecret": "marker"})", u"\"clientSecret\""_s, other);
    row("a key called key", R"({"key": "marker"})", u"\"key\""_s, other);
    row("a key under an innocent name",
        R"({"backends": {"OPENROUTER": {"title": "sk-or-v1-marker"}}})",
        u"\"backends.OPENROUTER.title\""_s, openRouter);
}

void TestSettingsFile::secretsAreRefused()
{
    QFETCH(QByteArray, content);
    QFETCH(QString, name);
    QFETCH(QString, command);

    writeFile(path(), content);
    const SettingsFile file = readSettingsFile(m_configDir);
    QCOMPARE(file.problems.size(), std::size_t(1));
    const QString problem = file.problems.front();
    QVERIFY2(problem.startsWith(name + u" in "_s + path()), qPrintable(problem));
    QVERIFY2(problem.contains(u"keychain"_s), qPrintable(problem));
    QVERIFY2(problem.contains(command), qPrintable(problem));
    QVERIFY2(!problem.contains(u"marker"_s), qPrintable(problem));
}

void TestSettingsFile::namesThatOnlySoundLikeSecretsAreAccepted()
{
    writeFile(path(), R"({"token_required": false, "max_tokens": 100, "token": "",
                          "keyboard": "us", "backends": {"OPENROUTER": {"title": "Desk"}}})");
    const SettingsFile file = readSettingsFile(m_configDir);
    QVERIFY2(file.problems.empty(),
             qPrintable(file.problems.empty() ? QString() : file.problems.front()));
}

void TestSettingsFile::aFolderInPlaceOfTheFileIsRefused()
{
    QVERIFY(QDir(m_configDir).mkdir(u"settings.json"_s));
    const SettingsFile file = readSettingsFile(m_configDir);
    QCOMPARE(file.problems.size(), std::size_t(1));
    QVERIFY2(file.problems.front().contains(u"cannot be read"_s),
             qPrintable(file.problems.front()));
}

void TestSettingsFile::aLinkToNowhereIsRefused()
{
    QVERIFY(QFile::link(m_configDir + u"/absent.json"_s, path()));
    const SettingsFile file = readSettingsFile(m_configDir);
    QCOMPARE(file.problems.size(), std::size_t(1));
    QVERIFY2(file.problems.front().contains(u"cannot be read"_s),
             qPrintable(file.problems.front()));
}

void TestSettingsFile::theFirstSaveMakesFolderAndFileForTheOwnerAlone()
{
    m_configDir += u"/above/switchyard"_s;
    QCOMPARE(changeSettingsFile(m_configDir, {{u"port"_s, 4001}}), std::nullopt);
    QCOMPARE(object(contentOf(path())), object(R"({"version": 1, "port": 4001})"));
    QCOMPARE(QFileInfo(path()).permissions(), QFileDevice::Permissions(ownerOnly));
    QCOMPARE(QFileInfo(m_configDir).permissions(),
             ownerOnly | QFileDevice::ExeOwner | QFileDevice::ExeUser);
}

void TestSettingsFile::anExistingFolderKeepsItsRights()
{
    const auto rights = ownerOnly | QFileDevice::ExeOwner | QFileDevice::ExeUser
        | QFileDevice::ReadGroup | QFileDevice::ExeGroup;
    QVERIFY(QFile::setPermissions(m_configDir, rights));
    writeFile(path(), "{}");
    QVERIFY(QFile::setPermissions(path(), ownerOnly | QFileDevice::ReadOther));

    QCOMPARE(changeSettingsFile(m_configDir, {{u"port"_s, 4001}}), std::nullopt);
    QCOMPARE(QFileInfo(m_configDir).permissions(), rights);
    QCOMPARE(QFileInfo(path()).permissions(), QFileDevice::Permissions(ownerOnly));
}

void TestSettingsFile::everythingElseInTheFileStays()
{
    const QByteArray before = R"({
        "backend": "ECHO", "later": {"list": [1, 2.5, "x", null, true], "text": "Grüße"},
        "big": 9007199254740993, "backends": {"FUTURE": {"lane": "warp"}}, "port": 4001})";
    writeFile(path(), before);
    QCOMPARE(changeSettingsFile(m_configDir, {{u"backend"_s, u"OPENROUTER"_s}}), std::nullopt);

    QJsonObject expected = object(before);
    expected[u"backend"_s] = u"OPENROUTER"_s;
    expected[u"version"_s] = 1;
    QCOMPARE(object(contentOf(path())), expected);
    QVERIFY(contentOf(path()).contains("9007199254740993"));
}

void TestSettingsFile::changes_data()
{
    QTest::addColumn<QByteArray>("before");
    QTest::addColumn<QByteArray>("change");
    QTest::addColumn<QByteArray>("after");

    QTest::newRow("a new key is added") << QByteArray(R"({"a": 1})") << QByteArray(R"({"b": 2})")
                                        << QByteArray(R"({"a": 1, "b": 2, "version": 1})");
    QTest::newRow("a value is replaced") << QByteArray(R"({"a": 1})") << QByteArray(R"({"a": 2})")
                                         << QByteArray(R"({"a": 2, "version": 1})");
    QTest::newRow("null removes a key")
        << QByteArray(R"({"a": 1, "b": 2})") << QByteArray(R"({"a": null})")
        << QByteArray(R"({"b": 2, "version": 1})");
    QTest::newRow("objects are merged")
        << QByteArray(R"({"a": {"b": 1, "c": {"d": 2}}})")
        << QByteArray(R"({"a": {"c": {"e": 3}}})")
        << QByteArray(R"({"a": {"b": 1, "c": {"d": 2, "e": 3}}, "version": 1})");
    QTest::newRow("a list is replaced as a whole")
        << QByteArray(R"({"a": [1, 2]})") << QByteArray(R"({"a": [3]})")
        << QByteArray(R"({"a": [3], "version": 1})");
}

void TestSettingsFile::changes()
{
    QFETCH(QByteArray, before);
    QFETCH(QByteArray, change);
    QFETCH(QByteArray, after);

    writeFile(path(), before);
    QCOMPARE(changeSettingsFile(m_configDir, object(change)), std::nullopt);
    QCOMPARE(object(contentOf(path())), object(after));
}

void TestSettingsFile::anUnusableFileIsNotOverwritten_data()
{
    QTest::addColumn<QByteArray>("content");

    QTest::newRow("not JSON") << QByteArray("{port: 4000}");
    QTest::newRow("of a newer version") << QByteArray(R"({"version": 2})");
    QTest::newRow("with a secret in it") << QByteArray(R"({"token": "placeholder"})");
}

void TestSettingsFile::anUnusableFileIsNotOverwritten()
{
    QFETCH(QByteArray, content);

    writeFile(path(), content);
    const std::optional<QString> error = changeSettingsFile(m_configDir, {{u"port"_s, 4001}});
    QVERIFY(error.has_value());
    QVERIFY2(error->startsWith(u"The settings were not saved: "_s), qPrintable(*error));
    QVERIFY2(error->contains(path()), qPrintable(*error));
    QCOMPARE(contentOf(path()), content);
}

void TestSettingsFile::aSecretIsNotSaved()
{
    const std::optional<QString> error =
        changeSettingsFile(m_configDir, {{u"api_key"_s, u"marker"_s}});
    QVERIFY(error.has_value());
    QVERIFY2(error->contains(u"keychain"_s), qPrintable(*error));
    QVERIFY(!QFileInfo::exists(path()));
}

void TestSettingsFile::aLinkIsFollowedAndStays()
{
    const QString target = m_folder->filePath(u"dotfiles.json"_s);
    writeFile(target, R"({"port": 4001})");
    QVERIFY(QFile::link(target, path()));
    QCOMPARE(changeSettingsFile(m_configDir, {{u"port"_s, 4002}}), std::nullopt);
    QVERIFY(QFileInfo(path()).isSymLink());
    QCOMPARE(object(contentOf(target)), object(R"({"port": 4002, "version": 1})"));
}

void TestSettingsFile::aFolderThatCannotBeMadeIsNamed()
{
    const QString blocked = m_folder->filePath(u"a-file"_s);
    writeFile(blocked, "x");
    const QString configDir = blocked + u"/switchyard"_s;
    const std::optional<QString> error = changeSettingsFile(configDir, {{u"port"_s, 4001}});
    QVERIFY(error.has_value());
    QVERIFY2(error->contains(configDir), qPrintable(*error));
    QCOMPARE(contentOf(blocked), "x");
}

void TestSettingsFile::nothingElseIsLeftInTheFolder()
{
    for (int i = 0; i < 3; ++i)
        QCOMPARE(changeSettingsFile(m_configDir, {{u"port"_s, 4001 + i}}), std::nullopt);
    const QStringList found =
        QDir(m_configDir).entryList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot);
    QCOMPARE(found, QStringList{u"settings.json"_s});
}

void TestSettingsFile::theBackendChoiceIsSaved()
{
    QCOMPARE(saveBackendChoice(m_configDir, "ECHO"), std::nullopt);
    QCOMPARE(object(contentOf(path())), object(R"({"version": 1, "backend": "ECHO"})"));
}

QTEST_GUILESS_MAIN(TestSettingsFile)
#include "tst_settingsfile.moc"
