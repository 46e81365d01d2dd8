// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/protocol/headers.h"

#include <QTest>

using namespace Switchyard;

class TestHeaders : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void namesCompareWithoutCase();
    void aPartOfANameIsAnotherName();
    void setReplacesEveryField();
    void removeTakesEveryField();
    void combinedJoinsASplitList();
    void theOrderIsKept();
};

void TestHeaders::namesCompareWithoutCase()
{
    Headers headers;
    headers.add("Content-Type", "text/plain");
    QVERIFY(headers.contains("content-type"));
    QCOMPARE(headers.value("CONTENT-TYPE"), "text/plain");
    QVERIFY(sameHeaderName("X-Api-Key", "x-api-key"));
}

void TestHeaders::aPartOfANameIsAnotherName()
{
    Headers headers;
    headers.add("x-api-key-2", "b");
    QVERIFY(!headers.contains("x-api-key"));
    QCOMPARE(headers.value("x-api-key"), QByteArray());
    QVERIFY(!sameHeaderName("a", ""));
}

void TestHeaders::setReplacesEveryField()
{
    Headers headers;
    headers.add("A", "1");
    headers.add("a", "2");
    headers.add("b", "3");
    headers.set("a", "4");
    QCOMPARE(headers.size(), std::size_t(2));
    QCOMPARE(headers.combined("A"), "4");
}

void TestHeaders::removeTakesEveryField()
{
    Headers headers;
    headers.add("Cookie", "1");
    headers.add("cookie", "2");
    headers.remove("COOKIE");
    QVERIFY(headers.isEmpty());
}

void TestHeaders::combinedJoinsASplitList()
{
    Headers headers;
    headers.add("anthropic-beta", "a,b");
    headers.add("other", "x");
    headers.add("Anthropic-Beta", "c");
    QCOMPARE(headers.combined("anthropic-beta"), "a,b, c");
    QCOMPARE(headers.value("anthropic-beta"), "a,b");
    QCOMPARE(headers.combined("missing"), QByteArray());
}

void TestHeaders::theOrderIsKept()
{
    Headers headers;
    headers.add("b", "1");
    headers.add("a", "2");
    QByteArray names;
    for (const Header &field : headers)
        names += field.name;
    QCOMPARE(names, "ba");
}

QTEST_APPLESS_MAIN(TestHeaders)
#include "tst_headers.moc"
