// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/config/environmentlayer.h"

#include "proxycore/config/baseurl.h"

#include <initializer_list>

namespace Switchyard {

using namespace Qt::StringLiterals;

namespace {

struct Variable
{
    QString value; // never empty
    Origin origin;
    QString name; // as sentences name it: PORT (environment)
};

class Variables
{
public:
    Variables(const QProcessEnvironment &environment, const EnvFile &envFile,
              const QString &envFilePath)
        : m_environment(environment), m_envFile(envFile), m_envFilePath(envFilePath)
    {
    }

    // The first of the names that is set, all of them in the environment before the .env file.
    template <typename Names> std::optional<Variable> find(const Names &names) const
    {
        for (const QString &name : names)
            if (const QString value = m_environment.value(name); !value.trimmed().isEmpty())
                return Variable{value, Origin::Environment, u"%1 (environment)"_s.arg(name)};
        for (const QString &name : names)
            if (const std::optional<Variable> variable = findInFile(name))
                return variable;
        return {};
    }
    std::optional<Variable> find(const QString &name) const
    {
        return find(std::initializer_list<QString>{name});
    }
    std::optional<Variable> find(const QByteArrayList &names) const
    {
        QStringList texts;
        for (const QByteArray &name : names)
            texts += QString::fromLatin1(name);
        return find(texts);
    }
    std::optional<Variable> find(const QByteArray &name) const
    {
        return name.isEmpty() ? std::nullopt : find(QByteArrayList{name});
    }

    std::optional<Variable> findInFile(const QString &name) const
    {
        const QString value = m_envFile.values.value(name);
        if (value.trimmed().isEmpty())
            return {};
        return Variable{value, Origin::EnvFile, u"%1 (in %2)"_s.arg(name, m_envFilePath)};
    }

private:
    const QProcessEnvironment &m_environment;
    const EnvFile &m_envFile;
    const QString m_envFilePath;
};

template <typename T, typename Parse>
bool apply(const std::optional<Variable> &variable, Setting<T> &setting, Parse parse,
           LoadedLayers &layers)
{
    return variable
        && layers.take<T>(setting, parse(variable->value), variable->origin, variable->name);
}

void applyBackend(const Variables &variables, const BackendTraits &traits, LoadedLayers &layers)
{
    BackendSetup &setup = layers.loaded.settings.backends[traits.name];
    if (const auto variable = variables.find(traits.baseUrlVariables);
        apply(variable, setup.baseUrl, parseBaseUrl, layers))
        layers.baseUrlNames[traits.name] = variable->name;
    apply(variables.find(traits.credentialVariables), setup.credential, parseSecret, layers);
    apply(
        variables.find(traits.laneVariable), setup.lane,
        [&traits](const QString &text) { return parseLane(text, traits); }, layers);
    // One number, as the variable always meant: the longest time without a byte from upstream.
    if (apply(variables.find(traits.timeoutVariable), setup.silenceTimeoutMs, parseTimeout, layers))
        setup.firstByteTimeoutMs = setup.silenceTimeoutMs;
    apply(variables.find(traits.retriesVariable), setup.retries, parseRetries, layers);
}

void applyNetwork(const Variables &variables, LoadedLayers &layers)
{
    Settings &settings = layers.loaded.settings;
    // Upstreams are https, and loopback is never proxied: the proxy for http has no say. Small
    // letters first, as libcurl does.
    apply(
        variables.find(std::initializer_list<QString>{u"https_proxy"_s, u"HTTPS_PROXY"_s,
                                                      u"all_proxy"_s, u"ALL_PROXY"_s}),
        settings.proxyUrl,
        [](const QString &text) { return parseProxyUrl(text, UserInfo::Allowed); }, layers);
    apply(variables.find(std::initializer_list<QString>{u"no_proxy"_s, u"NO_PROXY"_s}),
          settings.noProxy, parseLine, layers);
    apply(variables.find(u"SWITCHYARD_EXTRA_CA_FILE"_s), settings.extraCaFile, parseCaFile, layers);

    const auto httpProxy =
        variables.find(std::initializer_list<QString>{u"HTTP_PROXY"_s, u"http_proxy"_s});
    if (httpProxy && settings.proxyUrl.value.isEmpty())
        layers.loaded.warnings.push_back(
            u"%1 has no effect, because backends are reached over https; set HTTPS_PROXY to use "
            "this proxy."_s.arg(httpProxy->name));
}

} // namespace

void applyEnvironment(const QProcessEnvironment &environment, const EnvFile &envFile,
                      const QString &envFilePath, const CommandLineSettings &commandLine,
                      LoadedLayers &layers)
{
    const Variables variables(environment, envFile, envFilePath);
    Settings &settings = layers.loaded.settings;

    if (!commandLine.listenAddress)
        apply(variables.find(u"HOST"_s), settings.listenAddress, parseListenAddress, layers);
    if (!commandLine.port)
        apply(variables.find(u"PORT"_s), settings.port, parsePort, layers);
    if (!commandLine.backend)
        apply(variables.find(u"PROXY_BACKEND"_s), settings.backend, parseBackendName, layers);
    if (!commandLine.logLevel)
        apply(variables.find(u"LOG_LEVEL"_s), settings.logLevel, parseLogLevel, layers);

    Setting<bool> jsonLogs;
    if (!commandLine.logFormat
        && apply(variables.find(u"JSON_LOGS"_s), jsonLogs, parseSwitch, layers))
        settings.logFormat = {jsonLogs.value ? LogFormat::Json : LogFormat::Text, jsonLogs.origin};

    if (const auto token = variables.find(u"SWITCHYARD_TOKEN"_s); !commandLine.token
        && !commandLine.noToken && apply(token, settings.token, parseSecret, layers))
        settings.tokenRequired = {true, token->origin};

    for (const Backend *backend : allBackends())
        applyBackend(variables, backend->traits(), layers);
    applyNetwork(variables, layers);

    ModelRules &models = settings.models.value;
    Setting<QByteArray> big;
    if (apply(variables.findInFile(u"ANTHROPIC_MODEL"_s), big, parseLine, layers)) {
        models.bigModel = big.value;
        settings.bigModelOrigin = big.origin;
    }
    Setting<QByteArray> small;
    if (apply(variables.findInFile(u"ANTHROPIC_SMALL_FAST_MODEL"_s), small, parseLine, layers)) {
        models.smallModel = small.value;
        settings.smallModelOrigin = small.origin;
    }
}

} // namespace Switchyard
