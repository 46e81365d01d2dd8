// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/journal/exchangerecord.h"
#include "proxycore/service/localtoken.h"
#include "proxycore/service/recordlist.h"

#include <QByteArray>
#include <QObject>
#include <QString>

#include <memory>
#include <vector>

namespace Switchyard {

struct ModelRules;
struct Settings;

enum class ServiceState { Stopped, Starting, Running, Stopping, Failed };

QByteArray serviceStateName(ServiceState state);

// A backend as a person sees it.
struct BackendStatus
{
    QByteArray name; // OPENROUTER
    QByteArray title; // OpenRouter
    bool offline = false;
    bool configured = false; // has what it needs: credential, base URL
    bool active = false;
    QByteArray lane;
    // Time to the first event of its last finished exchange, when there was one.
    std::optional<qint64> lastLatencyMs;
};

struct ServiceStatus
{
    ServiceState state = ServiceState::Stopped;
    QByteArray failure; // one sentence, when the state is Failed
    QByteArray backend;
    QByteArray lane;
    QByteArray url; // http://127.0.0.1:4000
    quint16 port = 0;
    QByteArray instance; // id of this run
    qint64 startedMs = 0;
    quint64 requests = 0;
    quint64 errors = 0;
    int openStreams = 0; // exchanges that have not ended, streams or not
    qint64 totalTokens = 0;
};

// The main-thread face of the proxy: everything a window, a tray or the control channel needs.
// The proxy itself runs on a thread of its own; only values cross.
class ProxyService : public QObject
{
    Q_OBJECT

public:
    explicit ProxyService(QObject *parent = nullptr);
    ~ProxyService() override;

    // Listens and serves; the outcome arrives as statusChanged (Running or Failed). The keychain is
    // waited for, within a bound, only when the settings leave open what the first request needs.
    void start(const Settings &settings);

    static constexpr int defaultGraceMs = 10'000;
    // Stops accepting, lets streams end within the grace time, then emits stopped(). Called again,
    // the new grace time counts: 0 cuts what is still open.
    void stop(int graceMs = defaultGraceMs);

    // The next request goes to this backend; running exchanges end where they began. False when the
    // name is not a backend's. The choice is kept in the settings file unless the command line or
    // the environment outranks it.
    bool useBackend(QByteArrayView name);
    // Whether a choice lasts beyond this run.
    bool keepsBackendChoice() const;

    // Asks the keychain again, after an entry was set or deleted.
    void reloadSecrets();

    ServiceStatus status() const;
    std::vector<BackendStatus> backends() const;
    const ModelRules &modelRules() const;
    // The token clients must send; empty when none is asked for. For showing and copying on
    // request.
    QByteArray clientToken() const;
    TokenOrigin tokenOrigin() const;
    // One sentence when the keychain could not be asked; empty as long as it answers.
    QString keychainProblem() const;

    // The exchanges since the start, oldest first, at most `maxRecords` of them.
    static constexpr std::size_t maxRecords = 20'000;
    std::vector<ExchangeRecord> records() const;
    const RecordList &recordList() const;

Q_SIGNALS:
    // State, backend or what a backend has changed. The totals change with recordsChanged.
    void statusChanged();
    void stopped();
    // New and changed rows, in batches of at most one every 50 ms.
    void recordsChanged(const std::vector<Switchyard::ExchangeRecord> &batch);

private:
    class Private;
    std::unique_ptr<Private> d;
};

} // namespace Switchyard
