// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/upstream/socketwatcher.h"

#include <array>

#ifdef Q_OS_LINUX
#include <sys/epoll.h>
#include <unistd.h>
#endif

namespace Switchyard {

NotifierSocketWatcher::NotifierSocketWatcher(SocketEventHandler handler)
    : m_handler(std::move(handler))
{
}

void NotifierSocketWatcher::watch(qintptr socket, bool read, bool write)
{
    Pair &pair = m_pairs[socket];
    enable(pair.read, socket, QSocketNotifier::Read, read);
    enable(pair.write, socket, QSocketNotifier::Write, write);
}

void NotifierSocketWatcher::enable(std::unique_ptr<QSocketNotifier> &notifier, qintptr socket,
                                   QSocketNotifier::Type type, bool on)
{
    if (!notifier) {
        if (!on)
            return;
        notifier = std::make_unique<QSocketNotifier>(socket, type);
        connect(notifier.get(), &QSocketNotifier::activated, this, [this, socket, type] {
            const SocketEvent event{socket, type == QSocketNotifier::Read,
                                    type == QSocketNotifier::Write};
            m_handler({&event, 1});
        });
        return;
    }
    if (notifier->isEnabled() != on)
        notifier->setEnabled(on);
}

#ifdef Q_OS_LINUX
EpollSocketWatcher::EpollSocketWatcher(SocketEventHandler handler)
    : m_handler(std::move(handler)), m_epoll(epoll_create1(EPOLL_CLOEXEC)),
      m_notifier(m_epoll, QSocketNotifier::Read)
{
    if (m_epoll < 0)
        qFatal("epoll_create1 failed: too many open files");
    connect(&m_notifier, &QSocketNotifier::activated, this, &EpollSocketWatcher::ready);
}

EpollSocketWatcher::~EpollSocketWatcher()
{
    m_notifier.setEnabled(false);
    ::close(m_epoll);
}

void EpollSocketWatcher::watch(qintptr socket, bool read, bool write)
{
    const auto index = std::size_t(socket);
    if (index >= m_watched.size())
        m_watched.resize(index + 1);
    const quint32 mask = (read ? quint32(EPOLLIN) : 0) | (write ? quint32(EPOLLOUT) : 0);
    quint32 &watched = m_watched[index];
    if (watched == mask)
        return;
    int operation = EPOLL_CTL_MOD;
    if (mask == 0)
        operation = EPOLL_CTL_DEL;
    else if (watched == 0)
        operation = EPOLL_CTL_ADD;
    epoll_event event{};
    event.events = mask;
    event.data.fd = int(socket);
    epoll_ctl(m_epoll, operation, int(socket), &event);
    watched = mask;
}

void EpollSocketWatcher::ready()
{
    std::array<epoll_event, 64> found;
    std::array<SocketEvent, 64> events;
    const int count = epoll_wait(m_epoll, found.data(), int(found.size()), 0);
    if (count <= 0)
        return;
    for (std::size_t i = 0; i < std::size_t(count); ++i) {
        const quint32 mask = found[i].events;
        const quint32 asked = m_watched[std::size_t(found[i].data.fd)];
        const bool broken = (mask & (EPOLLERR | EPOLLHUP)) != 0;
        events[i] = {found[i].data.fd, (mask & EPOLLIN) != 0 || (broken && (asked & EPOLLIN) != 0),
                     (mask & EPOLLOUT) != 0 || (broken && (asked & EPOLLOUT) != 0)};
    }
    m_handler({events.data(), std::size_t(count)});
}
#endif

} // namespace Switchyard
