// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/commandline.h"

#include <QTest>

using namespace Switchyard;
using namespace Qt::StringLiterals;

class TestCommandLine : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void optionsStandAnywhere_data();
    void optionsStandAnywhere();
    void everyOptionOfServeArrives();
    void nothingMeansTheTrayApplication();
    void backendsAreTakenInAnyCase();
    void versionAndHelpWinOverWhatElseIsThere();
    void relativeFoldersAreMadeAbsolute();
    void aRefusalNamesTheWordAndTheValidOnes_data();
    void aRefusalNamesTheWordAndTheValidOnes();
};

void TestCommandLine::optionsStandAnywhere_data()
{
    QTest::addColumn<QStringList>("arguments");
    const QStringList value{u"--port"_s, u"1234"_s};
    QTest::newRow("before the subcommand") << value + QStringList{u"serve"_s};
    QTest::newRow("after the subcommand") << QStringList{u"serve"_s} + value;
    QTest::newRow("with an equals sign before") << QStringList{u"--port=1234"_s, u"serve"_s};
    QTest::newRow("with an equals sign after") << QStringList{u"serve"_s, u"--port=1234"_s};
    QTest::newRow("given twice, the last one counts")
        << QStringList{u"--port=1"_s, u"serve"_s, u"--port"_s, u"1234"_s};
}

void TestCommandLine::optionsStandAnywhere()
{
    QFETCH(QStringList, arguments);
    const auto parsed = parseCommandLine(arguments);
    const auto *line = std::get_if<CommandLine>(&parsed);
    QVERIFY(line);
    QCOMPARE(line->command, Command::Serve);
    QCOMPARE(line->settings.port, u"1234"_s);
}

void TestCommandLine::everyOptionOfServeArrives()
{
    const auto parsed = parseCommandLine(
        {u"--listen"_s, u"127.0.0.2"_s, u"--port"_s, u"0"_s, u"serve"_s, u"--backend"_s, u"ECHO"_s,
         u"--config-dir"_s, u"/c"_s, u"--data-dir"_s, u"/d"_s, u"--token"_s, u"t"_s,
         u"--env-file"_s, u"f"_s, u"--log-level"_s, u"debug"_s, u"--log-format"_s, u"json"_s});
    const auto *line = std::get_if<CommandLine>(&parsed);
    QVERIFY(line);
    QCOMPARE(line->settings.listenAddress, u"127.0.0.2"_s);
    QCOMPARE(line->settings.port, u"0"_s);
    QCOMPARE(line->settings.backend, u"ECHO"_s);
    QCOMPARE(line->configDir, u"/c"_s);
    QCOMPARE(line->dataDir, u"/d"_s);
    QCOMPARE(line->settings.token, u"t"_s);
    QVERIFY(!line->settings.noToken);
    QCOMPARE(line->settings.envFile, u"f"_s);
    QCOMPARE(line->settings.logLevel, u"debug"_s);
    QCOMPARE(line->settings.logFormat, u"json"_s);
}

void TestCommandLine::nothingMeansTheTrayApplication()
{
    const auto parsed = parseCommandLine({});
    const auto *line = std::get_if<CommandLine>(&parsed);
    QVERIFY(line);
    QCOMPARE(line->command, Command::Tray);
    QVERIFY(!line->configDir.isEmpty());
    QVERIFY(!line->dataDir.isEmpty());
    QVERIFY(!line->settings.port);
}

void TestCommandLine::backendsAreTakenInAnyCase()
{
    const auto parsed = parseCommandLine({u"use"_s, u"openRouter"_s});
    const auto *line = std::get_if<CommandLine>(&parsed);
    QVERIFY(line);
    QCOMPARE(line->backend, u"OPENROUTER"_s);
}

