// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/config/settings.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <functional>

using namespace Switchyard;
using namespace Qt::StringLiterals;

namespace {

// A setting as text, with its origin: "4000 default".
template <typename T> QString withOrigin(const T &text, Origin origin)
{
    return u"%1 %2"_s.arg(text, QString::fromLatin1(originCode(origin)));
}

QString shown(const Setting<QString> &setting)
{
    return withOrigin(setting.value, setting.origin);
}

QString shown(const Setting<QByteArray> &setting)
{
    return withOrigin(QString::fromUtf8(setting.value), setting.origin);
}

QString shown(const Setting<Secret> &setting)
{
    return withOrigin(QString::fromLatin1(setting.value.reveal()), setting.origin);
}

QString shown(const Setting<Lane> &setting)
{
    return withOrigin(QString::fromLatin1(laneName(setting.value)), setting.origin);
}

QString shown(const Setting<bool> &setting)
{
    return withOrigin(setting.value ? u"true"_s : u"false"_s, setting.origin);
}

QString shown(const Setting<LogLevel> &setting)
{
    static const QStringList names{u"debug"_s, u"info"_s, u"warning"_s, u"error"_s};
    return withOrigin(names[int(setting.value)], setting.origin);
}

QString shown(const Setting<LogFormat> &setting)
{
    return withOrigin(setting.value == LogFormat::Json ? u"json"_s : u"text"_s, setting.origin);
}

template <typename T> QString shown(const Setting<T> &setting)
{
    return withOrigin(QString::number(setting.value), setting.origin);
}

QString shownModels(const Settings &settings)
{
    const ModelRules &models = settings.models.value;
    QStringList parts;
    for (const ModelRule &rule : models.rules)
        parts += QString::fromUtf8(rule.pattern + "->" + rule.target);
    parts += withOrigin(u"unknown=%1"_s.arg(int(models.unknown)), settings.models.origin);
    parts += withOrigin(QString::fromUtf8("big=" + models.bigModel), settings.bigModelOrigin);
    parts += withOrigin(QString::fromUtf8("small=" + models.smallModel), settings.smallModelOrigin);
    parts += QString::fromUtf8("default=" + models.defaultModel);
    return parts.join(u", "_s);
}

// A setting by a short name, so that a table can ask for it.
QString settingOf(const Settings &settings, const QString &name)
{
    const BackendSetup &openRouter = settings.backends.at("OPENROUTER");
    const std::map<QString, std::function<QString()>> table{
        {u"listen"_s, [&] { return shown(settings.listenAddress); }},
        {u"port"_s, [&] { return shown(settings.port); }},
        {u"backend"_s, [&] { return shown(settings.backend); }},
        {u"token required"_s, [&] { return shown(settings.tokenRequired); }},
        {u"token"_s, [&] { return shown(settings.token); }},
        {u"log level"_s, [&] { return shown(settings.logLevel); }},
        {u"log format"_s, [&] { return shown(settings.logFormat); }},
        {u"proxy"_s, [&] { return shown(settings.proxyUrl); }},
        {u"no proxy"_s, [&] { return shown(settings.noProxy); }},
        {u"extra CA file"_s, [&] { return shown(settings.extraCaFile); }},
        {u"models"_s, [&] { return shownModels(settings); }},
        {u"base URL"_s, [&] { return shown(openRouter.baseUrl); }},
        {u"lane"_s, [&] { return shown(openRouter.lane); }},
        {u"credential"_s, [&] { return shown(openRouter.credential); }},
        {u"referer"_s, [&] { return shown(openRouter.referer); }},
        {u"title"_s, [&] { return shown(openRouter.title); }},
        {u"connect time-out"_s, [&] { return shown(openRouter.connectTimeoutMs); }},
        {u"first byte time-out"_s, [&] { return shown(openRouter.firstByteTimeoutMs); }},
        {u"silence time-out"_s, [&] { return shown(openRouter.silenceTimeoutMs); }},
        {u"retries"_s, [&] { return shown(openRouter.retries); }},
        {u"HTTP/2"_s, [&] { return shown(openRouter.http2); }},
    };
    return table.at(name)();
}

QByteArray documentation()
{
    QFile page(QStringLiteral(SWITCHYARD_TEST_DATA "/../../../../docs/4-settings.md"));
    return page.open(QIODevice::ReadOnly) ? page.readAll() : QByteArray();
}

QString sentences(const LoadedSettings &loaded)
{
    QStringList all;
    for (const SettingsProblem &problem : loaded.problems)
        all += problem.sentence;
    return all.join(u'\n');
}

} // namespace

class TestSettings : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();

    void sources_data();
    void sources();
    void problems_data();
    void problems();
    void accepted_data();
    void accepted();
    void warnings_data();
    void warnings();

    void everyRegisteredBackendHasAnEntry();
    void theFoldersArePassedOn();
    void allProblemsAreListedAtOnce();
    void aFaultyValueLeavesTheWeakerOne();
    void noSentenceHoldsASecret();
    void theEnvironmentOfTheProcessIsNotRead();
    void theDefaultFoldersFollowTheDesktop();
    void originsHaveCodes();
    void theExampleInTheDocumentationIsAccepted();
    void theDocumentationNamesEveryVariableOfABackend();

private:
    // Sources from lists of "NAME=VALUE" and of command line options; %DIR% is the test's folder.
    LoadedSettings load(const QByteArray &file, const QStringList &environment,
                        const QByteArray &envFile, const QStringList &options);
    QString inPlace(QString text) const { return text.replace(u"%DIR%"_s, m_folder->path()); }
    QByteArray inPlace(QByteArray text) const
    {
        return text.replace("%DIR%", m_folder->path().toUtf8());
    }

    std::unique_ptr<QTemporaryDir> m_folder;
};

void TestSettings::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    QVERIFY(m_folder->isValid());
    QVERIFY(QFile::copy(QStringLiteral(SWITCHYARD_TEST_DATA "/ca.pem"),
                        m_folder->filePath(u"ca.pem"_s)));
}

void TestSettings::cleanup()
{
    m_folder.reset();
}

