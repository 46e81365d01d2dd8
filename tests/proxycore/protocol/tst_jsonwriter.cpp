// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/protocol/jsonwriter.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>

#include <limits>

using namespace Switchyard;

class TestJsonWriter : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void commasStandBetweenValuesOnly();
    void textIsEscaped_data();
    void textIsEscaped();
    void numbersAreWrittenExactly_data();
    void numbersAreWrittenExactly();
    void infinityIsNull();
    void rawValuesAreCopied();
    void aStringMayBeWrittenInPieces();
    void theStartIsKept();
};

void TestJsonWriter::commasStandBetweenValuesOnly()
{
    JsonWriter json;
    json.beginObject();
    json.key("list");
    json.beginArray();
    json.beginObject();
    json.endObject();
    json.beginArray();
    json.endArray();
    json.number(qint64(1));
    json.null();
    json.endArray();
    json.member("text", "x");
    json.member("flag", false);
    json.member("count", 3);
    json.member("part", 0.5);
    json.key("empty");
    json.beginObject();
    json.endObject();
    json.endObject();
    QCOMPARE(json.take(),
             "{\"list\":[{},[],1,null],\"text\":\"x\",\"flag\":false,\"count\":3,\"part\":0.5,"
             "\"empty\":{}}");
}

void TestJsonWriter::textIsEscaped_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("escaped");
    QTest::newRow("plain text stays") << QByteArray("abc/d") << QByteArray("abc/d");
    QTest::newRow("nothing stays nothing") << QByteArray() << QByteArray();
    QTest::newRow("quotes and backslashes")
        << QByteArray("\"a\\b\"") << QByteArray("\\\"a\\\\b\\\"");
    QTest::newRow("short escapes") << QByteArray("\n\r\t\b\f") << QByteArray("\\n\\r\\t\\b\\f");
    QTest::newRow("other control characters")
        << QByteArray("\0\x01\x1f", 3) << QByteArray("\\u0000\\u0001\\u001f");
    QTest::newRow("DEL needs no escape") << QByteArray("\x7f") << QByteArray("\x7f");
    QTest::newRow("UTF-8 stays") << QByteArray("ä€😀") << QByteArray("ä€😀");
}

void TestJsonWriter::textIsEscaped()
{
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, escaped);

    JsonWriter json;
    json.beginObject();
    json.member("k", text);
    json.endObject();
    QCOMPARE(json.view().toByteArray(), "{\"k\":\"" + escaped + "\"}");
    // An independent reader sees the same text.
    const QJsonDocument document = QJsonDocument::fromJson(json.take());
    QCOMPARE(document.object().value(QStringLiteral("k")).toString().toUtf8(), text);
}

void TestJsonWriter::numbersAreWrittenExactly_data()
{
    QTest::addColumn<double>("number");
    QTest::addColumn<QByteArray>("written");
    QTest::newRow("a fraction") << 0.1 << QByteArray("0.1");
    QTest::newRow("a price") << 0.002672 << QByteArray("0.002672");
    QTest::newRow("a whole number") << 3.0 << QByteArray("3");
    QTest::newRow("a negative one") << -1.5 << QByteArray("-1.5");
}

void TestJsonWriter::numbersAreWrittenExactly()
{
    QFETCH(double, number);
    QFETCH(QByteArray, written);
    JsonWriter json;
    json.number(number);
    QCOMPARE(json.take(), written);

    JsonWriter integers;
    integers.beginArray();
    integers.number(std::numeric_limits<qint64>::min());
    integers.number(std::numeric_limits<qint64>::max());
    integers.endArray();
    QCOMPARE(integers.take(), "[-9223372036854775808,9223372036854775807]");
}

void TestJsonWriter::infinityIsNull()
{
    JsonWriter json;
    json.beginArray();
    json.number(std::numeric_limits<double>::infinity());
    json.number(std::numeric_limits<double>::quiet_NaN());
    json.endArray();
    QCOMPARE(json.take(), "[null,null]");
}

void TestJsonWriter::rawValuesAreCopied()
{
    JsonWriter json;
    json.beginObject();
    json.rawMember("a", "{ \"n\" : 1.0 }");
    json.rawMember("b", "12345678901234567890");
    json.endObject();
    QCOMPARE(json.take(), "{\"a\":{ \"n\" : 1.0 },\"b\":12345678901234567890}");
}

void TestJsonWriter::aStringMayBeWrittenInPieces()
{
    JsonWriter json;
    json.beginArray();
    json.beginString();
    json.stringPiece("a\"");
    json.escapedPiece("\\u00e4\\n");
    json.stringPiece("b");
    json.endString();
    json.string("c");
    json.endArray();
    QCOMPARE(json.take(), "[\"a\\\"\\u00e4\\nb\",\"c\"]");
}

void TestJsonWriter::theStartIsKept()
{
    JsonWriter json(QByteArray("data: "));
    json.beginObject();
    json.endObject();
    QCOMPARE(json.take(), "data: {}");
}

QTEST_APPLESS_MAIN(TestJsonWriter)
#include "tst_jsonwriter.moc"
