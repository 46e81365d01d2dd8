// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/upstream/destinations.h"
#include "proxycore/upstream/requestheaders.h"
#include "proxycore/upstream/upstreamclient.h"

#include <curl/curl.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

namespace Switchyard {

struct TrustStore;

// A transfer while it runs: the easy handle of libcurl with everything it points into. Kept and
// used again for the next transfer, since making a handle costs more than a request.
class TransferCall
{
public:
    enum class State {
        Idle,
        Connecting, // waiting for the proxy's name, an address, a connection
        Requesting, // the request is being sent or was sent
        Answering, // the head was told
        Abandoned, // nobody listens any more; the handle waits to leave libcurl
    };

    explicit TransferCall(const TrustStore &trust);
    ~TransferCall();
    Q_DISABLE_COPY_MOVE(TransferCall)

    // Takes the request over. False when it cannot be sent at all; outcome() then says why.
    bool prepare(UpstreamRequest request, UpstreamObserver *observer,
                 std::shared_ptr<const Destination> destination);
    bool isSendable() const { return m_sendable; }
    bool routeKnown() const { return m_destination->routeKnown; }
    // Right before libcurl gets the handle; the route is known.
    void begin();
    bool isBegun() const { return m_begun; }
    // Back to Idle, without the last transfer's bytes.
    void clear();
    // The transfer is to end before its time; it then must not be used again.
    void breakOff();
    // breakOff(), and nobody is told anything from here on.
    void abandon();
    bool isBrokenOff() const { return m_brokenOff; }

    // The observer wants no data until resume().
    void pause() { m_paused = true; }
    // True when libcurl holds data back and run() has to be called.
    bool resume();
    // A transfer on the same connection was broken off: run() then sends what tells the peer.
    bool sharesConnectionWith(const TransferCall &other) const;
    void wantFlush() { m_flushWanted = true; }
    // Does what resume() and wantFlush() left to do; observers may be called.
    void run();

    CURL *easy() const { return m_easy; }
    UpstreamObserver *observer() const { return m_observer; }
    // Nothing to watch, as a time.
    static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();
    // When the transfer has lasted too long in its present state.
    std::int64_t deadline() const;
    // The earliest time at which it can have, whatever states it enters after `now`.
    std::int64_t nextCheck(std::int64_t now) const;
    UpstreamOutcome timedOut() const;
    // The end, from libcurl's code and what the callbacks found.
    UpstreamOutcome outcome(CURLcode code, const QByteArray &extraCaFile) const;

    // The client's own marks: the place in its list of running transfers, the settings the handle
    // was made with.
    std::size_t slot = 0;
    int generation = 0;

private:
    enum class Method { None, Get, Head, Post, Other };

    static std::size_t onHeader(char *line, std::size_t size, std::size_t count, void *self);
    static std::size_t onData(char *bytes, std::size_t size, std::size_t count, void *self);
    static std::size_t onRead(char *out, std::size_t size, std::size_t count, void *self);
    static int onRequestBegins(void *self, char *remoteAddress, char *localAddress, int remotePort,
                               int localPort);

    void setTrust(const TrustStore &trust);
    void setMethod();
    void takeHeadLine(QByteArrayView line);
    bool headComplete(int status);
    UpstreamOutcome marked(UpstreamOutcome outcome) const;

    CURL *m_easy = nullptr;
    UpstreamObserver *m_observer = nullptr;
    std::shared_ptr<const Destination> m_destination;
    UpstreamRequest m_request;
    RequestHeaders m_headers;

    // As the handle is set at present; what stays the same is not told again.
    QByteArray m_setUrl;
    QByteArray m_setProxy;
    Method m_setMethod = Method::None;
    long m_setConnectTimeout = 0;
    long m_setHttpVersion = -1;

    ProxyChoice m_proxy;
    Headers m_head;
    qsizetype m_bodySize = 0;
    qsizetype m_bodyRead = 0;
    std::int64_t m_since = 0; // start of the present state or last sign of life in it
    std::optional<UpstreamOutcome> m_verdict;
    int m_localPort = 0; // tells connections to one destination apart
    State m_state = State::Idle;
    bool m_sendable = false;
    bool m_begun = false;
    bool m_brokenOff = false;
    bool m_flushWanted = false;
    bool m_requestBegun = false;
    bool m_connectionReused = false;
    bool m_paused = false; // as the observer wants it
    bool m_heldBack = false; // libcurl keeps data it could not deliver
    char m_errorText[CURL_ERROR_SIZE] = {};
};

} // namespace Switchyard
