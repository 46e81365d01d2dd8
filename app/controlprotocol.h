// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QJsonObject>
#include <QString>

#include <optional>

namespace Switchyard {

// What the command line and the running instance say to each other over the local socket: lines of
// JSON, each an object with the protocol's version.
//
//   → {"v":1,"command":"logs","follow":true}
//   ← {"v":1,"row":{…}}                            any number, `logs` only
//   ← {"v":1,"ok":true,"result":{…}}               the end of an answer
//   ← {"v":1,"ok":false,"code":1,"error":"…"}      or a sentence and the exit code it means
inline constexpr int controlVersion = 1;
inline constexpr qsizetype maxControlRequestBytes = 65'536;

QByteArray controlRequest(const QString &command, QJsonObject arguments = {});
QByteArray controlResult(const QJsonObject &result);
QByteArray controlError(int exitCode, const QString &sentence);

// `rowJson` travels as it is: numbers and the order of members stay.
QByteArray controlRow(QByteArrayView rowJson);
// The row inside such a line, or empty when the line is something else.
QByteArrayView rowOfControlLine(QByteArrayView line);

// An object of our version, or nothing.
std::optional<QJsonObject> parseControlLine(QByteArrayView line);

} // namespace Switchyard
