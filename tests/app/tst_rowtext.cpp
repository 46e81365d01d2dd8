// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/rowtext.h"

#include <QDateTime>
#include <QTest>

using namespace Switchyard;
using namespace Qt::StringLiterals;

class TestRowText : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aWholeRowIsOneAlignedLine();
    void whatIsUnknownIsADash();
    void tokensOfTheCacheAreInWhatTheModelRead();
    void longTimesAreInSeconds();
    void whatAClientSendsCannotSteerTheTerminal();
};

namespace {

// The columns of the row that stand under the heads, by their names.
QString column(const QJsonObject &row, const QString &head)
{
    const QString heads = QString::fromUtf8(rowTextHead());
    const QString line = QString::fromUtf8(rowText(row));
    const qsizetype end = heads.indexOf(head) + head.size();
    const QStringList words = line.left(end).simplified().split(u' ');
    return words.last();
}

} // namespace

void TestRowText::aWholeRowIsOneAlignedLine()
{
    const QDateTime time(QDate(2026, 1, 31), QTime(9, 30, 5));
    const QJsonObject row{{u"id"_s, 12},
                          {u"time"_s, time.toUTC().toString(Qt::ISODateWithMs)},
                          {u"state"_s, u"error"_s},
                          {u"status"_s, 429},
                          {u"ttfb_ms"_s, 310},
                          {u"duration_ms"_s, 4200},
                          {u"input_tokens"_s, 100},
                          {u"output_tokens"_s, 7},
                          {u"backend"_s, u"OPENROUTER"_s},
                          {u"lane"_s, u"native"_s},
                          {u"model"_s, u"big"_s},
                          {u"upstream_model"_s, u"anthropic/claude-sonnet-4"_s},
                          {u"fingerprint"_s, u"0123456789ab"_s}};
    QCOMPARE(rowText(row),
             QByteArray("09:30:05     12  error        429   310 ms  4200 ms      100       7  "
                        "OPENROUTER/native        big → anthropic/claude-sonnet-4  0123456789ab"));
}

void TestRowText::whatIsUnknownIsADash()
{
    const QJsonObject row{{u"id"_s, 1},
                          {u"state"_s, u"waiting"_s},
                          {u"status"_s, QJsonValue()},
                          {u"ttfb_ms"_s, QJsonValue()}};
    for (const QString &head : {u"status"_s, u"first"_s, u"total"_s, u"tokens"_s, u"out"_s})
        QCOMPARE(column(row, head), u"-"_s);
}

void TestRowText::tokensOfTheCacheAreInWhatTheModelRead()
{
    QJsonObject row{
        {u"input_tokens"_s, 3}, {u"cache_read_tokens"_s, 1000}, {u"cache_write_tokens"_s, 20}};
    QCOMPARE(column(row, u"tokens"_s), u"1023"_s);
    row[u"input_tokens"_s] = QJsonValue();
    QCOMPARE(column(row, u"tokens"_s), u"1020"_s);
}

void TestRowText::longTimesAreInSeconds()
{
    const QJsonObject row{{u"duration_ms"_s, 12'340}};
    QVERIFY(rowText(row).contains("12.3 s"));
}

void TestRowText::whatAClientSendsCannotSteerTheTerminal()
{
    const QByteArray line = rowText({{u"model"_s, u"a\x1b[2J\nb"_s}});
    QVERIFY(line.contains("a\\x1b[2J\\nb"));
    QVERIFY(!line.contains('\x1b'));
    QVERIFY(!line.contains('\n'));
}

QTEST_GUILESS_MAIN(TestRowText)
#include "tst_rowtext.moc"
