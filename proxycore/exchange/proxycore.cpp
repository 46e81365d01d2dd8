// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/exchange/proxycore.h"

#include "proxycore/downstream/httpserver.h"
#include "proxycore/downstream/listenaddress.h"
#include "proxycore/exchange/endpoints.h"
#include "proxycore/exchange/exchange.h"
#include "proxycore/exchange/metrics.h"
#include "proxycore/exchange/modellist.h"
#include "proxycore/journal/fingerprint.h"
#include "proxycore/protocol/jsonwriter.h"
#include "proxycore/protocol/randomid.h"

#include <QDateTime>
#include <QElapsedTimer>
#include <QPointer>
#include <QTimer>

#include <unordered_map>
#include <utility>
#include <variant>

namespace Switchyard {

class ProxyCore::Private final : public ExchangeHost
{
public:
    Private(ProxyCore *core, ExchangeConfigPtr initial);

    UpstreamClient &upstream() override { return *client; }
    void publish(const ExchangeRecord &record, BatchSlot &slot) override;
    bool isOwnAddress(const QByteArray &url) const override;
    void exchangeOver(Exchange *exchange) override;

    void handle(InboundRequest request, ResponseWriter writer);
    void refuse(const InboundRequest &request, ResponseWriter writer, const ApiError &error,
                const QByteArray &allow = {});
    ExchangeRecord blockedRow(const ApiError &error, const QByteArray &requestId);
    void publishBlocked(const ExchangeRecord &record);
    void answer(const Route &route, const InboundRequest &request, ResponseWriter writer);
    QByteArray healthJson() const;
    QByteArray statusJson() const;
    qint64 uptimeSeconds() const { return clock.elapsed() / 1000; }
    void finishShutDown();

