// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/service/recordlist.h"

#include <QTest>

using namespace Switchyard;

namespace {

ExchangeRecord row(quint64 id, ExchangeState state = ExchangeState::Waiting)
{
    ExchangeRecord record;
    record.id = id;
    record.state = state;
    return record;
}

} // namespace

class TestRecordList : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aRowIsFoundByItsIdAndReplaced();
    void theOldestRowsGoAtTheBound();
    void anExchangeIsCountedOnceHoweverOftenItsRowComes();
    void whatCountsAsAnError_data();
    void whatCountsAsAnError();
    void tokensOfEndedExchangesAreAddedAsFarAsTheyAreKnown();
    void anExchangeThatOutlivesItsRowIsStillCounted();
    void rowsMayComeInAnyOrder();
    void aJumpFarAheadDropsWhatWasThere();
};

void TestRecordList::aRowIsFoundByItsIdAndReplaced()
{
    RecordList list(10);
    QVERIFY(!list.find(1));
    list.apply({row(1), row(2)});
    list.apply({row(2, ExchangeState::Streaming)});
    QVERIFY(list.find(1));
    QCOMPARE(list.find(1)->state, ExchangeState::Waiting);
    QCOMPARE(list.find(2)->state, ExchangeState::Streaming);
    QVERIFY(!list.find(3));
    QVERIFY(!list.find(0));
    QCOMPARE(list.toVector().size(), std::size_t(2));
}

void TestRecordList::theOldestRowsGoAtTheBound()
{
    RecordList list(3);
    for (quint64 id = 1; id <= 5; ++id)
        list.apply({row(id, ExchangeState::Done)});
    QCOMPARE(list.firstId(), quint64(3));
    QCOMPARE(list.lastId(), quint64(5));
    QVERIFY(!list.find(2));
    QVERIFY(list.find(3));
    QCOMPARE(list.totals().requests, quint64(5));
}

void TestRecordList::anExchangeIsCountedOnceHoweverOftenItsRowComes()
{
    RecordList list(10);
    QVERIFY(list.apply({row(1)}).empty());
    QVERIFY(list.apply({row(1, ExchangeState::Streaming)}).empty());
    QCOMPARE(list.totals().open, 1);
    QCOMPARE(list.apply({row(1, ExchangeState::Error)}).size(), std::size_t(1));
    QVERIFY(list.apply({row(1, ExchangeState::Error)}).empty());
    QCOMPARE(list.totals().requests, quint64(1));
    QCOMPARE(list.totals().errors, quint64(1));
    QCOMPARE(list.totals().open, 0);
}

void TestRecordList::whatCountsAsAnError_data()
{
    QTest::addColumn<ExchangeState>("state");
    QTest::addColumn<quint64>("errors");
    QTest::newRow("done is none") << ExchangeState::Done << quint64(0);
    QTest::newRow("a client that left is none") << ExchangeState::Cancelled << quint64(0);
    QTest::newRow("an error is one") << ExchangeState::Error << quint64(1);
    QTest::newRow("a truncated stream is one") << ExchangeState::Truncated << quint64(1);
    QTest::newRow("a refused request is one") << ExchangeState::Blocked << quint64(1);
}

void TestRecordList::whatCountsAsAnError()
{
    QFETCH(ExchangeState, state);
    QFETCH(quint64, errors);
    RecordList list(10);
    list.apply({row(1, state)});
    QCOMPARE(list.totals().errors, errors);
}

void TestRecordList::tokensOfEndedExchangesAreAddedAsFarAsTheyAreKnown()
{
    RecordList list(10);
    ExchangeRecord known = row(1, ExchangeState::Done);
    known.usage.inputTokens = 10;
    known.usage.cacheReadTokens = 1000;
    known.usage.outputTokens = 5;
    ExchangeRecord running = row(2, ExchangeState::Streaming);
    running.usage.inputTokens = 7;
    list.apply({known, running, row(3, ExchangeState::Done)});
    QCOMPARE(list.totals().tokens, qint64(1015));
}

void TestRecordList::anExchangeThatOutlivesItsRowIsStillCounted()
{
    RecordList list(2);
    list.apply({row(1)});
    list.apply({row(2, ExchangeState::Done), row(3, ExchangeState::Done)});
    QVERIFY(!list.find(1));
    QCOMPARE(list.totals().open, 1);
    QCOMPARE(list.apply({row(1, ExchangeState::Truncated)}).size(), std::size_t(1));
    QVERIFY(list.apply({row(1, ExchangeState::Truncated)}).empty());
    QCOMPARE(list.totals().errors, quint64(1));
    QCOMPARE(list.totals().requests, quint64(3));
    QCOMPARE(list.firstId(), quint64(2));
}

void TestRecordList::rowsMayComeInAnyOrder()
{
    RecordList list(10);
    list.apply({row(3, ExchangeState::Done)});
    QVERIFY(!list.find(2));
    list.apply({row(2, ExchangeState::Done), row(1, ExchangeState::Done)});
    QVERIFY(list.find(1) && list.find(2) && list.find(3));
    QCOMPARE(list.totals().requests, quint64(3));
}

void TestRecordList::aJumpFarAheadDropsWhatWasThere()
{
    RecordList list(3);
    list.apply({row(1, ExchangeState::Done)});
    list.apply({row(1'000'000'000, ExchangeState::Done)});
    QVERIFY(!list.find(1));
    QVERIFY(list.find(1'000'000'000));
    QCOMPARE(list.toVector().size(), std::size_t(1));
}

QTEST_GUILESS_MAIN(TestRecordList)
#include "tst_recordlist.moc"
