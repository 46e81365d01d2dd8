// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/service/configsnapshot.h"

#include <QTest>

using namespace Switchyard;
using namespace Qt::StringLiterals;

namespace {

// OPENROUTER with an address and without a key.
Settings settingsWithOpenRouter()
{
    Settings settings;
    BackendSetup &setup = settings.backends["OPENROUTER"];
    setup.baseUrl.value = "https://gateway.example/api/v1";
    setup.lane.value = Lane::Chat;
    setup.retries.value = 3;
    settings.backends["ECHO"];
    return settings;
}

} // namespace

class TestConfigSnapshot : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void theEnvironmentsKeyComesBeforeTheKeychains();
    void aBackendIsConfiguredWithAddressAndKey();
    void theSnapshotHasTheValuesOfTheSettings();
};

void TestConfigSnapshot::theEnvironmentsKeyComesBeforeTheKeychains()
{
    Settings settings = settingsWithOpenRouter();
    KeychainCredentials keychain;
    QVERIFY(credentialOf("OPENROUTER", settings, keychain).isEmpty());
    keychain["OPENROUTER"] = Secret("of-the-keychain");
    QCOMPARE(credentialOf("OPENROUTER", settings, keychain).reveal(),
             QByteArray("of-the-keychain"));
    settings.backends["OPENROUTER"].credential = {Secret("of-the-environment"),
                                                  Origin::Environment};
    QCOMPARE(credentialOf("OPENROUTER", settings, keychain).reveal(),
             QByteArray("of-the-environment"));
}

void TestConfigSnapshot::aBackendIsConfiguredWithAddressAndKey()
{
    const Backend *openRouter = findBackend("OPENROUTER");
    const Backend *echo = findBackend("ECHO");
    QVERIFY(openRouter && echo);
    Settings settings = settingsWithOpenRouter();
    QVERIFY(!isConfigured(*openRouter, settings, {}));
    QVERIFY(isConfigured(*echo, settings, {}));
    const KeychainCredentials keychain{{"OPENROUTER", Secret("key")}};
    QVERIFY(isConfigured(*openRouter, settings, keychain));
    settings.backends["OPENROUTER"].baseUrl.value.clear();
    QVERIFY(!isConfigured(*openRouter, settings, keychain));
}

void TestConfigSnapshot::theSnapshotHasTheValuesOfTheSettings()
{
    Settings settings = settingsWithOpenRouter();
    settings.proxyUrl.value = "http://proxy.example:3128";
    settings.models.value.rules = {{"big", "anthropic/claude-sonnet-4"}};
    const auto config = makeExchangeConfig(settings, "OPENROUTER", {{"OPENROUTER", Secret("key")}},
                                           Secret("token"), "id");
    QCOMPARE(config->activeBackend, QByteArray("OPENROUTER"));
    QCOMPARE(config->instance, QByteArray("id"));
    QVERIFY(config->access.tokenRequired);
    QVERIFY(config->access.token.matches("token"));
    QCOMPARE(config->network.proxyUrl, QByteArray("http://proxy.example:3128"));
    QCOMPARE(config->models.rules, settings.models.value.rules);
    const BackendSettings &backend = config->backends.at("OPENROUTER");
    QCOMPARE(backend.baseUrl, QByteArray("https://gateway.example/api/v1"));
    QCOMPARE(backend.lane, Lane::Chat);
    QCOMPARE(backend.retries, 3);
    QVERIFY(backend.credential.matches("key"));
}

QTEST_GUILESS_MAIN(TestConfigSnapshot)
#include "tst_configsnapshot.moc"
