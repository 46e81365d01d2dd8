// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/downstream/responsewriter.h"

namespace Switchyard {

namespace {

// Up to here head and body are joined to one write; a copy this small costs less than a call.
constexpr qsizetype joinedBodyLimit = 64 * 1024;

} // namespace

ResponseWriter::ResponseWriter(ClientSocket *socket, const InboundRequest &request)
    : m_socket(socket), m_state(State::Fresh), m_keepAlive(request.keepAlive),
      m_http10(request.http10), m_headOnly(request.method == "HEAD")
{
}

ResponseWriter::~ResponseWriter()
{
    if (m_state != State::Finished)
        cut();
}

void ResponseWriter::setObserver(ResponseObserver *observer)
{
    if (m_socket)
        m_socket->setObserver(observer);
}

bool ResponseWriter::isOpen() const
{
    return m_state != State::Finished && m_socket
        && m_socket->state() == QAbstractSocket::ConnectedState;
}

void ResponseWriter::send(int status, const Headers &headers, QByteArrayView body)
{
    if (!m_socket || m_state != State::Fresh)
        return;
    QByteArray head = responseHead(status, headers, {body.size(), m_keepAlive, m_http10});
    if (m_headOnly)
        body = {};
    if (body.size() <= joinedBodyLimit) {
        m_socket->sendHead(head.append(body));
    } else {
        m_socket->sendHead(head);
        m_socket->sendBody(body);
    }
    finish();
}

void ResponseWriter::beginStream(int status, const Headers &headers)
{
    if (!m_socket || m_state != State::Fresh)
        return;
    m_state = State::Streaming;
    // HTTP/1.0 has no chunks: there the end of the connection ends the body.
    if (m_http10)
        m_keepAlive = false;
    m_socket->sendHead(responseHead(status, headers, {std::nullopt, m_keepAlive, m_http10}));
}

void ResponseWriter::write(QByteArrayView bytes)
{
    if (!m_socket || m_state != State::Streaming || bytes.isEmpty())
        return;
    if (m_http10)
        m_socket->sendBody(bytes);
    else
        m_socket->sendBody(httpChunk(bytes));
}

void ResponseWriter::endStream()
{
    if (!m_socket || m_state != State::Streaming)
        return;
    if (!m_http10)
        m_socket->sendBody(lastHttpChunk);
    finish();
}

void ResponseWriter::finish()
{
    m_state = State::Finished;
    if (m_socket)
        m_socket->finishResponse(m_keepAlive);
}

void ResponseWriter::cut()
{
    m_state = State::Finished;
    if (m_socket)
        m_socket->cutResponse();
}

qint64 ResponseWriter::backlog() const
{
    return m_socket ? m_socket->bytesToWrite() : 0;
}

} // namespace Switchyard
