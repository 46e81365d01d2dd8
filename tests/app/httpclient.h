// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/app/program.h"

#include <QTcpSocket>

namespace Switchyard::Testing {

// One request on a connection of its own, byte for byte what a test says.
class HttpClient
{
public:
    HttpClient(quint16 port, const QByteArray &method, const QByteArray &path,
               const QByteArray &token = {}, const QByteArray &body = {})
    {
        m_socket.connectToHost(QStringLiteral("127.0.0.1"), port);
        if (!m_socket.waitForConnected(deadlineMs))
            return;
        QByteArray head = method + ' ' + path + " HTTP/1.1\r\nHost: 127.0.0.1:"
            + QByteArray::number(port) + "\r\nConnection: close\r\nContent-Length: "
            + QByteArray::number(body.size()) + "\r\n";
        if (!token.isEmpty())
            head += "Authorization: Bearer " + token + "\r\n";
        if (!body.isEmpty())
            head += "Content-Type: application/json\r\n";
        m_socket.write(head + "\r\n" + body);
        m_socket.flush();
    }

    // Whether `text` has come, waiting for it.
    bool waitFor(QByteArrayView text)
    {
        const QDeadlineTimer deadline(deadlineMs);
        while (!received().contains(text)) {
            if (deadline.hasExpired() || !m_socket.waitForReadyRead(int(deadline.remainingTime())))
                return received().contains(text);
        }
        return true;
    }

    // Everything until the server closes.
    QByteArray readAll()
    {
        const QDeadlineTimer deadline(deadlineMs);
        while (m_socket.state() != QTcpSocket::UnconnectedState && !deadline.hasExpired())
            m_socket.waitForDisconnected(int(deadline.remainingTime()));
        return received();
    }

    const QByteArray &received()
    {
        m_received += m_socket.readAll();
        return m_received;
    }

private:
    QTcpSocket m_socket;
    QByteArray m_received;
};

inline QByteArray messagesBody(bool stream)
{
    return QByteArray(R"({"model":"claude-sonnet-4","max_tokens":100,"stream":)")
        + (stream ? "true" : "false") + R"(,"messages":[{"role":"user","content":"Hello"}]})";
}

} // namespace Switchyard::Testing
