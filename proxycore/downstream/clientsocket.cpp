// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/downstream/clientsocket.h"

#include "proxycore/downstream/httpresponse.h"
#include "proxycore/protocol/randomid.h"

#include <QScopedValueRollback>

#include <algorithm>
#include <array>
#include <utility>

namespace Switchyard {

namespace {

// How long a refused client may go on sending before the connection is closed under it. Closing at
// once would make the kernel answer with a reset, which can overtake our answer.
constexpr int lingerMs = 2'000;

} // namespace

ClientSocket::ClientSocket(const ConnectionLimits &limits, QObject *parent)
    : QTcpSocket(parent), m_limits(limits), m_framer(limits.request)
{
    // Connected before QHttpServer connects its own slot, hence called before it.
    connect(this, &QIODevice::readyRead, this, &ClientSocket::takeArrivedBytes);
    connect(this, &QAbstractSocket::disconnected, this, &ClientSocket::noticeDisconnect);
    connect(this, &QIODevice::bytesWritten, this, [this] {
        if (m_observer)
            m_observer->clientDrained();
    });
    resetDeadline();
}

ClientSocket::~ClientSocket()
{
    noticeDisconnect();
}

qint64 ClientSocket::bytesAvailable() const
{
    const qint64 arrived = QTcpSocket::bytesAvailable();
    return m_takingBytes ? arrived : arrived + m_released.size() - m_releasedRead;
}

qint64 ClientSocket::readData(char *data, qint64 maxSize)
{
    if (m_takingBytes)
        return QTcpSocket::readData(data, maxSize);
    const qint64 count = std::min<qint64>(maxSize, m_released.size() - m_releasedRead);
    std::copy_n(m_released.constData() + m_releasedRead, count, data);
    m_releasedRead += count;
    if (m_releasedRead == m_released.size()) {
        m_released.clear();
        m_releasedRead = 0;
    }
    return count;
}

void ClientSocket::takeArrivedBytes()
{
    if (m_takingBytes)
        return;
    // QHttpServer reads in a transaction that it never rolls back; ended here so that the bytes
    // taken leave the buffer. What it read before was complete for it.
    if (isTransactionStarted())
        commitTransaction();
    const QScopedValueRollback<bool> guard(m_takingBytes, true);

    if (m_phase == Phase::Lingering || m_phase == Phase::Closed) {
        std::array<char, 16 * 1024> waste;
        while (QTcpSocket::bytesAvailable() > 0 && read(waste.data(), waste.size()) > 0) { }
        return;
    }
    if (m_phase != Phase::Reading) {
        m_held.append(readAll());
        if (m_held.size() > m_limits.request.maxHeadBytes + m_limits.request.maxBodyBytes)
            abort();
        return;
    }
    frameArrivedBytes();
}

void ClientSocket::frameArrivedBytes()
{
    if (!m_held.isEmpty()) {
        const QByteArray held = std::exchange(m_held, {});
        const qsizetype taken = m_framer.feed(held);
        m_held = held.sliced(taken);
    }
    std::array<char, 16 * 1024> buffer;
    const auto isOpen = [this] {
        return m_framer.state() == RequestFramer::State::Head
            || m_framer.state() == RequestFramer::State::Body;
    };
    while (isOpen() && QTcpSocket::bytesAvailable() > 0) {
        if (m_framer.bodySpaceSize() > 0) {
            readIntoBody();
            continue;
        }
        const qint64 count =
            read(buffer.data(), std::min<qint64>(buffer.size(), QTcpSocket::bytesAvailable()));
        if (count <= 0)
            break;
        const QByteArrayView bytes(buffer.data(), count);
        const qsizetype taken = m_framer.feed(bytes);
        m_held.append(bytes.sliced(taken));
    }
    afterFraming();
}

void ClientSocket::readIntoBody()
{
    const qint64 wanted = std::min<qint64>(m_framer.bodySpaceSize(), QTcpSocket::bytesAvailable());
    const qint64 count = read(m_framer.bodySpace(), wanted);
    if (count > 0)
        m_framer.bodyFilled(count);
}

void ClientSocket::afterFraming()
{
    switch (m_framer.state()) {
    case RequestFramer::State::Head:
    case RequestFramer::State::Body:
        if (m_framer.takeContinueWish())
            writeAtOnce("HTTP/1.1 100 Continue\r\n\r\n");
        resetDeadline();
        return;
    case RequestFramer::State::Complete:
        handOver();
        return;
    case RequestFramer::State::Failed:
        refuse(m_framer.error());
        return;
    }
}

void ClientSocket::handOver()
{
    m_request = m_framer.take();
    m_phase = Phase::Handed;
    m_deadline = QDeadlineTimer(QDeadlineTimer::Forever);
    // All that QHttpServer needs to dispatch; it would read a full head byte by byte.
    m_released = m_request->method + ' ' + m_request->path + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
    m_releasedRead = 0;
}

InboundRequest ClientSocket::takeRequest()
{
    m_phase = Phase::Answering;
    m_servedOne = true;
    InboundRequest request = std::move(*m_request);
    m_request.reset();
    return request;
}

void ClientSocket::refuse(const ApiError &error)
{
    m_phase = Phase::Lingering;
    m_deadline = QDeadlineTimer(lingerMs);
    const QByteArray requestId = randomId("req_");
    writeAtOnce(refusalResponse(error, requestId));
    Q_EMIT deadlineChanged();
    Q_EMIT requestRefused(error, requestId);
}

void ClientSocket::resetDeadline()
{
    // The head of a request has its own, shorter time; a connection that never sent a byte is
    // held to it too. A body may be slow, but not silent.
    const bool waitsForHead =
        m_framer.state() == RequestFramer::State::Head && (!m_framer.isIdle() || !m_servedOne);
    if (!waitsForHead) {
        m_deadline = QDeadlineTimer(m_limits.idleTimeoutMs);
    } else if (m_deadline.isForever() || m_framer.isIdle()
               || m_deadline.remainingTime() > m_limits.headTimeoutMs) {
        m_deadline = QDeadlineTimer(m_limits.headTimeoutMs);
    }
    Q_EMIT deadlineChanged();
}

void ClientSocket::closeForInactivity()
{
    if (m_phase == Phase::Reading && !m_framer.isIdle()) {
        refuse(ApiError::withStatus(408, "The request was not completed in time."));
        return;
    }
    m_phase = Phase::Closed;
    disconnectFromHost();
}

void ClientSocket::closeWhenIdle()
{
    m_closeWhenIdle = true;
    if (m_phase == Phase::Reading) {
        m_phase = Phase::Closed;
        disconnectFromHost();
    }
}

void ClientSocket::writeAtOnce(QByteArrayView bytes)
{
    if (state() != ConnectedState)
        return;
    write(bytes.data(), bytes.size());
    flush();
}

void ClientSocket::sendHead(const QByteArray &head)
{
    writeAtOnce(head);
}

void ClientSocket::sendBody(QByteArrayView bytes)
{
    writeAtOnce(bytes);
}

void ClientSocket::finishResponse(bool reusable)
{
    m_observer = nullptr;
    if (const auto callback = std::exchange(m_afterResponse, nullptr))
        callback();
    if (!reusable || m_closeWhenIdle) {
        m_phase = Phase::Closed;
        disconnectFromHost();
        return;
    }
    m_phase = Phase::Reading;
    resetDeadline();
    if (!m_held.isEmpty())
        QMetaObject::invokeMethod(this, &QIODevice::readyRead, Qt::QueuedConnection);
}

void ClientSocket::cutResponse()
{
    m_observer = nullptr;
    m_phase = Phase::Closed;
    // Ends in noticeDisconnect(). The connection goes first: QHttpServer 6.8 reads on from a
    // socket that is still connected when its responder is destroyed.
    abort();
}

void ClientSocket::noticeDisconnect()
{
    m_phase = Phase::Closed;
    if (ResponseObserver *observer = std::exchange(m_observer, nullptr))
        observer->clientGone();
    if (const auto callback = std::exchange(m_afterResponse, nullptr))
        callback();
}

} // namespace Switchyard
