// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/upstream/upstreamclient.h"

#include "proxycore/upstream/destinations.h"
#include "proxycore/upstream/socketwatcher.h"
#include "proxycore/upstream/steadyclock.h"
#include "proxycore/upstream/transfercall.h"
#include "proxycore/upstream/truststore.h"

#include <QCoreApplication>
#include <QEvent>
#include <QTimerEvent>

#include <algorithm>

namespace Switchyard {

namespace {

constexpr std::int64_t never = TransferCall::never;
constexpr auto kickEvent = QEvent::Type(QEvent::User + 1);
// Handles kept for later transfers.
constexpr std::size_t mostIdleHandles = 64;
constexpr long mostKeptConnections = 512;

CURLM *newMulti()
{
    static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
    CURLM *multi = initialised == CURLE_OK ? curl_multi_init() : nullptr;
    Q_CHECK_PTR(multi);
    return multi;
}

} // namespace

// Drives libcurl from the event loop. Three things wake it: a socket, the one timer, and a "kick",
// a posted event for what must not happen inside the caller's call.
class UpstreamClient::Private : public QObject
{
public:
    class Handle;

    Private();
    ~Private() override;

    void setNetworkSettings(const NetworkSettings &settings);
    std::unique_ptr<UpstreamTransfer> start(UpstreamRequest request, UpstreamObserver *observer);
    void cancel(TransferCall *call);
    void resume(TransferCall *call);
    // Nobody is told anything from here on. False when this object is at work further down the
    // stack and deletes itself afterwards.
    bool shutDown();

protected:
    bool event(QEvent *event) override;
    void timerEvent(QTimerEvent *event) override;

private:
    struct Running
    {
        std::unique_ptr<TransferCall> call;
        Handle *handle = nullptr;
    };

    // Observers are called while one lives; they may delete the client.
    class Work
    {
    public:
        explicit Work(Private *owner) : m_owner(owner) { ++m_owner->m_depth; }
        ~Work()
        {
            if (--m_owner->m_depth == 0 && m_owner->m_orphaned)
                m_owner->deleteLater();
        }
        Q_DISABLE_COPY_MOVE(Work)

    private:
        Private *m_owner;
    };

    static int onSocket(CURL *easy, curl_socket_t socket, int what, void *self, void *);
    static int onTimer(CURLM *multi, long milliseconds, void *self);

    void socketsReady(std::span<const SocketEvent> events);
    void act(curl_socket_t socket, int what);
    void runErrands();
    void settle();
    void kick();
    void kickFor(TransferCall *call);
    void wakeAt(std::int64_t time);
    void expireTransfers();
    void begin(TransferCall *call);
    void finish(TransferCall *call, const UpstreamOutcome &outcome);
    std::unique_ptr<TransferCall> take(TransferCall *call);
    // Out of libcurl, which must not be on the stack, and into the pool if it is still good.
    void leave(std::unique_ptr<TransferCall> call);

    CURLM *m_multi;
    SocketWatcher m_watcher;
    Destinations m_destinations;
    QByteArray m_extraCaFile;
    TrustStore m_trust;
    int m_generation = 0;

    std::vector<Running> m_running;
    std::vector<std::unique_ptr<TransferCall>> m_idle;
    // Running ones that wait for the next kick: to be begun, to be run, or to be told that they
    // cannot be sent.
    std::vector<TransferCall *> m_errands;
    // Taken out of libcurl as soon as it is not on the stack.
    std::vector<std::unique_ptr<TransferCall>> m_abandoned;

    int m_timer = 0;
    std::int64_t m_timerDue = never;
    std::int64_t m_curlDue = never;
    int m_depth = 0;
    bool m_inCurl = false;
    bool m_kicked = false;
    bool m_orphaned = false;
};

class UpstreamClient::Private::Handle : public UpstreamTransfer
{
public:
    Handle(Private *owner, TransferCall *call) : m_owner(owner), m_call(call) { }
    ~Handle() override
    {
        if (m_call)
            m_owner->cancel(m_call);
    }
    Q_DISABLE_COPY_MOVE(Handle)

