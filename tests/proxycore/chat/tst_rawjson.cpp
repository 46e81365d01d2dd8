// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/chat/rawjson.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QTest>

using namespace Switchyard;

class TestRawJson : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void escapesJsonForAString_data();
    void escapesJsonForAString();
    void decodes_data();
    void decodes();
    void knowsBlankText_data();
    void knowsBlankText();
    void keepsAParserOnlyForUsualSizes();
};

void TestRawJson::escapesJsonForAString_data()
{
    QTest::addColumn<QByteArray>("json");
    QTest::newRow("nothing") << QByteArray();
    QTest::newRow("an object") << QByteArray(R"({"a":"b\"c\\d","e":[1.0,null]})");
    QTest::newRow("white space between tokens") << QByteArray("{\n\t\"a\" :\r\n 1 }");
    QTest::newRow("long text without escapes") << QByteArray('"' + QByteArray(1000, 'x') + '"');
    QTest::newRow("bytes above 127") << QByteArray("{\"k\":\"h\xC3\xA9 \xF0\x9F\x98\x80\"}");
    // The text is looked at in steps of eight bytes.
    for (int length = 1; length <= 17; ++length) {
        for (int at = 0; at < length; ++at) {
            QByteArray json(length, 'x');
            json[at] = '"';
            QTest::addRow("a quote at %d of %d", at, length) << json;
        }
    }
}

void TestRawJson::escapesJsonForAString()
{
    QFETCH(QByteArray, json);
    QByteArray out = "before";
    appendAsInner(out, json);
    QVERIFY(out.startsWith("before"));
    const QByteArray inner = out.sliced(6);
    const QJsonArray read = QJsonDocument::fromJson("[\"" + inner + "\"]").array();
    QCOMPARE(read.size(), 1);
    QCOMPARE(read[0].toString().toUtf8(), json);
    QCOMPARE(decodedInner(inner), json);
}

void TestRawJson::decodes_data()
{
    QTest::addColumn<QByteArray>("inner");
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("plain") << QByteArray("abc") << QByteArray("abc");
    QTest::newRow("every escape") << QByteArray(R"(\"\\\/\b\f\n\r\t)")
                                  << QByteArray("\"\\/\b\f\n\r\t");
    QTest::newRow("one byte") << QByteArray(R"(\u0041)") << QByteArray("A");
    QTest::newRow("two bytes") << QByteArray(R"(\u00e9)") << QByteArray("\xC3\xA9");
    QTest::newRow("three bytes") << QByteArray(R"(\u20AC)") << QByteArray("\xE2\x82\xAC");
    QTest::newRow("a pair") << QByteArray(R"(a\ud83d\ude00b)")
                            << QByteArray("a\xF0\x9F\x98\x80"
                                          "b");
    QTest::newRow("half a pair") << QByteArray(R"(\ud83d!)") << QByteArray(R"(\ud83d!)");
    QTest::newRow("the other half") << QByteArray(R"(\ude00)") << QByteArray(R"(\ude00)");
    QTest::newRow("two first halves")
        << QByteArray(R"(\ud83d\ud83d\ude00)") << QByteArray("\\ud83d\xF0\x9F\x98\x80");
    QTest::newRow("a backslash at the end") << QByteArray("ab\\") << QByteArray("ab");
    QTest::newRow("a code that is cut") << QByteArray(R"(ab\u00)") << QByteArray("ab");
}

void TestRawJson::decodes()
{
    QFETCH(QByteArray, inner);
    QFETCH(QByteArray, text);
    QCOMPARE(decodedInner(inner), text);
}

void TestRawJson::knowsBlankText_data()
{
    QTest::addColumn<QByteArray>("inner");
    QTest::addColumn<bool>("blank");
    QTest::newRow("nothing") << QByteArray() << true;
    QTest::newRow("spaces and breaks") << QByteArray(R"( \n\r\t\f )") << true;
    QTest::newRow("a letter") << QByteArray(R"( \n x)") << false;
    QTest::newRow("a quote") << QByteArray(R"(\")") << false;
    QTest::newRow("a code") << QByteArray(R"(\u0041)") << false;
}

void TestRawJson::knowsBlankText()
{
    QFETCH(QByteArray, inner);
    QFETCH(bool, blank);
    QCOMPARE(isBlankInner(inner), blank);
}

void TestRawJson::keepsAParserOnlyForUsualSizes()
{
    const auto parserFor = [](qsizetype bytes) {
        return withJsonParser(bytes, [](simdjson::ondemand::parser &parser) { return &parser; });
    };
    simdjson::ondemand::parser *const usual = parserFor(1000);
    QCOMPARE(parserFor(1024 * 1024), usual);
    QVERIFY(usual->capacity() >= 1024 * 1024);
    QVERIFY(usual->capacity() <= 2 * 1024 * 1024);
    QVERIFY(parserFor(30 * 1024 * 1024) != usual);
    QVERIFY(usual->capacity() <= 2 * 1024 * 1024);
}

QTEST_APPLESS_MAIN(TestRawJson)
#include "tst_rawjson.moc"