LoadedSettings TestSettings::load(const QByteArray &file, const QStringList &environment,
                                  const QByteArray &envFile, const QStringList &options)
{
    const auto write = [this](const QString &name, const QByteArray &content) {
        QFile target(m_folder->filePath(name));
        if (!target.open(QIODevice::WriteOnly) || target.write(content) != content.size())
            qFatal("cannot write %s", qPrintable(target.fileName()));
    };
    SettingsSources sources;
    sources.configDir = m_folder->path();
    sources.dataDir = m_folder->filePath(u"data"_s);
    if (!file.isEmpty())
        write(u"settings.json"_s, inPlace(file));
    for (const QString &assignment : environment)
        sources.environment.insert(assignment.section(u'=', 0, 0),
                                   inPlace(assignment.section(u'=', 1)));

    CommandLineSettings &commandLine = sources.commandLine;
    if (!envFile.isEmpty()) {
        write(u"test.env"_s, inPlace(envFile));
        commandLine.envFile = m_folder->filePath(u"test.env"_s);
    }
    for (const QString &option : options) {
        const QString name = option.section(u'=', 0, 0);
        const QString value = inPlace(option.section(u'=', 1));
        const std::map<QString, std::function<void()>> table{
            {u"--listen"_s, [&] { commandLine.listenAddress = value; }},
            {u"--port"_s, [&] { commandLine.port = value; }},
            {u"--backend"_s, [&] { commandLine.backend = value; }},
            {u"--token"_s, [&] { commandLine.token = value; }},
            {u"--no-token"_s, [&] { commandLine.noToken = true; }},
            {u"--env-file"_s, [&] { commandLine.envFile = value; }},
            {u"--log-level"_s, [&] { commandLine.logLevel = value; }},
            {u"--log-format"_s, [&] { commandLine.logFormat = value; }},
        };
        table.at(name)();
    }
    return loadSettings(sources);
}

