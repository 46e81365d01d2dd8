// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/upstream/transfercall.h"

#include "proxycore/upstream/curloutcome.h"
#include "proxycore/upstream/steadyclock.h"
#include "proxycore/upstream/truststore.h"

#include <algorithm>
#include <utility>

namespace Switchyard {

namespace {

// An idle connection older than this is not used again: many servers close theirs after 60 to 75 s.
constexpr long longestIdleSeconds = 60;

// libcurl watches the connect limit and knows best what hung; ours stands behind it for the times
// in which it does not look: waiting for the proxy's name or for somebody else's connection.
constexpr int connectGraceMs = 200;

curl_blob viewOf(const QByteArray &bytes)
{
    return {const_cast<char *>(bytes.constData()), std::size_t(bytes.size()), CURL_BLOB_COPY};
}

} // namespace

TransferCall::TransferCall(const TrustStore &trust) : m_easy(curl_easy_init())
{
    Q_CHECK_PTR(m_easy);
    curl_easy_setopt(m_easy, CURLOPT_PRIVATE, this);
    curl_easy_setopt(m_easy, CURLOPT_ERRORBUFFER, m_errorText);
    curl_easy_setopt(m_easy, CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
    // Without it a cancelled transfer waits, and with it the whole thread, for the end of a name
    // look-up under way.
    curl_easy_setopt(m_easy, CURLOPT_QUICK_EXIT, 1L);
#endif
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(m_easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    curl_easy_setopt(m_easy, CURLOPT_PROTOCOLS, long(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    curl_easy_setopt(m_easy, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(m_easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(m_easy, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(m_easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(m_easy, CURLOPT_TCP_KEEPIDLE, 30L);
    curl_easy_setopt(m_easy, CURLOPT_TCP_KEEPINTVL, 10L);
    curl_easy_setopt(m_easy, CURLOPT_MAXAGE_CONN, longestIdleSeconds);
    curl_easy_setopt(m_easy, CURLOPT_SSLVERSION, long(CURL_SSLVERSION_TLSv1_2));

    curl_easy_setopt(m_easy, CURLOPT_HEADERFUNCTION, &TransferCall::onHeader);
    curl_easy_setopt(m_easy, CURLOPT_HEADERDATA, this);
    curl_easy_setopt(m_easy, CURLOPT_WRITEFUNCTION, &TransferCall::onData);
    curl_easy_setopt(m_easy, CURLOPT_WRITEDATA, this);
    // No seek function on purpose: libcurl then cannot send a body a second time.
    curl_easy_setopt(m_easy, CURLOPT_READFUNCTION, &TransferCall::onRead);
    curl_easy_setopt(m_easy, CURLOPT_READDATA, this);
    curl_easy_setopt(m_easy, CURLOPT_PREREQFUNCTION, &TransferCall::onRequestBegins);
    curl_easy_setopt(m_easy, CURLOPT_PREREQDATA, this);
    setTrust(trust);
}

TransferCall::~TransferCall()
{
    curl_easy_cleanup(m_easy);
}

void TransferCall::setTrust(const TrustStore &trust)
{
    const auto orNone = [](const QByteArray &path) -> const char * {
        return path.isEmpty() ? nullptr : path.constData();
    };
    if (trust.native) {
        curl_easy_setopt(m_easy, CURLOPT_SSL_OPTIONS, long(CURLSSLOPT_NATIVE_CA));
        curl_easy_setopt(m_easy, CURLOPT_PROXY_SSL_OPTIONS, long(CURLSSLOPT_NATIVE_CA));
        if (trust.file.isEmpty())
            return;
        curl_easy_setopt(m_easy, CURLOPT_CAINFO, trust.file.constData());
        curl_easy_setopt(m_easy, CURLOPT_PROXY_CAINFO, trust.file.constData());
        return;
    }
    curl_easy_setopt(m_easy, CURLOPT_CAPATH, orNone(trust.folder));
    curl_easy_setopt(m_easy, CURLOPT_PROXY_CAPATH, orNone(trust.folder));
    curl_easy_setopt(m_easy, CURLOPT_CAINFO, orNone(trust.file));
    curl_easy_setopt(m_easy, CURLOPT_PROXY_CAINFO, orNone(trust.file));
    if (trust.pem.isEmpty())
        return;
    const curl_blob pem = viewOf(trust.pem);
    curl_easy_setopt(m_easy, CURLOPT_CAINFO_BLOB, &pem);
    curl_easy_setopt(m_easy, CURLOPT_PROXY_CAINFO_BLOB, &pem);
}

bool TransferCall::prepare(UpstreamRequest request, UpstreamObserver *observer,
                           std::shared_ptr<const Destination> destination)
{
    m_request = std::move(request);
    m_observer = observer;
    m_destination = std::move(destination);
    m_bodySize = m_request.body.size();
    m_state = State::Connecting;
    m_since = steadyNow();

    if (!m_destination) {
        m_verdict = UpstreamOutcome{.failure = UpstreamFailure::Connect,
                                    .detail = "the address of the upstream is not a valid http or "
                                              "https URL; check the base URL"};
        return false;
    }
    if (QByteArray error = m_headers.set(m_request.headers); !error.isEmpty()) {
        m_verdict =
            UpstreamOutcome{.failure = UpstreamFailure::Protocol, .detail = std::move(error)};
        return false;
    }
    curl_easy_setopt(m_easy, CURLOPT_HTTPHEADER, m_headers.list());

    if (m_setUrl != m_request.url) {
        m_setUrl = m_request.url;
        curl_easy_setopt(m_easy, CURLOPT_URL, m_setUrl.constData());
    }
    setMethod();
    if (m_setConnectTimeout != m_request.connectTimeoutMs) {
        m_setConnectTimeout = m_request.connectTimeoutMs;
        curl_easy_setopt(m_easy, CURLOPT_CONNECTTIMEOUT_MS, m_setConnectTimeout);
    }
    const bool http2 = m_request.http2 && m_destination->origin.tls;
    const long version = http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1;
    if (m_setHttpVersion != version) {
        m_setHttpVersion = version;
        curl_easy_setopt(m_easy, CURLOPT_HTTP_VERSION, version);
        // Several transfers begun at once share the first one's connection when it turns out to
        // speak HTTP/2.
        curl_easy_setopt(m_easy, CURLOPT_PIPEWAIT, http2 ? 1L : 0L);
    }
    m_sendable = true;
    return true;
}

void TransferCall::setMethod()
{
    Method method = Method::Other;
    if (m_request.method == "POST")
        method = Method::Post;
    else if (m_request.method == "GET" && m_bodySize == 0)
        method = Method::Get;
    else if (m_request.method == "HEAD" && m_bodySize == 0)
        method = Method::Head;

    const bool sendsBody = method == Method::Post || m_bodySize > 0;
    // CURLOPT_UPLOAD_BUFFERSIZE stays at 64 kB: libcurl keeps that buffer as long as the answer
    // streams, and larger ones are slower (1 MB to nginx on loopback, processor time of a request:
    // 145 us with 64 kB, 175 us with 128 kB, 270 us with 1 MB and more).
    if (sendsBody)
        curl_easy_setopt(m_easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(m_bodySize));
    if (method == m_setMethod && method != Method::Other)
        return;
    if (m_setMethod == Method::Other)
        curl_easy_setopt(m_easy, CURLOPT_CUSTOMREQUEST, nullptr);
    m_setMethod = method;
    if (sendsBody)
        curl_easy_setopt(m_easy, CURLOPT_POST, 1L);
    else if (method == Method::Head)
        curl_easy_setopt(m_easy, CURLOPT_NOBODY, 1L);
    else
        curl_easy_setopt(m_easy, CURLOPT_HTTPGET, 1L);
    if (method == Method::Other)
        curl_easy_setopt(m_easy, CURLOPT_CUSTOMREQUEST, m_request.method.constData());
}

void TransferCall::begin()
{
    m_begun = true;
    m_proxy = m_destination->proxy;
    if (!m_setProxy.isNull() && m_setProxy == m_proxy.url)
        return;
    // Never null: a proxy that is not set is one libcurl looks for in the environment.
    m_setProxy = m_proxy.url.isEmpty() ? QByteArray("") : m_proxy.url;
    curl_easy_setopt(m_easy, CURLOPT_PROXY, m_setProxy.constData());
    curl_easy_setopt(m_easy, CURLOPT_NOPROXY, "");
    const bool hasUser = m_proxy.url.contains('@');
    curl_easy_setopt(m_easy, CURLOPT_PROXYAUTH,
                     hasUser ? long(CURLAUTH_ANY) : long(CURLAUTH_BASIC));
}

void TransferCall::clear()
{
    m_observer = nullptr;
    m_destination.reset();
    m_request = {};
    m_head = {};
    m_bodySize = 0;
    m_bodyRead = 0;
    m_verdict.reset();
    m_state = State::Idle;
    m_sendable = false;
    m_begun = false;
    m_flushWanted = false;
    m_localPort = 0;
    m_requestBegun = false;
    m_connectionReused = false;
    m_paused = false;
    m_heldBack = false;
    m_errorText[0] = '\0';
    m_headers.wipe();
}

void TransferCall::breakOff()
{
    m_brokenOff = true;
    // A connection that only this transfer used is closed. HTTP/2 would keep it and reset the
    // stream, but libcurl (7.88 to 8.14 at least) leaves that frame in its buffer until something
    // else is sent, and the upstream would go on working for nobody. See run() for connections
    // that others use.
    curl_easy_setopt(m_easy, CURLOPT_FORBID_REUSE, 1L);
}

void TransferCall::abandon()
{
    breakOff();
    m_observer = nullptr;
    m_state = State::Abandoned;
}

bool TransferCall::resume()
{
    if (!m_paused)
        return false;
    m_paused = false;
    m_since = steadyNow();
    return m_heldBack;
}

bool TransferCall::sharesConnectionWith(const TransferCall &other) const
{
    return m_localPort != 0 && m_localPort == other.m_localPort
        && m_destination->label == other.m_destination->label;
}

void TransferCall::run()
{
    if (m_state == State::Abandoned)
        return;
    const bool flush = std::exchange(m_flushWanted, false);
    const bool deliver = m_heldBack && !m_paused;
    if (!flush && !deliver)
        return;
    // Leaving a pause is what makes libcurl send what it has for the connection. Data held back
    // for an observer that is paused comes to onData() and is refused once more.
    if (!m_heldBack)
        curl_easy_pause(m_easy, CURLPAUSE_RECV);
    m_heldBack = false;
    curl_easy_pause(m_easy, CURLPAUSE_CONT);
}

std::int64_t TransferCall::deadline() const
{
    if (!m_sendable)
        return never;
    switch (m_state) {
    case State::Idle:
    case State::Abandoned:
        return never;
    case State::Connecting:
        return m_since + m_request.connectTimeoutMs + connectGraceMs;
    case State::Requesting:
        return m_since + m_request.firstByteTimeoutMs;
    case State::Answering:
        return m_paused ? never : m_since + m_request.silenceTimeoutMs;
    }
    return never;
}

std::int64_t TransferCall::nextCheck(std::int64_t now) const
{
    const std::int64_t ifSilent = now + m_request.silenceTimeoutMs;
    const std::int64_t ifUnanswered = now + m_request.firstByteTimeoutMs;
    switch (m_state) {
    case State::Connecting:
        return std::min({deadline(), ifUnanswered, ifSilent});
    case State::Requesting:
        return std::min(deadline(), ifSilent);
    default:
        return deadline();
    }
}

UpstreamOutcome TransferCall::timedOut() const
{
    const QByteArray &label = m_destination->label;
    UpstreamOutcome outcome;
    if (m_state == State::Connecting) {
        outcome.failure = UpstreamFailure::Connect;
        outcome.detail = connectTimeoutDetail(label, m_proxy.label(), m_request.connectTimeoutMs);
    } else if (m_state == State::Requesting) {
        outcome.failure = UpstreamFailure::FirstByteTimeout;
        outcome.detail = firstByteTimeoutDetail(label, m_request.firstByteTimeoutMs);
    } else {
        outcome.failure = UpstreamFailure::SilenceTimeout;
        outcome.detail = silenceTimeoutDetail(label, m_request.silenceTimeoutMs);
    }
    return marked(std::move(outcome));
}

UpstreamOutcome TransferCall::outcome(CURLcode code, const QByteArray &extraCaFile) const
{
    if (m_verdict)
        return marked(*m_verdict);
    if (code == CURLE_OK && m_state == State::Answering)
        return marked({});

    TransferEnd end;
    // libcurl is content with a connection that ends within the head.
    end.code = code == CURLE_OK ? CURLE_GOT_NOTHING : code;
    end.origin = m_destination->label;
    end.proxy = m_proxy.label();
    end.extraCaFile = extraCaFile;
    end.curlMessage = QByteArray(m_errorText).trimmed();
    end.connectTimeoutMs = m_request.connectTimeoutMs;
    end.requestStarted = m_requestBegun;
    end.headReceived = m_state == State::Answering;
    long number = 0;
    curl_easy_getinfo(m_easy, CURLINFO_OS_ERRNO, &number);
    end.osError = int(number);
    number = 0;
    curl_easy_getinfo(m_easy, CURLINFO_HTTP_CONNECTCODE, &number);
    end.proxyStatus = int(number);
    double resolved = 0;
    curl_easy_getinfo(m_easy, CURLINFO_NAMELOOKUP_TIME, &resolved);
    end.nameResolved = resolved > 0;
    return marked(outcomeOf(end));
}

UpstreamOutcome TransferCall::marked(UpstreamOutcome outcome) const
{
    outcome.headReceived = m_state == State::Answering;
    outcome.bodyStarted = m_bodyRead > 0;
    outcome.connectionReused = m_connectionReused;
    return outcome;
}

int TransferCall::onRequestBegins(void *self, char *, char *, int, int localPort)
{
    auto *call = static_cast<TransferCall *>(self);
    if (call->m_state == State::Abandoned)
        return CURL_PREREQFUNC_ABORT;
    // libcurl begins anew when a kept connection turns out dead. As long as the request was not
    // handed over whole nothing can have come of it; otherwise it must not go out twice.
    const bool mayRepeat = call->m_setMethod == Method::Get || call->m_setMethod == Method::Head
        || (call->m_bodySize > 0 && call->m_bodyRead == 0);
    if (call->m_requestBegun && !mayRepeat)
        return CURL_PREREQFUNC_ABORT;
    long connects = 0;
    curl_easy_getinfo(call->m_easy, CURLINFO_NUM_CONNECTS, &connects);
    call->m_connectionReused = connects == 0;
    call->m_requestBegun = true;
    call->m_localPort = localPort;
    call->m_state = State::Requesting;
    call->m_since = steadyNow();
    return CURL_PREREQFUNC_OK;
}

std::size_t TransferCall::onRead(char *out, std::size_t size, std::size_t count, void *self)
{
    auto *call = static_cast<TransferCall *>(self);
    if (call->m_state == State::Abandoned)
        return CURL_READFUNC_ABORT;
    const auto capacity = qsizetype(size) * qsizetype(count);
    const qsizetype copied = call->m_request.body.read(call->m_bodyRead, out, capacity);
    call->m_bodyRead += copied;
    call->m_since = steadyNow();
    return std::size_t(copied);
}

std::size_t TransferCall::onHeader(char *line, std::size_t size, std::size_t count, void *self)
{
    auto *call = static_cast<TransferCall *>(self);
    const std::size_t length = size * count;
    if (call->m_state == State::Abandoned)
        return 0;
    // Trailers of a chunked body come here as well.
    if (call->m_state == State::Answering)
        return length;

    QByteArrayView text(line, qsizetype(length));
    while (text.endsWith('\n') || text.endsWith('\r'))
        text.chop(1);
    if (!text.isEmpty()) {
        call->takeHeadLine(text);
        return length;
    }
    long status = 0;
    curl_easy_getinfo(call->m_easy, CURLINFO_RESPONSE_CODE, &status);
    // 100 Continue, 103 Early Hints: the real head follows.
    if (status < 200)
        return length;
    return call->headComplete(int(status)) ? length : 0;
}

void TransferCall::takeHeadLine(QByteArrayView line)
{
    if (line.startsWith("HTTP/")) {
        m_head = {};
        return;
    }
    const qsizetype colon = line.indexOf(':');
    if (colon <= 0)
        return;
    m_head.add(line.first(colon).toByteArray(), line.sliced(colon + 1).trimmed().toByteArray());
}

bool TransferCall::headComplete(int status)
{
    const QByteArray &label = m_destination->label;
    if (status >= 300 && status < 400) {
        m_verdict =
            UpstreamOutcome{.failure = UpstreamFailure::Redirect,
                            .detail = redirectDetail(label, status, m_head.value("location"))};
        breakOff();
        return false;
    }
    if (status == 407 && !m_proxy.url.isEmpty()) {
        TransferEnd end;
        end.code = CURLE_PROXY;
        end.origin = label;
        end.proxy = m_proxy.label();
        end.proxyStatus = status;
        m_verdict = outcomeOf(end);
        breakOff();
        return false;
    }
    m_state = State::Answering;
    m_since = steadyNow();
    // A long stream should not keep a megabyte that is no longer needed.
    if (m_bodyRead == m_bodySize)
        m_request.body = {};
    m_observer->upstreamHead(status, m_head);
    return m_state != State::Abandoned;
}

std::size_t TransferCall::onData(char *bytes, std::size_t size, std::size_t count, void *self)
{
    auto *call = static_cast<TransferCall *>(self);
    const std::size_t length = size * count;
    if (call->m_state == State::Abandoned)
        return 0;
    if (call->m_paused) {
        call->m_heldBack = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    call->m_since = steadyNow();
    call->m_observer->upstreamData({bytes, qsizetype(length)});
    return call->m_state == State::Abandoned ? 0 : length;
}

} // namespace Switchyard
