// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/routing/retrypolicy.h"

#include <QByteArray>
#include <QDateTime>
#include <QLocale>

#include <algorithm>
#include <array>
#include <cmath>

namespace Switchyard {

namespace {

constexpr qint64 firstWaitMs = 500;
constexpr qint64 longestWaitMs = 8'000;
constexpr qint64 longestRetryAfterMs = 30'000;
// Spreads clients that were all told the same Retry-After; never shortens it.
constexpr double retryAfterSpreadMs = 250;

bool isRetriedStatus(int status)
{
    constexpr std::array retried{408, 429, 500, 502, 503, 504, 529};
    return std::find(retried.begin(), retried.end(), status) != retried.end();
}

std::optional<double> nonNegative(QByteArrayView text)
{
    bool ok = false;
    const double number = text.trimmed().toDouble(&ok);
    if (!ok || !std::isfinite(number) || number < 0 || number > 1e12)
        return std::nullopt;
    return number;
}

// The three forms of RFC 9110, section 5.6.7. The weekday is not looked at: it says nothing new,
// and with a year of two digits Qt would compare it with that of another century.
std::optional<qint64> httpDateMs(QByteArrayView text)
{
    const QString date = QString::fromLatin1(text).simplified().section(u' ', 1);
    constexpr std::array formats{
        "dd MMM yyyy hh:mm:ss 'GMT'",
        "dd-MMM-yy hh:mm:ss 'GMT'",
        "MMM d hh:mm:ss yyyy",
    };
    for (const char *const format : formats) {
        QDateTime parsed = QLocale::c().toDateTime(date, QString::fromLatin1(format));
        if (!parsed.isValid())
            continue;
        // Qt takes a year of two digits for one of the twentieth century.
        if (parsed.date().year() < 1970)
            parsed = parsed.addYears(100);
        return QDateTime(parsed.date(), parsed.time(), Qt::UTC).toMSecsSinceEpoch();
    }
    return std::nullopt;
}

} // namespace

std::optional<qint64> retryDelayMs(const AttemptFailure &failure, int attemptsMade, int maxRetries,
                                   double randomness)
{
    if (attemptsMade > maxRetries)
        return std::nullopt;
    switch (failure.kind) {
    case AttemptFailure::Kind::Connect:
        break;
    case AttemptFailure::Kind::Status:
        if (!isRetriedStatus(failure.status))
            return std::nullopt;
        break;
    case AttemptFailure::Kind::Other:
        return std::nullopt;
    }
    if (failure.retryAfterMs) {
        if (*failure.retryAfterMs > longestRetryAfterMs)
            return std::nullopt;
        return std::max<qint64>(*failure.retryAfterMs, 0) + qint64(retryAfterSpreadMs * randomness);
    }
    const int doublings = std::clamp(attemptsMade - 1, 0, 4);
    const qint64 wait = std::min(firstWaitMs << doublings, longestWaitMs);
    return wait - qint64(double(wait) * 0.25 * randomness);
}

std::optional<qint64> parseRetryAfter(QByteArrayView retryAfterMs, QByteArrayView retryAfter,
                                      qint64 nowMs)
{
    if (const auto milliseconds = nonNegative(retryAfterMs))
        return qint64(std::ceil(*milliseconds));
    if (const auto seconds = nonNegative(retryAfter))
        return qint64(std::ceil(*seconds * 1000));
    if (const auto date = httpDateMs(retryAfter))
        return std::max<qint64>(0, *date - nowMs);
    return std::nullopt;
}

} // namespace Switchyard
