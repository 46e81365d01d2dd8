// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/format.h"

#include <QDateTime>
#include <QLocale>
#include <QTest>

using namespace Qt::StringLiterals;
using namespace Switchyard;

class FormatTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { QLocale::setDefault(QLocale::c()); }

    void durations_data()
    {
        QTest::addColumn<std::optional<qint64>>("milliseconds");
        QTest::addColumn<QString>("text");
        const auto row = [](const char *name, std::optional<qint64> ms, const QString &text) {
            QTest::newRow(name) << ms << text;
        };
        row("an unknown duration is a dash", std::nullopt, u"—"_s);
        row("less than a millisecond is not nothing", 0, u"<1 ms"_s);
        row("one millisecond", 1, u"1 ms"_s);
        row("below a tenth of a second in milliseconds", 99, u"99 ms"_s);
        row("from a tenth of a second in seconds", 100, u"0.1 s"_s);
        row("tenths are cut, not rounded up", 1'999, u"1.9 s"_s);
        row("just below a minute", 59'999, u"59.9 s"_s);
        row("a minute", 60'000, u"1:00 min"_s);
        row("seconds have two digits after a minute", 125'000, u"2:05 min"_s);
        row("just below an hour", 3'599'999, u"59:59 min"_s);
        row("an hour and two minutes", 3'720'000, u"1:02 h"_s);
    }
    void durations()
    {
        QFETCH(std::optional<qint64>, milliseconds);
        QTEST(durationText(milliseconds), "text");
    }

    void counts_data()
    {
        QTest::addColumn<std::optional<qint64>>("count");
        QTest::addColumn<QString>("text");
        const auto row = [](const char *name, std::optional<qint64> count, const QString &text) {
            QTest::newRow(name) << count << text;
        };
        row("an unknown count is a dash", std::nullopt, u"—"_s);
        row("a known zero is a zero", 0, u"0"_s);
        row("below a thousand in full", 999, u"999"_s);
        row("a thousand", 1'000, u"1.0k"_s);
        row("thousands with a tenth", 48'260, u"48.2k"_s);
        row("just below a million stays in thousands", 999'999, u"999.9k"_s);
        row("a million", 1'000'000, u"1.0M"_s);
        row("millions with a tenth", 3'140'000, u"3.1M"_s);
    }
    void counts()
    {
        QFETCH(std::optional<qint64>, count);
        QTEST(countText(count), "text");
    }

    void timesOfTodayHaveSecondsAndOthersTheDay()
    {
        const QDateTime today(QDate(2025, 3, 12), QTime(0, 5));
        QCOMPARE(timeText(today, today), u"00:05:00"_s);
        QCOMPARE(timeText(today.addSecs(-600), today), u"11 Mar 23:55"_s);
    }
};

QTEST_GUILESS_MAIN(FormatTest)
#include "tst_format.moc"
