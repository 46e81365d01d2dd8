// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/service/proxyservice.h"

#include "proxycore/config/secretstore.h"
#include "proxycore/config/settings.h"
#include "proxycore/downstream/listenaddress.h"
#include "proxycore/service/configsnapshot.h"
#include "proxycore/service/localtoken.h"
#include "proxycore/service/logging.h"
#include "proxycore/service/portholder.h"
#include "proxycore/service/proxythread.h"

#include <QDateTime>
#include <QRandomGenerator>
#include <QTimer>

#include <set>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace Switchyard {

using namespace Qt::StringLiterals;

namespace {

const QString tokenKey = QLatin1StringView(SecretStore::localTokenKey);
constexpr auto category = "switchyard.service";

// A locked keychain asks its user for a password; the proxy does not wait for that for ever.
constexpr int keychainPatienceMs = 3'000;

// Nothing has happened for that long: memory that a burst of requests took goes back to the system.
// The allocator keeps it otherwise, three times what is in use.
constexpr int calmMs = 10'000;

void returnFreeMemory()
{
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

QByteArray newInstanceId()
{
    return QByteArray::number(QRandomGenerator::system()->generate64(), 16).rightJustified(16, '0');
}

} // namespace

QByteArray serviceStateName(ServiceState state)
{
    switch (state) {
    case ServiceState::Stopped:
        return "stopped";
    case ServiceState::Starting:
        return "starting";
    case ServiceState::Running:
        return "running";
    case ServiceState::Stopping:
        return "stopping";
    case ServiceState::Failed:
        break;
    }
    return "failed";
}

class ProxyService::Private
{
public:
    explicit Private(ProxyService *service) : q(service) { }

    void askKeychain(const QString &key);
    void keychainAnswered(const QString &key, const SecretStore::Answer &answer);
    void settleToken();
    void storeToken();
    void chooseBackend();
    void listen();
    void publishConfig();
    void warnWithoutKey() const;
    void takeRecords(const std::vector<ExchangeRecord> &batch);
    void coreListening(quint16 boundPort);
    void coreListenFailed(const QByteArray &sentence);
    void coreDrained();
    void setState(ServiceState next);
    void reportKeychain(const QString &sentence);

    ProxyService *const q;
    SecretStore store;
    Settings settings;
    KeychainCredentials keychain;
    QString keychainProblem;
    // Entries asked for and not answered yet, and those of them the start waits for.
    std::set<QString> asked;
    std::set<QString> awaited;
    QTimer patience;

    Secret token;
    TokenOrigin tokenOrigin = TokenOrigin::NotRequired;
    QByteArray activeBackend = offlineBackendName();
    // The backend was named by somebody: an option, a variable, the file, the tray.
    bool backendChosen = false;

    const QByteArray instance = newInstanceId();
    ServiceState state = ServiceState::Stopped;
    QByteArray failure;
    QHostAddress address;
    quint16 port = 0;
    qint64 startedMs = 0;

    ProxyThread proxy;

