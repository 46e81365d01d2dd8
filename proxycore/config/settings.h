// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/backends/backend.h"
#include "proxycore/routing/modelmap.h"

#include <QByteArray>
#include <QHash>
#include <QProcessEnvironment>
#include <QString>

#include <map>
#include <optional>
#include <vector>

namespace Switchyard {

// Which source won; the window shows it.
enum class Origin { Default, File, Environment, CommandLine };

template <typename T>
struct Setting
{
    T value {};
    Origin origin = Origin::Default;
};

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

struct BackendSetup
{
    Setting<QByteArray> baseUrl;
    Setting<Lane> lane;
    // Only what the environment or an .env file gave; the keychain is asked by the service.
    Setting<Secret> credential;
    Setting<QByteArray> referer;
    Setting<QByteArray> title;
    Setting<int> connectTimeoutMs {10'000};
    Setting<int> firstByteTimeoutMs {300'000};
    Setting<int> silenceTimeoutMs {180'000};
    Setting<int> retries {1};
    Setting<bool> http2 {true};
};

enum class LogFormat { Text, Json };
enum class LogLevel { Debug, Info, Warning, Error };

// Every setting with its origin. Validated: a Settings value is always usable.
struct Settings
{
    Setting<QString> listenAddress {QStringLiteral("127.0.0.1")};
    Setting<quint16> port {4000};
    Setting<QByteArray> backend; // a registry name
    Setting<bool> tokenRequired {true};
    Setting<Secret> token; // empty: keychain, or made for this run
    Setting<LogLevel> logLevel {LogLevel::Info};
    Setting<LogFormat> logFormat {LogFormat::Text};
    Setting<QByteArray> proxyUrl;
    Setting<QByteArray> noProxy;
    Setting<QByteArray> extraCaFile;
    Setting<ModelRules> models;
    std::map<QByteArray, BackendSetup> backends; // one entry for each registered backend

    QString configDir;
    QString dataDir;
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
};

// Command line > environment (--env-file first fills what the environment leaves open) > file >
// default. Reads the file and nothing else; lists every problem at once.
LoadedSettings loadSettings(const SettingsSources &sources);

// Changes the given top-level keys of settings.json and leaves everything else in it as it is,
// keys this version does not know included. Atomic. The error is one sentence.
std::optional<QString> saveBackendChoice(const QString &configDir, const QByteArray &backend);

QString defaultConfigDir();
QString defaultDataDir();

} // namespace Switchyard
