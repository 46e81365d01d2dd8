// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/downstream/clientsocket.h"

#include <QTcpServer>
#include <QTimer>

#include <unordered_set>

namespace Switchyard {

// Accepts connections: makes the sockets, holds their number to the limit, and closes those that
// stay silent. One timer serves them all and runs only while there are connections.
class Listener final : public QTcpServer
{
    Q_OBJECT

public:
    explicit Listener(const ConnectionLimits &limits, QObject *parent = nullptr);

    // The connection from that client, or null.
    ClientSocket *connectionFrom(const QHostAddress &peer, quint16 peerPort) const;
    void closeIdleConnections();
    void cutAllConnections();
    std::size_t connectionCount() const { return m_connections.size(); }

Q_SIGNALS:
    void requestRefused(const Switchyard::ApiError &error, const QByteArray &requestId);

protected:
    void incomingConnection(qintptr descriptor) override;

private:
    void forget(ClientSocket *socket);
    void closeSilentConnections();
    void scheduleCheck(qint64 remainingMs);

    ConnectionLimits m_limits;
    std::unordered_set<ClientSocket *> m_connections;
    QTimer m_check;
};

} // namespace Switchyard