    QTimer calm;
    RecordList records{maxRecords};
    std::map<QByteArray, qint64> lastLatencyMs;
};

ProxyService::ProxyService(QObject *parent) : QObject(parent), d(std::make_unique<Private>(this))
{
    d->calm.setSingleShot(true);
    d->calm.setInterval(calmMs);
    d->calm.callOnTimeout(this, returnFreeMemory);
    connect(&d->proxy, &ProxyThread::listening, this,
            [this](quint16 bound) { d->coreListening(bound); });
    connect(&d->proxy, &ProxyThread::listenFailed, this,
            [this](const QByteArray &sentence) { d->coreListenFailed(sentence); });
    connect(&d->proxy, &ProxyThread::recordsChanged, this,
            [this](const std::vector<ExchangeRecord> &batch) { d->takeRecords(batch); });
    connect(&d->proxy, &ProxyThread::drained, this, [this] { d->coreDrained(); });
    d->patience.setSingleShot(true);
    d->patience.setInterval(keychainPatienceMs);
    connect(&d->patience, &QTimer::timeout, this, [this] {
        d->reportKeychain(u"The keychain has not answered for %1 s; the start does not wait for it "
                          "any longer."_s.arg(keychainPatienceMs / 1000));
        d->awaited.clear();
        d->listen();
    });
}

ProxyService::~ProxyService() = default;

void ProxyService::start(const Settings &settings)
{
    if (d->state != ServiceState::Stopped && d->state != ServiceState::Failed)
        return;
    d->settings = settings;
    d->failure.clear();
    d->records = RecordList(maxRecords); // the ids of a new run begin at 1 again
    d->startedMs = QDateTime::currentMSecsSinceEpoch();
    d->activeBackend = settings.backend.value;
    d->backendChosen = settings.backendChosen();
    d->setState(ServiceState::Starting);

    const bool needsToken = settings.tokenRequired.value && settings.token.value.isEmpty();
    if (needsToken)
        d->awaited.insert(tokenKey);
    const QByteArray wanted = d->backendChosen ? d->activeBackend : preferredBackendName();
    const Backend *backend = findBackend(wanted);
    if (backend && !backend->traits().credentialVariables.isEmpty()
        && !isConfigured(*backend, settings, d->keychain)) {
        d->awaited.insert(QString::fromLatin1(wanted));
    }
    if (d->awaited.empty()) {
        d->listen();
        return;
    }
    d->patience.start();
    const std::set<QString> keys = d->awaited;
    for (const QString &key : keys)
        d->askKeychain(key);
}

void ProxyService::Private::askKeychain(const QString &key)
{
    if (!asked.insert(key).second)
        return;
    store.read(key, [this, key](const SecretStore::Answer &answer) {
        asked.erase(key);
        keychainAnswered(key, answer);
    });
}

void ProxyService::Private::keychainAnswered(const QString &key, const SecretStore::Answer &answer)
{
    if (!answer.error.isEmpty())
        reportKeychain(answer.error);

    const bool wasAwaited = awaited.erase(key) > 0;
    if (key == tokenKey) {
        // A keychain that was unlocked late still has the token clients were set up with.
        const bool replaces = tokenOrigin == TokenOrigin::ThisRun || token.isEmpty();
        if (answer.secret && !answer.secret->isEmpty() && settings.token.value.isEmpty()
            && settings.tokenRequired.value && replaces) {
            token = *answer.secret;
            tokenOrigin = TokenOrigin::Keychain;
        } else if (answer.error.isEmpty() && !answer.secret && wasAwaited) {
            token = generateLocalToken();
            tokenOrigin = TokenOrigin::ThisRun;
            storeToken();
        }
    } else if (answer.secret && !answer.secret->isEmpty()) {
        keychain[key.toLatin1()] = *answer.secret;
    } else if (answer.error.isEmpty()) {
        keychain.erase(key.toLatin1());
    }

    if (state == ServiceState::Starting && wasAwaited && awaited.empty()) {
        patience.stop();
        listen();
        return;
    }
    if (proxy.isRunning()) {
        chooseBackend();
        publishConfig();
        Q_EMIT q->statusChanged();
    }
}

void ProxyService::Private::reportKeychain(const QString &sentence)
{
    if (!keychainProblem.isEmpty())
        return;
    keychainProblem = sentence;
    logLine(LogLevel::Warning, category, sentence.toUtf8());
}

void ProxyService::Private::settleToken()
{
    if (!settings.tokenRequired.value) {
        token = Secret();
        tokenOrigin = TokenOrigin::NotRequired;
        return;
    }
    if (!settings.token.value.isEmpty()) {
        token = settings.token.value;
        tokenOrigin = TokenOrigin::Given;
        return;
    }
    if (!token.isEmpty())
        return;
    token = generateLocalToken();
    tokenOrigin = TokenOrigin::ThisRun;
    logLine(LogLevel::Warning, category,
            "The local token is valid for this run only; set SWITCHYARD_TOKEN to keep one.");
}

void ProxyService::Private::storeToken()
{
    store.write(tokenKey, token, [this](const QString &error) {
        if (!error.isEmpty()) {
            logLine(LogLevel::Warning, category,
                    "The local token could not be stored and is valid for this run only: "
                        + error.toUtf8());
            return;
        }
        if (tokenOrigin == TokenOrigin::ThisRun)
            tokenOrigin = TokenOrigin::Keychain;
    });
}

// Nobody chose a backend: the preferred one when it has a credential, else the offline one, so that
// the first request is answered.
void ProxyService::Private::chooseBackend()
{
    if (backendChosen)
        return;
    const Backend *preferred = findBackend(preferredBackendName());
    const bool usable = preferred && isConfigured(*preferred, settings, keychain);
    const QByteArray chosen = usable ? preferredBackendName() : offlineBackendName();
    if (chosen == activeBackend)
        return;
    activeBackend = chosen;
    if (state == ServiceState::Running)
        logLine(LogLevel::Info, category, "The backend is now " + chosen + '.');
}

void ProxyService::Private::listen()
{
    settleToken();
    chooseBackend();
    if (const Backend *backend = findBackend(activeBackend);
        backend && !isConfigured(*backend, settings, keychain)) {
        warnWithoutKey();
    }
    address = listenHostAddress(settings.listenAddress.value);
    proxy.start(makeExchangeConfig(settings, activeBackend, keychain, token, instance), address,
                settings.port.value);
}

void ProxyService::Private::coreListening(quint16 boundPort)
{
    port = boundPort;
    if (state != ServiceState::Starting)
        return;
    setState(ServiceState::Running);

    // What the first request did not need: the credentials of the other backends.
    for (const Backend *backend : allBackends()) {
        if (!backend->traits().credentialVariables.isEmpty()
            && !isConfigured(*backend, settings, keychain) && keychainProblem.isEmpty()) {
            askKeychain(QString::fromLatin1(backend->traits().name));
        }
    }
}

void ProxyService::Private::coreListenFailed(const QByteArray &sentence)
{
    failure = sentence;
    const quint16 wanted = settings.port.value;
    if (const auto holder = wanted ? findPortHolder(wanted) : std::nullopt) {
        failure = "Port " + QByteArray::number(wanted) + " is taken by "
            + (holder->name.isEmpty() ? QByteArray("another program") : holder->name) + " (process "
            + QByteArray::number(holder->pid)
            + "); stop it, choose another port, or start with --port 0 to take any free one.";
    }
    proxy.end();
    setState(ServiceState::Failed);
}

void ProxyService::stop(int graceMs)
{
    d->patience.stop();
    d->awaited.clear();
    if (!d->proxy.isRunning()) {
        d->setState(ServiceState::Stopped);
        QMetaObject::invokeMethod(this, &ProxyService::stopped, Qt::QueuedConnection);
        return;
    }
    d->setState(ServiceState::Stopping);
    d->proxy.shutDown(graceMs);
}

void ProxyService::Private::coreDrained()
{
    proxy.end();
    setState(ServiceState::Stopped);
    Q_EMIT q->stopped();
}

void ProxyService::Private::setState(ServiceState next)
{
    if (state == next)
        return;
    state = next;
    Q_EMIT q->statusChanged();
}

bool ProxyService::useBackend(QByteArrayView name)
{
    const Backend *backend = findBackend(name);
    if (!backend)
        return false;
    d->backendChosen = true;
    d->activeBackend = backend->traits().name;
    d->publishConfig();
    logLine(LogLevel::Info, category, "The backend is now " + d->activeBackend + '.');
    if (!isConfigured(*backend, d->settings, d->keychain)) {
        d->warnWithoutKey();
        d->askKeychain(QString::fromLatin1(d->activeBackend));
    }
    if (keepsBackendChoice()) {
        if (const auto problem = saveBackendChoice(d->settings.configDir, d->activeBackend)) {
            logLine(LogLevel::Warning, category,
                    "The choice of the backend lasts for this run only: " + problem->toUtf8());
        }
    }
    Q_EMIT statusChanged();
    return true;
}

bool ProxyService::keepsBackendChoice() const
{
    const Origin origin = d->settings.backend.origin;
    return origin == Origin::Default || origin == Origin::File;
}

void ProxyService::Private::publishConfig()
{
    proxy.setConfig(makeExchangeConfig(settings, activeBackend, keychain, token, instance));
}

void ProxyService::Private::warnWithoutKey() const
{
    logLine(LogLevel::Warning, category,
            activeBackend + " has no key; give it one with `switchyard secret set " + activeBackend
                + "`.");
}

void ProxyService::reloadSecrets()
{
    d->keychainProblem.clear();
    for (const Backend *backend : allBackends()) {
        const BackendTraits &traits = backend->traits();
        const auto setup = d->settings.backends.find(traits.name);
        const bool given =
            setup != d->settings.backends.end() && !setup->second.credential.value.isEmpty();
        if (!traits.credentialVariables.isEmpty() && !given)
            d->askKeychain(QString::fromLatin1(traits.name));
    }
}

void ProxyService::Private::takeRecords(const std::vector<ExchangeRecord> &batch)
{
    const std::vector<const ExchangeRecord *> ended = records.apply(batch);
    for (const ExchangeRecord *record : ended) {
        if (record->ttfbMs && record->state == ExchangeState::Done)
            lastLatencyMs[record->backend] = *record->ttfbMs;
    }
    logExchanges(ended);
    if (records.totals().open == 0)
        calm.start();
    else
        calm.stop();
    Q_EMIT q->recordsChanged(batch);
}

ServiceStatus ProxyService::status() const
{
    ServiceStatus status;
    status.state = d->state;
    status.failure = d->failure;
    status.backend = d->activeBackend;
    const Backend *backend = findBackend(d->activeBackend);
    const auto setup = d->settings.backends.find(d->activeBackend);
    if (backend && backend->traits().offline)
        status.lane = laneName(Lane::Local);
    else if (setup != d->settings.backends.end())
        status.lane = laneName(setup->second.lane.value);
    status.port = d->port;
    if (d->port)
        status.url = clientUrl(d->address, d->port);
    status.instance = d->instance;
    status.startedMs = d->startedMs;
    const RecordList::Totals &totals = d->records.totals();
    status.requests = totals.requests;
    status.errors = totals.errors;
    status.openStreams = totals.open;
    status.totalTokens = totals.tokens;
    return status;
}

std::vector<BackendStatus> ProxyService::backends() const
{
    std::vector<BackendStatus> list;
    for (const Backend *backend : allBackends()) {
        const BackendTraits &traits = backend->traits();
        BackendStatus status;
        status.name = traits.name;
        status.title = traits.title;
        status.offline = traits.offline;
        status.configured = isConfigured(*backend, d->settings, d->keychain);
        status.active = traits.name == d->activeBackend;
        const auto setup = d->settings.backends.find(traits.name);
        if (traits.offline)
            status.lane = laneName(Lane::Local);
        else if (setup != d->settings.backends.end())
            status.lane = laneName(setup->second.lane.value);
        const auto latency = d->lastLatencyMs.find(traits.name);
        if (latency != d->lastLatencyMs.end())
            status.lastLatencyMs = latency->second;
        list.push_back(std::move(status));
    }
    return list;
}

const ModelRules &ProxyService::modelRules() const
{
    return d->settings.models.value;
}

QByteArray ProxyService::clientToken() const
{
    return d->token.reveal();
}

TokenOrigin ProxyService::tokenOrigin() const
{
    return d->tokenOrigin;
}

QString ProxyService::keychainProblem() const
{
    return d->keychainProblem;
}

std::vector<ExchangeRecord> ProxyService::records() const
{
    return d->records.toVector();
}

const RecordList &ProxyService::recordList() const
{
    return d->records;
}

} // namespace Switchyard