void TestSettings::sources_data()
{
    QTest::addColumn<QByteArray>("file");
    QTest::addColumn<QStringList>("environment");
    QTest::addColumn<QByteArray>("envFile");
    QTest::addColumn<QStringList>("options");
    QTest::addColumn<QString>("setting");
    QTest::addColumn<QString>("expected");

    const QStringList none;
    const auto row = [](const char *name, const QByteArray &file, const QStringList &environment,
                        const QByteArray &envFile, const QStringList &options,
                        const QString &setting, const QString &expected) {
        QTest::newRow(name) << file << environment << envFile << options << setting << expected;
    };

    row("by default it listens on this machine alone", {}, none, {}, none, u"listen"_s,
        u"127.0.0.1 default"_s);
    row("the file sets the address", R"({"listen": "::1"})", none, {}, none, u"listen"_s,
        u"::1 file"_s);
    row("HOST beats the file", R"({"listen": "::1"})", {u"HOST=localhost"_s}, {}, none, u"listen"_s,
        u"localhost environment"_s);
    row("--listen beats HOST", R"({"listen": "::1"})", {u"HOST=localhost"_s}, {},
        {u"--listen=127.0.0.2"_s}, u"listen"_s, u"127.0.0.2 command-line"_s);
    row("HOST may open the port to the network, with the token", {}, {u"HOST=0.0.0.0"_s}, {}, none,
        u"listen"_s, u"0.0.0.0 environment"_s);

    row("the default port", {}, none, {}, none, u"port"_s, u"4000 default"_s);
    row("the file sets the port", R"({"port": 4001})", none, {}, none, u"port"_s, u"4001 file"_s);
    row("the .env file beats the settings file", R"({"port": 4001})", none, "PORT=4002", none,
        u"port"_s, u"4002 env-file"_s);
    row("the environment beats the .env file", R"({"port": 4001})", {u"PORT=4003"_s}, "PORT=4002",
        none, u"port"_s, u"4003 environment"_s);
    row("the command line beats everything", R"({"port": 4001})", {u"PORT=4003"_s}, "PORT=4002",
        {u"--port=0"_s}, u"port"_s, u"0 command-line"_s);
    row("a variable that is set but empty counts as not set", R"({"port": 4001})", {u"PORT="_s},
        "PORT=4002", none, u"port"_s, u"4002 env-file"_s);
    row("a variable that is empty everywhere leaves the file's value", R"({"port": 4001})",
        {u"PORT= "_s}, "PORT=", none, u"port"_s, u"4001 file"_s);

    row("without a choice and a key it starts offline", {}, none, {}, none, u"backend"_s,
        u"ECHO default"_s);
    row("with a key in the environment the default is OPENROUTER", {},
        {u"OPENROUTER_API_KEY=placeholder"_s}, {}, none, u"backend"_s, u"OPENROUTER default"_s);
    row("with a key in the .env file the default is OPENROUTER", {}, none,
        "OPENROUTER_API_KEY=placeholder", none, u"backend"_s, u"OPENROUTER default"_s);
    row("an empty key is no key", {}, {u"OPENROUTER_API_KEY="_s}, {}, none, u"backend"_s,
        u"ECHO default"_s);
    row("the file chooses the backend, key or not", R"({"backend": "OPENROUTER"})", none, {}, none,
        u"backend"_s, u"OPENROUTER file"_s);
    row("a choice is kept even when the other backend has a key", R"({"backend": "ECHO"})",
        {u"OPENROUTER_API_KEY=placeholder"_s}, {}, none, u"backend"_s, u"ECHO file"_s);
    row("PROXY_BACKEND beats the file", R"({"backend": "ECHO"})", {u"PROXY_BACKEND=OPENROUTER"_s},
        {}, none, u"backend"_s, u"OPENROUTER environment"_s);
    row("--backend beats PROXY_BACKEND", {}, {u"PROXY_BACKEND=OPENROUTER"_s}, {},
        {u"--backend=echo"_s}, u"backend"_s, u"ECHO command-line"_s);

    row("the token is asked for by default", {}, none, {}, none, u"token required"_s,
        u"true default"_s);
    row("the file may do without the token", R"({"token_required": false})", none, {}, none,
        u"token required"_s, u"false file"_s);
    row("a token in the environment is asked for, whatever the file says",
        R"({"token_required": false})", {u"SWITCHYARD_TOKEN=placeholder"_s}, {}, none,
        u"token required"_s, u"true environment"_s);
    row("a token on the command line is asked for", R"({"token_required": false})", none, {},
        {u"--token=placeholder"_s}, u"token required"_s, u"true command-line"_s);
    row("--no-token beats the environment", {}, {u"SWITCHYARD_TOKEN=placeholder"_s}, {},
        {u"--no-token"_s}, u"token required"_s, u"false command-line"_s);
    row("--no-token takes no token from the environment", {}, {u"SWITCHYARD_TOKEN=placeholder"_s},
        {}, {u"--no-token"_s}, u"token"_s, u" default"_s);
    row("without a token anywhere there is none", {}, none, {}, none, u"token"_s, u" default"_s);
    row("the environment gives the token", {}, {u"SWITCHYARD_TOKEN=placeholder-1"_s},
        "SWITCHYARD_TOKEN=placeholder-2", none, u"token"_s, u"placeholder-1 environment"_s);
    row("the .env file gives the token", {}, none, "SWITCHYARD_TOKEN=placeholder-2", none,
        u"token"_s, u"placeholder-2 env-file"_s);
    row("--token beats the environment", {}, {u"SWITCHYARD_TOKEN=placeholder-1"_s}, {},
        {u"--token=placeholder-3"_s}, u"token"_s, u"placeholder-3 command-line"_s);

    row("the default log level", {}, none, {}, none, u"log level"_s, u"info default"_s);
    row("the file sets the log level", R"({"log_level": "error"})", none, {}, none, u"log level"_s,
        u"error file"_s);
    row("LOG_LEVEL is understood in capitals", {}, {u"LOG_LEVEL=WARNING"_s}, {}, none,
        u"log level"_s, u"warning environment"_s);
    row("--log-level beats LOG_LEVEL", {}, {u"LOG_LEVEL=WARNING"_s}, {}, {u"--log-level=debug"_s},
        u"log level"_s, u"debug command-line"_s);
    row("the default log format", {}, none, {}, none, u"log format"_s, u"text default"_s);
    row("the file sets the log format", R"({"log_format": "json"})", none, {}, none,
        u"log format"_s, u"json file"_s);
    row("JSON_LOGS switches JSON on", {}, {u"JSON_LOGS=true"_s}, {}, none, u"log format"_s,
        u"json environment"_s);
    row("JSON_LOGS switches JSON off", R"({"log_format": "json"})", {u"JSON_LOGS=0"_s}, {}, none,
        u"log format"_s, u"text environment"_s);
    row("--log-format beats JSON_LOGS", {}, {u"JSON_LOGS=true"_s}, {}, {u"--log-format=text"_s},
        u"log format"_s, u"text command-line"_s);

    row("no proxy by default", {}, none, {}, none, u"proxy"_s, u" default"_s);
    row("the file sets the proxy", R"({"proxy": "http://proxy.example:3128"})", none, {}, none,
        u"proxy"_s, u"http://proxy.example:3128 file"_s);
    row("HTTPS_PROXY beats the file", R"({"proxy": "http://proxy.example:3128"})",
        {u"HTTPS_PROXY=http://other.example:1"_s}, {}, none, u"proxy"_s,
        u"http://other.example:1 environment"_s);
    row("https_proxy in small letters comes first, as for libcurl", {},
        {u"HTTPS_PROXY=http://large.example:1"_s, u"https_proxy=http://small.example:1"_s}, {},
        none, u"proxy"_s, u"http://small.example:1 environment"_s);
    row("ALL_PROXY is the last resort", {}, {u"ALL_PROXY=socks5h://127.0.0.1:1080"_s}, {}, none,
        u"proxy"_s, u"socks5h://127.0.0.1:1080 environment"_s);
    row("HTTP_PROXY alone is not for https", {}, {u"HTTP_PROXY=http://proxy.example:1"_s}, {}, none,
        u"proxy"_s, u" default"_s);
    row("a proxy's password may come from the environment", {},
        {u"HTTPS_PROXY=http://user:word@proxy.example:1"_s}, {}, none, u"proxy"_s,
        u"http://user:word@proxy.example:1 environment"_s);
    row("the .env file may set the proxy", {}, none, "HTTPS_PROXY=http://proxy.example:1", none,
        u"proxy"_s, u"http://proxy.example:1 env-file"_s);
    row("the file sets the hosts without a proxy", R"({"no_proxy": "a.example,b.example"})", none,
        {}, none, u"no proxy"_s, u"a.example,b.example file"_s);
    row("NO_PROXY beats the file", R"({"no_proxy": "a.example"})", {u"NO_PROXY=c.example"_s}, {},
        none, u"no proxy"_s, u"c.example environment"_s);
    row("the file names a CA file", R"({"extra_ca_file": "%DIR%/ca.pem"})", none, {}, none,
        u"extra CA file"_s, u"%DIR%/ca.pem file"_s);
    row("the environment names a CA file", {}, {u"SWITCHYARD_EXTRA_CA_FILE=%DIR%/ca.pem"_s}, {},
        none, u"extra CA file"_s, u"%DIR%/ca.pem environment"_s);

    row("the address of OpenRouter", {}, none, {}, none, u"base URL"_s,
        u"https://openrouter.ai/api/v1 default"_s);
    row("the file sets the address of a backend",
        R"({"backends": {"OPENROUTER": {"base_url": "https://a.example/v1/"}}})", none, {}, none,
        u"base URL"_s, u"https://a.example/v1 file"_s);
    row("OPENROUTER_API_BASE beats the file",
        R"({"backends": {"OPENROUTER": {"base_url": "https://a.example/v1"}}})",
        {u"OPENROUTER_API_BASE=https://b.example/v1"_s}, {}, none, u"base URL"_s,
        u"https://b.example/v1 environment"_s);
    row("OPENROUTER_BASE_URL is the other name", {},
        {u"OPENROUTER_BASE_URL=https://c.example/v1"_s}, {}, none, u"base URL"_s,
        u"https://c.example/v1 environment"_s);
    row("OPENROUTER_API_BASE comes before OPENROUTER_BASE_URL", {},
        {u"OPENROUTER_BASE_URL=https://c.example/v1"_s,
         u"OPENROUTER_API_BASE=https://b.example/v1"_s},
        {}, none, u"base URL"_s, u"https://b.example/v1 environment"_s);
    row("the other name in the environment beats the first in the .env file", {},
        {u"OPENROUTER_BASE_URL=https://c.example/v1"_s}, "OPENROUTER_API_BASE=https://b.example/v1",
        none, u"base URL"_s, u"https://c.example/v1 environment"_s);
    row("the native lane is the default", {}, none, {}, none, u"lane"_s, u"native default"_s);
    row("the file sets the lane", R"({"backends": {"OPENROUTER": {"lane": "chat"}}})", none, {},
        none, u"lane"_s, u"chat file"_s);
    row("OPENROUTER_WIRE beats the file", R"({"backends": {"OPENROUTER": {"lane": "chat"}}})",
        {u"OPENROUTER_WIRE=native"_s}, {}, none, u"lane"_s, u"native environment"_s);
    row("no credential by default", {}, none, {}, none, u"credential"_s, u" default"_s);
    row("the environment gives the credential", {}, {u"OPENROUTER_API_KEY=placeholder "_s}, {},
        none, u"credential"_s, u"placeholder environment"_s);
    row("the .env file gives the credential", {}, none, "OPENROUTER_API_KEY='placeholder'", none,
        u"credential"_s, u"placeholder env-file"_s);
    row("the file sets the referer",
        R"({"backends": {"OPENROUTER": {"referer": "https://a.example"}}})", none, {}, none,
        u"referer"_s, u"https://a.example file"_s);
    row("the file sets the title", R"({"backends": {"OPENROUTER": {"title": "Desk"}}})", none, {},
        none, u"title"_s, u"Desk file"_s);
    row("the file sets the connect time-out",
        R"({"backends": {"OPENROUTER": {"connect_timeout_s": 2.5}}})", none, {}, none,
        u"connect time-out"_s, u"2500 file"_s);
    row("the default connect time-out", {}, none, {}, none, u"connect time-out"_s,
        u"10000 default"_s);
    row("the default time-out before the first byte", {}, none, {}, none, u"first byte time-out"_s,
        u"300000 default"_s);
    row("the default time-out in a stream", {}, none, {}, none, u"silence time-out"_s,
        u"180000 default"_s);
    row("the file sets the time-out before the first byte",
        R"({"backends": {"OPENROUTER": {"first_byte_timeout_s": 60}}})", none, {}, none,
        u"first byte time-out"_s, u"60000 file"_s);
    row("the file sets the time-out in a stream",
        R"({"backends": {"OPENROUTER": {"silence_timeout_s": 60}}})", none, {}, none,
        u"silence time-out"_s, u"60000 file"_s);
    row("OPENROUTER_DIRECT_TIMEOUT limits the wait before the first byte",
        R"({"backends": {"OPENROUTER": {"first_byte_timeout_s": 60}}})",
        {u"OPENROUTER_DIRECT_TIMEOUT=30"_s}, {}, none, u"first byte time-out"_s,
        u"30000 environment"_s);
    row("OPENROUTER_DIRECT_TIMEOUT limits the silence in a stream", {},
        {u"OPENROUTER_DIRECT_TIMEOUT=30"_s}, {}, none, u"silence time-out"_s,
        u"30000 environment"_s);
    row("OPENROUTER_DIRECT_TIMEOUT leaves the connect time-out", {},
        {u"OPENROUTER_DIRECT_TIMEOUT=30"_s}, {}, none, u"connect time-out"_s, u"10000 default"_s);
    row("one retry by default", {}, none, {}, none, u"retries"_s, u"1 default"_s);
    row("the file sets the retries", R"({"backends": {"OPENROUTER": {"retries": 0}}})", none, {},
        none, u"retries"_s, u"0 file"_s);
    row("OPENROUTER_DIRECT_RETRIES beats the file",
        R"({"backends": {"OPENROUTER": {"retries": 0}}})", {u"OPENROUTER_DIRECT_RETRIES=3"_s}, {},
        none, u"retries"_s, u"3 environment"_s);
    row("HTTP/2 is on by default", {}, none, {}, none, u"HTTP/2"_s, u"true default"_s);
    row("the file switches HTTP/2 off", R"({"backends": {"OPENROUTER": {"http2": false}}})", none,
        {}, none, u"HTTP/2"_s, u"false file"_s);

    row("no rules for models by default", {}, none, {}, none, u"models"_s,
        u"unknown=0 default, big= default, small= default, default="_s);
    row("the file sets everything about models",
        R"({"models": {"rules": [{"match": "a*", "send": "b"}, {"match": "c", "send": "d"}],
                       "big": "e", "small": "f", "unknown": "default", "default": "g"}})",
        none, {}, none, u"models"_s,
        u"a*->b, c->d, unknown=1 file, big=e file, small=f file, default=g"_s);
    row("the .env file names the big and the small model", R"({"models": {"big": "e"}})", none,
        "ANTHROPIC_MODEL=x/big\nANTHROPIC_SMALL_FAST_MODEL=x/small\n", none, u"models"_s,
        u"unknown=0 default, big=x/big env-file, small=x/small env-file, default="_s);
    row("the shell's ANTHROPIC_MODEL belongs to the client", {},
        {u"ANTHROPIC_MODEL=opus"_s, u"ANTHROPIC_SMALL_FAST_MODEL=haiku"_s}, {}, none, u"models"_s,
        u"unknown=0 default, big= default, small= default, default="_s);
    row("the shell's ANTHROPIC_MODEL does not hide the one in the .env file", {},
        {u"ANTHROPIC_MODEL=opus"_s}, "ANTHROPIC_MODEL=x/big", none, u"models"_s,
        u"unknown=0 default, big=x/big env-file, small= default, default="_s);
}

