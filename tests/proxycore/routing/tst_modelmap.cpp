// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/routing/modelmap.h"

#include <QTest>

using namespace Switchyard;

Q_DECLARE_METATYPE(ModelRules)

namespace {

ModelRules rule(const QByteArray &pattern, const QByteArray &target)
{
    ModelRules rules;
    rules.rules.push_back({pattern, target});
    return rules;
}

} // namespace

class TestModelMap : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void namesAreMapped_data();
    void namesAreMapped();
    void patternsMatchWholeNames_data();
    void patternsMatchWholeNames();
    void unknownNamesMayBeRefused_data();
    void unknownNamesMayBeRefused();
    void aHostilePatternTakesNoTime();
};

void TestModelMap::namesAreMapped_data()
{
    QTest::addColumn<QByteArray>("asked");
    QTest::addColumn<ModelRules>("rules");
    QTest::addColumn<QByteArray>("mapped");
    QTest::addColumn<QByteArray>("reason");

    QTest::newRow("the backend's names")
        << QByteArray("claude-opus-5-5") << ModelRules() << QByteArray("anthropic/claude-opus-5.5")
        << QByteArray("the names of OpenRouter");
    QTest::newRow("big without a choice")
        << QByteArray("big") << ModelRules() << QByteArray("anthropic/claude-sonnet-4")
        << QByteArray("the names of OpenRouter");
    QTest::newRow("small without a choice")
        << QByteArray("small") << ModelRules() << QByteArray("anthropic/claude-3.7-sonnet")
        << QByteArray("the names of OpenRouter");

    ModelRules sizes;
    sizes.bigModel = "claude-opus-5-5";
    sizes.smallModel = "my-own-model";
    QTest::newRow("big as chosen, in the backend's form")
        << QByteArray("big") << sizes << QByteArray("anthropic/claude-opus-5.5")
        << QByteArray("the big model set by the user");
    QTest::newRow("small as chosen, unknown to the backend")
        << QByteArray("small") << sizes << QByteArray("my-own-model")
        << QByteArray("the small model set by the user");

    QTest::newRow("a rule comes before the backend's names")
        << QByteArray("claude-opus-5-5") << rule("claude-opus-*", "openai/gpt-4o")
        << QByteArray("openai/gpt-4o") << QByteArray("rule claude-opus-*");
    QTest::newRow("a rule's target is sent as it stands")
        << QByteArray("x") << rule("x", "claude-sonnet-4") << QByteArray("claude-sonnet-4")
        << QByteArray("rule x");
    ModelRules both = sizes;
    both.rules = {{"big", "first/one"}, {"b*", "second/one"}};
    QTest::newRow("a rule comes before big, and the first match wins")
        << QByteArray("big") << both << QByteArray("first/one") << QByteArray("rule big");

    QTest::newRow("an unknown name passes")
        << QByteArray("gpt-4o") << ModelRules() << QByteArray("gpt-4o")
        << QByteArray("unknown, passed through");
    ModelRules fallback;
    fallback.unknown = UnknownModel::UseDefault;
    fallback.defaultModel = "claude-sonnet-4-5";
    QTest::newRow("an unknown name becomes the default, in the backend's form")
        << QByteArray("gpt-4o") << fallback << QByteArray("anthropic/claude-sonnet-4.5")
        << QByteArray("unknown, replaced by the default model");
    QTest::newRow("a known name does not become the default")
        << QByteArray("openai/gpt-4o") << fallback << QByteArray("openai/gpt-4o")
        << QByteArray("the names of OpenRouter");
}

void TestModelMap::namesAreMapped()
{
    QFETCH(QByteArray, asked);
    QFETCH(ModelRules, rules);
    QFETCH(QByteArray, mapped);
    QFETCH(QByteArray, reason);
    const Backend *const backend = findBackend("OPENROUTER");
    QVERIFY(backend);
    const auto result = mapModel(asked, *backend, rules);
    QVERIFY2(result.ok(), result.ok() ? "" : result.error().message.constData());
    QCOMPARE(result.value().name, mapped);
    QCOMPARE(result.value().reason, reason);
}

void TestModelMap::patternsMatchWholeNames_data()
{
    QTest::addColumn<QByteArray>("pattern");
    QTest::addColumn<QByteArray>("name");
    QTest::addColumn<bool>("matches");
    const auto row = [](const char *pattern, const char *name, bool matches) {
        QTest::addRow("'%s' %s '%s'", pattern, matches ? "matches" : "does not match", name)
            << QByteArray(pattern) << QByteArray(name) << matches;
    };
    row("gpt-4o", "gpt-4o", true);
    row("GPT-4o", "gpt-4O", true);
    row("gpt-4", "gpt-4o", false);
    row("pt-4o", "gpt-4o", false);
    row("*", "anything", true);
    row("gpt-*", "gpt-", true);
    row("gpt-*", "gpt", false);
    row("*-4o", "gpt-4o", true);
    row("*-4o", "gpt-4o-mini", false);
    row("g*4*i", "gpt-4o-mini", true);
    row("g*4*x", "gpt-4o-mini", false);
    row("gpt-?o", "gpt-4o", true);
    row("gpt-?o", "gpt-o", false);
    row("**", "x", true);
    row("x[1m]", "x[1m]", true);
    row("x[1m]", "x1", false);
    row("x.y", "xzy", false);
    row("", "x", false);
}

void TestModelMap::patternsMatchWholeNames()
{
    QFETCH(QByteArray, pattern);
    QFETCH(QByteArray, name);
    QFETCH(bool, matches);
    const auto result = mapModel(name, *findBackend("OPENROUTER"), rule(pattern, "hit"));
    QVERIFY(result.ok());
    QCOMPARE(result.value().name == "hit", matches);
}

void TestModelMap::unknownNamesMayBeRefused_data()
{
    QTest::addColumn<ModelRules>("rules");
    ModelRules refuse;
    refuse.unknown = UnknownModel::Refuse;
    QTest::newRow("the rules refuse") << refuse;
    ModelRules noDefault;
    noDefault.unknown = UnknownModel::UseDefault;
    QTest::newRow("the rules want a default and have none") << noDefault;
}

void TestModelMap::unknownNamesMayBeRefused()
{
    QFETCH(ModelRules, rules);
    const auto result = mapModel("gpt-4o", *findBackend("OPENROUTER"), rules);
    QVERIFY(!result.ok());
    QCOMPARE(result.error().status, 404);
    QCOMPARE(result.error().type, "not_found_error");
    QCOMPARE(result.error().shouldRetry, std::optional(false));
    QVERIFY(result.error().message.contains("gpt-4o"));
    QVERIFY(result.error().message.contains("OpenRouter"));
    QVERIFY(mapModel("claude-opus-5-5", *findBackend("OPENROUTER"), rules).ok());
}

void TestModelMap::aHostilePatternTakesNoTime()
{
    const QByteArray pattern = QByteArray("*a").repeated(200) + 'b';
    const QByteArray name(20'000, 'a');
    const auto result = mapModel(name, *findBackend("OPENROUTER"), rule(pattern, "hit"));
    QVERIFY(result.ok());
    QCOMPARE(result.value().name, name);
}

QTEST_APPLESS_MAIN(TestModelMap)
#include "tst_modelmap.moc"
