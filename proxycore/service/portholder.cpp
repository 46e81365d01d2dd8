// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/service/portholder.h"

#include <QDir>
#include <QFile>
#include <QSet>

namespace Switchyard {

using namespace Qt::StringLiterals;

namespace {

// Columns of /proc/net/tcp: local address as HEX:HEXPORT (1), state (3; 0A is LISTEN), inode (9).
QSet<QByteArray> listeningInodes(const QString &table, quint16 port)
{
    QSet<QByteArray> inodes;
    QFile file(table);
    if (!file.open(QIODevice::ReadOnly))
        return inodes;
    file.readLine();
    for (QByteArray line = file.readLine(); !line.isEmpty(); line = file.readLine()) {
        const QByteArrayList columns = line.simplified().split(' ');
        if (columns.size() < 10 || columns[3] != "0A")
            continue;
        const QByteArray hexPort = columns[1].mid(columns[1].lastIndexOf(':') + 1);
        if (hexPort.toUInt(nullptr, 16) == port)
            inodes.insert(columns[9]);
    }
    return inodes;
}

bool holdsOneOf(const QString &pid, const QSet<QByteArray> &inodes)
{
    const QDir descriptors(u"/proc/"_s + pid + u"/fd"_s);
    const QStringList names =
        descriptors.entryList(QDir::Files | QDir::System | QDir::NoDotAndDotDot);
    for (const QString &name : names) {
        // The link reads "socket:[12345]", which Qt shows as a path relative to the folder.
        const QByteArray target = QFile::symLinkTarget(descriptors.filePath(name)).toLatin1();
        const qsizetype bracket = target.lastIndexOf("socket:[");
        if (bracket >= 0 && inodes.contains(target.mid(bracket + 8).chopped(1)))
            return true;
    }
    return false;
}

} // namespace

std::optional<PortHolder> findPortHolder(quint16 port)
{
    const QSet<QByteArray> inodes =
        listeningInodes(u"/proc/net/tcp"_s, port) + listeningInodes(u"/proc/net/tcp6"_s, port);
    if (inodes.isEmpty())
        return std::nullopt;

    const QStringList processes = QDir(u"/proc"_s).entryList(QDir::Dirs | QDir::NoDotAndDotDot);
    for (const QString &pid : processes) {
        if (!pid.at(0).isDigit() || !holdsOneOf(pid, inodes))
            continue;
        QFile comm(u"/proc/"_s + pid + u"/comm"_s);
        const QByteArray name =
            comm.open(QIODevice::ReadOnly) ? comm.readAll().trimmed() : QByteArray();
        return PortHolder{pid.toLongLong(), name};
    }
    return std::nullopt;
}

} // namespace Switchyard