void TestSettings::sources()
{
    QFETCH(QByteArray, file);
    QFETCH(QStringList, environment);
    QFETCH(QByteArray, envFile);
    QFETCH(QStringList, options);
    QFETCH(QString, setting);
    QFETCH(QString, expected);

    const LoadedSettings loaded = load(file, environment, envFile, options);
    QVERIFY2(loaded.problems.empty(), qPrintable(sentences(loaded)));
    QCOMPARE(settingOf(loaded.settings, setting), inPlace(expected));
    QCOMPARE(loaded.settings.backendChosen(), loaded.settings.backend.origin != Origin::Default);
}

void TestSettings::problems_data()
{
    QTest::addColumn<QByteArray>("file");
    QTest::addColumn<QStringList>("environment");
    QTest::addColumn<QByteArray>("envFile");
    QTest::addColumn<QStringList>("options");
    QTest::addColumn<QString>("beginning"); // of the one sentence
    QTest::addColumn<QString>("words");

    const QStringList none;
    const auto row = [](const char *name, const QByteArray &file, const QStringList &environment,
                        const QByteArray &envFile, const QStringList &options,
                        const QString &beginning, const QString &words) {
        QTest::newRow(name) << file << environment << envFile << options << beginning << words;
    };
    const QString inFile = u" in %DIR%/settings.json "_s;
    const QString port = u"give a whole number from 0 to 65535"_s;

    row("a port on the command line", {}, none, {}, {u"--port=70000"_s}, u"--port is \"70000\""_s,
        port);
    row("a port in the environment", {}, {u"PORT=http"_s}, {}, none,
        u"PORT (environment) is \"http\""_s, port);
    row("a port in the .env file", {}, none, "PORT=http", none,
        u"PORT (in %DIR%/test.env) is \"http\""_s, port);
    row("a port in the file that is out of range", R"({"port": 70000})", none, {}, none,
        u"\"port\""_s + inFile + u"is \"70000\""_s, port);
    row("a port in the file that is a text", R"({"port": "4000"})", none, {}, none,
        u"\"port\""_s + inFile + u"is the text \"4000\""_s, port);
    row("a port in the file that is null", R"({"port": null})", none, {}, none,
        u"\"port\""_s + inFile + u"is null"_s, port);
    row("a port in the file that is a fraction", R"({"port": 4000.5})", none, {}, none,
        u"\"port\""_s + inFile + u"is \"4000.5\""_s, port);
    row("the file is checked whole, also what the command line overrides", R"({"port": -1})", none,
        {}, {u"--port=0"_s}, u"\"port\""_s + inFile, port);

    row("an address on the command line", {}, none, {}, {u"--listen=example.com"_s},
        u"--listen is \"example.com\""_s, u"127.0.0.1"_s);
    row("an empty address on the command line", {}, none, {}, {u"--listen="_s},
        u"--listen is empty"_s, u"127.0.0.1"_s);
    row("an address in the environment", {}, {u"HOST=mybox"_s}, {}, none,
        u"HOST (environment) is \"mybox\""_s, u"localhost"_s);
    row("an address in the file that is a number", R"({"listen": 127})", none, {}, none,
        u"\"listen\""_s + inFile + u"is the number 127"_s, u"localhost"_s);

    row("a backend on the command line", {}, none, {}, {u"--backend=NOWHERE"_s},
        u"--backend is \"NOWHERE\""_s, u"OPENROUTER"_s);
    row("a backend in the environment", {}, {u"PROXY_BACKEND=NOWHERE"_s}, {}, none,
        u"PROXY_BACKEND (environment) is \"NOWHERE\""_s, u"ECHO"_s);
    row("a backend in the file", R"({"backend": "NOWHERE"})", none, {}, none,
        u"\"backend\""_s + inFile + u"is \"NOWHERE\""_s, u"OPENROUTER"_s);
    row("a backend in the file that is a list", R"({"backend": ["ECHO"]})", none, {}, none,
        u"\"backend\""_s + inFile + u"is a list"_s, u"OPENROUTER"_s);

    row("a log level on the command line", {}, none, {}, {u"--log-level=loud"_s},
        u"--log-level is \"loud\""_s, u"debug, info, warning or error"_s);
    row("a log level in the environment", {}, {u"LOG_LEVEL=loud"_s}, {}, none,
        u"LOG_LEVEL (environment) is \"loud\""_s, u"debug, info, warning or error"_s);
    row("a log format on the command line", {}, none, {}, {u"--log-format=xml"_s},
        u"--log-format is \"xml\""_s, u"text or json"_s);
    row("a switch in the environment", {}, {u"JSON_LOGS=maybe"_s}, {}, none,
        u"JSON_LOGS (environment) is \"maybe\""_s, u"true or false"_s);
    row("a switch in the file that is a text", R"({"token_required": "no"})", none, {}, none,
        u"\"token_required\""_s + inFile + u"is the text \"no\""_s, u"true or false"_s);

    row("a token with a blank in it", {}, none, {}, {u"--token=marker token"_s},
        u"--token holds a space"_s, u"copy it again"_s);
    row("an empty token on the command line", {}, none, {}, {u"--token="_s}, u"--token is empty"_s,
        u"give the key or token itself"_s);
    row("a credential with a line break in it", {}, none, "OPENROUTER_API_KEY=\"marker\\nkey\"",
        none, u"OPENROUTER_API_KEY (in %DIR%/test.env) holds a space"_s, u"copy it again"_s);
    row("--token and --no-token together", {}, none, {},
        {u"--token=placeholder"_s, u"--no-token"_s}, u"--token and --no-token"_s,
        u"exclude each other"_s);
    row("--no-token when listening beyond this machine", {}, none, {},
        {u"--no-token"_s, u"--listen=0.0.0.0"_s}, u"--no-token is refused"_s, u"0.0.0.0"_s);
    row("--no-token when the environment listens beyond this machine", {}, {u"HOST=::"_s}, {},
        {u"--no-token"_s}, u"--no-token is refused"_s, u"listening on ::"_s);
    row("a file without token when listening beyond this machine",
        R"({"token_required": false, "listen": "192.0.2.7"})", none, {}, none,
        u"\"token_required\""_s + inFile + u"is refused"_s, u"192.0.2.7"_s);

    row("a base URL over http to another machine", {},
        {u"OPENROUTER_API_BASE=http://openrouter.ai/api/v1"_s}, {}, none,
        u"OPENROUTER_API_BASE (environment) is \"http://openrouter.ai/api/v1\""_s, u"https"_s);
    row("a base URL with a user", {}, {u"OPENROUTER_BASE_URL=https://marker@a.example"_s}, {}, none,
        u"OPENROUTER_BASE_URL (environment) is \"https://a.example\""_s, u"user or password"_s);
    row("a base URL in the file that is empty", R"({"backends": {"OPENROUTER": {"base_url": ""}}})",
        none, {}, none, u"\"backends.OPENROUTER.base_url\""_s + inFile + u"is empty"_s,
        u"https://"_s);
    row("our own address in the environment", {},
        {u"OPENROUTER_API_BASE=http://127.0.0.1:4000/api"_s}, {}, none,
        u"OPENROUTER_API_BASE (environment) is \"http://127.0.0.1:4000/api\""_s,
        u"Switchyard itself (it listens on 127.0.0.1:4000)"_s);
    row("our own address in another spelling", {}, none, "OPENROUTER_BASE_URL=http://[::1]:4001",
        {u"--port=4001"_s}, u"OPENROUTER_BASE_URL (in %DIR%/test.env) is \"http://[::1]:4001\""_s,
        u"itself"_s);
    row("our own address in the file, for a backend that is not in use",
        R"({"backend": "ECHO", "backends": {"OPENROUTER": {"base_url": "http://localhost:4000"}}})",
        none, {}, none, u"\"backends.OPENROUTER.base_url\""_s + inFile, u"itself"_s);
    row("our own address while listening on IPv6", {},
        {u"OPENROUTER_API_BASE=http://localhost:4000"_s}, {}, {u"--listen=::1"_s},
        u"OPENROUTER_API_BASE (environment)"_s, u"itself (it listens on [::1]:4000)"_s);

    row("a lane in the environment", {}, {u"OPENROUTER_WIRE=fast"_s}, {}, none,
        u"OPENROUTER_WIRE (environment) is \"fast\""_s, u"native or chat"_s);
    row("a lane in the file", R"({"backends": {"OPENROUTER": {"lane": "local"}}})", none, {}, none,
        u"\"backends.OPENROUTER.lane\""_s + inFile + u"is \"local\""_s, u"native or chat"_s);
    row("a time-out of 0 in the environment", {}, {u"OPENROUTER_DIRECT_TIMEOUT=0"_s}, {}, none,
        u"OPENROUTER_DIRECT_TIMEOUT (environment) is \"0\""_s, u"number of seconds"_s);
    row("a negative time-out in the file",
        R"({"backends": {"OPENROUTER": {"silence_timeout_s": -1}}})", none, {}, none,
        u"\"backends.OPENROUTER.silence_timeout_s\""_s + inFile + u"is \"-1\""_s,
        u"number of seconds"_s);
    row("retries in the environment", {}, {u"OPENROUTER_DIRECT_RETRIES=many"_s}, {}, none,
        u"OPENROUTER_DIRECT_RETRIES (environment) is \"many\""_s, u"from 0 to 10"_s);
    row("retries in the file that are true", R"({"backends": {"OPENROUTER": {"retries": true}}})",
        none, {}, none, u"\"backends.OPENROUTER.retries\""_s + inFile + u"is true"_s,
        u"from 0 to 10"_s);
    row("backends that are a list", R"({"backends": []})", none, {}, none,
        u"\"backends\""_s + inFile + u"is a list"_s, u"in braces"_s);
    row("a backend's settings that are a text", R"({"backends": {"ECHO": "on"}})", none, {}, none,
        u"\"backends.ECHO\""_s + inFile + u"is the text \"on\""_s, u"in braces"_s);
    row("a title with a line break", R"({"backends": {"OPENROUTER": {"title": "a\nb"}}})", none, {},
        none, u"\"backends.OPENROUTER.title\""_s + inFile + u"holds a line break"_s, u"remove"_s);

    row("rules that are an object", R"({"models": {"rules": {}}})", none, {}, none,
        u"\"models.rules\""_s + inFile + u"is an object"_s, u"in square brackets"_s);
    row("a rule that is a text", R"({"models": {"rules": ["a"]}})", none, {}, none,
        u"\"models.rules[0]\""_s + inFile + u"is the text \"a\""_s, u"\"match\""_s);
    row("a rule without a target", R"({"models": {"rules": [{"match": "a", "send": "b"},
                                                            {"match": "a"}]}})",
        none, {}, none, u"\"models.rules[1]\""_s + inFile + u"needs both texts"_s, u"\"send\""_s);
    row("a rule with an empty pattern", R"({"models": {"rules": [{"match": "", "send": "b"}]}})",
        none, {}, none, u"\"models.rules[0]\""_s + inFile + u"needs both texts"_s, u"\"match\""_s);
    row("a rule for unknown models", R"({"models": {"unknown": "guess"}})", none, {}, none,
        u"\"models.unknown\""_s + inFile + u"is \"guess\""_s, u"pass, default or refuse"_s);
    row("a default for unknown models without a model", R"({"models": {"unknown": "default"}})",
        none, {}, none, u"\"models.unknown\""_s + inFile + u"is \"default\""_s,
        u"\"models.default\" names no model"_s);

    row("a proxy in the environment", {}, {u"HTTPS_PROXY=ftp://user:marker@proxy.example"_s}, {},
        none, u"HTTPS_PROXY (environment) is \"ftp://proxy.example\""_s, u"socks5h"_s);
    row("a proxy with a password in the file", R"({"proxy": "http://user:marker@proxy.example"})",
        none, {}, none, u"\"proxy\""_s + inFile + u"is \"http://proxy.example\""_s,
        u"HTTPS_PROXY"_s);
    row("a CA file that is not there", R"({"extra_ca_file": "%DIR%/absent.pem"})", none, {}, none,
        u"\"extra_ca_file\""_s + inFile, u"there is no such file"_s);
    row("a CA file that is a folder", {}, {u"SWITCHYARD_EXTRA_CA_FILE=%DIR%"_s}, {}, none,
        u"SWITCHYARD_EXTRA_CA_FILE (environment)"_s, u"cannot be read"_s);
    row("a CA file that is no PEM", R"({"extra_ca_file": "%DIR%/settings.json"})", none, {}, none,
        u"\"extra_ca_file\""_s + inFile, u"no certificate in it"_s);

    row("an .env file that is not there", {}, none, {}, {u"--env-file=%DIR%/absent.env"_s},
        u"--env-file %DIR%/absent.env: "_s, u"does not exist"_s);
    row("an .env file with a fault", {}, none, "A=1\nmarker marker\n", none,
        u"--env-file %DIR%/test.env: line 2: "_s, u"write NAME=VALUE"_s);
    row("a settings file that is not JSON", "{", none, {}, none, u"%DIR%/settings.json "_s,
        u"line 1, column"_s);
    row("a settings file of a newer version", R"({"version": 99, "port": "x"})", none, {}, none,
        u"%DIR%/settings.json has version 99"_s, u"up to version 1"_s);
    row("a settings file with a key in it", R"({"openrouter_api_key": "sk-marker"})", none, {},
        none, u"\"openrouter_api_key\""_s + inFile, u"keychain"_s);
}

