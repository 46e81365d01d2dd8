// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/trayfinder.h"

#include <QGuiApplication>
#include <QSystemTrayIcon>

#if defined(Q_OS_UNIX) && !defined(Q_OS_MACOS)
#include <QDBusConnection>
#include <QDBusMessage>
#include <QDBusVariant>
#define SWITCHYARD_STATUS_NOTIFIER
#endif

using namespace Qt::StringLiterals;

namespace Switchyard {

namespace {

constexpr int waitMs = 1'000;
constexpr int maxTries = 60;

#ifdef SWITCHYARD_STATUS_NOTIFIER
constexpr int answerMs = 500;

bool hasStatusNotifierHost()
{
    const QDBusConnection bus = QDBusConnection::sessionBus();
    if (!bus.isConnected())
        return false;
    QDBusMessage question = QDBusMessage::createMethodCall(
        u"org.kde.StatusNotifierWatcher"_s, u"/StatusNotifierWatcher"_s,
        u"org.freedesktop.DBus.Properties"_s, u"Get"_s);
    question << u"org.kde.StatusNotifierWatcher"_s << u"IsStatusNotifierHostRegistered"_s;
    question.setAutoStartService(false);
    const QDBusMessage answer = bus.call(question, QDBus::Block, answerMs);
    return answer.type() == QDBusMessage::ReplyMessage && !answer.arguments().isEmpty()
        && answer.arguments().constFirst().value<QDBusVariant>().variant().toBool();
}
#endif

} // namespace

TrayFinder::TrayFinder(QObject *parent) : QObject(parent)
{
    m_next.setInterval(waitMs);
    connect(&m_next, &QTimer::timeout, this, [this] {
        const bool available = isAvailable();
        if (available || ++m_tries >= maxTries)
            m_next.stop();
        if (available)
            Q_EMIT appeared();
    });
}

bool TrayFinder::isAvailable() const
{
#ifdef SWITCHYARD_STATUS_NOTIFIER
    // Qt asks for the D-Bus tray once and keeps a "no" for the life of the process (seen with
    // 6.4.2). On Wayland there is no other tray, so Qt is not asked before the answer is yes; on
    // X11 the panels that come late embed windows as well, which Qt notices at any time.
    if (QGuiApplication::platformName().startsWith(u"wayland"_s) && !hasStatusNotifierHost())
        return false;
#endif
    return QSystemTrayIcon::isSystemTrayAvailable();
}

void TrayFinder::waitForTray()
{
    m_tries = 0;
    m_next.start();
}

} // namespace Switchyard
