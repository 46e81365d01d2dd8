// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/config/settings.h"
#include "proxycore/journal/exchangerecord.h"

#include <QByteArray>

namespace Switchyard {

struct LogEntry
{
    qint64 timeMs = 0; // since the epoch, UTC
    LogLevel level = LogLevel::Info;
    QByteArrayView category;
    QByteArrayView message; // UTF-8
    QByteArrayView instance;
    QByteArrayView exchangeJson; // members of a request line, JSON format only; may be empty
};

QByteArray logLevelName(LogLevel level);

// Appends one line with its line end. Control characters are escaped: what a client sends can
// neither begin a new line nor steer a terminal.
void appendLogLine(QByteArray &out, const LogEntry &entry, LogFormat format);

// The request line of a finished exchange, without a line end: facts, no body and no header.
QByteArray exchangeSummary(const ExchangeRecord &record);

// 2026-01-31T09:30:00.000Z
void appendRfc3339(QByteArray &out, qint64 timeMs);

// Appends UTF-8 text with control characters as \n, \t or \x1b.
void appendPrintable(QByteArray &out, QByteArrayView text);

} // namespace Switchyard
