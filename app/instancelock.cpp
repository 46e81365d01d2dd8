// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/instancelock.h"

#include <QCryptographicHash>
#include <QDir>
#include <QFileInfo>

#ifdef Q_OS_UNIX
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#endif

namespace Switchyard {

using namespace Qt::StringLiterals;

namespace {

// The same text for every spelling of a folder, whether it exists yet or not.
QString canonicalFolder(const QString &path)
{
    QString existing = QDir::cleanPath(path);
    QString rest;
    for (;;) {
        const QString canonical = QFileInfo(existing).canonicalFilePath();
        if (!canonical.isEmpty())
            return QDir::cleanPath(canonical + u'/' + rest);
        const qsizetype slash = existing.lastIndexOf(u'/');
        if (slash <= 0)
            return QDir::cleanPath(path);
        rest = existing.mid(slash + 1) + u'/' + rest;
        existing.truncate(slash);
    }
}

QString instanceName(const QString &configDir)
{
    const QByteArray hash =
        QCryptographicHash::hash(canonicalFolder(configDir).toUtf8(), QCryptographicHash::Sha256);
    return QString::fromLatin1(hash.toHex().first(16));
}

#ifdef Q_OS_UNIX
bool isOurs(const QString &folder)
{
    struct stat info
    {
    };
    return ::lstat(QFile::encodeName(folder).constData(), &info) == 0 && S_ISDIR(info.st_mode)
        && info.st_uid == ::geteuid();
}

// The session's folder when there is one; a program started by cron or a service manager finds the
// same one although the variable is missing there.
QString runtimeFolder()
{
    const QString given = qEnvironmentVariable("XDG_RUNTIME_DIR");
    if (!given.isEmpty() && isOurs(given))
        return given + u"/switchyard"_s;
    const QString session = u"/run/user/"_s + QString::number(::geteuid());
    if (isOurs(session))
        return session + u"/switchyard"_s;
    return QDir::tempPath() + u"/switchyard-"_s + QString::number(::geteuid());
}

QString makePrivateFolder(const QString &folder)
{
    const QByteArray path = QFile::encodeName(folder);
    if (::mkdir(path.constData(), 0700) != 0 && !isOurs(folder)) {
        return u"The folder %1 cannot be used: it does not exist or belongs to another user; "
               "set XDG_RUNTIME_DIR to a folder of yours."_s.arg(folder);
    }
    if (::chmod(path.constData(), 0700) != 0)
        return u"The folder %1 cannot be closed to other users."_s.arg(folder);
    return {};
}
#endif

} // namespace

Result<InstancePlace, QString> instancePlace(const QString &configDir)
{
    const QString name = instanceName(configDir);
#ifdef Q_OS_UNIX
    const QString folder = runtimeFolder();
    const QString problem = makePrivateFolder(folder);
    if (!problem.isEmpty())
        return problem;
    const InstancePlace place{folder + u'/' + name + u".lock"_s, folder + u'/' + name + u".sock"_s};
    if (QFile::encodeName(place.socket).size() >= qsizetype(sizeof(sockaddr_un::sun_path))) {
        return u"The path %1 is too long for a socket; set XDG_RUNTIME_DIR to a shorter one."_s.arg(
            place.socket);
    }
    return place;
#else
    return InstancePlace{QDir::tempPath() + u"/switchyard-"_s + name + u".lock"_s,
                         u"switchyard-"_s + name};
#endif
}

InstanceLock::InstanceLock(const InstancePlace &place) : m_lock(place.lockFile)
{
    // A long-running holder is not a stale one; only a dead process is.
    m_lock.setStaleLockTime(0);
}

bool InstanceLock::tryTake()
{
    return m_lock.tryLock();
}

qint64 InstanceLock::holderPid() const
{
    qint64 pid = 0;
    QString host;
    QString program;
    return m_lock.getLockInfo(&pid, &host, &program) ? pid : 0;
}

} // namespace Switchyard
