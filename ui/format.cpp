// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/format.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QLocale>

using namespace Qt::StringLiterals;

namespace Switchyard {

namespace {

QString translated(const char *text)
{
    return QCoreApplication::translate("Switchyard::Format", text);
}

// Cuts instead of rounding up, so that 999,950 does not become "1000.0k".
QString tenths(qint64 count, qint64 unit)
{
    const qint64 wholeTenths = count * 10 / unit;
    return QLocale().toString(double(wholeTenths) / 10, 'f', 1);
}

} // namespace

QString unknownText()
{
    return u"—"_s;
}

QString durationText(std::optional<qint64> milliseconds)
{
    if (!milliseconds)
        return unknownText();
    const qint64 ms = *milliseconds;
    if (ms < 1)
        return translated(QT_TRANSLATE_NOOP("Switchyard::Format", "<1 ms"));
    if (ms < 100)
        return translated(QT_TRANSLATE_NOOP("Switchyard::Format", "%1 ms")).arg(ms);
    if (ms < 60'000)
        return translated(QT_TRANSLATE_NOOP("Switchyard::Format", "%1 s")).arg(tenths(ms, 1000));
    if (ms < 3'600'000) {
        return translated(QT_TRANSLATE_NOOP("Switchyard::Format", "%1:%2 min"))
            .arg(ms / 60'000)
            .arg(ms / 1000 % 60, 2, 10, QLatin1Char('0'));
    }
    return translated(QT_TRANSLATE_NOOP("Switchyard::Format", "%1:%2 h"))
        .arg(ms / 3'600'000)
        .arg(ms / 60'000 % 60, 2, 10, QLatin1Char('0'));
}

QString countText(std::optional<qint64> count)
{
    if (!count)
        return unknownText();
    if (*count < 1000)
        return QLocale().toString(*count);
    if (*count < 1'000'000)
        return tenths(*count, 1000) + u'k';
    return tenths(*count, 1'000'000) + u'M';
}

QString timeText(const QDateTime &time, const QDateTime &today)
{
    if (time.date() == today.date())
        return time.toString(u"HH:mm:ss"_s);
    return QLocale().toString(time.date(), u"d MMM"_s) + time.toString(u" HH:mm"_s);
}

} // namespace Switchyard
