// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/service/configsnapshot.h"

namespace Switchyard {

Secret credentialOf(const QByteArray &backend, const Settings &settings,
                    const KeychainCredentials &keychain)
{
    const auto setup = settings.backends.find(backend);
    if (setup != settings.backends.end() && !setup->second.credential.value.isEmpty())
        return setup->second.credential.value;
    const auto stored = keychain.find(backend);
    return stored == keychain.end() ? Secret() : stored->second;
}

bool isConfigured(const Backend &backend, const Settings &settings,
                  const KeychainCredentials &keychain)
{
    const BackendTraits &traits = backend.traits();
    if (traits.offline)
        return true;
    const auto setup = settings.backends.find(traits.name);
    if (setup == settings.backends.end() || setup->second.baseUrl.value.isEmpty())
        return false;
    return traits.credentialVariables.isEmpty()
        || !credentialOf(traits.name, settings, keychain).isEmpty();
}

ExchangeConfigPtr makeExchangeConfig(const Settings &settings, const QByteArray &activeBackend,
                                     const KeychainCredentials &keychain, const Secret &token,
                                     const QByteArray &instance)
{
    auto config = std::make_shared<ExchangeConfig>();
    config->activeBackend = activeBackend;
    config->models = settings.models.value;
    config->access.tokenRequired = settings.tokenRequired.value;
    config->access.token = token;
    config->network.proxyUrl = settings.proxyUrl.value;
    config->network.noProxy = settings.noProxy.value;
    config->network.extraCaFile = settings.extraCaFile.value;
    config->instance = instance;
    for (const auto &[name, setup] : settings.backends) {
        BackendSettings &backend = config->backends[name];
        backend.baseUrl = setup.baseUrl.value;
        backend.lane = setup.lane.value;
        backend.credential = credentialOf(name, settings, keychain);
        backend.referer = setup.referer.value;
        backend.title = setup.title.value;
        backend.connectTimeoutMs = setup.connectTimeoutMs.value;
        backend.firstByteTimeoutMs = setup.firstByteTimeoutMs.value;
        backend.silenceTimeoutMs = setup.silenceTimeoutMs.value;
        backend.retries = setup.retries.value;
        backend.http2 = setup.http2.value;
    }
    return config;
}

} // namespace Switchyard