    void pause() override
    {
        if (m_call)
            m_call->pause();
    }
    void resume() override
    {
        if (m_call)
            m_owner->resume(m_call);
    }
    void ended() { m_call = nullptr; }

private:
    Private *m_owner;
    TransferCall *m_call;
};

UpstreamClient::Private::Private()
    : m_multi(newMulti()),
      m_watcher([this](std::span<const SocketEvent> events) { socketsReady(events); }),
      m_destinations(this, [this] { kick(); }), m_trust(TrustStore::withExtra({}))
{
    curl_multi_setopt(m_multi, CURLMOPT_SOCKETFUNCTION, &Private::onSocket);
    curl_multi_setopt(m_multi, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(m_multi, CURLMOPT_TIMERFUNCTION, &Private::onTimer);
    curl_multi_setopt(m_multi, CURLMOPT_TIMERDATA, this);
    curl_multi_setopt(m_multi, CURLMOPT_MAXCONNECTS, mostKeptConnections);
}

UpstreamClient::Private::~Private()
{
    for (const Running &running : m_running)
        curl_multi_remove_handle(m_multi, running.call->easy());
    for (const std::unique_ptr<TransferCall> &call : m_abandoned)
        curl_multi_remove_handle(m_multi, call->easy());
    m_running.clear();
    m_abandoned.clear();
    m_idle.clear();
    curl_multi_cleanup(m_multi);
}

bool UpstreamClient::Private::shutDown()
{
    for (Running &running : m_running) {
        running.call->abandon();
        if (running.handle)
            running.handle->ended();
        running.handle = nullptr;
    }
    m_errands.clear();
    m_orphaned = true;
    return m_depth == 0;
}

void UpstreamClient::Private::setNetworkSettings(const NetworkSettings &settings)
{
    m_extraCaFile = settings.extraCaFile;
    m_trust = TrustStore::withExtra(settings.extraCaFile);
    m_destinations.setSettings(settings);
    m_idle.clear();
    ++m_generation;
}

std::unique_ptr<UpstreamTransfer> UpstreamClient::Private::start(UpstreamRequest request,
                                                                 UpstreamObserver *observer)
{
    std::unique_ptr<TransferCall> made;
    if (m_idle.empty()) {
        made = std::make_unique<TransferCall>(m_trust);
        made->generation = m_generation;
    } else {
        made = std::move(m_idle.back());
        m_idle.pop_back();
    }
    TransferCall *call = made.get();
    call->slot = m_running.size();
    auto handle = std::make_unique<Handle>(this, call);
    m_running.push_back({std::move(made), handle.get()});

    std::shared_ptr<const Destination> destination = m_destinations.find(request.url);
    const bool sendable = call->prepare(std::move(request), observer, std::move(destination));
    if (sendable && call->routeKnown() && !m_inCurl)
        begin(call);
    else
        kickFor(call);
    wakeAt(call->nextCheck(steadyNow()));
    return handle;
}

void UpstreamClient::Private::begin(TransferCall *call)
{
    call->begin();
    curl_multi_add_handle(m_multi, call->easy());
}

void UpstreamClient::Private::cancel(TransferCall *call)
{
    call->abandon();
    std::erase(m_errands, call);
    std::unique_ptr<TransferCall> taken = take(call);
    if (m_inCurl)
        m_abandoned.push_back(std::move(taken));
    else
        leave(std::move(taken));
}

void UpstreamClient::Private::leave(std::unique_ptr<TransferCall> call)
{
    curl_multi_remove_handle(m_multi, call->easy());
    if (call->isBrokenOff()) {
        const auto sibling =
            std::find_if(m_running.begin(), m_running.end(), [&call](const Running &one) {
                return one.call->sharesConnectionWith(*call);
            });
        if (sibling != m_running.end()) {
            sibling->call->wantFlush();
            kickFor(sibling->call.get());
        }
        return;
    }
    if (call->generation != m_generation || m_idle.size() >= mostIdleHandles)
        return;
    call->clear();
    m_idle.push_back(std::move(call));
}

void UpstreamClient::Private::resume(TransferCall *call)
{
    const bool heldBack = call->resume();
    wakeAt(call->deadline());
    if (heldBack)
        kickFor(call);
}

std::unique_ptr<TransferCall> UpstreamClient::Private::take(TransferCall *call)
{
    const std::size_t slot = call->slot;
    if (Handle *handle = m_running[slot].handle)
        handle->ended();
    std::unique_ptr<TransferCall> taken = std::move(m_running[slot].call);
    if (slot + 1 < m_running.size()) {
        m_running[slot] = std::move(m_running.back());
        m_running[slot].call->slot = slot;
    }
    m_running.pop_back();
    return taken;
}

void UpstreamClient::Private::finish(TransferCall *call, const UpstreamOutcome &outcome)
{
    UpstreamObserver *observer = call->observer();
    if (outcome.failure != UpstreamFailure::None)
        call->breakOff();
    std::erase(m_errands, call);
    leave(take(call));
    observer->upstreamFinished(outcome);
}

void UpstreamClient::Private::act(curl_socket_t socket, int what)
{
    int stillRunning = 0;
    m_inCurl = true;
    curl_multi_socket_action(m_multi, socket, what, &stillRunning);
    m_inCurl = false;
}

void UpstreamClient::Private::settle()
{
    while (!m_orphaned) {
        while (!m_abandoned.empty()) {
            std::unique_ptr<TransferCall> call = std::move(m_abandoned.back());
            m_abandoned.pop_back();
            leave(std::move(call));
        }
        int left = 0;
        const CURLMsg *message = curl_multi_info_read(m_multi, &left);
        if (!message)
            return;
        TransferCall *call = nullptr;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call);
        finish(call, call->outcome(message->data.result, m_extraCaFile));
    }
}

void UpstreamClient::Private::runErrands()
{
    // What is added meanwhile waits for the next kick.
    for (std::size_t count = m_errands.size(); count > 0 && !m_errands.empty(); --count) {
        TransferCall *call = m_errands.front();
        m_errands.erase(m_errands.begin());
        if (!call->isSendable()) {
            finish(call, call->outcome(CURLE_OK, m_extraCaFile));
        } else if (call->isBegun()) {
            m_inCurl = true;
            call->run();
            m_inCurl = false;
        } else if (call->routeKnown()) {
            begin(call);
        } else {
            m_errands.push_back(call);
        }
        if (m_orphaned)
            return;
    }
}

void UpstreamClient::Private::socketsReady(std::span<const SocketEvent> events)
{
    const Work work(this);
    for (const SocketEvent &event : events) {
        if (m_orphaned)
            return;
        act(curl_socket_t(event.socket),
            (event.readable ? CURL_CSELECT_IN : 0) | (event.writable ? CURL_CSELECT_OUT : 0));
    }
    settle();
}

void UpstreamClient::Private::kick()
{
    if (m_kicked)
        return;
    m_kicked = true;
    QCoreApplication::postEvent(this, new QEvent(kickEvent));
}

void UpstreamClient::Private::kickFor(TransferCall *call)
{
    m_errands.push_back(call);
    kick();
}

bool UpstreamClient::Private::event(QEvent *event)
{
    if (event->type() != kickEvent)
        return QObject::event(event);
    m_kicked = false;
    if (m_orphaned)
        return true;
    const Work work(this);
    runErrands();
    if (!m_orphaned && m_curlDue <= steadyNow()) {
        m_curlDue = never;
        act(CURL_SOCKET_TIMEOUT, 0);
    }
    settle();
    return true;
}

void UpstreamClient::Private::wakeAt(std::int64_t time)
{
    // A timer that is armed for an earlier time stays: it looks again and is armed anew. So a
    // request costs no timer.
    if (time >= m_timerDue)
        return;
    if (m_timer != 0)
        killTimer(m_timer);
    const std::int64_t wait = std::clamp<std::int64_t>(time - steadyNow(), 0, 3'600'000);
    m_timer = startTimer(int(wait), Qt::PreciseTimer);
    m_timerDue = time;
}

void UpstreamClient::Private::timerEvent(QTimerEvent *)
{
    killTimer(m_timer);
    m_timer = 0;
    m_timerDue = never;
    if (m_orphaned)
        return;
    const Work work(this);
    if (m_curlDue <= steadyNow()) {
        m_curlDue = never;
        act(CURL_SOCKET_TIMEOUT, 0);
    }
    settle();
    expireTransfers();
    if (m_orphaned)
        return;
    const std::int64_t now = steadyNow();
    std::int64_t next = m_curlDue;
    for (const Running &running : m_running)
        next = std::min(next, running.call->nextCheck(now));
    if (next != never)
        wakeAt(next);
}

void UpstreamClient::Private::expireTransfers()
{
    const std::int64_t now = steadyNow();
    // An observer may start and cancel others, so the list is gone through anew after each end.
    for (std::size_t i = 0; !m_orphaned && i < m_running.size();) {
        TransferCall *call = m_running[i].call.get();
        if (call->deadline() > now) {
            ++i;
            continue;
        }
        finish(call, call->timedOut());
        i = 0;
    }
}

int UpstreamClient::Private::onSocket(CURL *, curl_socket_t socket, int what, void *self, void *)
{
    const bool read = what == CURL_POLL_IN || what == CURL_POLL_INOUT;
    const bool write = what == CURL_POLL_OUT || what == CURL_POLL_INOUT;
    static_cast<Private *>(self)->m_watcher.watch(qintptr(socket), read, write);
    return 0;
}

int UpstreamClient::Private::onTimer(CURLM *, long milliseconds, void *self)
{
    auto *d = static_cast<Private *>(self);
    if (milliseconds < 0) {
        d->m_curlDue = never;
        return 0;
    }
    d->m_curlDue = steadyNow() + milliseconds;
    if (milliseconds == 0)
        d->kick();
    else
        d->wakeAt(d->m_curlDue);
    return 0;
}

UpstreamClient::UpstreamClient(QObject *parent)
    : QObject(parent), d(std::make_unique<Private>()) { }

UpstreamClient::~UpstreamClient()
{
    // At work further down the stack, it deletes itself afterwards.
    if (!d->shutDown())
        static_cast<void>(d.release());
}

void UpstreamClient::setNetworkSettings(const NetworkSettings &settings)
{
    d->setNetworkSettings(settings);
}

std::unique_ptr<UpstreamTransfer> UpstreamClient::start(UpstreamRequest request,
                                                        UpstreamObserver *observer)
{
    return d->start(std::move(request), observer);
}

} // namespace Switchyard
