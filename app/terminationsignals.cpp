// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/terminationsignals.h"

#include <QSocketNotifier>

#ifdef Q_OS_UNIX
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>
#endif

namespace Switchyard {

#ifdef Q_OS_UNIX
namespace {

// A signal handler may do next to nothing: it writes a byte here, and the event loop reads it.
int signalSockets[2] = {-1, -1};
constexpr int handledSignals[] = {SIGTERM, SIGINT, SIGHUP};

void handleSignal(int)
{
    const int before = errno;
    const char byte = 1;
    [[maybe_unused]] const ssize_t written = ::write(signalSockets[0], &byte, 1);
    errno = before;
}

void setHandler(int number, void (*handler)(int))
{
    struct sigaction action
    {
    };
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, nullptr);
}

} // namespace

TerminationSignals::TerminationSignals(QObject *parent) : QObject(parent)
{
    if (::socketpair(AF_UNIX, SOCK_STREAM, 0, signalSockets) != 0)
        return;
    for (const int socket : signalSockets) {
        ::fcntl(socket, F_SETFD, FD_CLOEXEC);
        ::fcntl(socket, F_SETFL, O_NONBLOCK);
    }
    m_notifier = std::make_unique<QSocketNotifier>(signalSockets[1], QSocketNotifier::Read);
    connect(m_notifier.get(), &QSocketNotifier::activated, this, [this] {
        char bytes[16];
        const ssize_t count = ::read(signalSockets[1], bytes, sizeof bytes);
        for (ssize_t i = 0; i < count; ++i)
            Q_EMIT received();
    });
    for (const int number : handledSignals)
        setHandler(number, handleSignal);
    setHandler(SIGPIPE, SIG_IGN);
}

TerminationSignals::~TerminationSignals()
{
    // The program is ending in order already. Who asks once more in its last milliseconds must not
    // turn that into a death by signal.
    for (const int number : handledSignals)
        setHandler(number, SIG_IGN);
    m_notifier.reset();
    ::close(signalSockets[0]);
    ::close(signalSockets[1]);
}
#else
TerminationSignals::TerminationSignals(QObject *parent) : QObject(parent) { }
TerminationSignals::~TerminationSignals() = default;
#endif

} // namespace Switchyard
