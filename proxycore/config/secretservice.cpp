// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/config/secretservice.h"

#include <QtGlobal>

#if defined(Q_OS_UNIX) && !defined(Q_OS_DARWIN)

#include <QDBusConnection>
#include <QDBusMessage>
#include <QDBusMetaType>
#include <QDBusObjectPath>
#include <QDBusPendingCallWatcher>
#include <QDBusPendingReply>
#include <QFileInfo>
#include <QLibrary>
#include <QMap>

namespace Switchyard::SecretService {

using namespace Qt::StringLiterals;

using Attributes = QMap<QString, QString>;

namespace {

constexpr int searchTimeLimitMs = 2000;

// The places where GDBus looks before it launches a bus of its own.
bool hasSessionBus()
{
    const QString address = qEnvironmentVariable("DBUS_SESSION_BUS_ADDRESS");
    if (!address.isEmpty())
        return !address.startsWith("autolaunch:"_L1);
    const QString runtimeDir = qEnvironmentVariable("XDG_RUNTIME_DIR");
    return !runtimeDir.isEmpty() && QFileInfo::exists(runtimeDir + u"/bus"_s);
}

} // namespace

Obstacle obstacle()
{
    if (!hasSessionBus())
        return Obstacle::NoBus;
    QLibrary libsecret(u"secret-1"_s, 0);
    return libsecret.load() ? Obstacle::None : Obstacle::NoLibrary;
}

void isLocked(const QString &service, const QString &key, QObject *context,
              std::function<void(bool locked)> done)
{
    qDBusRegisterMetaType<Attributes>();
    QDBusMessage search =
        QDBusMessage::createMethodCall(u"org.freedesktop.secrets"_s, u"/org/freedesktop/secrets"_s,
                                       u"org.freedesktop.Secret.Service"_s, u"SearchItems"_s);
    // The attributes QtKeychain gives an entry.
    search << QVariant::fromValue(Attributes{
        {u"xdg:schema"_s, u"org.qt.keychain"_s}, {u"server"_s, service}, {u"user"_s, key}});
    auto *watcher = new QDBusPendingCallWatcher(
        QDBusConnection::sessionBus().asyncCall(search, searchTimeLimitMs));
    QObject::connect(watcher, &QDBusPendingCallWatcher::finished, watcher, &QObject::deleteLater);
    QObject::connect(
        watcher, &QDBusPendingCallWatcher::finished, context,
        [done = std::move(done)](QDBusPendingCallWatcher *finished) {
            const QDBusPendingReply<QList<QDBusObjectPath>, QList<QDBusObjectPath>> found =
                *finished;
            done(!found.isError() && !found.argumentAt<1>().isEmpty());
        });
}

} // namespace Switchyard::SecretService

#else

#include <QMetaObject>

namespace Switchyard::SecretService {

Obstacle obstacle()
{
    return Obstacle::None;
}

void isLocked(const QString &, const QString &, QObject *context,
              std::function<void(bool locked)> done)
{
    QMetaObject::invokeMethod(
        context, [done = std::move(done)] { done(false); }, Qt::QueuedConnection);
}

} // namespace Switchyard::SecretService

#endif
