// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArrayView>
#include <QFile>
#include <QString>

namespace Switchyard {

// An append-only file with a bound: when it is full it becomes `name.1`, `name.1` becomes `name.2`
// and so on; the oldest goes. Every write reaches the system at once. Two processes may share it.
class RotatingFile
{
public:
    // `files` counts the current one.
    RotatingFile(QString path, qint64 maxBytes, int files);

    // Creates the folder and the file, readable by the user alone. The error is one sentence.
    QString open();
    void write(QByteArrayView bytes);
    const QString &path() const { return m_path; }

private:
    void rotate();
    QString numbered(int number) const;

    QString m_path;
    qint64 m_maxBytes;
    int m_files;
    qint64 m_size = 0;
    QFile m_file;
};

} // namespace Switchyard
