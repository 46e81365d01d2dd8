// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/exchange/proxycore.h"

#include <QSignalSpy>
#include <QTcpServer>
#include <QTcpSocket>
#include <QTest>

#include <map>

namespace Switchyard {

// One connection of the proxy to the upstream, played by the test byte by byte.
class UpstreamCall : public QObject
{
public:
    explicit UpstreamCall(QTcpSocket *socket) : m_socket(socket)
    {
        connect(socket, &QTcpSocket::readyRead, this,
                [this] { m_received += m_socket->readAll(); });
        connect(socket, &QTcpSocket::disconnected, this, [this] { m_closed = true; });
    }

    bool requestComplete() const
    {
        const qsizetype headEnd = m_received.indexOf("\r\n\r\n");
        if (headEnd < 0)
            return false;
        const QByteArray head = m_received.first(headEnd).toLower();
        const qsizetype at = head.indexOf("content-length:");
        const qsizetype length =
            at < 0 ? 0 : head.mid(at + 15, head.indexOf('\r', at) - at - 15).trimmed().toLongLong();
        return m_received.size() >= headEnd + 4 + length;
    }

    QByteArray head() const { return m_received.first(m_received.indexOf("\r\n\r\n") + 2); }
    QByteArray body() const { return m_received.sliced(m_received.indexOf("\r\n\r\n") + 4); }
    bool isClosed() const { return m_closed; }

    void send(const QByteArray &bytes)
    {
        m_socket->write(bytes);
        m_socket->flush();
    }
    void answer(int status, const QByteArray &contentType, const QByteArray &body,
                const QByteArray &fields = {})
    {
        send("HTTP/1.1 " + QByteArray::number(status) + " X\r\nContent-Type: " + contentType
             + "\r\nContent-Length: " + QByteArray::number(body.size()) + "\r\n" + fields + "\r\n"
             + body);
    }
    void beginStream()
    {
        send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: "
             "chunked\r\n\r\n");
    }
    void chunk(const QByteArray &bytes)
    {
        send(QByteArray::number(bytes.size(), 16) + "\r\n" + bytes + "\r\n");
    }
    void endStream() { send("0\r\n\r\n"); }
    void reset() { m_socket->abort(); }
    void close() { m_socket->disconnectFromHost(); }
    // The same connection is used for the next request.
    void forgetRequest() { m_received.clear(); }

private:
    QTcpSocket *m_socket;
    QByteArray m_received;
    bool m_closed = false;
};

// The proxy between a client and an upstream that are both the test.
class ExchangeFixture
{
public:
    ExchangeFixture()
    {
        if (!upstreamServer.listen(QHostAddress::LocalHost))
            qFatal("the upstream cannot listen");
        QObject::connect(&upstreamServer, &QTcpServer::newConnection, &upstreamServer, [this] {
            while (QTcpSocket *socket = upstreamServer.nextPendingConnection())
                calls.push_back(std::make_unique<UpstreamCall>(socket));
        });
        config.activeBackend = "OPENROUTER";
        config.access.tokenRequired = false;
        config.instance = "test-instance";
        BackendSettings &settings = config.backends["OPENROUTER"];
        settings.baseUrl =
            "http://127.0.0.1:" + QByteArray::number(upstreamServer.serverPort()) + "/api/v1";
        settings.credential = Secret("sk-or-v1-placeholder");
        settings.retries = 0;
        config.backends["ECHO"] = {};
    }

    BackendSettings &backend() { return config.backends["OPENROUTER"]; }

    void start()
    {
        core = std::make_unique<ProxyCore>(std::make_shared<const ExchangeConfig>(config));
        QObject::connect(core.get(), &ProxyCore::recordsChanged, core.get(),
                         [this](const std::vector<ExchangeRecord> &batch) {
                             for (const ExchangeRecord &record : batch) {
                                 rows[record.id] = record;
                                 states[record.id].push_back(record.state);
                             }
                         });
        QObject::connect(core.get(), &ProxyCore::listening, core.get(),
                         [this](quint16 p) { port = p; });
        core->listen(QHostAddress::LocalHost, 0);
        if (port == 0)
            qFatal("the proxy cannot listen");
    }

