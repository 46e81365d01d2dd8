// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/downstream/requestframer.h"

#include <QDeadlineTimer>
#include <QTcpSocket>

#include <functional>
#include <optional>

namespace Switchyard {

struct ConnectionLimits
{
    RequestLimits request;
    int headTimeoutMs = 10'000;
    int idleTimeoutMs = 120'000;
    int maxConnections = 512;
};

// Told about the connection of a request that is being answered.
class ResponseObserver
{
public:
    virtual ~ResponseObserver() = default;
    // The client left. Nothing can be written any more; the last call.
    virtual void clientGone() = 0;
    // Bytes went out; the backlog is smaller than it was.
    virtual void clientDrained() = 0;
};

// A client's connection. It takes the bytes off the socket before QHttpServer can, cuts them into
// requests within the limits, and lets QHttpServer see one request line at a time: the next
// only when the last was answered. The request itself waits here to be taken by the handler.
class ClientSocket final : public QTcpSocket
{
    Q_OBJECT

public:
    enum class Phase {
        Reading, // waiting for a request or in the middle of one
        Handed, // QHttpServer was given the request line
        Answering,
        Lingering, // refused; the rest of what the client sends is thrown away
        Closed,
    };

    ClientSocket(const ConnectionLimits &limits, QObject *parent);
    ~ClientSocket() override;

    Phase phase() const { return m_phase; }
    // When this connection has to be closed for inactivity; never while a request is answered.
    QDeadlineTimer deadline() const { return m_deadline; }
    void closeForInactivity();
    // Closes now if nothing is being answered, else after the answer.
    void closeWhenIdle();

    // For the handler: the request whose line QHttpServer just dispatched.
    InboundRequest takeRequest();

    void setObserver(ResponseObserver *observer) { m_observer = observer; }
    // Runs when the answer is over and before the next request; QHttpServer 6.8 wants its
    // responder destroyed then.
    void setAfterResponse(std::function<void()> callback) { m_afterResponse = std::move(callback); }

    // The answer. Each call goes to the kernel at once.
    void sendHead(const QByteArray &head);
    void sendBody(QByteArrayView bytes);
    // The answer is complete; `reusable` lets the connection serve the next request.
    void finishResponse(bool reusable);
    // Cuts the connection, so that the client sees an incomplete answer.
    void cutResponse();

    qint64 bytesAvailable() const override;

Q_SIGNALS:
    void deadlineChanged();
    // A request that could not be read was answered with `error`.
    void requestRefused(const Switchyard::ApiError &error, const QByteArray &requestId);

protected:
    qint64 readData(char *data, qint64 maxSize) override;

private:
    void takeArrivedBytes();
    void frameArrivedBytes();
    void readIntoBody();
    void afterFraming();
    void handOver();
    void refuse(const ApiError &error);
    void resetDeadline();
    void writeAtOnce(QByteArrayView bytes);
    void noticeDisconnect();

    ConnectionLimits m_limits;
    RequestFramer m_framer;
    Phase m_phase = Phase::Reading;
    QDeadlineTimer m_deadline;
    std::optional<InboundRequest> m_request;
    QByteArray m_held; // bytes of requests behind the current one
    QByteArray m_released; // what QHttpServer may read
    qsizetype m_releasedRead = 0;
    bool m_takingBytes = false;
    bool m_servedOne = false;
    bool m_closeWhenIdle = false;
    ResponseObserver *m_observer = nullptr;
    std::function<void()> m_afterResponse;
};

} // namespace Switchyard