void TestCommandLine::versionAndHelpWinOverWhatElseIsThere()
{
    const auto version = parseCommandLine({u"serve"_s, u"--version"_s});
    QCOMPARE(std::get<CommandLine>(version).command, Command::Version);
    const auto help = parseCommandLine({u"logs"_s, u"--help"_s});
    QCOMPARE(std::get<CommandLine>(help).command, Command::Help);
    QVERIFY(std::get<CommandLine>(help).helpText.contains(u"--follow"_s));
    QVERIFY(!std::get<CommandLine>(help).helpText.contains(u"--port"_s));
}

void TestCommandLine::relativeFoldersAreMadeAbsolute()
{
    const auto parsed = parseCommandLine({u"status"_s, u"--config-dir"_s, u"a/../b"_s});
    QCOMPARE(std::get<CommandLine>(parsed).configDir, QDir::currentPath() + u"/b"_s);
}

void TestCommandLine::aRefusalNamesTheWordAndTheValidOnes_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<QStringList>("named");
    const auto row = [](const char *name, const QStringList &arguments, const QStringList &named) {
        QTest::newRow(name) << arguments << named;
    };
    row("an unknown subcommand", {u"frob"_s}, {u"frob"_s, u"serve"_s, u"status"_s, u"quit"_s});
    row("a subcommand of a later version", {u"doctor"_s}, {u"doctor"_s, u"serve"_s});
    row("an unknown option", {u"serve"_s, u"--frob=1"_s}, {u"--frob"_s, u"--help"_s});
    row("an unknown short option", {u"-x"_s}, {u"-x"_s});
    row("an option without its value", {u"serve"_s, u"--port"_s}, {u"--port"_s});
    row("an empty value", {u"serve"_s, u"--token"_s, u""_s}, {u"--token"_s});
    row("a value for a flag", {u"serve"_s, u"--no-token=yes"_s}, {u"--no-token"_s});
    row("an option of another subcommand", {u"status"_s, u"--follow"_s},
        {u"--follow"_s, u"status"_s, u"--json"_s});
    row("--json where there is none", {u"env"_s, u"--json"_s}, {u"--json"_s, u"env"_s});
    row("an unknown shell", {u"env"_s, u"--shell"_s, u"csh"_s},
        {u"csh"_s, u"sh"_s, u"fish"_s, u"powershell"_s});
    row("a token and no token", {u"serve"_s, u"--token"_s, u"t"_s, u"--no-token"_s},
        {u"--token"_s, u"--no-token"_s});
    row("use without a backend", {u"use"_s}, {u"OPENROUTER"_s, u"ECHO"_s});
    row("use with an unknown backend", {u"use"_s, u"NOWHERE"_s},
        {u"NOWHERE"_s, u"OPENROUTER"_s, u"ECHO"_s});
    row("a word too many", {u"status"_s, u"now"_s}, {u"status"_s, u"now"_s});
    row("secret without an action", {u"secret"_s}, {u"set"_s, u"delete"_s, u"list"_s});
    row("secret with an unknown action", {u"secret"_s, u"show"_s},
        {u"show"_s, u"set"_s, u"delete"_s, u"list"_s});
    row("a secret of a backend that has none", {u"secret"_s, u"set"_s, u"ECHO"_s}, {u"ECHO"_s});
    row("a secret as an argument", {u"secret"_s, u"set"_s, u"OPENROUTER"_s, u"value"_s},
        {u"secret"_s});
}

void TestCommandLine::aRefusalNamesTheWordAndTheValidOnes()
{
    QFETCH(QStringList, arguments);
    QFETCH(QStringList, named);
    const auto parsed = parseCommandLine(arguments);
    const auto *problem = std::get_if<CommandLineProblem>(&parsed);
    QVERIFY(problem);
    for (const QString &word : named)
        QVERIFY2(problem->sentence.contains(word), qPrintable(problem->sentence));
    QVERIFY(problem->sentence.endsWith(u'.'));
    QVERIFY(!problem->sentence.contains(u'\n'));
}

QTEST_GUILESS_MAIN(TestCommandLine)
#include "tst_commandline.moc"
