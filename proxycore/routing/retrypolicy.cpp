// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/routing/retrypolicy.h"

#include <QByteArray>
#include <QByteArrayList>
#include <QDateTime>
#include <QTimeZone>

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

int monthNumber(const QByteArray &name)
{
    constexpr std::array names{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                               "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto found = std::find(names.begin(), names.end(), name);
    return found == names.end() ? 0 : int(found - names.begin()) + 1;
}

// The three forms of RFC 9110, section 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94
// 08:49:37 GMT" and "Sun Nov  6 08:49:37 1994". The weekday says nothing new.
std::optional<qint64> httpDateMs(QByteArrayView text)
{
    QByteArrayList words = text.toByteArray().simplified().replace('-', ' ').split(' ');
    words.removeFirst();
    if (words.size() == 4)
        words = {words[1], words[0], words[3], words[2], "GMT"};
    if (words.size() != 5 || words[4] != "GMT")
        return std::nullopt;

    int year = words[2].toInt();
    if (words[2].size() == 2)
        year += 2000;
    const QDate date(year, monthNumber(words[1]), words[0].toInt());
    const QTime time = QTime::fromString(QString::fromLatin1(words[3]), QStringLiteral("hh:mm:ss"));
    if (!date.isValid() || !time.isValid())
        return std::nullopt;
    return QDateTime(date, time, QTimeZone::utc()).toMSecsSinceEpoch();
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
