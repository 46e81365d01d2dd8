// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/application.h"

#include "app/exitcode.h"
#include "proxycore/service/logging.h"

#include <QProcessEnvironment>

namespace Switchyard {

using namespace Qt::StringLiterals;

Application::Application(const CommandLine &line, QObject *parent)
    : QObject(parent), m_line(line), m_control(&m_service)
{
    connect(&m_signals, &TerminationSignals::received, this, &Application::end);
    connect(&m_control, &ControlServer::quitRequested, this, &Application::end);
    connect(&m_service, &ProxyService::stopped, this, &Application::ended);
}

Application::~Application() = default;

std::optional<Refusal> Application::prepare()
{
    SettingsSources sources;
    sources.configDir = m_line.configDir;
    sources.dataDir = m_line.dataDir;
    sources.environment = QProcessEnvironment::systemEnvironment();
    sources.commandLine = m_line.settings;
    const LoadedSettings loaded = loadSettings(sources);
    QStringList problems;
    for (const SettingsProblem &problem : loaded.problems)
        problems.append(problem.sentence);
    if (!problems.isEmpty())
        return Refusal{ExitCode::UsageError, problems, false};
    m_settings = loaded.settings;

    const auto place = instancePlace(m_line.configDir);
    if (!place)
        return Refusal{ExitCode::Failed, {place.error()}, false};
    m_place = place.value();
    m_lock = std::make_unique<InstanceLock>(m_place);
    if (!m_lock->tryTake()) {
        const qint64 pid = m_lock->holderPid();
        const QString who = pid ? u" (process %1)"_s.arg(pid) : QString();
        return Refusal{
            ExitCode::Failed,
            {u"Switchyard already runs%1 with the configuration in %2; end it with `switchyard "
             "quit`, or give this one a --config-dir of its own."_s.arg(who, m_line.configDir)},
            true};
    }

    installLogging({m_settings.logLevel.value, m_settings.logFormat.value,
                    logFilePath(m_line.dataDir), m_service.status().instance});
    for (const QString &warning : loaded.warnings)
        logLine(LogLevel::Warning, "switchyard.settings", warning.toUtf8());

    const QString problem = m_control.listen(m_place);
    if (!problem.isEmpty())
        return Refusal{ExitCode::Failed, {problem}, false};
    return std::nullopt;
}

void Application::start()
{
    m_service.start(m_settings);
}

void Application::end()
{
    m_service.stop(m_ending ? 0 : ProxyService::defaultGraceMs);
    m_ending = true;
}

} // namespace Switchyard
