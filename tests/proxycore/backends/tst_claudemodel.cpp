// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/backends/claudemodel.h"

#include <QTest>

using namespace Switchyard;

class TestClaudeModel : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void namesAreRead_data();
    void namesAreRead();
    void otherNamesAreNot_data();
    void otherNamesAreNot();
    void bigAndSmallHaveAMeaning();
};

void TestClaudeModel::namesAreRead_data()
{
    QTest::addColumn<QByteArray>("name");
    QTest::addColumn<QByteArray>("openRouter");
    QTest::addColumn<QByteArray>("databricks");

    const auto row = [](const char *name, const char *openRouter, const char *databricks) {
        QTest::newRow(name) << QByteArray(name) << QByteArray(openRouter) << QByteArray(databricks);
    };
    row("claude-sonnet-4", "anthropic/claude-sonnet-4", "databricks-claude-sonnet-4");
    row("anthropic/claude-sonnet-4", "anthropic/claude-sonnet-4", "databricks-claude-sonnet-4");
    row("claude-sonnet-4-20250514", "anthropic/claude-sonnet-4", "databricks-claude-sonnet-4");
    row("claude-sonnet-4-0", "anthropic/claude-sonnet-4", "databricks-claude-sonnet-4");
    row("claude-3.7-sonnet", "anthropic/claude-3.7-sonnet", "databricks-claude-3-7-sonnet");
    row("claude-3-7-sonnet", "anthropic/claude-3.7-sonnet", "databricks-claude-3-7-sonnet");
    row("anthropic/claude-3.7-sonnet", "anthropic/claude-3.7-sonnet",
        "databricks-claude-3-7-sonnet");
    row("claude-3-7-sonnet-20250219", "anthropic/claude-3.7-sonnet",
        "databricks-claude-3-7-sonnet");
    row("claude-3-7-sonnet-latest", "anthropic/claude-3.7-sonnet", "databricks-claude-3-7-sonnet");
    row("claude-3-opus-20240229", "anthropic/claude-3-opus", "databricks-claude-3-opus");
    row("claude-3-5-haiku-20241022", "anthropic/claude-3.5-haiku", "databricks-claude-3-5-haiku");
    row("claude-opus-5-5", "anthropic/claude-opus-5.5", "databricks-claude-opus-5-5");
    row("claude-opus-5-5[1m]", "anthropic/claude-opus-5.5", "databricks-claude-opus-5-5");
    row("claude-opus-5.5", "anthropic/claude-opus-5.5", "databricks-claude-opus-5-5");
    row("claude-haiku-4-5-20251001", "anthropic/claude-haiku-4.5", "databricks-claude-haiku-4-5");
    row("claude-haiku-4-5-20251001[1m]", "anthropic/claude-haiku-4.5",
        "databricks-claude-haiku-4-5");
    row("claude-fable-5", "anthropic/claude-fable-5", "databricks-claude-fable-5");
    row("claude-opus-10-12", "anthropic/claude-opus-10.12", "databricks-claude-opus-10-12");
    row("Claude-Sonnet-4", "anthropic/claude-sonnet-4", "databricks-claude-sonnet-4");
}

void TestClaudeModel::namesAreRead()
{
    QFETCH(QByteArray, name);
    QFETCH(QByteArray, openRouter);
    QFETCH(QByteArray, databricks);
    const auto model = parseClaudeModel(name);
    QVERIFY(model);
    QCOMPARE(openRouterName(*model), openRouter);
    QCOMPARE(databricksName(*model), databricks);
    // A mapped name maps to itself.
    QCOMPARE(openRouterName(parseClaudeModel(openRouter).value_or(ClaudeModel())), openRouter);
}

void TestClaudeModel::otherNamesAreNot_data()
{
    QTest::addColumn<QByteArray>("name");
    for (const char *const name : {"",
                                   "claude",
                                   "claude-",
                                   "claude-sonnet",
                                   "claude-4",
                                   "claude-sonnet-",
                                   "claude--4",
                                   "claude-sonnet-x",
                                   "claude-sonnet-4-fast",
                                   "claude-sonnet-4:free",
                                   "claude-sonnet-4-5-6-7",
                                   "claude-sonnet-4.",
                                   "claude-sonnet-.5",
                                   "claude-sonnet-4.5.6",
                                   "claude-sonnet-400",
                                   "claude-sonnet-4-2025051",
                                   "claude-sonnet-4[2m]",
                                   "claude-3-7",
                                   "openai/claude-sonnet-4",
                                   "gpt-4o",
                                   "my-claude-sonnet-4",
                                   "big",
                                   "sonnet",
                                   "anthropic/",
                                   "anthropic/claude-3.7-sonnet:thinking"})
        QTest::addRow("'%s'", name) << QByteArray(name);
}

void TestClaudeModel::otherNamesAreNot()
{
    QFETCH(QByteArray, name);
    QVERIFY(!parseClaudeModel(name));
}

void TestClaudeModel::bigAndSmallHaveAMeaning()
{
    QCOMPARE(openRouterName(bigClaudeModel()), "anthropic/claude-sonnet-4");
    QCOMPARE(databricksName(bigClaudeModel()), "databricks-claude-sonnet-4");
    QCOMPARE(openRouterName(smallClaudeModel()), "anthropic/claude-3.7-sonnet");
    QCOMPARE(databricksName(smallClaudeModel()), "databricks-claude-3-7-sonnet");
}

QTEST_APPLESS_MAIN(TestClaudeModel)
#include "tst_claudemodel.moc"
