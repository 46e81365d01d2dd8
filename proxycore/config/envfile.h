// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QMap>
#include <QString>

#include <vector>

namespace Switchyard {

// A fault in an .env file. The sentence names the line and never repeats its value, which may be
// a secret.
struct EnvFileProblem
{
    int line = 0; // from 1
    QString sentence;
};

struct EnvFile
{
    QMap<QString, QString> values; // of a name given twice, the last
    std::vector<EnvFileProblem> problems;
};

// NAME=VALUE lines as shells and the usual .env readers take them: `export `, comments (a whole
// line, or after white space behind a value), 'as it is', "with \n \r \t \\ \" \$ escapes"; a
// quoted value may go on over several lines. UTF-8 with or without a byte order mark, LF or CRLF.
// $NAME is not expanded. All problems are found, not only the first.
EnvFile parseEnvFile(QByteArrayView text);

// One problem on line 0 when the file cannot be read.
EnvFile readEnvFile(const QString &path);

} // namespace Switchyard
