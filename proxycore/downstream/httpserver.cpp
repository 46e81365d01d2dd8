// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/downstream/httpserver.h"

#include "proxycore/downstream/listener.h"

#include <QAbstractHttpServer>
#include <QHttpServerRequest>
#include <QHttpServerResponder>

#include <utility>

namespace Switchyard {

namespace {

// What QtHttpServer dispatches to. Both answers end up in the same handler: there is one way in.
class Dispatcher final : public QAbstractHttpServer
{
public:
    explicit Dispatcher(HttpServer::Handler handler) : m_handler(std::move(handler)) { }

    void setListener(Listener *listener) { m_listener = listener; }

protected:
#if QT_VERSION >= QT_VERSION_CHECK(6, 8, 0)
    bool handleRequest(const QHttpServerRequest &request, QHttpServerResponder &responder) override
    {
        ClientSocket *socket =
            m_listener->connectionFrom(request.remoteAddress(), request.remotePort());
        if (!socket || socket->phase() != ClientSocket::Phase::Handed)
            return false;
        // The next request of the connection is handled when the responder is destroyed.
        auto kept = std::make_shared<QHttpServerResponder>(std::move(responder));
        socket->setAfterResponse([kept]() mutable { kept.reset(); });
        dispatch(socket);
        return true;
    }

    void missingHandler(const QHttpServerRequest &, QHttpServerResponder &) override { }
#else
    bool handleRequest(const QHttpServerRequest &, QTcpSocket *socket) override
    {
        auto *client = qobject_cast<ClientSocket *>(socket);
        if (!client || client->phase() != ClientSocket::Phase::Handed)
            return false;
        dispatch(client);
        return true;
    }

    void missingHandler(const QHttpServerRequest &, QTcpSocket *) override { }
#endif

private:
    void dispatch(ClientSocket *socket)
    {
        InboundRequest request = socket->takeRequest();
        ResponseWriter writer(socket, request);
        m_handler(std::move(request), std::move(writer));
    }

    HttpServer::Handler m_handler;
    Listener *m_listener = nullptr;
};

} // namespace

class HttpServer::Private
{
public:
    explicit Private(Handler handler) : dispatcher(std::move(handler)) { }

    ConnectionLimits limits;
    Dispatcher dispatcher;
    Listener *listener = nullptr; // owned by the dispatcher, as bind() does it
};

HttpServer::HttpServer(const ConnectionLimits &limits, Handler handler, QObject *parent)
    : QObject(parent), d(std::make_unique<Private>(std::move(handler)))
{
    d->limits = limits;
}

HttpServer::~HttpServer()
{
    // QtHttpServer wants its responders gone before it goes itself.
    cutAllConnections();
}

QByteArray HttpServer::listen(const QHostAddress &address, quint16 port)
{
    auto listener = std::make_unique<Listener>(d->limits);
    if (!listener->listen(address, port)) {
        return "Cannot listen on " + address.toString().toLatin1() + " port "
            + QByteArray::number(port) + ": " + listener->errorString().toUtf8() + '.';
    }
    connect(listener.get(), &Listener::requestRefused, this, &HttpServer::requestRefused);
    d->listener = listener.release();
    d->dispatcher.setListener(d->listener);
    d->dispatcher.bind(d->listener);
    return {};
}

quint16 HttpServer::port() const
{
    return d->listener ? d->listener->serverPort() : 0;
}

QHostAddress HttpServer::address() const
{
    return d->listener ? d->listener->serverAddress() : QHostAddress();
}

void HttpServer::stopAccepting()
{
    if (!d->listener)
        return;
    d->listener->close();
    d->listener->closeIdleConnections();
}

void HttpServer::cutAllConnections()
{
    if (d->listener)
        d->listener->cutAllConnections();
}

} // namespace Switchyard