void TestSettings::problems()
{
    QFETCH(QByteArray, file);
    QFETCH(QStringList, environment);
    QFETCH(QByteArray, envFile);
    QFETCH(QStringList, options);
    QFETCH(QString, beginning);
    QFETCH(QString, words);

    const LoadedSettings loaded = load(file, environment, envFile, options);
    QVERIFY2(loaded.problems.size() == 1, qPrintable(sentences(loaded)));
    const QString sentence = loaded.problems.front().sentence;
    QVERIFY2(sentence.startsWith(inPlace(beginning)), qPrintable(sentence));
    QVERIFY2(sentence.contains(words), qPrintable(sentence));
    QVERIFY2(sentence.endsWith(u'.') || sentence.endsWith(u")."_s), qPrintable(sentence));
}

void TestSettings::accepted_data()
{
    QTest::addColumn<QByteArray>("file");
    QTest::addColumn<QStringList>("environment");
    QTest::addColumn<QStringList>("options");

    const auto row = [](const char *name, const QByteArray &file, const QStringList &environment,
                        const QStringList &options) {
        QTest::newRow(name) << file << environment << options;
    };
    row("a wrong variable that the command line overrides", {},
        {u"HOST=mybox"_s, u"PORT=http"_s, u"LOG_LEVEL=loud"_s, u"JSON_LOGS=maybe"_s,
         u"PROXY_BACKEND=NOWHERE"_s},
        {u"--listen=127.0.0.1"_s, u"--port=0"_s, u"--log-level=info"_s, u"--log-format=text"_s,
         u"--backend=ECHO"_s});
    row("--no-token on this machine", {}, {}, {u"--no-token"_s});
    row("--no-token on localhost", {}, {}, {u"--no-token"_s, u"--listen=localhost"_s});
    row("--no-token on ::1", {}, {}, {u"--no-token"_s, u"--listen=::1"_s});
    row("all addresses with the token", {}, {}, {u"--listen=0.0.0.0"_s});
    row("our own port on another machine", {}, {u"OPENROUTER_API_BASE=https://a.example:4000"_s},
        {});
    row("another port of this machine", {}, {u"OPENROUTER_API_BASE=http://127.0.0.1:4001"_s}, {});
    row("any free port, whatever the base URL", {},
        {u"OPENROUTER_API_BASE=http://127.0.0.1:4000"_s}, {u"--port=0"_s});
    row("OPENROUTER without a key, which may be in the keychain", {}, {},
        {u"--backend=OPENROUTER"_s});
    row("an empty settings object", "{}", {}, {});
    row("an empty referer and title",
        R"({"backends": {"OPENROUTER": {"referer": "", "title": ""}}})", {}, {});
}

