// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/rowfeed.h"

#include "app/controlprotocol.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>

using namespace Switchyard;
using namespace Qt::StringLiterals;

namespace {

ExchangeRecord row(quint64 id, ExchangeState state)
{
    ExchangeRecord record;
    record.id = id;
    record.state = state;
    return record;
}

// "1 done, 2 waiting": what the lines say.
QString told(const QByteArray &lines)
{
    QStringList rows;
    for (const QByteArray &line : lines.split('\n')) {
        if (line.isEmpty())
            continue;
        const QByteArrayView json = rowOfControlLine(line);
        const QJsonObject object = QJsonDocument::fromJson(json.toByteArray()).object();
        rows.append(QString::number(object[u"id"_s].toInt()) + u' '
                    + object[u"state"_s].toString());
    }
    return rows.join(u", "_s);
}

constexpr qsizetype plenty = 1024 * 1024;

} // namespace

class TestRowFeed : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void withoutFollowingTheRowsThatAreThereCome();
    void aFollowerGetsARowAgainWhenItsStateChanged();
    void aSlowReaderGetsTheNewestStateOnly();
    void whatFellOffTheListIsLeftOut();
    void aBoundEndsABatchBetweenRows();
    void linesOfTheProtocol();
};

void TestRowFeed::withoutFollowingTheRowsThatAreThereCome()
{
    RecordList list(10);
    list.apply({row(1, ExchangeState::Done), row(2, ExchangeState::Waiting)});
    RowFeed feed(list, false);
    list.apply({row(3, ExchangeState::Done)});
    feed.rowsChanged({row(3, ExchangeState::Done)});
    QCOMPARE(told(feed.take(plenty)), u"1 done, 2 waiting"_s);
    QVERIFY(feed.isAtEnd());
}

void TestRowFeed::aFollowerGetsARowAgainWhenItsStateChanged()
{
    RecordList list(10);
    RowFeed feed(list, true);
    QCOMPARE(feed.take(plenty), QByteArray());
    const auto change = [&](ExchangeState state) {
        list.apply({row(1, state)});
        feed.rowsChanged({row(1, state)});
        return told(feed.take(plenty));
    };
    QCOMPARE(change(ExchangeState::Waiting), u"1 waiting"_s);
    QCOMPARE(change(ExchangeState::Streaming), u"1 streaming"_s);
    QCOMPARE(change(ExchangeState::Streaming), QString());
    QCOMPARE(change(ExchangeState::Done), u"1 done"_s);
}

void TestRowFeed::aSlowReaderGetsTheNewestStateOnly()
{
    RecordList list(10);
    RowFeed feed(list, true);
    for (const ExchangeState state :
         {ExchangeState::Waiting, ExchangeState::Streaming, ExchangeState::Error}) {
        list.apply({row(1, state)});
        feed.rowsChanged({row(1, state)});
    }
    QCOMPARE(told(feed.take(plenty)), u"1 error"_s);
}

void TestRowFeed::whatFellOffTheListIsLeftOut()
{
    RecordList list(2);
    RowFeed feed(list, true);
    for (quint64 id = 1; id <= 5; ++id) {
        list.apply({row(id, ExchangeState::Done)});
        feed.rowsChanged({row(id, ExchangeState::Done)});
    }
    QCOMPARE(told(feed.take(plenty)), u"4 done, 5 done"_s);
}

void TestRowFeed::aBoundEndsABatchBetweenRows()
{
    RecordList list(10);
    list.apply({row(1, ExchangeState::Done), row(2, ExchangeState::Done)});
    RowFeed feed(list, false);
    QCOMPARE(told(feed.take(1)), u"1 done"_s);
    QVERIFY(!feed.isAtEnd());
    QCOMPARE(told(feed.take(1)), u"2 done"_s);
    QCOMPARE(feed.take(1), QByteArray());
}

void TestRowFeed::linesOfTheProtocol()
{
    QCOMPARE(controlRow(R"({"b":1.0,"a":12345678901234567890})"),
             QByteArray("{\"v\":1,\"row\":{\"b\":1.0,\"a\":12345678901234567890}}\n"));
    QCOMPARE(rowOfControlLine(R"({"v":1,"row":{"id":1}})"), QByteArrayView(R"({"id":1})"));
    QVERIFY(rowOfControlLine(R"({"ok":true,"v":1})").isEmpty());

    const auto request = parseControlLine(controlRequest(u"use"_s, {{u"backend"_s, u"ECHO"_s}}));
    QVERIFY(request);
    QCOMPARE((*request)[u"command"_s].toString(), u"use"_s);
    QCOMPARE((*request)[u"backend"_s].toString(), u"ECHO"_s);
    QVERIFY(!parseControlLine(R"({"v":2,"command":"status"})"));
    QVERIFY(!parseControlLine(R"({"command":"status"})"));
    QVERIFY(!parseControlLine("[1]"));
    QVERIFY(!parseControlLine("GET / HTTP/1.1"));
}

QTEST_GUILESS_MAIN(TestRowFeed)
#include "tst_rowfeed.moc"
