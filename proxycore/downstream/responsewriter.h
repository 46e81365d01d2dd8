// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/downstream/clientsocket.h"
#include "proxycore/downstream/httpresponse.h"

#include <QPointer>

namespace Switchyard {

// The way to answer one request: either one whole answer, or a stream. It outlives the connection
// without harm; after the client has left, everything it is asked to do is nothing.
class ResponseWriter
{
public:
    ResponseWriter() = default;
    ResponseWriter(ClientSocket *socket, const InboundRequest &request);
    ResponseWriter(const ResponseWriter &) = delete;
    ResponseWriter &operator=(const ResponseWriter &) = delete;
    ResponseWriter(ResponseWriter &&) = default;
    ResponseWriter &operator=(ResponseWriter &&) = default;
    // An answer that was never finished is cut, so that no client waits for ever.
    ~ResponseWriter();

    void setObserver(ResponseObserver *observer);

    bool isStarted() const { return m_state != State::Fresh; }
    // The client is connected and the answer not finished.
    bool isOpen() const;

    // A complete answer. A request with HEAD gets the head alone.
    void send(int status, const Headers &headers, QByteArrayView body);

    void beginStream(int status, const Headers &headers);
    void write(QByteArrayView bytes);
    void endStream();
    // Cuts the connection in the middle of an answer.
    void cut();

    // Bytes that the client has not taken yet.
    qint64 backlog() const;

private:
    enum class State { Fresh, Streaming, Finished };

    void finish();

    QPointer<ClientSocket> m_socket;
    State m_state = State::Finished;
    bool m_keepAlive = true;
    bool m_http10 = false;
    bool m_headOnly = false;
};

} // namespace Switchyard
