// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/service/rotatingfile.h"

#include <QDir>
#include <QFileInfo>

namespace Switchyard {

using namespace Qt::StringLiterals;

RotatingFile::RotatingFile(QString path, qint64 maxBytes, int files)
    : m_path(std::move(path)), m_maxBytes(maxBytes), m_files(files), m_file(m_path)
{
}

QString RotatingFile::open()
{
    const QString folder = QFileInfo(m_path).absolutePath();
    const bool hadFolder = QDir(folder).exists();
    if (!QDir().mkpath(folder))
        return u"cannot create the folder %1"_s.arg(folder);
    if (!hadFolder) {
        QFile::setPermissions(
            folder, QFileDevice::ReadOwner | QFileDevice::WriteOwner | QFileDevice::ExeOwner);
    }
    const bool existed = m_file.exists();
    if (!m_file.open(QIODevice::WriteOnly | QIODevice::Append | QIODevice::Unbuffered))
        return u"cannot write %1: %2"_s.arg(m_path, m_file.errorString());
    if (!existed)
        m_file.setPermissions(QFileDevice::ReadOwner | QFileDevice::WriteOwner);
    m_size = m_file.size();
    return {};
}

void RotatingFile::write(QByteArrayView bytes)
{
    if (!m_file.isOpen())
        return;
    if (m_size > 0 && m_size + bytes.size() > m_maxBytes)
        rotate();
    if (m_file.write(bytes.data(), bytes.size()) > 0)
        m_size += bytes.size();
}

void RotatingFile::rotate()
{
    m_file.close();
    // When the file of that name is small, another process has rotated it before us.
    if (QFileInfo(m_path).size() >= m_size) {
        QFile::remove(numbered(m_files - 1));
        for (int number = m_files - 2; number >= 1; --number)
            QFile::rename(numbered(number), numbered(number + 1));
        QFile::rename(m_path, numbered(1));
    }
    open();
}

QString RotatingFile::numbered(int number) const
{
    return m_path + u'.' + QString::number(number);
}

} // namespace Switchyard
