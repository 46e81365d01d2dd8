// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/protocol/headers.h"
#include "proxycore/protocol/segmentedbody.h"

#include <QByteArray>
#include <QObject>

#include <memory>

namespace Switchyard {

struct UpstreamRequest
{
    QByteArray method = "POST";
    QByteArray url;
    Headers headers;
    SegmentedBody body;
    int connectTimeoutMs = 10'000;
    int firstByteTimeoutMs = 300'000; // request sent → head of the answer
    int silenceTimeoutMs = 180'000; // between two reads of the answer's body
    bool http2 = true; // offered over TLS
};

enum class UpstreamFailure {
    None,
    Resolve, // the name has no address
    Connect, // refused, unreachable, connect time-out
    Proxy, // the proxy refused
    Tls, // handshake or certificate
    Reset, // the connection broke; see `headReceived`
    FirstByteTimeout,
    SilenceTimeout,
    Protocol, // not HTTP
    Redirect, // 3xx: an API never redirects, a login page does
};

struct UpstreamOutcome
{
    UpstreamFailure failure = UpstreamFailure::None;
    bool headReceived = false; // upstreamHead() was called
    // A byte of the request's body was handed to the network: the upstream may have acted on it.
    bool bodyStarted = false;
    // The request went out on a kept connection. With failure Reset and no head, the peer most
    // likely closed it while it was idle.
    bool connectionReused = false;
    QByteArray
        detail; // one English sentence without a secret, e.g. "connection refused by 127.0.0.1:9"
};

// Told about one transfer, on the proxy thread, never from inside start(), cancel() or resume().
class UpstreamObserver
{
public:
    virtual ~UpstreamObserver() = default;
    // The final head (1xx are not reported).
    virtual void upstreamHead(int status, const Headers &headers) = 0;
    // Body bytes, decoded from gzip, br, zstd; the view lives until return.
    virtual void upstreamData(QByteArrayView bytes) = 0;
    // Exactly once, last; not after cancel().
    virtual void upstreamFinished(const UpstreamOutcome &outcome) = 0;
};

// How upstreams are reached, for all transfers.
struct NetworkSettings
{
    // A proxy URL (http://, https://, socks5h://), or empty to use the environment's and the
    // system's. Loopback is never proxied.
    QByteArray proxyUrl;
    QByteArray noProxy; // hosts, comma separated
    QByteArray extraCaFile; // PEM, in addition to the system's store
};

// One upstream call. Destroying it cancels.
class UpstreamTransfer
{
public:
    virtual ~UpstreamTransfer() = default;
    // No more data until resume(); what arrives stays in the kernel.
    virtual void pause() = 0;
    virtual void resume() = 0;
};

// The only user of libcurl: a multi handle driven by the event loop of the thread it lives in.
// Connections are kept and reused. A body is never sent twice behind the caller's back, redirects
// are not followed.
class UpstreamClient : public QObject
{
    Q_OBJECT

public:
    explicit UpstreamClient(QObject *parent = nullptr);
    ~UpstreamClient() override;

    void setNetworkSettings(const NetworkSettings &settings);

    // `observer` must live until it was told the end or the transfer was destroyed.
    std::unique_ptr<UpstreamTransfer> start(UpstreamRequest request, UpstreamObserver *observer);

private:
    class Private;
    std::unique_ptr<Private> d;
};

} // namespace Switchyard
