// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/commandline.h"
#include "app/controlserver.h"
#include "app/instancelock.h"
#include "app/terminationsignals.h"
#include "proxycore/service/proxyservice.h"

#include <QObject>

#include <optional>

namespace Switchyard {

// Why the program cannot run: an exit code and the sentences for standard error.
struct Refusal
{
    int exitCode = 0;
    QStringList sentences;
    // Another instance has this configuration folder; see `place`.
    bool alreadyRunning = false;
};

// What `serve` and the tray application have in common: the settings, the log, being the only
// instance of a configuration folder, the control channel, the proxy, and an orderly end.
class Application : public QObject
{
    Q_OBJECT

public:
    explicit Application(const CommandLine &line, QObject *parent = nullptr);
    ~Application() override;

    // Reads the settings and takes the instance's place. Needed before start().
    std::optional<Refusal> prepare();
    void start();
    // Ends the streams within the grace time, then emits ended(). The second call cuts them.
    void end();

    ProxyService *service() { return &m_service; }
    ControlServer *control() { return &m_control; }
    const Settings &settings() const { return m_settings; }
    const InstancePlace &place() const { return m_place; }

Q_SIGNALS:
    void ended();

private:
    CommandLine m_line;
    Settings m_settings;
    InstancePlace m_place;
    std::unique_ptr<InstanceLock> m_lock;
    ProxyService m_service;
    ControlServer m_control;
    TerminationSignals m_signals;
    bool m_ending = false;
};

} // namespace Switchyard
