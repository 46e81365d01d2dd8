// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/routing/retrypolicy.h"

#include <QDateTime>
#include <QTest>
#include <QTimeZone>

using namespace Switchyard;

namespace {

using Kind = AttemptFailure::Kind;

qint64 orNever(std::optional<qint64> delay)
{
    return delay.value_or(-1);
}

} // namespace

Q_DECLARE_METATYPE(Switchyard::AttemptFailure::Kind)

class TestRetryPolicy : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void failuresAreRetriedOrNot_data();
    void failuresAreRetriedOrNot();
    void theWaitGrowsAndIsBounded_data();
    void theWaitGrowsAndIsBounded();
    void chanceShortensTheWaitByAQuarterAtMost();
    void retryAfterIsHonouredUpToHalfAMinute_data();
    void retryAfterIsHonouredUpToHalfAMinute();
    void retryAfterIsParsed_data();
    void retryAfterIsParsed();
};

void TestRetryPolicy::failuresAreRetriedOrNot_data()
{
    QTest::addColumn<Kind>("kind");
    QTest::addColumn<int>("status");
    QTest::addColumn<bool>("retried");
    QTest::newRow("a refused connection is retried") << Kind::Connect << 0 << true;
    QTest::newRow("a reset is not: it may have been processed") << Kind::Other << 0 << false;
    for (const int status : {408, 429, 500, 502, 503, 504, 529})
        QTest::addRow("status %d is retried", status) << Kind::Status << status << true;
    for (const int status : {0, 301, 400, 401, 402, 403, 404, 409, 413, 422, 501, 505, 524, 530})
        QTest::addRow("status %d is not retried", status) << Kind::Status << status << false;
}

void TestRetryPolicy::failuresAreRetriedOrNot()
{
    QFETCH(Kind, kind);
    QFETCH(int, status);
    QFETCH(bool, retried);
    const AttemptFailure failure{kind, status, std::nullopt};
    QCOMPARE(retryDelayMs(failure, 1, 1, 0).has_value(), retried);
    QVERIFY(!retryDelayMs(failure, 1, 0, 0));
    QVERIFY(!retryDelayMs(failure, 2, 1, 0));
}

void TestRetryPolicy::theWaitGrowsAndIsBounded_data()
{
    QTest::addColumn<int>("attempts");
    QTest::addColumn<qint64>("wait");
    QTest::newRow("after the first attempt") << 1 << qint64(500);
    QTest::newRow("after the second") << 2 << qint64(1000);
    QTest::newRow("after the third") << 3 << qint64(2000);
    QTest::newRow("after the fifth") << 5 << qint64(8000);
    QTest::newRow("after the fiftieth") << 50 << qint64(8000);
}

void TestRetryPolicy::theWaitGrowsAndIsBounded()
{
    QFETCH(int, attempts);
    QFETCH(qint64, wait);
    const AttemptFailure failure{Kind::Status, 500, std::nullopt};
    QCOMPARE(orNever(retryDelayMs(failure, attempts, 100, 0)), wait);
}

void TestRetryPolicy::chanceShortensTheWaitByAQuarterAtMost()
{
    const AttemptFailure failure{Kind::Connect, 0, std::nullopt};
    QCOMPARE(orNever(retryDelayMs(failure, 1, 1, 0.5)), 438);
    QCOMPARE(orNever(retryDelayMs(failure, 1, 1, 0.999999)), 376);
}

void TestRetryPolicy::retryAfterIsHonouredUpToHalfAMinute_data()
{
    QTest::addColumn<qint64>("retryAfter");
    QTest::addColumn<double>("randomness");
    QTest::addColumn<qint64>("delay");
    QTest::newRow("at once") << qint64(0) << 0.0 << qint64(0);
    QTest::newRow("a second") << qint64(1000) << 0.0 << qint64(1000);
    QTest::newRow("never sooner than told") << qint64(1000) << 0.5 << qint64(1125);
    QTest::newRow("longer than our own wait") << qint64(20'000) << 0.0 << qint64(20'000);
    QTest::newRow("the bound") << qint64(30'000) << 0.0 << qint64(30'000);
    QTest::newRow("beyond the bound is the client's to wait")
        << qint64(30'001) << 0.0 << qint64(-1);
}

void TestRetryPolicy::retryAfterIsHonouredUpToHalfAMinute()
{
    QFETCH(qint64, retryAfter);
    QFETCH(double, randomness);
    QFETCH(qint64, delay);
    const AttemptFailure failure{Kind::Status, 429, retryAfter};
    QCOMPARE(orNever(retryDelayMs(failure, 1, 1, randomness)), delay);
}

void TestRetryPolicy::retryAfterIsParsed_data()
{
    QTest::addColumn<QByteArray>("milliseconds");
    QTest::addColumn<QByteArray>("header");
    QTest::addColumn<qint64>("parsed");
    const auto row = [](const char *name, const char *milliseconds, const char *header,
                        qint64 parsed) {
        QTest::newRow(name) << QByteArray(milliseconds) << QByteArray(header) << parsed;
    };
    row("nothing", "", "", -1);
    row("seconds", "", "2", 2000);
    row("seconds with white space", "", " 2 ", 2000);
    row("a part of a second", "", "0.25", 250);
    row("no seconds", "", "0", 0);
    row("milliseconds", "150", "", 150);
    row("milliseconds come first", "150", "2", 150);
    row("a part of a millisecond is rounded up", "0.5", "", 1);
    row("broken milliseconds give way", "x", "2", 2000);
    row("a negative number is none", "", "-1", -1);
    row("infinity is none", "", "inf", -1);
    row("not-a-number is none", "", "nan", -1);
    row("a number beyond reason is none", "", "1e300", -1);
    row("words are none", "", "soon", -1);
    row("a date ten seconds ahead", "", "Sun, 22 Nov 2026 10:00:10 GMT", 10'000);
    row("a date in the past is at once", "", "Sun, 22 Nov 2026 09:59:50 GMT", 0);
    row("a date of the older form", "", "Sunday, 22-Nov-26 10:00:10 GMT", 10'000);
    row("a date of the oldest form", "", "Sun Nov 22 10:00:10 2026", 10'000);
    row("a date of the oldest form with one digit", "", "Tue Dec  1 10:00:00 2026",
        9LL * 24 * 3600 * 1000);
    row("a date in an hour that local clocks may skip", "", "Sun, 28 Mar 2027 02:30:00 GMT",
        ((126LL * 24 - 8) * 60 + 30) * 60 * 1000);
    row("a date that does not exist is none", "", "Mon, 30 Feb 2026 10:00:00 GMT", -1);
    row("a date without a zone is none", "", "Sun, 22 Nov 2026 10:00:10", -1);
}

void TestRetryPolicy::retryAfterIsParsed()
{
    QFETCH(QByteArray, milliseconds);
    QFETCH(QByteArray, header);
    QFETCH(qint64, parsed);
    const qint64 now =
        QDateTime(QDate(2026, 11, 22), QTime(10, 0), QTimeZone::utc()).toMSecsSinceEpoch();
    QCOMPARE(orNever(parseRetryAfter(milliseconds, header, now)), parsed);
}

QTEST_APPLESS_MAIN(TestRetryPolicy)
#include "tst_retrypolicy.moc"
