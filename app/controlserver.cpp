// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/controlserver.h"

#include "app/controlprotocol.h"
#include "app/exitcode.h"
#include "app/modelrows.h"
#include "proxycore/backends/backend.h"
#include "proxycore/service/logging.h"
#include "proxycore/service/proxyservice.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QJsonArray>

#ifdef Q_OS_UNIX
#include <sys/socket.h>
#include <unistd.h>
#endif

namespace Switchyard {

using namespace Qt::StringLiterals;

namespace {

// Unsent bytes at which a reader counts as slow and gets no more rows for the moment.
constexpr qint64 maxUnsentBytes = 262'144;

bool isSameUser(const QLocalSocket &socket)
{
#ifdef Q_OS_LINUX
    ucred peer{};
    socklen_t size = sizeof peer;
    return ::getsockopt(int(socket.socketDescriptor()), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0
        && peer.uid == ::geteuid();
#elif defined(Q_OS_UNIX)
    uid_t user = 0;
    gid_t group = 0;
    return ::getpeereid(int(socket.socketDescriptor()), &user, &group) == 0 && user == ::geteuid();
#else
    Q_UNUSED(socket)
    return true; // the socket's own access rights decide
#endif
}

} // namespace

struct ControlServer::Peer
{
    explicit Peer(QLocalSocket *peerSocket) : socket(peerSocket) { }

