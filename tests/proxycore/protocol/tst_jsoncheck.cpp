// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/protocol/jsoncheck.h"
#include "proxycore/protocol/messagesrequest.h"

#include <QTest>

using namespace Switchyard;

class TestJsonCheck : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void objectsAreTold_data();
    void objectsAreTold();
    void everyEscapeIsFoundAtEveryPlace();
    void nestingIsBounded();
    void paddingIsRoomBehindTheEnd();
};

void TestJsonCheck::objectsAreTold_data()
{
    QTest::addColumn<QByteArray>("json");
    QTest::addColumn<bool>("good");
    const auto row = [](const char *name, const QByteArray &json, bool good) {
        QTest::newRow(name) << json << good;
    };
    row("an empty object", "{}", true);
    row("white space around", " \r\n\t{ \"a\" : [ ] }\n", true);
    row("all kinds of values", "{\"a\":[0,-1.5e-3,true,false,null,\"x\",{\"b\":{}}]}", true);
    row("the same key twice", "{\"a\":1,\"a\":2}", true);
    row("a list", "[]", false);
    row("a number", "1", false);
    row("nothing", "", false);
    row("two objects", "{}{}", false);
    row("a string skipped as if it were a key", "{\"a\":[\"b\":1]}", false);
    row("a string value with a colon behind it", "{\"a\":\"b\":1}", false);
    row("a number with a letter", "{\"a\":1x}", false);
    row("a number with two signs", "{\"a\":--1}", false);
    row("a number in hexadecimal", "{\"a\":0x1}", false);
    row("a literal that is too long", "{\"a\":nulll}", false);
    row("a literal in capitals", "{\"a\":True}", false);
    row("brackets in the wrong order", "{\"a\":[{]}}", false);
    row("a form feed between tokens", "{\"a\":\f1}", false);
}

void TestJsonCheck::objectsAreTold()
{
    QFETCH(QByteArray, json);
    QFETCH(bool, good);
    QCOMPARE(isJsonObject(json), good);
}

// The search for escapes goes by words of eight bytes.
void TestJsonCheck::everyEscapeIsFoundAtEveryPlace()
{
    for (int before = 0; before < 20; ++before) {
        for (int behind = 0; behind < 20; ++behind) {
            const QByteArray left = "{\"a\":\"" + QByteArray(before, 'x');
            const QByteArray right = QByteArray(behind, 'y') + "\"}";
            for (const char *const escape : {"\\n", "\\\\", "\\\"", "\\u12aF", "\\/\\b"})
                QVERIFY2(isJsonObject(left + escape + right), escape);
            for (const char *const escape : {"\\q", "\\u12g4", "\\u 123", "\\N", "\\\xC3\xA4"})
                QVERIFY2(!isJsonObject(left + escape + right), escape);
        }
    }
}

void TestJsonCheck::nestingIsBounded()
{
    const auto nested = [](int levels) {
        return "{\"a\":" + QByteArray(levels, '[') + QByteArray(levels, ']') + '}';
    };
    QVERIFY(isJsonObject(nested(JsonCheck::maxDepth - 1)));
    QVERIFY(!isJsonObject(nested(JsonCheck::maxDepth)));
}

void TestJsonCheck::paddingIsRoomBehindTheEnd()
{
    for (qsizetype size = 0; size < 200; ++size) {
        QByteArray json(size, 'x');
        json.squeeze();
        const QByteArray before = json;
        ensureJsonPadding(json);
        QCOMPARE(json, before);
        QVERIFY(json.data_ptr().freeSpaceAtEnd() >= qsizetype(simdjson::SIMDJSON_PADDING));
        const char *const place = json.constData();
        ensureJsonPadding(json);
        QVERIFY(json.constData() == place);
    }
}

QTEST_APPLESS_MAIN(TestJsonCheck)
#include "tst_jsoncheck.moc"
