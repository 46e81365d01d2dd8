// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/service/portholder.h"

#include <QDir>
#include <QFile>
#include <QSet>
#include <QtEndian>

namespace Switchyard {

using namespace Qt::StringLiterals;

namespace {

bool isWildcard(const QHostAddress &address)
{
    return address == QHostAddress(QHostAddress::Any) || address == QHostAddress::AnyIPv4
        || address == QHostAddress::AnyIPv6;
}

bool collide(const QHostAddress &one, const QHostAddress &other)
{
    return isWildcard(one) || isWildcard(other)
        || one.isEqual(other, QHostAddress::TolerantConversion);
}

// 0100007F is 127.0.0.1: words of 32 bits, the byte order of little-endian machines.
QHostAddress addressFromHex(const QByteArray &hex)
{
    const QByteArray bytes = QByteArray::fromHex(hex);
    if (bytes.size() == 4)
        return QHostAddress(qFromLittleEndian<quint32>(bytes.constData()));
    if (bytes.size() != 16)
        return {};
    Q_IPV6ADDR address;
    for (int i = 0; i < 16; ++i)
        address[i] = quint8(bytes[(i / 4) * 4 + 3 - i % 4]);
    return QHostAddress(address);
}

// Columns of /proc/net/tcp: local address as HEX:HEXPORT (1), state (3; 0A is LISTEN), inode (9).
QSet<QByteArray> listeningInodes(const QString &table, const QHostAddress &address, quint16 port)
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
        const QByteArrayList local = columns[1].split(':');
        if (local.size() == 2 && local[1].toUInt(nullptr, 16) == port
            && collide(addressFromHex(local[0]), address))
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

std::optional<PortHolder> findPortHolder(const QHostAddress &address, quint16 port)
{
    const QSet<QByteArray> inodes = listeningInodes(u"/proc/net/tcp"_s, address, port)
        + listeningInodes(u"/proc/net/tcp6"_s, address, port);
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
    return PortHolder{};
}

} // namespace Switchyard