void TestSettings::accepted()
{
    QFETCH(QByteArray, file);
    QFETCH(QStringList, environment);
    QFETCH(QStringList, options);

    const LoadedSettings loaded = load(file, environment, {}, options);
    QVERIFY2(loaded.problems.empty(), qPrintable(sentences(loaded)));
    QVERIFY(loaded.warnings.empty());
}

void TestSettings::warnings_data()
{
    QTest::addColumn<QByteArray>("file");
    QTest::addColumn<QStringList>("environment");
    QTest::addColumn<QString>("beginning");

    const auto row = [](const char *name, const QByteArray &file, const QStringList &environment,
                        const QString &beginning) {
        QTest::newRow(name) << file << environment << beginning;
    };
    const QString unknown = u" in %DIR%/settings.json is not a setting of this version"_s;
    row("an unknown key", R"({"colour": "red", "port": 4001})", {}, u"\"colour\""_s + unknown);
    row("an unknown backend", R"({"backends": {"FUTURE": {"lane": "x"}}})", {},
        u"\"backends.FUTURE\""_s + unknown);
    row("an unknown key of a backend", R"({"backends": {"OPENROUTER": {"speed": 1}}})", {},
        u"\"backends.OPENROUTER.speed\""_s + unknown);
    row("a key the offline backend does not have", R"({"backends": {"ECHO": {"lane": "chat"}}})",
        {}, u"\"backends.ECHO.lane\""_s + unknown);
    row("an unknown key of the models", R"({"models": {"medium": "x"}})", {},
        u"\"models.medium\""_s + unknown);
    row("an unknown key of a rule",
        R"({"models": {"rules": [{"match": "a", "send": "b", "note": "c"}]}})", {},
        u"\"models.rules[0].note\""_s + unknown);
    row("a proxy for http alone", {}, {u"HTTP_PROXY=http://proxy.example:3128"_s},
        u"HTTP_PROXY (environment) has no effect"_s);
}

