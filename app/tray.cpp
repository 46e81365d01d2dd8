// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/tray.h"

#include "app/console.h"
#include "app/exitcode.h"

#ifdef SWITCHYARD_UI
#include "app/application.h"
#include "app/controlclient.h"
#include "ui/trayapplication.h"

#include <QApplication>

#include <cstdlib>
#endif

namespace Switchyard {

using namespace Qt::StringLiterals;

#ifdef SWITCHYARD_UI
namespace {

const QString noDisplay =
    u"There is no display to show the tray and the window on; start the proxy "
    "without them: `switchyard serve`."_s;

bool mayHaveDisplay()
{
#if defined(Q_OS_UNIX) && !defined(Q_OS_MACOS)
    return qEnvironmentVariableIsSet("DISPLAY") || qEnvironmentVariableIsSet("WAYLAND_DISPLAY")
        || qEnvironmentVariableIsSet("QT_QPA_PLATFORM");
#else
    return true;
#endif
}

// Qt ends the process with a fatal message when the display cannot be opened. The user gets our
// sentence and exit code instead.
void handleStartMessage(QtMsgType type, const QMessageLogContext &, const QString &)
{
    if (type != QtFatalMsg)
        return;
    printError(noDisplay);
    std::_Exit(ExitCode::UsageError);
}

std::optional<int> raiseRunningInstance(const CommandLine &line)
{
    const auto place = instancePlace(line.configDir);
    ControlClient client;
    if (!place || !client.connectTo(place.value()))
        return std::nullopt;
    const ControlAnswer answer = client.ask(u"raise"_s);
    if (answer.exitCode != ExitCode::Done)
        printError(answer.error);
    return answer.exitCode;
}

} // namespace

int runTray(const CommandLine &line, int &argc, char **argv)
{
    if (const auto raised = raiseRunningInstance(line))
        return *raised;
    if (!mayHaveDisplay()) {
        printError(noDisplay);
        return ExitCode::UsageError;
    }

    const QtMessageHandler before = qInstallMessageHandler(handleStartMessage);
    QApplication qtApplication(argc, argv);
    qInstallMessageHandler(before);
    QApplication::setQuitOnLastWindowClosed(false);

    Application application(line);
    if (const auto refusal = application.prepare()) {
        // Another start was quicker between our question and the lock.
        if (refusal->alreadyRunning) {
            if (const auto raised = raiseRunningInstance(line))
                return *raised;
        }
        for (const QString &sentence : refusal->sentences)
            printError(sentence);
        return refusal->exitCode;
    }
    application.control()->setHasWindow(true);

    TrayApplication tray(application.service());
    tray.setStateFolder(line.dataDir);
    QObject::connect(application.control(), &ControlServer::windowRequested, &tray,
                     &TrayApplication::raiseWindow);
    QObject::connect(&tray, &TrayApplication::quitRequested, &application, &Application::end);
    QObject::connect(&application, &Application::ended, &qtApplication,
                     [] { QCoreApplication::exit(ExitCode::Done); });
    QMetaObject::invokeMethod(&application, &Application::start, Qt::QueuedConnection);
    tray.show();
    return QApplication::exec();
}
#else
int runTray(const CommandLine &, int &, char **)
{
    printError(u"This Switchyard was built without its window; start the proxy without it: "
               "`switchyard serve`."_s);
    return ExitCode::UsageError;
}
#endif

} // namespace Switchyard
