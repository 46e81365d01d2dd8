// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/backends/backend.h"
#include "proxycore/config/backendsetup.h"
#include "proxycore/config/setting.h"
#include "proxycore/routing/modelmap.h"

#include <QByteArray>
#include <QProcessEnvironment>
#include <QString>

#include <map>
#include <optional>
#include <vector>

namespace Switchyard {

// What the command line gave; empty where the option was not there.
struct CommandLineSettings
{
    std::optional<QString> listenAddress;
    std::optional<QString> port;
    std::optional<QString> backend;
    std::optional<QString> token;
    bool noToken = false;
    std::optional<QString> envFile;
    std::optional<QString> logLevel;
    std::optional<QString> logFormat;
};

enum class LogFormat { Text, Json };
enum class LogLevel { Debug, Info, Warning, Error };

// Every setting with its origin. Validated: a Settings value is always usable.
struct Settings
{
    Setting<QString> listenAddress{QStringLiteral("127.0.0.1")}; // an IP literal or "localhost"
    Setting<quint16> port{4000};
    Setting<QByteArray> backend; // a registry name
    Setting<bool> tokenRequired{true};
    Setting<Secret> token; // empty: keychain, or made for this run
    Setting<LogLevel> logLevel{LogLevel::Info};
    Setting<LogFormat> logFormat{LogFormat::Text};
    // May hold the proxy's user and password when the environment gave it: show withoutUserInfo().
    Setting<QByteArray> proxyUrl;
    Setting<QByteArray> noProxy;
    Setting<QByteArray> extraCaFile;
    Setting<ModelRules> models; // the origin is that of the rules; the two names have their own
    Origin bigModelOrigin = Origin::Default;
    Origin smallModelOrigin = Origin::Default;
    std::map<QByteArray, BackendSetup> backends; // one entry for each registered backend

    QString configDir;
    QString dataDir;

    // False when nobody named a backend: `backend` is then OPENROUTER if its credential was found
    // here, else ECHO, and the service may move from ECHO to OPENROUTER once the keychain has
    // answered that it holds the key.
    bool backendChosen() const { return backend.origin != Origin::Default; }
};

// One refused setting: names it, the value's fault and the valid values. Never holds a secret.
struct SettingsProblem
{
    QString sentence;
};

struct SettingsSources
{
    QString configDir; // holds settings.json
    QString dataDir;
    QProcessEnvironment environment;
    CommandLineSettings commandLine;
};

struct LoadedSettings
{
    Settings settings;
    std::vector<SettingsProblem> problems; // empty: settings are valid
    std::vector<QString> warnings; // sentences about what is ignored, e.g. an unknown key
};

// Command line > environment (--env-file first fills what the environment leaves open) > file >
// default. Reads settings.json, the .env file and the CA file and nothing else; lists every
// problem at once. A variable that is set but empty counts as not set. Of the environment, which
// is shared with other programs, only values that decide something are checked; the settings file
// is checked whole.
LoadedSettings loadSettings(const SettingsSources &sources);

// The backend a start without a choice and without a credential falls back to, and the one it
// takes when the credential is there.
QByteArray offlineBackendName();
QByteArray preferredBackendName();

// Changes "backend" in settings.json and leaves everything else in it as it is, keys this version
// does not know included. Atomic. The error is one sentence.
std::optional<QString> saveBackendChoice(const QString &configDir, const QByteArray &backend);

QString defaultConfigDir();
QString defaultDataDir();

} // namespace Switchyard
