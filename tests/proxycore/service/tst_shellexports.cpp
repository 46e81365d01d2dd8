// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/service/shellexports.h"

#include <QProcess>
#include <QTest>

using namespace Switchyard;
using namespace Qt::StringLiterals;

class TestShellExports : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void oneWordForEachShell_data();
    void oneWordForEachShell();
    void aRealShellReadsBackWhatWasQuoted_data();
    void aRealShellReadsBackWhatWasQuoted();
    void theLinesOfEachShell_data();
    void theLinesOfEachShell();
    void withoutATokenAWordStandsIn();
    void namesOfShells();
};

void TestShellExports::oneWordForEachShell_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("sh");
    QTest::addColumn<QByteArray>("fish");
    QTest::addColumn<QByteArray>("powershell");
    QTest::newRow("nothing") << QByteArray() << QByteArray("''") << QByteArray("''")
                             << QByteArray("''");
    QTest::newRow("a plain word") << QByteArray("abc") << QByteArray("'abc'") << QByteArray("'abc'")
                                  << QByteArray("'abc'");
    QTest::newRow("a single quote") << QByteArray("a'b") << QByteArray(R"('a'\''b')")
                                    << QByteArray(R"('a\'b')") << QByteArray("'a''b'");
    QTest::newRow("a backslash") << QByteArray(R"(a\b)") << QByteArray(R"('a\b')")
                                 << QByteArray(R"('a\\b')") << QByteArray(R"('a\b')");
    QTest::newRow("what shells expand")
        << QByteArray("$(id) `id` $HOME *") << QByteArray("'$(id) `id` $HOME *'")
        << QByteArray("'$(id) `id` $HOME *'") << QByteArray("'$(id) `id` $HOME *'");
    QTest::newRow("a typographic quote, which PowerShell takes for a plain one")
        << QByteArray("a\xE2\x80\x99"
                      "b")
        << QByteArray("'a\xE2\x80\x99"
                      "b'")
        << QByteArray("'a\xE2\x80\x99"
                      "b'")
        << QByteArray("'a\xE2\x80\x99\xE2\x80\x99"
                      "b'");
}

void TestShellExports::oneWordForEachShell()
{
    QFETCH(QByteArray, text);
    const QByteArray sh = shellQuoted(text, Shell::Sh);
    const QByteArray fish = shellQuoted(text, Shell::Fish);
    const QByteArray powershell = shellQuoted(text, Shell::PowerShell);
    QTEST(sh, "sh");
    QTEST(fish, "fish");
    QTEST(powershell, "powershell");
}

void TestShellExports::aRealShellReadsBackWhatWasQuoted_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("quotes of both kinds") << QByteArray(R"(a'b"c''d)");
    QTest::newRow("expansions") << QByteArray("$HOME $(echo x) `echo y` \\n ~ * ?");
    QTest::newRow("an end of line") << QByteArray("first\nsecond");
}

void TestShellExports::aRealShellReadsBackWhatWasQuoted()
{
    QFETCH(QByteArray, text);
    const QByteArray script = clientExports("http://127.0.0.1:1", text, Shell::Sh)
        + "printf %s \"$ANTHROPIC_AUTH_TOKEN\"";
    QProcess shell;
    shell.start(u"/bin/sh"_s, {u"-c"_s, QString::fromUtf8(script)});
    QVERIFY(shell.waitForFinished());
    QCOMPARE(shell.readAllStandardOutput(), text);
}

void TestShellExports::theLinesOfEachShell_data()
{
    QTest::addColumn<Shell>("shell");
    QTest::addColumn<QByteArray>("lines");
    QTest::newRow("sh") << Shell::Sh
                        << QByteArray("export ANTHROPIC_BASE_URL='http://127.0.0.1:4000'\n"
                                      "export ANTHROPIC_AUTH_TOKEN='sy-placeholder'\n"
                                      "export ANTHROPIC_API_KEY=''\n");
    QTest::newRow("fish") << Shell::Fish
                          << QByteArray("set -gx ANTHROPIC_BASE_URL 'http://127.0.0.1:4000'\n"
                                        "set -gx ANTHROPIC_AUTH_TOKEN 'sy-placeholder'\n"
                                        "set -gx ANTHROPIC_API_KEY ''\n");
    QTest::newRow("powershell") << Shell::PowerShell
                                << QByteArray("$env:ANTHROPIC_BASE_URL = 'http://127.0.0.1:4000'\n"
                                              "$env:ANTHROPIC_AUTH_TOKEN = 'sy-placeholder'\n"
                                              "$env:ANTHROPIC_API_KEY = ''\n");
}

void TestShellExports::theLinesOfEachShell()
{
    QFETCH(Shell, shell);
    const QByteArray lines = clientExports("http://127.0.0.1:4000", "sy-placeholder", shell);
    QTEST(lines, "lines");
}

void TestShellExports::withoutATokenAWordStandsIn()
{
    QVERIFY(clientExports("http://127.0.0.1:1", {}, Shell::Sh)
                .contains("ANTHROPIC_AUTH_TOKEN='switchyard'\n"));
}

void TestShellExports::namesOfShells()
{
    QVERIFY(shellFromName("sh") == Shell::Sh);
    QVERIFY(shellFromName("fish") == Shell::Fish);
    QVERIFY(shellFromName("powershell") == Shell::PowerShell);
    QVERIFY(!shellFromName("csh"));
    QVERIFY(!shellFromName(""));
}

QTEST_GUILESS_MAIN(TestShellExports)
#include "tst_shellexports.moc"
