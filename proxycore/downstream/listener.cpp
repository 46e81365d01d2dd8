// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/downstream/listener.h"

#include "proxycore/downstream/httpresponse.h"
#include "proxycore/protocol/randomid.h"

#include <algorithm>
#include <vector>

namespace Switchyard {

Listener::Listener(const ConnectionLimits &limits, QObject *parent)
    : QTcpServer(parent), m_limits(limits)
{
    m_check.setSingleShot(true);
    connect(&m_check, &QTimer::timeout, this, &Listener::closeSilentConnections);
    setMaxPendingConnections(limits.maxConnections);
    setListenBacklogSize(limits.maxConnections);
}

void Listener::incomingConnection(qintptr descriptor)
{
    auto *socket = new ClientSocket(m_limits, this);
    if (!socket->setSocketDescriptor(descriptor)) {
        delete socket;
        return;
    }
    // Without this each answer written in two pieces waits 40 ms for the client's acknowledgement.
    socket->setSocketOption(QAbstractSocket::LowDelayOption, 1);
    if (m_connections.size() >= std::size_t(m_limits.maxConnections)) {
        const QByteArray sentence = "More than " + QByteArray::number(m_limits.maxConnections)
            + " connections are open; close some and try again.";
        const ApiError error = ApiError::withStatus(503, sentence);
        const QByteArray requestId = randomId("req_");
        socket->write(refusalResponse(error, requestId));
        connect(socket, &QAbstractSocket::disconnected, socket, &QObject::deleteLater);
        socket->disconnectFromHost();
        Q_EMIT requestRefused(error, requestId);
        return;
    }
    m_connections.insert(socket);
    connect(socket, &QObject::destroyed, this, [this, socket] { forget(socket); });
    connect(socket, &QAbstractSocket::disconnected, this, [this, socket] { forget(socket); });
    connect(socket, &ClientSocket::requestRefused, this, &Listener::requestRefused);
    connect(socket, &ClientSocket::deadlineChanged, this,
            [this, socket] { scheduleCheck(socket->deadline().remainingTime()); });
    scheduleCheck(socket->deadline().remainingTime());
    addPendingConnection(socket);
}

void Listener::forget(ClientSocket *socket)
{
    m_connections.erase(socket);
    if (m_connections.empty())
        m_check.stop();
}

ClientSocket *Listener::connectionFrom(const QHostAddress &peer, quint16 peerPort) const
{
    const auto found =
        std::find_if(m_connections.begin(), m_connections.end(), [&](const ClientSocket *socket) {
            return socket->peerPort() == peerPort && socket->peerAddress() == peer;
        });
    return found == m_connections.end() ? nullptr : *found;
}

void Listener::scheduleCheck(qint64 remainingMs)
{
    if (remainingMs < 0 || (m_check.isActive() && m_check.remainingTime() <= remainingMs))
        return;
    m_check.start(int(remainingMs) + 1);
}

void Listener::closeSilentConnections()
{
    // Closing changes the set.
    const std::vector<ClientSocket *> connections(m_connections.begin(), m_connections.end());
    for (ClientSocket *socket : connections) {
        if (socket->deadline().hasExpired())
            socket->closeForInactivity();
    }
    for (ClientSocket *socket : m_connections)
        scheduleCheck(socket->deadline().remainingTime());
}

void Listener::closeIdleConnections()
{
    const std::vector<ClientSocket *> connections(m_connections.begin(), m_connections.end());
    for (ClientSocket *socket : connections)
        socket->closeWhenIdle();
}

void Listener::cutAllConnections()
{
    const std::vector<ClientSocket *> connections(m_connections.begin(), m_connections.end());
    for (ClientSocket *socket : connections)
        socket->cutResponse();
}

} // namespace Switchyard