    // The newest upstream call once its request has arrived whole, or null after five seconds.
    UpstreamCall *nextCall()
    {
        const std::size_t wanted = ++m_callsSeen;
        const bool arrived = QTest::qWaitFor(
            [&] { return calls.size() >= wanted && calls[wanted - 1]->requestComplete(); }, 5'000);
        return arrived ? calls[wanted - 1].get() : nullptr;
    }

    // State of the newest row, empty while there is none.
    std::optional<ExchangeState> newestState() const
    {
        if (rows.empty())
            return std::nullopt;
        return rows.rbegin()->second.state;
    }

    // Row of the only, or the newest, exchange once it is final.
    ExchangeRecord finalRow()
    {
        const bool final =
            QTest::qWaitFor([&] { return newestState() && isFinal(*newestState()); }, 5'000);
        return final ? rows.rbegin()->second : ExchangeRecord{};
    }

    QTcpServer upstreamServer;
    std::vector<std::unique_ptr<UpstreamCall>> calls;
    ExchangeConfig config;
    std::unique_ptr<ProxyCore> core;
    quint16 port = 0;
    std::map<quint64, ExchangeRecord> rows;
    std::map<quint64, std::vector<ExchangeState>> states;

private:
    std::size_t m_callsSeen = 0;
};

class ProxyClient : public QTcpSocket
{
public:
    explicit ProxyClient(const ExchangeFixture &proxy)
    {
        connectToHost(QHostAddress::LocalHost, proxy.port);
        if (!waitForConnected())
            qFatal("the proxy does not accept");
    }

    void post(const QByteArray &body, const QByteArray &path = "/v1/messages",
              const QByteArray &fields = {})
    {
        write("POST " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n" + fields
              + "Content-Length: " + QByteArray::number(body.size()) + "\r\n\r\n" + body);
        flush();
    }
    void get(const QByteArray &path)
    {
        write("GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    }

    QByteArray received()
    {
        m_received += readAll();
        return m_received;
    }
    int status() { return received().mid(9, 3).toInt(); }
    QByteArray header(const QByteArray &name)
    {
        const QByteArray head =
            received().first(qMax<qsizetype>(0, received().indexOf("\r\n\r\n") + 2));
        const qsizetype at = head.toLower().indexOf("\r\n" + name + ": ");
        if (at < 0)
            return {};
        const qsizetype start = at + 2 + name.size() + 2;
        return head.mid(start, head.indexOf('\r', start) - start);
    }
    // The body so far, chunk framing taken off.
    QByteArray body()
    {
        const QByteArray all = received();
        const qsizetype start = all.indexOf("\r\n\r\n");
        if (start < 0)
            return {};
        QByteArray rest = all.sliced(start + 4);
        if (!all.first(start).contains("transfer-encoding: chunked"))
            return rest;
        QByteArray plain;
        qsizetype at = 0;
        while (true) {
            const qsizetype lineEnd = rest.indexOf("\r\n", at);
            if (lineEnd < 0)
                return plain;
            const qsizetype size = rest.mid(at, lineEnd - at).toLongLong(nullptr, 16);
            if (size == 0 || rest.size() < lineEnd + 2 + size + 2)
                return plain;
            plain += rest.mid(lineEnd + 2, size);
            at = lineEnd + 2 + size + 2;
        }
    }
    bool isComplete()
    {
        const QByteArray all = received();
        const qsizetype start = all.indexOf("\r\n\r\n");
        if (start < 0)
            return false;
        if (all.first(start).contains("transfer-encoding: chunked"))
            return all.endsWith("\r\n0\r\n\r\n") || all.sliced(start + 4) == "0\r\n\r\n";
        return all.size() - start - 4 >= header("content-length").toLongLong()
            && !header("content-length").isEmpty();
    }

private:
    QByteArray m_received;
};

} // namespace Switchyard
