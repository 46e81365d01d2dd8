// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/protocol/apierror.h"
#include "proxycore/protocol/headers.h"

#include <QByteArray>

namespace Switchyard {

// One complete request as it came from the client.
struct InboundRequest
{
    QByteArray method;
    QByteArray path; // still percent-encoded, without the query
    QByteArray query; // without '?'
    Headers headers;
    QByteArray body; // decoded from chunks; room for simdjson behind its end
    bool keepAlive = true;
    bool http10 = false;
};

struct RequestLimits
{
    qsizetype maxHeadBytes = 64 * 1024;
    qsizetype maxBodyBytes = 32 * 1024 * 1024;
};

// Cuts a byte stream into HTTP/1.1 requests (RFC 9112) and refuses what is malformed, ambiguous or
// too large as soon as it shows. Bytes in, requests out: no sockets here.
//
// It exists because QHttpServer has no limits, reads heads byte by byte, mixes up pipelined
// requests and closes on a malformed one without an answer.
class RequestFramer
{
public:
    enum class State { Head, Body, Complete, Failed };

    explicit RequestFramer(RequestLimits limits = {}) : m_limits(limits) { }

    // Takes bytes up to the end of the current request; returns how many. Takes none once the state
    // is Complete or Failed.
    qsizetype feed(QByteArrayView bytes);

    State state() const { return m_state; }
    // True while nothing of the current request has come.
    bool isIdle() const { return m_state == State::Head && m_head.isEmpty(); }
    // The head asked for `100 Continue` and the body has not begun. Answers true once.
    bool takeContinueWish();
    // For Failed: what to answer before closing.
    const ApiError &error() const { return m_error; }
    // For Complete: hands the request over and starts with the next.
    InboundRequest take();

    // A body of known length can be read straight into place: up to `bodySpaceSize()` bytes at
    // `bodySpace()`, then `bodyFilled()`. The size is 0 when bytes must go through feed().
    qsizetype bodySpaceSize() const;
    char *bodySpace();
    void bodyFilled(qsizetype count);

private:
    enum class Chunk { Size, Data, DataEnd, Trailer };

    qsizetype feedHead(QByteArrayView bytes);
    qsizetype feedChunked(QByteArrayView bytes);
    void parseHead();
    bool parseRequestLine(QByteArrayView line);
    bool parseField(QByteArrayView line);
    bool chooseFraming();
    bool takeChunkLine(QByteArrayView line);
    bool refuse(int status, const QByteArray &sentence);

    RequestLimits m_limits;
    State m_state = State::Head;
    ApiError m_error;
    QByteArray m_head;
    InboundRequest m_request;
    bool m_wantsContinue = false;
    bool m_chunked = false;
    qsizetype m_bodyLength = 0;
    qsizetype m_bodyRead = 0;
    Chunk m_chunk = Chunk::Size;
    qsizetype m_chunkLeft = 0;
    QByteArray m_chunkLine;
    qsizetype m_trailerBytes = 0;
};

} // namespace Switchyard
