// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/downstream/responsewriter.h"

#include <QHostAddress>
#include <QObject>

#include <functional>
#include <memory>

namespace Switchyard {

// The local HTTP server: QtHttpServer over our own Listener. Which Qt is built against (6.4, or 6.8
// and later) shows nowhere outside httpserver.cpp.
class HttpServer : public QObject
{
    Q_OBJECT

public:
    // Called for each request that was read whole; the writer must be used or destroyed.
    using Handler = std::function<void(InboundRequest, ResponseWriter)>;

    HttpServer(const ConnectionLimits &limits, Handler handler, QObject *parent = nullptr);
    ~HttpServer() override;

    // Port 0 takes any free one. The error is one sentence; empty on success.
    QByteArray listen(const QHostAddress &address, quint16 port);
    quint16 port() const;
    QHostAddress address() const;

    // No new connections; those that wait between requests are closed, others after their answer.
    void stopAccepting();
    // Every connection is closed as it is.
    void cutAllConnections();

Q_SIGNALS:
    // A request that could not be read (malformed, too large, too slow) was refused.
    void requestRefused(const Switchyard::ApiError &error, const QByteArray &requestId);

private:
    class Private;
    std::unique_ptr<Private> d;
};

} // namespace Switchyard
