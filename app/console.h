// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/protocol/secret.h"

#include <QByteArray>
#include <QString>

namespace Switchyard {

// Started with a closed standard stream, the next file or socket would take its number and what is
// printed would land there: opens what is closed on /dev/null. To be called first.
void holdStandardStreams();

// Writes to standard output at once. False when nobody reads it any more.
bool printOut(const QByteArray &utf8);
bool printOut(const QString &text);

// One sentence on standard error, after the program's name.
void printError(const QString &sentence);

// A secret from standard input, up to its end or the first line end; a terminal shows no echo.
// Empty when nothing came.
Secret readSecret(const QString &prompt);

} // namespace Switchyard
