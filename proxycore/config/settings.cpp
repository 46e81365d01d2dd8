// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/config/settings.h"

#include "proxycore/config/baseurl.h"
#include "proxycore/config/envfile.h"
#include "proxycore/config/environmentlayer.h"
#include "proxycore/config/filelayer.h"
#include "proxycore/config/loadedlayers.h"
#include "proxycore/config/settingsfile.h"
#include "proxycore/downstream/listenaddress.h"

#include <QStandardPaths>

namespace Switchyard {

using namespace Qt::StringLiterals;

namespace {

void applyDefaults(Settings &settings)
{
    for (const Backend *backend : allBackends()) {
        const BackendTraits &traits = backend->traits();
        BackendSetup &setup = settings.backends[traits.name];
        setup.baseUrl.value = traits.defaultBaseUrl;
        setup.lane.value = traits.lanes.empty() ? Lane::Local : traits.lanes.front();
    }
}

EnvFile loadEnvFile(const QString &path, LoadedLayers &layers)
{
    EnvFile file = readEnvFile(path);
    for (const EnvFileProblem &problem : file.problems)
        layers.loaded.problems.push_back({u"--env-file %1: %2"_s.arg(path, problem.sentence)});
    return file;
}

void applyCommandLine(const CommandLineSettings &commandLine, LoadedLayers &layers)
{
    Settings &settings = layers.loaded.settings;
    const auto apply = [&layers](const std::optional<QString> &text, auto &setting, auto parse,
                                 const QString &name) {
        return text && layers.take(setting, parse(*text), Origin::CommandLine, name);
    };
    apply(commandLine.listenAddress, settings.listenAddress, parseListenAddress, u"--listen"_s);
    apply(commandLine.port, settings.port, parsePort, u"--port"_s);
    apply(commandLine.backend, settings.backend, parseBackendName, u"--backend"_s);
    apply(commandLine.logLevel, settings.logLevel, parseLogLevel, u"--log-level"_s);
    apply(commandLine.logFormat, settings.logFormat, parseLogFormat, u"--log-format"_s);

    if (commandLine.token && commandLine.noToken) {
        layers.refuse(u"--token and --no-token"_s, u"exclude each other; give one of them."_s);
        return;
    }
    if (apply(commandLine.token, settings.token, parseSecret, u"--token"_s))
        settings.tokenRequired = {true, Origin::CommandLine};
    if (commandLine.noToken) {
        settings.tokenRequired = {false, Origin::CommandLine};
        settings.token = {};
        layers.tokenRequiredName = u"--no-token"_s;
    }
}

void chooseBackend(Settings &settings)
{
    if (settings.backendChosen())
        return;
    const bool hasCredential =
        !settings.backends[preferredBackendName()].credential.value.isEmpty();
    settings.backend.value = hasCredential ? preferredBackendName() : offlineBackendName();
}

void checkAccess(LoadedLayers &layers)
{
    const Settings &settings = layers.loaded.settings;
    const QString address = settings.listenAddress.value;
    if (settings.tokenRequired.value || isLoopbackHost(address))
        return;
    layers.refuse(
        layers.tokenRequiredName,
        u"is refused when listening on %1, where everyone in the network could spend your "
        "money; ask for the token, or listen on 127.0.0.1."_s.arg(address));
}

QString listenerText(const Settings &settings)
{
    const QString address = settings.listenAddress.value;
    return (address.contains(u':') ? u"[%1]:%2"_s : u"%1:%2"_s)
        .arg(address)
        .arg(settings.port.value);
}

// A default address that meets our port matters only for the backend in use: nobody asked for the
// others.
void checkLoops(LoadedLayers &layers)
{
    const Settings &settings = layers.loaded.settings;
    for (const auto &[name, setup] : settings.backends) {
        const bool isDefault = setup.baseUrl.origin == Origin::Default;
        if (isDefault && name != settings.backend.value)
            continue;
        if (setup.baseUrl.value.isEmpty()
            || !leadsToListener(setup.baseUrl.value,
                                listenHostAddress(settings.listenAddress.value),
                                settings.port.value))
            continue;
        const QString place = isDefault ? u"The address of %1"_s.arg(QString::fromLatin1(name))
                                        : layers.baseUrlNames[name];
        layers.refuse(
            place,
            u"is %1, which is Switchyard itself (it listens on %2); give the "
            "provider's address, or listen on another port."_s.arg(
                quotedValue(QString::fromUtf8(setup.baseUrl.value)), listenerText(settings)));
    }
}

QString inFolder(QStandardPaths::StandardLocation location)
{
    return QStandardPaths::writableLocation(location) + u"/switchyard"_s;
}

} // namespace

QByteArray preferredBackendName()
{
    return "OPENROUTER";
}

QByteArray offlineBackendName()
{
    return "ECHO";
}

LoadedSettings loadSettings(const SettingsSources &sources)
{
    LoadedLayers layers;
    Settings &settings = layers.loaded.settings;
    settings.configDir = sources.configDir;
    settings.dataDir = sources.dataDir;
    applyDefaults(settings);

    const SettingsFile file = readSettingsFile(sources.configDir);
    for (const QString &problem : file.problems)
        layers.loaded.problems.push_back({problem});
    applySettingsFile(file.root, settingsFilePath(sources.configDir), layers);

    const CommandLineSettings &commandLine = sources.commandLine;
    const QString envFilePath = commandLine.envFile.value_or(QString());
    const EnvFile envFile = commandLine.envFile ? loadEnvFile(envFilePath, layers) : EnvFile{};
    applyEnvironment(sources.environment, envFile, envFilePath, commandLine, layers);
    applyCommandLine(commandLine, layers);

    chooseBackend(settings);
    checkAccess(layers);
    checkLoops(layers);
    return std::move(layers.loaded);
}

std::optional<QString> saveBackendChoice(const QString &configDir, const QByteArray &backend)
{
    return changeSettingsFile(configDir, {{u"backend"_s, QString::fromLatin1(backend)}});
}

QString defaultConfigDir()
{
    return inFolder(QStandardPaths::GenericConfigLocation);
}

QString defaultDataDir()
{
    return inFolder(QStandardPaths::GenericDataLocation);
}

} // namespace Switchyard
