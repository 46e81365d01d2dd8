// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/chat/toolarguments.h"

#include <QByteArrayList>
#include <QTest>

using namespace Switchyard;

class TestToolArguments : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void findsTheArguments_data();
    void findsTheArguments();
    void knowsWhenTheyAreComplete_data();
    void knowsWhenTheyAreComplete();
    void handsOutWhatIsSure();
    void noticesWhiteSpaceWithoutEnd();
};

void TestToolArguments::findsTheArguments_data()
{
    QTest::addColumn<QByteArrayList>("fragments");
    QTest::addColumn<bool>("valid");
    QTest::addColumn<QByteArray>("arguments");

    const auto row = [](const char *name, QByteArrayList fragments, bool valid,
                        QByteArray arguments) {
        QTest::newRow(name) << fragments << valid << arguments;
    };
    row("none", {}, true, "");
    row("empty fragments", {"", "", ""}, true, "");
    row("white space alone", {" ", R"(\n)"}, true, "");
    row("in one piece", {R"({\"a\":1})"}, true, R"({\"a\":1})");
    row("in pieces", {"{", R"(\"a)", R"(\":1)", "}"}, true, R"({\"a\":1})");
    row("an empty object", {"{}"}, true, "{}");
    row("an empty object first", {"{}", R"({\"a\")", ":1}"}, true, R"({\"a\":1})");
    row("everything so far in each", {R"({\"a)", R"({\"a\":)", R"({\"a\":1})"}, true,
        R"({\"a\":1})");
    row("the whole twice", {R"({\"a\":1})", R"({\"a\":1})"}, true, R"({\"a\":1})");
    row("an empty object, then everything so far", {"{}", R"({\"a)", R"({\"a\":1})"}, true,
        R"({\"a\":1})");
    row("a piece that begins like the whole", {R"({\"a\":)", R"({\"a\":)", "2}}"}, true,
        R"({\"a\":{\"a\":2}})");
    row("white space behind", {R"({\"a\":1})", R"(  \n\t)"}, true, R"({\"a\":1})");
    row("a quote written as a code", {R"({\u0022a\u0022:1})"}, true, R"({\u0022a\u0022:1})");
    row("braces inside a string", {R"({\"a\":\"}{)", R"(\"})"}, true, R"({\"a\":\"}{\"})");
    row("an escaped quote at the end of a fragment", {R"({\"a\":\"\\)", R"(\"}\"})"}, true,
        R"({\"a\":\"\\\"}\"})");
    row("cut", {R"({\"a\":)"}, false, R"({\"a\":)");
    row("a list", {"[1]"}, false, "[1]");
    row("two objects", {R"({\"a\":1})", R"({\"b\":1})"}, false, R"({\"a\":1}{\"b\":1})");
    row("no JSON", {"{a:1}"}, false, "{a:1}");
}

void TestToolArguments::findsTheArguments()
{
    QFETCH(QByteArrayList, fragments);
    QFETCH(bool, valid);
    QFETCH(QByteArray, arguments);
    // Whether the call is the open one, whose arguments are handed out at once, or waits.
    for (const bool isOpen : {true, false}) {
        ToolArguments found;
        QByteArray taken;
        for (const QByteArray &fragment : fragments) {
            found.append(fragment);
            if (isOpen)
                taken += found.takeReady().toByteArray();
        }
        QByteArrayView rest;
        QCOMPARE(found.finish(&rest), valid);
        QCOMPARE(taken + rest.toByteArray(), arguments);
    }
}

void TestToolArguments::knowsWhenTheyAreComplete_data()
{
    QTest::addColumn<QByteArrayList>("fragments");
    QTest::addColumn<bool>("complete");
    QTest::newRow("nothing yet") << QByteArrayList() << false;
    QTest::newRow("open") << QByteArrayList{R"({\"a\":1)"} << false;
    QTest::newRow("closed") << QByteArrayList{R"({\"a\":1)", "}"} << true;
    QTest::newRow("closed, with an inner one") << QByteArrayList{R"({\"a\":{}})", ""} << true;
    QTest::newRow("an inner one closed") << QByteArrayList{R"({\"a\":{})"} << false;
    QTest::newRow("a brace in a string") << QByteArrayList{R"({\"a\":\"}\")"} << false;
    QTest::newRow("a quote escaped twice") << QByteArrayList{R"({\"a\":\"\\\"}\")"} << false;
    QTest::newRow("a backslash before the end of a string")
        << QByteArrayList{R"({\"a\":\"\\\\\"})"} << true;
    QTest::newRow("an empty object may be a placeholder") << QByteArrayList{"{}"} << false;
    QTest::newRow("in doubt") << QByteArrayList{R"({\"a\":1})", R"({\"a\":1})"} << false;
}

void TestToolArguments::knowsWhenTheyAreComplete()
{
    QFETCH(QByteArrayList, fragments);
    QFETCH(bool, complete);
    ToolArguments arguments;
    for (const QByteArray &fragment : fragments)
        arguments.append(fragment);
    QCOMPARE(arguments.state() == ToolArguments::State::Complete, complete);
}

void TestToolArguments::handsOutWhatIsSure()
{
    ToolArguments arguments;
    arguments.append("{}");
    QCOMPARE(arguments.takeReady().size(), qsizetype(0));
    arguments.append(R"({\"a)");
    QCOMPARE(arguments.takeReady().toByteArray(), QByteArray(R"({\"a)"));
    QCOMPARE(arguments.takeReady().size(), qsizetype(0));
    arguments.append(R"({\"a\":1})");
    QCOMPARE(arguments.takeReady().size(), qsizetype(0));
}

void TestToolArguments::noticesWhiteSpaceWithoutEnd()
{
    ToolArguments indented;
    indented.append(R"({\"a\":\")" + QByteArray(5000, ' ') + R"(\",)" + QByteArray(400, ' '));
    QCOMPARE(int(indented.state()), int(ToolArguments::State::Open));
    indented.append(QByteArray(101, ' '));
    QCOMPARE(int(indented.state()), int(ToolArguments::State::Endless));

    ToolArguments closed;
    closed.append("{}");
    for (int i = 0; i < 3; ++i)
        closed.append(QByteArray(200, ' '));
    QCOMPARE(int(closed.state()), int(ToolArguments::State::Endless));
}

QTEST_APPLESS_MAIN(TestToolArguments)
#include "tst_toolarguments.moc"
