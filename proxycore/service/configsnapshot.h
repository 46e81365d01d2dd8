// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/config/settings.h"
#include "proxycore/exchange/exchangeconfig.h"

#include <map>

namespace Switchyard {

// Credentials the keychain gave, by backend name.
using KeychainCredentials = std::map<QByteArray, Secret>;

// The backend's credential: the environment's before the keychain's. Empty when there is none.
Secret credentialOf(const QByteArray &backend, const Settings &settings,
                    const KeychainCredentials &keychain);

// Whether the backend has what it needs to be asked: an address and, where one is due, a
// credential.
bool isConfigured(const Backend &backend, const Settings &settings,
                  const KeychainCredentials &keychain);

// The configuration as the proxy thread gets it. An empty token with `tokenRequired` off lets
// everybody in.
ExchangeConfigPtr makeExchangeConfig(const Settings &settings, const QByteArray &activeBackend,
                                     const KeychainCredentials &keychain, const Secret &token,
                                     const QByteArray &instance);

} // namespace Switchyard
