// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/serve.h"

#include "app/application.h"
#include "app/console.h"
#include "app/exitcode.h"
#include "proxycore/service/logging.h"

#include <QCoreApplication>
#include <QFileInfo>
#include <QStandardPaths>

#include <cstdio>

namespace Switchyard {

using namespace Qt::StringLiterals;

namespace {

constexpr auto category = "switchyard.serve";

// How the user calls this program: by its name when the shell finds it, else by its path.
QByteArray ownCommand(const CommandLine &line, Shell shell)
{
    const QString path = QCoreApplication::applicationFilePath();
    const QString found = QStandardPaths::findExecutable(QFileInfo(path).fileName());
    QByteArray command = QFileInfo(found).canonicalFilePath() == QFileInfo(path).canonicalFilePath()
        ? QFileInfo(path).fileName().toUtf8()
        : shellQuoted(path.toUtf8(), shell);
    if (line.configDir != defaultConfigDir())
        command += " --config-dir " + shellQuoted(line.configDir.toUtf8(), shell);
    return command;
}

// Lines to paste into another terminal. They hold no token: `env` asks the running instance for it,
// so that neither the screen nor a log keeps it.
QByteArray linesToTry(const CommandLine &line)
{
    const Shell shell = usualShell();
    const bool fish = shell == Shell::Fish;
    const QByteArray command = ownCommand(line, shell);
    QByteArray lines =
        "No backend has a key yet, so Switchyard answers by itself (ECHO, offline).\n"
        "Try it in another terminal; the first line sets ANTHROPIC_BASE_URL, "
        "ANTHROPIC_AUTH_TOKEN and ANTHROPIC_API_KEY:\n\n";
    lines += fish ? "  " + command + " env --shell fish | source\n"
                  : "  eval \"$(" + command + " env)\"\n";
    lines += "  curl -sS \"$ANTHROPIC_BASE_URL/v1/messages\" "
             "-H \"authorization: Bearer $ANTHROPIC_AUTH_TOKEN\" "
             "-H 'content-type: application/json' -H 'anthropic-version: 2023-06-01' "
             "-d '{\"model\":\"claude-sonnet-4\",\"max_tokens\":100,"
             "\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}'\n"
             "  claude\n\n"
             "To reach a model, give a backend its key (it is read from standard input):\n\n  "
        + command + " secret set OPENROUTER\n\n";
    return lines;
}

void sayReady(Application &application, const CommandLine &line)
{
    const ServiceStatus status = application.service()->status();
    logLine(LogLevel::Info, category,
            "Switchyard " SWITCHYARD_VERSION " listens on " + status.url + ", backend "
                + status.backend + " (" + status.lane + ").");
    if (status.backend == offlineBackendName() && !application.settings().backendChosen()) {
        const QByteArray lines = linesToTry(line);
        // A reader of JSON lines gets nothing else.
        if (application.settings().logFormat.value == LogFormat::Json)
            logLine(LogLevel::Info, category, lines);
        else
            std::fwrite(lines.constData(), 1, size_t(lines.size()), stderr);
    }
    printOut("listening on " + status.url + '\n');
}

} // namespace

int runServe(const CommandLine &line)
{
    Application application(line);
    if (const auto refusal = application.prepare()) {
        for (const QString &sentence : refusal->sentences)
            printError(sentence);
        return refusal->exitCode;
    }

    bool ready = false;
    ProxyService *service = application.service();
    QObject::connect(service, &ProxyService::statusChanged, &application, [&] {
        const ServiceStatus status = service->status();
        if (status.state == ServiceState::Running && !ready) {
            ready = true;
            sayReady(application, line);
        } else if (status.state == ServiceState::Failed) {
            printError(QString::fromUtf8(status.failure));
            QCoreApplication::exit(ExitCode::Failed);
        } else if (status.state == ServiceState::Stopping) {
            logLine(LogLevel::Info, category,
                    "Ending; open exchanges may finish within "
                        + QByteArray::number(ProxyService::defaultGraceMs / 1000)
                        + " s, a second signal cuts them.");
        }
    });
    QObject::connect(&application, &Application::ended, &application,
                     [] { QCoreApplication::exit(ExitCode::Done); });
    // From inside the loop, so that a failure at once finds a loop to end.
    QMetaObject::invokeMethod(&application, &Application::start, Qt::QueuedConnection);
    return QCoreApplication::exec();
}

} // namespace Switchyard
