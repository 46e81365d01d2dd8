// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/upstream/socketwatcher.h"

#include <QTest>

#include <sys/socket.h>
#include <unistd.h>

using namespace Switchyard;

namespace {

struct Pair
{
    int ours = -1;
    int theirs = -1;

    Pair()
    {
        int both[2];
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, both) != 0)
            qFatal("no socket pair");
        ours = both[0];
        theirs = both[1];
    }
    ~Pair()
    {
        ::close(ours);
        ::close(theirs);
    }
    Q_DISABLE_COPY_MOVE(Pair)

    void send(const char *text) const
    {
        if (::write(theirs, text, qstrlen(text)) != ssize_t(qstrlen(text)))
            qFatal("the pair is full");
    }
    void drain() const
    {
        char rest[4096];
        while (::read(ours, rest, sizeof rest) > 0) { }
    }
};

template <typename Watcher> void behavesAsAgreed()
{
    std::vector<SocketEvent> seen;
    std::function<void(const SocketEvent &)> react;
    Watcher watcher([&](std::span<const SocketEvent> events) {
        for (const SocketEvent &event : events) {
            seen.push_back(event);
            if (react)
                react(event);
        }
    });
    const Pair first;
    const Pair second;

    // Only what is asked is told, and again as long as it holds.
    watcher.watch(first.ours, true, false);
    watcher.watch(second.ours, true, false);
    QCoreApplication::processEvents();
    QVERIFY(seen.empty());
    first.send("x");
    QTRY_VERIFY(seen.size() >= 2);
    for (const SocketEvent &event : seen) {
        QCOMPARE(event.socket, qintptr(first.ours));
        QVERIFY(event.readable);
        QVERIFY(!event.writable);
    }

    // What is no longer asked is not told.
    watcher.watch(first.ours, false, false);
    seen.clear();
    second.send("y");
    QTRY_VERIFY(!seen.empty());
    for (const SocketEvent &event : seen)
        QCOMPARE(event.socket, qintptr(second.ours));
    second.drain();

    // Both directions of one socket.
    watcher.watch(second.ours, false, false);
    watcher.watch(first.ours, true, true);
    seen.clear();
    bool readable = false;
    bool writable = false;
    react = [&](const SocketEvent &event) {
        readable = readable || event.readable;
        writable = writable || event.writable;
    };
    QTRY_VERIFY(readable && writable);
    watcher.watch(first.ours, false, true);
    QCoreApplication::processEvents();
    seen.clear();
    QTRY_VERIFY(!seen.empty());
    for (const SocketEvent &event : seen)
        QVERIFY(!event.readable && event.writable);

    // The handler may take its socket away, or another one of the same batch.
    first.drain();
    watcher.watch(first.ours, true, false);
    watcher.watch(second.ours, true, false);
    QCoreApplication::processEvents();
    seen.clear();
    react = [&](const SocketEvent &) {
        watcher.watch(first.ours, false, false);
        watcher.watch(second.ours, false, false);
    };
    first.send("x");
    second.send("y");
    QTRY_VERIFY(!seen.empty());
    seen.clear();
    QCoreApplication::processEvents();
    QVERIFY(seen.empty());
}

template <typename Watcher> void knowsANumberUsedAgain()
{
    std::vector<SocketEvent> seen;
    Watcher watcher([&](std::span<const SocketEvent> events) {
        seen.insert(seen.end(), events.begin(), events.end());
    });
    int number = -1;
    {
        const Pair closed;
        number = closed.ours;
        watcher.watch(number, true, false);
        QCoreApplication::processEvents();
        watcher.watch(number, false, false);
    }
    const Pair next;
    QCOMPARE(next.ours, number);
    watcher.watch(number, true, false);
    next.send("x");
    QTRY_VERIFY(!seen.empty());
    QCOMPARE(seen.front().socket, qintptr(number));
}

template <typename Watcher> void tellsAPeerThatIsGone()
{
    std::vector<SocketEvent> seen;
    Watcher watcher([&](std::span<const SocketEvent> events) {
        seen.insert(seen.end(), events.begin(), events.end());
    });
    const Pair pair;
    watcher.watch(pair.ours, true, false);
    ::shutdown(pair.theirs, SHUT_RDWR);
    QTRY_VERIFY(!seen.empty());
    QVERIFY(seen.front().readable);
}

} // namespace

class TestSocketWatcher : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void notifiersBehaveAsAgreed() { behavesAsAgreed<NotifierSocketWatcher>(); }
    void notifiersKnowANumberUsedAgain() { knowsANumberUsedAgain<NotifierSocketWatcher>(); }
    void notifiersTellAPeerThatIsGone() { tellsAPeerThatIsGone<NotifierSocketWatcher>(); }
#ifdef Q_OS_LINUX
    void epollBehavesAsAgreed()
    {
        behavesAsAgreed<EpollSocketWatcher>();
    }
    void epollKnowsANumberUsedAgain()
    {
        knowsANumberUsedAgain<EpollSocketWatcher>();
    }
    void epollTellsAPeerThatIsGone()
    {
        tellsAPeerThatIsGone<EpollSocketWatcher>();
    }
    void epollTellsMoreThanOneBatch()
    {
        std::size_t told = 0;
        EpollSocketWatcher watcher(
            [&told](std::span<const SocketEvent> events) { told += events.size(); });
        std::vector<std::unique_ptr<Pair>> pairs;
        for (int i = 0; i < 150; ++i) {
            pairs.push_back(std::make_unique<Pair>());
            watcher.watch(pairs.back()->ours, true, false);
        }
        for (const std::unique_ptr<Pair> &pair : pairs)
            pair->send("x");
        QTRY_VERIFY(told >= pairs.size());
    }
#endif
};

QTEST_GUILESS_MAIN(TestSocketWatcher)
#include "tst_socketwatcher.moc"
