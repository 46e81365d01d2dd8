// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/upstream/upstreamclient.h"

#include <QElapsedTimer>
#include <QHostAddress>
#include <QTcpServer>
#include <QTcpSocket>
#include <QTest>
#include <QTimer>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include <sys/socket.h>

namespace Switchyard::Testing {

// Keeps what a transfer told, and sees to it that nothing is told from inside a call.
class Collector : public UpstreamObserver
{
public:
    std::optional<int> status;
    Headers headers;
    QByteArray data;
    std::optional<UpstreamOutcome> outcome;
    int calls = 0;

    std::function<void()> onHead;
    std::function<void()> onData;
    std::function<void()> onFinished;

    std::unique_ptr<UpstreamTransfer> transfer;

    void start(UpstreamClient &client, UpstreamRequest request)
    {
        m_insideCall = true;
        std::unique_ptr<UpstreamTransfer> started = client.start(std::move(request), this);
        m_insideCall = false;
        transfer = std::move(started);
    }
    void pause()
    {
        m_insideCall = true;
        transfer->pause();
        m_insideCall = false;
    }
    void resume()
    {
        m_insideCall = true;
        transfer->resume();
        m_insideCall = false;
    }
    void cancel()
    {
        m_insideCall = true;
        transfer.reset();
        m_insideCall = false;
    }

    UpstreamFailure failure() const { return outcome.value_or(UpstreamOutcome()).failure; }

    void upstreamHead(int code, const Headers &fields) override
    {
        ++calls;
        if (m_insideCall)
            qFatal("the head was told from inside a call");
        if (status || outcome)
            qFatal("a second head, or a head after the end");
        status = code;
        headers = fields;
        if (onHead)
            onHead();
    }
    void upstreamData(QByteArrayView bytes) override
    {
        ++calls;
        if (m_insideCall)
            qFatal("data was told from inside a call");
        if (!status || outcome)
            qFatal("data before the head or after the end");
        data += bytes;
        if (onData)
            onData();
    }
    void upstreamFinished(const UpstreamOutcome &end) override
    {
        ++calls;
        if (m_insideCall)
            qFatal("the end was told from inside a call");
        if (outcome)
            qFatal("a second end");
        outcome = end;
        if (onFinished)
            onFinished();
    }

private:
    bool m_insideCall = false;
};

// A server on loopback whose answers are written byte by byte by the test.
class ScriptedServer : public QTcpServer
{
public:
    struct Request
    {
        QByteArray head; // with the blank line
        QByteArray body;
        int connection = 0;

        QByteArray line() const { return head.first(head.indexOf("\r\n")); }
        QList<QByteArray> fields() const
        {
            QList<QByteArray> all = head.trimmed().split('\n');
            all.removeFirst();
            for (QByteArray &one : all)
                one = one.trimmed();
            return all;
        }
        QByteArray field(const QByteArray &name) const
        {
            for (const QByteArray &one : fields()) {
                if (one.toLower().startsWith(name.toLower() + ':'))
                    return one.sliced(name.size() + 1).trimmed();
            }
            return {};
        }
    };

    // Called with each complete request.
    std::function<void(QTcpSocket *, const Request &)> onRequest;
    // Called when the head of a request is there, before its body.
    std::function<void(QTcpSocket *, const QByteArray &head)> onRequestHead;
    std::function<void(QTcpSocket *)> onConnection;

    std::vector<Request> requests;
    int connections = 0;
    int open = 0;

    ScriptedServer()
    {
        // Client and server share a thread: all connections of a test may come before one is taken.
        setListenBacklogSize(1000);
        setMaxPendingConnections(1000);
        if (!listen(QHostAddress::LocalHost))
            qFatal("no free port on loopback");
        connect(this, &QTcpServer::newConnection, this, [this] {
            while (QTcpSocket *socket = nextPendingConnection())
                accept(socket);
        });
    }

    QByteArray label() const { return "127.0.0.1:" + QByteArray::number(serverPort()); }
    QByteArray url(const QByteArray &path = "/v1/messages") const
    {
        return "http://" + label() + path;
    }

    // Answers every request alike.
    void answer(const QByteArray &bytes)
    {
        onRequest = [bytes](QTcpSocket *socket, const Request &) { socket->write(bytes); };
    }

    // Closes so that the peer gets a reset instead of an orderly end.
    static void reset(QTcpSocket *socket)
    {
        const linger now{1, 0};
        setsockopt(int(socket->socketDescriptor()), SOL_SOCKET, SO_LINGER, &now, sizeof now);
        socket->abort();
    }

private:
    void accept(QTcpSocket *socket)
    {
        const int number = ++connections;
        ++open;
        socket->setSocketOption(QAbstractSocket::LowDelayOption, 1);
        auto received = std::make_shared<QByteArray>();
        auto headTold = std::make_shared<bool>(false);
        connect(socket, &QTcpSocket::disconnected, this, [this, socket] {
            --open;
            socket->deleteLater();
        });
        connect(socket, &QTcpSocket::readyRead, this, [this, socket, received, headTold, number] {
            *received += socket->readAll();
            for (;;) {
                const qsizetype end = received->indexOf("\r\n\r\n");
                if (end < 0)
                    return;
                Request request;
                request.head = received->first(end + 4);
                request.connection = number;
                if (!*headTold) {
                    *headTold = true;
                    if (onRequestHead)
                        onRequestHead(socket, request.head);
                }
                const qsizetype length = request.field("content-length").toLongLong();
                if (received->size() < end + 4 + length)
                    return;
                request.body = received->sliced(end + 4, length);
                received->remove(0, end + 4 + length);
                *headTold = false;
                requests.push_back(request);
                if (onRequest)
                    onRequest(socket, request);
            }
        });
        if (onConnection)
            onConnection(socket);
    }
};

// Like QTRY_VERIFY, without its steps of 50 ms; for what is tried many times.
template <typename Condition> bool eventually(Condition condition, int withinMs = 5000)
{
    QTimer wakeUp;
    wakeUp.setSingleShot(true);
    wakeUp.start(withinMs);
    while (!condition()) {
        if (!wakeUp.isActive())
            return false;
        QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents);
    }
    return true;
}

inline UpstreamRequest post(const QByteArray &url, const QByteArray &body = "{\"model\":\"m\"}")
{
    UpstreamRequest request;
    request.url = url;
    request.headers.add("content-type", "application/json");
    request.body = SegmentedBody(body);
    return request;
}

inline UpstreamRequest get(const QByteArray &url)
{
    UpstreamRequest request;
    request.method = "GET";
    request.url = url;
    return request;
}

inline QByteArray answerWith(const QByteArray &body)
{
    return "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: "
        + QByteArray::number(body.size()) + "\r\n\r\n" + body;
}

inline QByteArray chunk(const QByteArray &bytes)
{
    return QByteArray::number(bytes.size(), 16) + "\r\n" + bytes + "\r\n";
}

} // namespace Switchyard::Testing