    ProxyCore *q;
    ExchangeConfigPtr config;
    Metrics metrics;
    QElapsedTimer clock;
    RecordBatch *batch;
    UpstreamClient *client;
    HttpServer *server;
    std::unordered_map<Exchange *, std::unique_ptr<Exchange>> exchanges;
    quint64 lastId = 0;
    bool shuttingDown = false;
};

ProxyCore::Private::Private(ProxyCore *core, ExchangeConfigPtr initial)
    : q(core), config(std::move(initial)), batch(new RecordBatch(core)),
      client(new UpstreamClient(core)), server(new HttpServer(
                                            ConnectionLimits{},
                                            [this](InboundRequest request, ResponseWriter writer) {
                                                handle(std::move(request), std::move(writer));
                                            },
                                            core))
{
    clock.start();
    client->setNetworkSettings(config->network);
}

void ProxyCore::Private::publish(const ExchangeRecord &record, BatchSlot &slot)
{
    if (isFinal(record.state))
        metrics.exchangeEnded(record);
    batch->put(record, slot);
}

bool ProxyCore::Private::isOwnAddress(const QByteArray &url) const
{
    return leadsToListener(url, server->address(), server->port());
}

void ProxyCore::Private::exchangeOver(Exchange *exchange)
{
    const auto found = exchanges.find(exchange);
    if (found == exchanges.end())
        return;
    // It is still on the stack.
    found->second.release()->deleteLater();
    exchanges.erase(found);
    if (shuttingDown && exchanges.empty())
        finishShutDown();
}

void ProxyCore::Private::handle(InboundRequest request, ResponseWriter writer)
{
    if (const auto refusal =
            refuseAccess(request, config->access, server->address(), server->port())) {
        refuse(request, std::move(writer), *refusal);
        return;
    }
    const auto found = findRoute(request.method, request.path);
    if (const auto *none = std::get_if<NoRoute>(&found)) {
        refuse(request, std::move(writer), none->error, none->allow);
        return;
    }
    const Route &route = std::get<Route>(found);
    switch (route.endpoint) {
    case Endpoint::CreateMessage:
    case Endpoint::StreamMessage:
    case Endpoint::CountTokens: {
        metrics.exchangeStarted();
        auto exchange = std::make_unique<Exchange>(*this, ++lastId, config, route.endpoint,
                                                   std::move(request), std::move(writer));
        Exchange *started = exchange.get();
        exchanges.emplace(started, std::move(exchange));
        started->start();
        return;
    }
    default:
        answer(route, request, std::move(writer));
        return;
    }
}

ExchangeRecord ProxyCore::Private::blockedRow(const ApiError &error, const QByteArray &requestId)
{
    ExchangeRecord record;
    record.id = ++lastId;
    record.state = ExchangeState::Blocked;
    record.startedMs = QDateTime::currentMSecsSinceEpoch();
    record.requestId = requestId;
    record.status = error.status;
    record.durationMs = 0;
    record.errorType = error.type;
    record.errorMessage = error.message;
    record.fingerprint = fingerprint("downstream", error.type, error.message);
    return record;
}

void ProxyCore::Private::publishBlocked(const ExchangeRecord &record)
{
    metrics.exchangeStarted();
    BatchSlot slot;
    publish(record, slot);
}

void ProxyCore::Private::refuse(const InboundRequest &request, ResponseWriter writer,
                                const ApiError &error, const QByteArray &allow)
{
    ExchangeRecord record = blockedRow(error, randomId("req_"));
    record.method = request.method;
    record.path = request.path;
    publishBlocked(record);

    Headers headers;
    headers.add("content-type", "application/json");
    headers.add("request-id", record.requestId);
    headers.add("x-should-retry", "false");
    headers.add("x-switchyard-fingerprint", record.fingerprint);
    if (!allow.isEmpty())
        headers.add("allow", allow);
    writer.send(error.status, headers, errorBody(error, record.requestId));
}

void ProxyCore::Private::answer(const Route &route, const InboundRequest &request,
                                ResponseWriter writer)
{
    Headers headers;
    headers.add("request-id", randomId("req_"));
    const auto send = [&](const char *contentType, const QByteArray &body) {
        headers.add("content-type", contentType);
        writer.send(200, headers, body);
    };
    switch (route.endpoint) {
    case Endpoint::Health:
        send("application/json", healthJson());
        return;
    case Endpoint::Status:
        send("application/json", statusJson());
        return;
    case Endpoint::Metrics:
        send("text/plain; version=0.0.4; charset=utf-8",
             metrics.exposition(exchanges.size(), uptimeSeconds()));
        return;
    case Endpoint::ListModels:
        send("application/json", modelList(request.query));
        return;
    case Endpoint::GetModel:
        if (const auto model = modelDescription(route.argument)) {
            send("application/json", *model);
        } else {
            ApiError error =
                ApiError::withStatus(404, "model: " + route.argument + " is not known here.");
            error.shouldRetry = false;
            refuse(request, std::move(writer), error);
        }
        return;
    default:
        writer.send(200, headers, {});
        return;
    }
}

QByteArray ProxyCore::Private::healthJson() const
{
    JsonWriter json;
    json.beginObject();
    json.member("status", shuttingDown ? "stopping" : "ok");
    json.member("backend", config->activeBackend);
    json.member("version", SWITCHYARD_VERSION);
    json.member("instance", config->instance);
    json.member("uptime_s", uptimeSeconds());
    json.endObject();
    return json.take();
}

QByteArray ProxyCore::Private::statusJson() const
{
    const Backend *backend = findBackend(config->activeBackend);
    const auto settings = config->backends.find(config->activeBackend);
    const bool offline = backend && backend->traits().offline;
    JsonWriter json;
    json.beginObject();
    json.member("status", shuttingDown ? "stopping" : "ok");
    json.member("backend", config->activeBackend);
    json.member("lane",
                laneName(offline || settings == config->backends.end() ? Lane::Local
                                                                       : settings->second.lane));
    json.member("version", SWITCHYARD_VERSION);
    json.member("instance", config->instance);
    json.member("uptime_s", uptimeSeconds());
    json.member("port", server->port());
    json.member("requests", metrics.started());
    json.member("errors", metrics.failed());
    json.member("open", qint64(exchanges.size()));
    json.endObject();
    return json.take();
}

void ProxyCore::Private::finishShutDown()
{
    batch->flush();
    Q_EMIT q->drained();
}

ProxyCore::ProxyCore(ExchangeConfigPtr config, QObject *parent)
    : QObject(parent), d(std::make_unique<Private>(this, std::move(config)))
{
    connect(d->batch, &RecordBatch::ready, this, &ProxyCore::recordsChanged);
    connect(d->server, &HttpServer::requestRefused, this,
            [this](const ApiError &error, const QByteArray &requestId) {
                d->publishBlocked(d->blockedRow(error, requestId));
            });
}

ProxyCore::~ProxyCore()
{
    // Exchanges use the server's connections and the upstream client: they go first.
    d->exchanges.clear();
    delete d->server;
    delete d->client;
}

void ProxyCore::listen(const QHostAddress &address, quint16 port)
{
    const QByteArray problem = d->server->listen(address, port);
    if (problem.isEmpty())
        Q_EMIT listening(d->server->port());
    else
        Q_EMIT listenFailed(problem);
}

void ProxyCore::setConfig(const ExchangeConfigPtr &config)
{
    d->config = config;
    d->client->setNetworkSettings(config->network);
}

void ProxyCore::shutDown(int graceMs)
{
    if (d->shuttingDown)
        graceMs = 0;
    d->shuttingDown = true;
    d->server->stopAccepting();
    if (d->exchanges.empty()) {
        d->finishShutDown();
        return;
    }
    QTimer::singleShot(graceMs, this, [this] {
        std::vector<QPointer<Exchange>> remaining;
        for (const auto &[exchange, owner] : d->exchanges)
            remaining.emplace_back(exchange);
        for (const QPointer<Exchange> &exchange : remaining) {
            if (exchange)
                exchange->shutDown();
        }
    });
}

} // namespace Switchyard
