// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/clientlines.h"

#include <QProcess>
#include <QTest>

using namespace Qt::StringLiterals;
using namespace Switchyard;

namespace {

// What a shell makes of the lines, with `curl` replaced by a function that prints its arguments.
QString runBy(const QString &shell, const QString &script)
{
    QProcess process;
    process.setProcessEnvironment(QProcessEnvironment());
    process.start(shell, {u"-c"_s, script});
    if (!process.waitForFinished(10'000) || process.exitCode() != 0)
        return u"failed: "_s + QString::fromUtf8(process.readAllStandardError());
    return QString::fromUtf8(process.readAllStandardOutput());
}

const QByteArray url = "http://127.0.0.1:4000";

} // namespace

class ClientLinesTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void theTokenIsCopiedAndNotShown()
    {
        for (const Shell shell : {Shell::Sh, Shell::Fish, Shell::PowerShell}) {
            const ClientLines lines = clientLines(url, "sw-placeholder", shell);
            QVERIFY(lines.variables.contains(u"sw-placeholder"_s));
            QVERIFY(lines.request.contains(u"sw-placeholder"_s));
            QVERIFY(!lines.variablesShown.contains(u"sw-placeholder"_s));
            QVERIFY(!lines.requestShown.contains(u"sw-placeholder"_s));
            QVERIFY(lines.requestShown.contains(u"http://127.0.0.1:4000/v1/messages"_s));
        }
    }

    void aShellUnderstandsTheVariables()
    {
        const ClientLines lines = clientLines(url, "it's $HOME `here`", Shell::Sh);
        QCOMPARE(runBy(u"/bin/sh"_s,
                       lines.variables
                           + u"printf '%s|%s|%s' \"$ANTHROPIC_BASE_URL\" \"$ANTHROPIC_AUTH_TOKEN\" "
                             "\"$ANTHROPIC_API_KEY\""_s),
                 u"http://127.0.0.1:4000|it's $HOME `here`|"_s);
    }

    void aShellUnderstandsTheRequest()
    {
        const ClientLines lines = clientLines(url, "it's $HOME", Shell::Sh);
        QCOMPARE(
            runBy(u"/bin/sh"_s,
                  u"curl() { for a in \"$@\"; do printf '%s\\n' \"$a\"; done; }\n"_s
                      + lines.request),
            u"-sS\nhttp://127.0.0.1:4000/v1/messages\n-H\nauthorization: Bearer it's $HOME\n"
            "-H\ncontent-type: application/json\n-H\nanthropic-version: 2023-06-01\n-d\n"
            "{\"model\":\"claude-sonnet-4\",\"max_tokens\":100,\"messages\":[{\"role\":\"user\","
            "\"content\":\"Hello\"}]}\n"_s);
    }

    void withoutATokenNoneIsSent()
    {
        const ClientLines lines = clientLines(url, "", Shell::Sh);
        QVERIFY(!lines.request.contains(u"authorization"_s));
        QVERIFY(!lines.variablesShown.contains(u"•"_s));
    }

    void whenNothingIsServedThereIsNothingToRun()
    {
        QCOMPARE(clientLines("", "sw-placeholder", Shell::Sh), ClientLines());
    }
};

QTEST_GUILESS_MAIN(ClientLinesTest)
#include "tst_clientlines.moc"