    QLocalSocket *socket;
    QByteArray received;
    std::unique_ptr<RowFeed> feed;
    bool follows = false;
    QTimer timeout; // runs until a request is complete
};

ControlServer::ControlServer(ProxyService *service, QObject *parent)
    : QObject(parent), m_service(service)
{
    m_server.setSocketOptions(QLocalServer::UserAccessOption);
    m_server.setMaxPendingConnections(maxConnections);
    connect(&m_server, &QLocalServer::newConnection, this, &ControlServer::accept);
    connect(service, &ProxyService::recordsChanged, this,
            [this](const std::vector<ExchangeRecord> &batch) {
                for (const auto &[socket, peer] : m_peers) {
                    if (!peer->follows)
                        continue;
                    peer->feed->rowsChanged(batch);
                    pump(*peer);
                }
            });
}

ControlServer::~ControlServer()
{
    for (const auto &[socket, peer] : m_peers)
        socket->disconnect(this);
}

QString ControlServer::listen(const InstancePlace &place)
{
    QLocalServer::removeServer(place.socket);
    if (m_server.listen(place.socket))
        return {};
    return u"The control socket %1 cannot be opened: %2."_s.arg(place.socket,
                                                                m_server.errorString());
}

void ControlServer::accept()
{
    while (QLocalSocket *socket = m_server.nextPendingConnection()) {
        if (!isSameUser(*socket) || m_peers.size() >= maxConnections) {
            logLine(LogLevel::Warning, "switchyard.control",
                    "A connection of another user, or one too many, was refused.");
            socket->abort();
            socket->deleteLater();
            continue;
        }
        socket->setReadBufferSize(maxControlRequestBytes);
        auto peer = std::make_unique<Peer>(socket);
        peer->timeout.setSingleShot(true);
        peer->timeout.start(requestTimeoutMs);
        // Queued: the end of the connection deletes the timer.
        connect(&peer->timeout, &QTimer::timeout, socket, &QLocalSocket::abort,
                Qt::QueuedConnection);
        connect(socket, &QLocalSocket::readyRead, this, [this, socket] { read(socket); });
        connect(socket, &QLocalSocket::bytesWritten, this, [this, socket] {
            const auto found = m_peers.find(socket);
            if (found != m_peers.end() && found->second->feed)
                pump(*found->second);
        });
        connect(socket, &QLocalSocket::disconnected, this, [this, socket] {
            m_peers.erase(socket);
            socket->deleteLater();
        });
        m_peers.emplace(socket, std::move(peer));
        read(socket);
    }
}

void ControlServer::read(QLocalSocket *socket)
{
    const auto found = m_peers.find(socket);
    if (found == m_peers.end())
        return;
    Peer &peer = *found->second;
    if (peer.feed) {
        // It asked for rows; whatever it says now is not read and fills only its own buffer.
        return;
    }
    peer.received += socket->readAll();
    const qsizetype end = peer.received.indexOf('\n');
    if (end < 0) {
        if (peer.received.size() > maxControlRequestBytes)
            refuse(socket, ExitCode::Failed, u"The request is too long."_s);
        return;
    }
    const QByteArray line = peer.received.first(end);
    peer.received.clear();
    peer.timeout.stop();
    answer(peer, line);
}

void ControlServer::refuse(QLocalSocket *socket, int exitCode, const QString &sentence)
{
    socket->write(controlError(exitCode, sentence));
    socket->disconnectFromServer();
}

void ControlServer::answer(Peer &peer, QByteArrayView line)
{
    QLocalSocket *socket = peer.socket;
    const auto request = parseControlLine(line);
    if (!request) {
        refuse(socket, ExitCode::Failed,
               u"This is Switchyard %1, which expects one line of JSON with \"v\":%2; is the other "
               "side of the same version?"_s.arg(QCoreApplication::applicationVersion())
                   .arg(controlVersion));
        return;
    }
    const QString command = request->value(u"command"_s).toString();
    if (command == u"logs"_s) {
        startFeed(peer, request->value(u"follow"_s).toBool());
        return;
    }
    socket->write(dispatch(command, *request));
    // After `quit` the connection stays until the process ends: its end is the answer's end.
    if (command != u"quit"_s)
        socket->disconnectFromServer();
}

QByteArray ControlServer::dispatch(const QString &command, const QJsonObject &request)
{
    const QString backend = request.value(u"backend"_s).toString();
    if (command == u"status"_s)
        return status();
    if (command == u"use"_s)
        return useBackend(backend);
    if (command == u"models"_s)
        return models(backend);
    if (command == u"env"_s) {
        return controlResult({{u"url"_s, QString::fromLatin1(m_service->status().url)},
                              {u"token"_s, QString::fromLatin1(m_service->clientToken())}});
    }
    if (command == u"reload-secrets"_s) {
        m_service->reloadSecrets();
        return controlResult({});
    }
    if (command == u"raise"_s) {
        if (!m_hasWindow) {
            return controlError(
                ExitCode::Failed,
                u"`switchyard serve` already runs with this configuration (process %1) and has no "
                "window; end it with `switchyard quit` first."_s.arg(
                    QCoreApplication::applicationPid()));
        }
        Q_EMIT windowRequested();
        return controlResult({});
    }
    if (command == u"quit"_s) {
        QMetaObject::invokeMethod(this, &ControlServer::quitRequested, Qt::QueuedConnection);
        return controlResult({});
    }
    return controlError(ExitCode::UsageError,
                        u"The running Switchyard %1 does not know the request \"%2\"."_s.arg(
                            QCoreApplication::applicationVersion(), command.left(40)));
}

QByteArray ControlServer::status() const
{
    const ServiceStatus status = m_service->status();
    QJsonArray backends;
    for (const BackendStatus &backend : m_service->backends()) {
        backends.append(QJsonObject{{u"name"_s, QString::fromLatin1(backend.name)},
                                    {u"lane"_s, QString::fromLatin1(backend.lane)},
                                    {u"offline"_s, backend.offline},
                                    {u"configured"_s, backend.configured},
                                    {u"active"_s, backend.active}});
    }
    const qint64 uptimeMs = QDateTime::currentMSecsSinceEpoch() - status.startedMs;
    return controlResult({
        {u"state"_s, QString::fromLatin1(serviceStateName(status.state))},
        {u"backend"_s, QString::fromLatin1(status.backend)},
        {u"lane"_s, QString::fromLatin1(status.lane)},
        {u"url"_s, QString::fromLatin1(status.url)},
        {u"port"_s, status.port},
        {u"version"_s, QCoreApplication::applicationVersion()},
        {u"instance"_s, QString::fromLatin1(status.instance)},
        {u"uptime_s"_s, uptimeMs / 1000},
        {u"requests"_s, qint64(status.requests)},
        {u"errors"_s, qint64(status.errors)},
        {u"open"_s, status.openStreams},
        {u"pid"_s, QCoreApplication::applicationPid()},
        {u"window"_s, m_hasWindow},
        {u"backends"_s, backends},
    });
}

QByteArray ControlServer::useBackend(const QString &name)
{
    if (!m_service->useBackend(name.toLatin1()))
        return controlError(ExitCode::UsageError, u"There is no backend %1."_s.arg(name.left(40)));

    QJsonObject result{{u"backend"_s, name}};
    for (const BackendStatus &backend : m_service->backends()) {
        if (backend.active)
            result[u"configured"_s] = backend.configured;
    }
    result[u"kept"_s] = m_service->keepsBackendChoice();
    return controlResult(result);
}

QByteArray ControlServer::models(const QString &name) const
{
    const QByteArray wanted = name.isEmpty() ? m_service->status().backend : name.toLatin1();
    const Backend *backend = findBackend(wanted);
    if (!backend)
        return controlError(ExitCode::UsageError, u"There is no backend %1."_s.arg(name.left(40)));

    QJsonArray rows;
    for (const ModelRow &row : modelRows(*backend, m_service->modelRules())) {
        rows.append(QJsonObject{{u"client"_s, QString::fromUtf8(row.client)},
                                {u"upstream"_s, QString::fromUtf8(row.upstream)},
                                {u"reason"_s, QString::fromUtf8(row.reason)}});
    }
    return controlResult({{u"backend"_s, QString::fromLatin1(wanted)}, {u"models"_s, rows}});
}

void ControlServer::startFeed(Peer &peer, bool follow)
{
    peer.follows = follow;
    peer.feed = std::make_unique<RowFeed>(m_service->recordList(), follow);
    pump(peer);
}

void ControlServer::pump(Peer &peer)
{
    while (peer.socket->bytesToWrite() < maxUnsentBytes) {
        const QByteArray lines = peer.feed->take(maxUnsentBytes / 4);
        if (lines.isEmpty())
            break;
        peer.socket->write(lines);
    }
    if (!peer.follows && peer.feed->isAtEnd()
        && peer.socket->state() == QLocalSocket::ConnectedState) {
        peer.socket->write(controlResult({}));
        peer.socket->disconnectFromServer();
    }
}

} // namespace Switchyard