void TestSettings::warnings()
{
    QFETCH(QByteArray, file);
    QFETCH(QStringList, environment);
    QFETCH(QString, beginning);

    const LoadedSettings loaded = load(file, environment, {}, {});
    QVERIFY2(loaded.problems.empty(), qPrintable(sentences(loaded)));
    QCOMPARE(loaded.warnings.size(), std::size_t(1));
    QVERIFY2(loaded.warnings.front().startsWith(inPlace(beginning)),
             qPrintable(loaded.warnings.front()));
}

void TestSettings::everyRegisteredBackendHasAnEntry()
{
    const LoadedSettings loaded = load({}, {}, {}, {});
    QCOMPARE(loaded.settings.backends.size(), allBackends().size());
    for (const Backend *backend : allBackends()) {
        const BackendTraits &traits = backend->traits();
        const BackendSetup &setup = loaded.settings.backends.at(traits.name);
        QCOMPARE(setup.baseUrl.value, traits.defaultBaseUrl);
        QCOMPARE(setup.lane.value, traits.lanes.front());
    }
    QVERIFY(findBackend(preferredBackendName()));
    QVERIFY(findBackend(offlineBackendName()));
    QVERIFY(findBackend(offlineBackendName())->traits().offline);
}

void TestSettings::theFoldersArePassedOn()
{
    const LoadedSettings loaded = load({}, {}, {}, {});
    QCOMPARE(loaded.settings.configDir, m_folder->path());
    QCOMPARE(loaded.settings.dataDir, m_folder->filePath(u"data"_s));
    QVERIFY2(!QFile::exists(loaded.settings.dataDir), "loading must not create anything");
    QVERIFY(!QFile::exists(m_folder->filePath(u"settings.json"_s)));
}

