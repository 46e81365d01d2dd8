// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/config/settings.h"
#include "proxycore/journal/exchangerecord.h"

#include <QByteArray>
#include <QString>

#include <span>

namespace Switchyard {

struct LogOptions
{
    LogLevel level = LogLevel::Info;
    LogFormat format = LogFormat::Text;
    QString file; // empty: standard error alone
    QByteArray instance;
};

// Takes over Qt's messages for the whole process: to standard error and to a rotating file (five of
// 10 MB). When the file cannot be written, one warning says so and standard error is what remains.
void installLogging(const LogOptions &options);

// One line of our own. These do not go through Qt's warnings, which count as defects in tests: that
// a keychain is locked or an upstream fails is nothing of the kind. Before installLogging() it goes
// to standard error.
void logLine(LogLevel level, QByteArrayView category, QByteArrayView sentence);

// One request line for each finished exchange, at level info; an exchange that failed by our or the
// upstream's fault is a warning.
void logExchanges(std::span<const ExchangeRecord *const> ended);

// <data folder>/logs/switchyard.log
QString logFilePath(const QString &dataDir);

} // namespace Switchyard
