// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include <optional>

class QDateTime;

namespace Switchyard {

// The forms in which the window shows numbers. An unknown value is a dash, never 0.
QString unknownText();
// "<1 ms", "37 ms", "0.9 s", "31.0 s", "2:05 min", "1:02 h".
QString durationText(std::optional<qint64> milliseconds);
// "902", "1.4k", "48.2k", "3.1M".
QString countText(std::optional<qint64> count);
// The time of day; with the day in front when it is not `today`.
QString timeText(const QDateTime &time, const QDateTime &today);

} // namespace Switchyard