void TestSettings::allProblemsAreListedAtOnce()
{
    const LoadedSettings loaded =
        load(R"({"port": "x", "log_format": 1})",
             {u"PROXY_BACKEND=NOWHERE"_s, u"OPENROUTER_WIRE=fast"_s}, "A\nB\n",
             {u"--listen=0.0.0.0"_s, u"--no-token"_s, u"--log-level=loud"_s});
    QVERIFY2(loaded.problems.size() == 8, qPrintable(sentences(loaded)));
}

void TestSettings::aFaultyValueLeavesTheWeakerOne()
{
    const LoadedSettings loaded = load(R"({"port": 4001})", {u"PORT=x"_s}, {}, {});
    QCOMPARE(loaded.problems.size(), std::size_t(1));
    QCOMPARE(shown(loaded.settings.port), u"4001 file"_s);
}

void TestSettings::noSentenceHoldsASecret()
{
    const LoadedSettings loaded = load(
        R"({"token": "marker", "backend": "sk-marker", "port": "sk-marker",
                   "listen": "Bearer marker", "proxy": "http://u:marker@"})",
        {u"SWITCHYARD_TOKEN=marker marker"_s, u"OPENROUTER_API_KEY=marker marker"_s,
         u"OPENROUTER_API_BASE=http://u:marker@a.example"_s, u"PROXY_BACKEND=sk-or-v1-marker"_s,
         u"PORT=dapi-marker"_s, u"HTTPS_PROXY=u:marker@"_s},
        "'marker'\nX='marker\n", {});
    QVERIFY(loaded.problems.size() > 10);
    QVERIFY2(!sentences(loaded).contains(u"marker"_s), qPrintable(sentences(loaded)));
    for (const QString &warning : loaded.warnings)
        QVERIFY2(!warning.contains(u"marker"_s), qPrintable(warning));
}

void TestSettings::theEnvironmentOfTheProcessIsNotRead()
{
    QVERIFY(qputenv("PORT", "4444"));
    const LoadedSettings loaded = load({}, {}, {}, {});
    qunsetenv("PORT");
    QCOMPARE(shown(loaded.settings.port), u"4000 default"_s);
}

void TestSettings::theDefaultFoldersFollowTheDesktop()
{
#if defined(Q_OS_UNIX) && !defined(Q_OS_DARWIN)
    const QByteArray home = m_folder->path().toLocal8Bit();
    const QByteArray oldHome = qgetenv("HOME");
    qputenv("HOME", home);
    qunsetenv("XDG_CONFIG_HOME");
    qunsetenv("XDG_DATA_HOME");
    QCOMPARE(defaultConfigDir(), m_folder->filePath(u".config/switchyard"_s));
    QCOMPARE(defaultDataDir(), m_folder->filePath(u".local/share/switchyard"_s));

    qputenv("XDG_CONFIG_HOME", home + "/c");
    qputenv("XDG_DATA_HOME", home + "/d");
    QCOMPARE(defaultConfigDir(), m_folder->filePath(u"c/switchyard"_s));
    QCOMPARE(defaultDataDir(), m_folder->filePath(u"d/switchyard"_s));
    qputenv("HOME", oldHome);
#else
    QVERIFY(defaultConfigDir().endsWith(u"/switchyard"_s));
    QVERIFY(defaultDataDir().endsWith(u"/switchyard"_s));
#endif
}

void TestSettings::originsHaveCodes()
{
    QCOMPARE(originCode(Origin::Default), "default");
    QCOMPARE(originCode(Origin::File), "file");
    QCOMPARE(originCode(Origin::EnvFile), "env-file");
    QCOMPARE(originCode(Origin::Environment), "environment");
    QCOMPARE(originCode(Origin::CommandLine), "command-line");
}

void TestSettings::theExampleInTheDocumentationIsAccepted()
{
    const QByteArray page = documentation();
    const qsizetype start = page.indexOf("```json\n") + 8;
    const qsizetype end = page.indexOf("```", start);
    QVERIFY(start > 8 && end > start);
    const LoadedSettings loaded = load(page.sliced(start, end - start), {}, {}, {});
    QVERIFY2(loaded.problems.empty(), qPrintable(sentences(loaded)));
    QVERIFY2(loaded.warnings.empty(),
             qPrintable(loaded.warnings.empty() ? QString() : loaded.warnings.front()));
    QCOMPARE(settingOf(loaded.settings, u"title"_s), u"My desk file"_s);
}

void TestSettings::theDocumentationNamesEveryVariableOfABackend()
{
    const QByteArray page = documentation();
    for (const Backend *backend : allBackends()) {
        const BackendTraits &traits = backend->traits();
        QByteArrayList names = traits.baseUrlVariables + traits.credentialVariables;
        names += {traits.name, traits.laneVariable, traits.timeoutVariable, traits.retriesVariable};
        for (const QByteArray &name : std::as_const(names))
            QVERIFY2(name.isEmpty() || page.contains('`' + name + '`'), name.constData());
    }
}

QTEST_GUILESS_MAIN(TestSettings)
#include "tst_settings.moc"
