// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/backends/backend.h"
#include "proxycore/config/settings.h"
#include "proxycore/protocol/result.h"
#include "proxycore/protocol/secret.h"

#include <QByteArray>
#include <QString>

namespace Switchyard {

// Why a text is not a value of its setting: the rest of a sentence that begins with the setting's
// name. Holds no secret.
struct ValueFault
{
    QString fault; // is "abc"
    QString advice; // give a whole number from 0 to 65535.

    QString predicate() const { return fault + QStringLiteral("; ") + advice; }
};

template <typename T> using ParsedValue = Result<T, ValueFault>;

inline constexpr int maxRetries = 10;
inline constexpr int minTimeoutMs = 50;
inline constexpr int maxTimeoutMs = 24 * 3600 * 1000;

// An IP address (also in brackets) or "localhost", in its canonical form.
ParsedValue<QString> parseListenAddress(const QString &text);
ParsedValue<quint16> parsePort(const QString &text);
ParsedValue<int> parseRetries(const QString &text);
// Seconds, decimals allowed, as milliseconds.
ParsedValue<int> parseTimeout(const QString &text);
ParsedValue<bool> parseSwitch(const QString &text);
// Any case; Python's names are understood (warn, critical).
ParsedValue<LogLevel> parseLogLevel(const QString &text);
ParsedValue<LogFormat> parseLogFormat(const QString &text);
// Any case; the answer is the registry's spelling.
ParsedValue<QByteArray> parseBackendName(const QString &text);
ParsedValue<Lane> parseLane(const QString &text, const BackendTraits &traits);
ParsedValue<UnknownModel> parseUnknownModel(const QString &text);
// Surrounding white space is dropped; the rest must be able to stand in a header.
ParsedValue<Secret> parseSecret(const QString &text);
// One line of text for a header, or a model's name.
ParsedValue<QByteArray> parseLine(const QString &text);
// A readable PEM file with at least one certificate; the answer is its absolute path.
ParsedValue<QByteArray> parseCaFile(const QString &text);

// A value as it may stand in a sentence: quoted, bounded, and hidden when it looks like a key.
QString quotedValue(const QString &text);
// Begins like the keys of the known providers.
bool looksLikeKey(const QString &text);
QString validBackendNames();

} // namespace Switchyard
