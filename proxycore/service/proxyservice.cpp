// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/service/proxyservice.h"

#include "proxycore/config/settings.h"
#include "proxycore/downstream/listenaddress.h"
#include "proxycore/service/configsnapshot.h"
#include "proxycore/service/credentials.h"
#include "proxycore/service/logging.h"
#include "proxycore/service/portholder.h"
#include "proxycore/service/proxythread.h"

#include <QDateTime>
#include <QRandomGenerator>
#include <QTimer>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace Switchyard {

using namespace Qt::StringLiterals;

namespace {

constexpr auto category = "switchyard.service";

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

    void chooseBackend();
    void listen();
    void publishConfig();
    void warnWithoutKey() const;
    void takeRecords(const std::vector<ExchangeRecord> &batch);
    void coreListening(quint16 boundPort);
    void coreListenFailed(const QByteArray &sentence);
    QByteArray listenFailure(const QByteArray &sentence) const;
    ExchangeConfigPtr config() const;
    void coreDrained();
    void setState(ServiceState next);
    void credentialsChanged();
    bool isConfigured(const Backend &backend) const;

    ProxyService *const q;
    Credentials credentials;
    Settings settings;
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
    connect(&d->credentials, &Credentials::ready, this, [this] { d->listen(); });
    connect(&d->credentials, &Credentials::changed, this, [this] { d->credentialsChanged(); });
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

    const QByteArray wanted = d->backendChosen ? d->activeBackend : preferredBackendName();
    const Backend *backend = findBackend(wanted);
    const bool needsKey = backend && !backend->traits().credentialVariables.isEmpty()
        && credentialOf(wanted, settings, {}).isEmpty();
    d->credentials.prepare(settings, needsKey ? wanted : QByteArray());
}

bool ProxyService::Private::isConfigured(const Backend &backend) const
{
    return Switchyard::isConfigured(backend, settings, credentials.keys());
}

void ProxyService::Private::credentialsChanged()
{
    if (!proxy.isRunning())
        return;
    chooseBackend();
    publishConfig();
    Q_EMIT q->statusChanged();
}

// Nobody chose a backend: the preferred one when it has a credential, else the offline one, so that
// the first request is answered.
void ProxyService::Private::chooseBackend()
{
    if (backendChosen)
        return;
    const Backend *preferred = findBackend(preferredBackendName());
    const bool usable = preferred && isConfigured(*preferred);
    const QByteArray chosen = usable ? preferredBackendName() : offlineBackendName();
    if (chosen == activeBackend)
        return;
    activeBackend = chosen;
    if (state == ServiceState::Running)
        logLine(LogLevel::Info, category, "The backend is now " + chosen + '.');
}

void ProxyService::Private::listen()
{
    chooseBackend();
    if (const Backend *backend = findBackend(activeBackend); backend && !isConfigured(*backend)) {
        warnWithoutKey();
    }
    address = listenHostAddress(settings.listenAddress.value);
    proxy.start(config(), address, settings.port.value);
}

void ProxyService::Private::coreListening(quint16 boundPort)
{
    port = boundPort;
    if (state != ServiceState::Starting)
        return;
    setState(ServiceState::Running);

    // What the first request did not need: the credentials of the other backends.
    for (const Backend *backend : allBackends()) {
        if (!backend->traits().credentialVariables.isEmpty() && !isConfigured(*backend)
            && credentials.problem().isEmpty()) {
            credentials.ask(backend->traits().name);
        }
    }
}

QByteArray ProxyService::Private::listenFailure(const QByteArray &sentence) const
{
    const quint16 wanted = settings.port.value;
    const auto holder = wanted ? findPortHolder(address, wanted) : std::nullopt;
    if (!holder)
        return sentence + " Choose another address or port; --port 0 takes any free one.";
    const QByteArray who = holder->pid == 0
        ? QByteArray("a program of another user")
        : holder->name + " (process " + QByteArray::number(holder->pid) + ')';
    return "Port " + QByteArray::number(wanted) + " is taken by " + who
        + "; stop it, choose another port, or start with --port 0 to take any free one.";
}

void ProxyService::Private::coreListenFailed(const QByteArray &sentence)
{
    failure = listenFailure(sentence);
    proxy.end();
    setState(ServiceState::Failed);
}

void ProxyService::stop(int graceMs)
{
    d->credentials.cancel();
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
    if (!d->isConfigured(*backend)) {
        d->warnWithoutKey();
        d->credentials.ask(d->activeBackend);
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

ExchangeConfigPtr ProxyService::Private::config() const
{
    return makeExchangeConfig(settings, activeBackend, credentials.keys(), credentials.token(),
                              instance);
}

void ProxyService::Private::publishConfig()
{
    proxy.setConfig(config());
}

void ProxyService::Private::warnWithoutKey() const
{
    logLine(LogLevel::Warning, category,
            activeBackend + " has no key; give it one with `switchyard secret set " + activeBackend
                + "`.");
}

void ProxyService::reloadSecrets()
{
    d->credentials.forgetProblem();
    for (const Backend *backend : allBackends()) {
        const BackendTraits &traits = backend->traits();
        if (!traits.credentialVariables.isEmpty()
            && credentialOf(traits.name, d->settings, {}).isEmpty()) {
            d->credentials.ask(traits.name);
        }
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
        status.configured = d->isConfigured(*backend);
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
    return d->credentials.token().reveal();
}

TokenOrigin ProxyService::tokenOrigin() const
{
    return d->credentials.tokenOrigin();
}

QString ProxyService::keychainProblem() const
{
    return d->credentials.problem();
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
