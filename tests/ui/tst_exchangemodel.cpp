// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/madeupdata.h"
#include "ui/exchangemodel.h"

#include <QAbstractItemModelTester>
#include <QElapsedTimer>
#include <QLocale>
#include <QSignalSpy>
#include <QTest>

using namespace Qt::StringLiterals;
using namespace Switchyard;

namespace {

std::vector<ExchangeRecord> batch(quint64 firstId, quint64 lastId, ExchangeState state)
{
    std::vector<ExchangeRecord> records;
    for (quint64 id = firstId; id <= lastId; ++id)
        records.push_back(MadeUpData::record(id, state));
    return records;
}

std::vector<quint64> idsOf(const ExchangeModel &model)
{
    std::vector<quint64> ids;
    for (int row = 0; row < model.rowCount(); ++row)
        ids.push_back(model.record(row).id);
    return ids;
}

QString cell(const ExchangeModel &model, int row, int column)
{
    return model.index(row, column).data().toString();
}

} // namespace

class ExchangeModelTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { QLocale::setDefault(QLocale::c()); }

    void aBatchOfNewRowsIsOneInsertion()
    {
        ExchangeModel model;
        QAbstractItemModelTester tester(&model);
        QSignalSpy inserted(&model, &QAbstractItemModel::rowsInserted);
        model.apply(batch(1, 50, ExchangeState::Waiting));
        QCOMPARE(inserted.size(), 1);
        QCOMPARE(inserted[0][1].toInt(), 0);
        QCOMPARE(inserted[0][2].toInt(), 49);
        QCOMPARE(model.rowCount(), 50);
    }

    void changesAreToldAsRanges()
    {
        ExchangeModel model;
        QAbstractItemModelTester tester(&model);
        model.apply(batch(1, 10, ExchangeState::Waiting));
        QSignalSpy inserted(&model, &QAbstractItemModel::rowsInserted);
        QSignalSpy changed(&model, &QAbstractItemModel::dataChanged);
        std::vector<ExchangeRecord> changes = batch(3, 5, ExchangeState::Streaming);
        changes.push_back(MadeUpData::record(9, ExchangeState::Done));
        model.apply(changes);
        QCOMPARE(inserted.size(), 0);
        QCOMPARE(changed.size(), 2);
        QCOMPARE(changed[0][0].toModelIndex().row(), 2);
        QCOMPARE(changed[0][1].toModelIndex().row(), 4);
        QCOMPARE(changed[1][0].toModelIndex().row(), 8);
        QCOMPARE(changed[1][1].toModelIndex().row(), 8);
    }

    void oneBatchMayBringNewRowsAndNewerValues()
    {
        ExchangeModel model;
        QAbstractItemModelTester tester(&model);
        model.apply(batch(1, 2, ExchangeState::Waiting));
        model.apply({MadeUpData::record(3, ExchangeState::Waiting),
                     MadeUpData::record(2, ExchangeState::Done),
                     MadeUpData::record(3, ExchangeState::Streaming)});
        QCOMPARE(idsOf(model), (std::vector<quint64>{1, 2, 3}));
        QCOMPARE(model.record(1).state, ExchangeState::Done);
        QCOMPARE(model.record(2).state, ExchangeState::Streaming);
    }

    void rowsInAnyOrderAndWithGapsFindTheirPlace()
    {
        ExchangeModel model;
        QAbstractItemModelTester tester(&model);
        model.apply({MadeUpData::record(7, ExchangeState::Done),
                     MadeUpData::record(4, ExchangeState::Done)});
        model.apply({MadeUpData::record(9, ExchangeState::Done),
                     MadeUpData::record(5, ExchangeState::Done),
                     MadeUpData::record(2, ExchangeState::Done)});
        QCOMPARE(idsOf(model), (std::vector<quint64>{2, 4, 5, 7, 9}));
        QCOMPARE(model.rowOf(7), 3);
        QCOMPARE(model.rowOf(6), -1);
        QCOMPARE(model.rowOf(10), -1);
    }

    void theOldestRowsLeaveWhenTheBoundIsReached()
    {
        ExchangeModel model(nullptr, 100);
        QAbstractItemModelTester tester(&model);
        model.apply(batch(1, 90, ExchangeState::Done));
        QSignalSpy removed(&model, &QAbstractItemModel::rowsRemoved);
        model.apply(batch(91, 100, ExchangeState::Done));
        QCOMPARE(removed.size(), 0);
        model.apply(batch(101, 115, ExchangeState::Done));
        QCOMPARE(removed.size(), 1);
        QCOMPARE(removed[0][1].toInt(), 0);
        QCOMPARE(removed[0][2].toInt(), 14);
        QCOMPARE(model.rowCount(), 100);
        QCOMPARE(model.record(0).id, 16u);
        QCOMPARE(model.record(99).id, 115u);
    }

    void aRowThatHasLeftStaysAway()
    {
        ExchangeModel model(nullptr, 10);
        QAbstractItemModelTester tester(&model);
        model.apply(batch(1, 12, ExchangeState::Waiting));
        QCOMPARE(model.liveCount(), 10);
        model.apply({MadeUpData::record(2, ExchangeState::Done)});
        QCOMPARE(model.rowOf(2), -1);
        QCOMPARE(model.rowCount(), 10);
        QCOMPARE(model.liveCount(), 10);
    }

    void aBatchLargerThanTheBoundLeavesItsNewestRows()
    {
        ExchangeModel model(nullptr, 10);
        QAbstractItemModelTester tester(&model);
        model.apply(batch(1, 5, ExchangeState::Waiting));
        model.apply(batch(6, 40, ExchangeState::Done));
        QCOMPARE(model.rowCount(), 10);
        QCOMPARE(model.record(0).id, 31u);
        QCOMPARE(model.liveCount(), 0);
    }

    void liveRowsAreCounted()
    {
        ExchangeModel model(nullptr, 4);
        QSignalSpy live(&model, &ExchangeModel::liveCountChanged);
        model.apply(batch(1, 2, ExchangeState::Waiting));
        QCOMPARE(model.liveCount(), 2);
        model.apply({MadeUpData::record(1, ExchangeState::Streaming)});
        QCOMPARE(model.liveCount(), 2);
        QCOMPARE(live.size(), 1);
        model.apply({MadeUpData::record(1, ExchangeState::Cancelled)});
        QCOMPARE(model.liveCount(), 1);
        // The live row 2 leaves with the bound.
        model.apply(batch(3, 6, ExchangeState::Done));
        QCOMPARE(model.liveCount(), 0);
        QCOMPARE(live.size(), 3);
    }

    void aTickTouchesTheDurationOfLiveRowsAlone()
    {
        qint64 now = MadeUpData::now();
        ExchangeModel model;
        model.setClock([&now] { return now; });
        model.apply({MadeUpData::record(1, ExchangeState::Done),
                     MadeUpData::record(2, ExchangeState::Streaming),
                     MadeUpData::record(3, ExchangeState::Waiting),
                     MadeUpData::record(4, ExchangeState::Done)});
        QCOMPARE(cell(model, 1, ExchangeModel::DurationColumn), u"5.0 s"_s);
        QSignalSpy changed(&model, &QAbstractItemModel::dataChanged);
        now += 1'000;
        model.tick();
        QCOMPARE(changed.size(), 1);
        const auto first = changed[0][0].toModelIndex();
        const auto last = changed[0][1].toModelIndex();
        QCOMPARE(first, model.index(1, ExchangeModel::DurationColumn));
        QCOMPARE(last, model.index(2, ExchangeModel::DurationColumn));
        QCOMPARE(cell(model, 1, ExchangeModel::DurationColumn), u"6.0 s"_s);
        QCOMPARE(cell(model, 3, ExchangeModel::DurationColumn), u"8.1 s"_s);
    }

    void aTickWithoutLiveRowsIsSilent()
    {
        ExchangeModel model;
        model.apply(batch(1, 3, ExchangeState::Done));
        QSignalSpy changed(&model, &QAbstractItemModel::dataChanged);
        model.tick();
        QCOMPARE(changed.size(), 0);
    }

    void aClockThatWentBackShowsNoNegativeDuration()
    {
        ExchangeModel model;
        model.setClock([] { return MadeUpData::now() - 3'600'000; });
        model.apply({MadeUpData::record(1, ExchangeState::Waiting)});
        QCOMPARE(cell(model, 0, ExchangeModel::DurationColumn), u"<1 ms"_s);
    }

    void unknownValuesAreADashAndNeverZero()
    {
        ExchangeModel model;
        model.setClock(&MadeUpData::now);
        ExchangeRecord record = MadeUpData::record(1, ExchangeState::Blocked);
        record.backend.clear();
        record.status.reset();
        record.ttfbMs.reset();
        record.durationMs.reset();
        record.usage = {};
        model.apply({record});
        for (const int column : {ExchangeModel::BackendColumn, ExchangeModel::StatusColumn,
                                 ExchangeModel::FirstEventColumn, ExchangeModel::DurationColumn,
                                 ExchangeModel::InputColumn, ExchangeModel::CachedColumn,
                                 ExchangeModel::OutputColumn}) {
            QCOMPARE(cell(model, 0, column), u"—"_s);
            QCOMPARE(model.index(0, column).data(Qt::AccessibleTextRole).toString(), u"unknown"_s);
        }
    }

    void everyColumnSaysWhatItsNamePromises()
    {
        ExchangeModel model;
        model.setClock(&MadeUpData::now);
        model.setBackendTitle("OPENROUTER", u"OpenRouter"_s);
        ExchangeRecord record = MadeUpData::record(1, ExchangeState::Done);
        record.attempts = 2;
        model.apply({record});
        QCOMPARE(cell(model, 0, ExchangeModel::StateColumn), u"done ×2"_s);
        QCOMPARE(cell(model, 0, ExchangeModel::TimeColumn), u"14:32:10"_s);
        QCOMPARE(cell(model, 0, ExchangeModel::ModelColumn),
                 u"claude-opus-5-5 → anthropic/claude-opus-5.5"_s);
        QCOMPARE(cell(model, 0, ExchangeModel::BackendColumn), u"OpenRouter"_s);
        QCOMPARE(cell(model, 0, ExchangeModel::StatusColumn), u"200"_s);
        QCOMPARE(cell(model, 0, ExchangeModel::FirstEventColumn), u"0.9 s"_s);
        QCOMPARE(cell(model, 0, ExchangeModel::DurationColumn), u"8.1 s"_s);
        // New and cached input together.
        QCOMPARE(cell(model, 0, ExchangeModel::InputColumn), u"48.2k"_s);
        QCOMPARE(cell(model, 0, ExchangeModel::CachedColumn), u"46.9k"_s);
        QCOMPARE(cell(model, 0, ExchangeModel::OutputColumn), u"1.1k"_s);
    }

    void theModelColumn_data()
    {
        QTest::addColumn<QByteArray>("asked");
        QTest::addColumn<QByteArray>("used");
        QTest::addColumn<QString>("text");
        QTest::newRow("a mapped model shows both names")
            << QByteArray("haiku") << QByteArray("vendor/haiku") << u"haiku → vendor/haiku"_s;
        QTest::newRow("a model that stays is shown once")
            << QByteArray("haiku") << QByteArray("haiku") << u"haiku"_s;
        QTest::newRow("before the mapping only what was asked is known")
            << QByteArray("haiku") << QByteArray() << u"haiku"_s;
        QTest::newRow("a request without a model shows its path")
            << QByteArray() << QByteArray() << u"POST /v1/messages"_s;
    }
    void theModelColumn()
    {
        QFETCH(QByteArray, asked);
        QFETCH(QByteArray, used);
        ExchangeModel model;
        ExchangeRecord record = MadeUpData::record(1, ExchangeState::Done);
        record.model = asked;
        record.upstreamModel = used;
        model.apply({record});
        QTEST(cell(model, 0, ExchangeModel::ModelColumn), "text");
    }

    void aTitleThatArrivesLaterReachesTheRows()
    {
        ExchangeModel model;
        model.apply({MadeUpData::record(1, ExchangeState::Done)});
        QCOMPARE(cell(model, 0, ExchangeModel::BackendColumn), u"OPENROUTER"_s);
        QSignalSpy changed(&model, &QAbstractItemModel::dataChanged);
        model.setBackendTitle("OPENROUTER", u"OpenRouter"_s);
        model.setBackendTitle("OPENROUTER", u"OpenRouter"_s);
        QCOMPARE(changed.size(), 1);
        QCOMPARE(cell(model, 0, ExchangeModel::BackendColumn), u"OpenRouter"_s);
    }

    void twentyThousandRowsComeInFourHundredSteps()
    {
        ExchangeModel model;
        QSignalSpy inserted(&model, &QAbstractItemModel::rowsInserted);
        QSignalSpy removed(&model, &QAbstractItemModel::rowsRemoved);
        QSignalSpy changed(&model, &QAbstractItemModel::dataChanged);
        QElapsedTimer timer;
        timer.start();
        for (quint64 first = 1; first <= 20'000; first += 50) {
            model.apply(batch(first, first + 49, ExchangeState::Waiting));
            model.apply(batch(first, first + 49, ExchangeState::Done));
        }
        qInfo("20,000 rows, each inserted and changed once: %lld ms", timer.elapsed());
        QCOMPARE(model.rowCount(), 20'000);
        QCOMPARE(inserted.size(), 400);
        QCOMPARE(changed.size(), 400);
        QCOMPARE(removed.size(), 0);
        model.apply(batch(20'001, 20'050, ExchangeState::Done));
        QCOMPARE(model.rowCount(), 20'000);
        QCOMPARE(removed.size(), 1);
        QCOMPARE(model.rowOf(20'050), 19'999);
    }
};

QTEST_GUILESS_MAIN(ExchangeModelTest)
#include "tst_exchangemodel.moc"
