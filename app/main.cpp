// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/commandline.h"
#include "app/console.h"
#include "app/controlcommands.h"
#include "app/descriptorlimit.h"
#include "app/exitcode.h"
#include "app/secretcommand.h"
#include "app/serve.h"
#include "app/tray.h"

#include <QCoreApplication>

#ifdef __GLIBC__
#include <malloc.h>
#endif

using namespace Switchyard;

namespace {

int runWithoutDisplay(const CommandLine &line, int &argc, char **argv)
{
    QCoreApplication application(argc, argv);
    switch (line.command) {
    case Command::Serve:
        return runServe(line);
    case Command::Secret:
        return runSecretCommand(line);
    default:
        return runControlCommand(line);
    }
}

} // namespace

int main(int argc, char **argv)
{
    holdStandardStreams();
#ifdef __GLIBC__
    // Two threads allocate; more arenas than that only hold memory back.
    mallopt(M_ARENA_MAX, 2);
#endif
    raiseDescriptorLimit();
    // The keychain needs GLib's loop on the main thread; the proxy's thread does better with poll.
    qputenv("QT_NO_THREADED_GLIB", "1");
    QCoreApplication::setApplicationName(QStringLiteral("switchyard"));
    QCoreApplication::setApplicationVersion(QStringLiteral(SWITCHYARD_VERSION));

    QStringList arguments;
    for (int i = 1; i < argc; ++i)
        arguments.append(QString::fromLocal8Bit(argv[i]));
    const auto parsed = parseCommandLine(arguments);
    if (const auto *problem = std::get_if<CommandLineProblem>(&parsed)) {
        printError(problem->sentence);
        return ExitCode::UsageError;
    }
    const CommandLine &line = *std::get_if<CommandLine>(&parsed);

    // The options are ours; Qt sees the program's name alone.
    argc = 1;
    switch (line.command) {
    case Command::Help:
        printOut(line.helpText);
        return ExitCode::Done;
    case Command::Version:
        printOut(QByteArray("switchyard " SWITCHYARD_VERSION "\n"));
        return ExitCode::Done;
    case Command::Tray:
        return runTray(line, argc, argv);
    default:
        return runWithoutDisplay(line, argc, argv);
    }
}
