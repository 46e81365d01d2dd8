// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/chat/chatrequest.h"
#include "tests/proxycore/chat/chatgrammar.h"
#include "tests/proxycore/chat/fixtures.h"
#include "tests/proxycore/chat/mutations.h"

#include <QTest>

using namespace Switchyard;
using namespace Qt::StringLiterals;
using Fixtures::Target;
using Fixtures::targetOf;

namespace {

Result<ChatRequest> converted(const QByteArray &body, const Target &target = Target())
{
    const Result<MessagesRequest> request = readMessagesRequest(body);
    if (!request)
        return request.error();
    return convertToChat(request.value(), target.model, target.dialect);
}

QStringList fieldsAndRules(const Adjustments &adjustments)
{
    QStringList all;
    for (const Adjustment &adjustment : adjustments)
        all.append(QString::fromUtf8(adjustment.field + ": " + adjustment.rule));
    return all;
}

QStringList expectedAdjustments(const QString &name)
{
    QStringList all;
    const QString file = name + u".adjust.json"_s;
    if (!Fixtures::exists(file))
        return all;
    for (const QJsonValue &each : Fixtures::readJson(file).array())
        all.append(each[u"field"].toString() + u": "_s + each[u"rule"].toString());
    return all;
}

QByteArray conversation(const QByteArray &messages)
{
    return R"({"model":"m","max_tokens":10,"messages":)" + messages + '}';
}

// What the model reads: the texts of all messages in their order, without marks and whatever the
// form of the content.
QByteArray promptOf(const QByteArray &body)
{
    QByteArray prompt;
    const QJsonArray messages = QJsonDocument::fromJson(body).object()[u"messages"].toArray();
    for (const QJsonValue &message : messages) {
        prompt += '[' + message[u"role"].toString().toUtf8() + ']';
        if (message[u"content"].isString())
            prompt += message[u"content"].toString().toUtf8() + '|';
        for (const QJsonValue &part : message[u"content"].toArray())
            prompt += part[u"text"].toString().toUtf8() + '|';
    }
    return prompt;
}

} // namespace

class TestChatRequest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void converts_data() { Fixtures::addRows(u"request"_s, u".in.json"_s); }
    void converts();
    void isTheSameForTheSameRequest_data() { Fixtures::addRows(u"request"_s, u".out.json"_s); }
    void isTheSameForTheSameRequest();
    void refusesOrConvertsWhateverItsValuesAre_data()
    {
        Fixtures::addRows(u"request"_s, u".in.json"_s);
    }
    void refusesOrConvertsWhateverItsValuesAre();
    void reordersNothingWhenSystemStandsLast();

    void keepsSchemasAndInputsAsBytes();
    void keepsThinkingAsBytes();
    void keepsWhatWasSaidBeforeWhenTheConversationGrows();
    void namesTheFieldOfAMalformedValue_data();
    void namesTheFieldOfAMalformedValue();
    void tellsTheWayBackAboutTools();
    void shortensToolNamesAlwaysTheSame();
    void knowsModelFamilies_data();
    void knowsModelFamilies();
    void benchmark_data();
    void benchmark();
};

void TestChatRequest::converts()
{
    QFETCH(QString, name);
    const Target target = targetOf(name);
    const Result<ChatRequest> got = converted(Fixtures::read(name + u".in.json"_s), target);
    const QString errorFile = name + u".error.json"_s;
    if (Fixtures::exists(errorFile)) {
        QVERIFY(!got.ok());
        const QJsonObject error = Fixtures::readJson(errorFile).object();
        QCOMPARE(got.error().message, error[u"message"].toString().toUtf8());
        QCOMPARE(got.error().status, 400);
        QCOMPARE(got.error().type, QByteArray("invalid_request_error"));
        QCOMPARE(got.error().shouldRetry, std::optional<bool>(false));
        return;
    }
    QVERIFY2(got.ok(), got.ok() ? "" : got.error().message.constData());
    QCOMPARE(Fixtures::minified(got.value().body),
             Fixtures::minified(Fixtures::read(name + u".out.json"_s)));
    QCOMPARE(fieldsAndRules(got.value().adjustments), expectedAdjustments(name));
    QCOMPARE(ChatGrammar::fault(got.value().body), QString());
    for (const Adjustment &adjustment : got.value().adjustments)
        QVERIFY2(adjustment.reason.endsWith('.'), adjustment.reason.constData());
}

void TestChatRequest::isTheSameForTheSameRequest()
{
    QFETCH(QString, name);
    const QByteArray body = Fixtures::read(name + u".in.json"_s);
    const Target target = targetOf(name);
    const Result<ChatRequest> first = converted(body, target);
    const Result<ChatRequest> second = converted(body, target);
    QVERIFY(first.ok() && second.ok());
    QCOMPARE(first.value().body, second.value().body);
    QVERIFY(first.value().adjustments == second.value().adjustments);
}

// A value of the wrong type is a 400 that names a field, or is left out and recorded; what is sent
// on is JSON in any case.
void TestChatRequest::refusesOrConvertsWhateverItsValuesAre()
{
    QFETCH(QString, name);
    const Target target = targetOf(name);
    const QJsonObject original = Fixtures::readJson(name + u".in.json"_s).object();
    int accepted = 0;
    for (const QJsonValue &mutation : Mutations::of(original)) {
        const QByteArray body = QJsonDocument(mutation.toObject()).toJson(QJsonDocument::Compact);
        const Result<ChatRequest> got = converted(body, target);
        if (!got) {
            QCOMPARE(got.error().status, 400);
            QVERIFY2(got.error().message.contains(": "), got.error().message.constData());
            continue;
        }
        ++accepted;
        const QString fault = ChatGrammar::fault(got.value().body);
        QVERIFY2(fault.isEmpty(),
                 (fault.toUtf8() + '\n' + body + '\n' + got.value().body).constData());
    }
    QVERIFY(accepted > 0 || Fixtures::exists(name + u".error.json"_s));
}

void TestChatRequest::reordersNothingWhenSystemStandsLast()
{
    const Result<ChatRequest> first = converted(
        R"({"model":"m","max_tokens":9,"system":"Be brief.","messages":[{"role":"user","content":"Hi"}]})");
    const Result<ChatRequest> last = converted(
        R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":"Hi"}],"system":"Be brief."})");
    QVERIFY(first.ok() && last.ok());
    QCOMPARE(last.value().body, first.value().body);
}

void TestChatRequest::keepsSchemasAndInputsAsBytes()
{
    const QByteArray schema =
        R"({ "type":"object" , "properties":{"z":{"const":1.0},"a":{"maximum":9007199254740993}},"x":"é\u00e9" })";
    const QByteArray input = R"({ "z" : 1.0,"a":9007199254740993 , "q":"\"\\\n\u00e9\ud83d" })";
    const Result<ChatRequest> got = converted(
        R"({"model":"m","max_tokens":9,"tools":[{"name":"T","input_schema":)" + schema
        + R"(}],"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":[)"
          R"({"type":"tool_use","id":"t1","name":"T","input":)"
        + input
        + R"(}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"ok"}]}]})");
    QVERIFY(got.ok());
    QVERIFY(got.value().body.contains("\"parameters\":" + schema));
    const QByteArray escaped = QByteArray(input).replace('\\', "\\\\").replace('"', "\\\"");
    QVERIFY(got.value().body.contains("\"arguments\":\"" + escaped + '"'));
}

void TestChatRequest::keepsThinkingAsBytes()
{
    // Composed and decomposed letters, escapes that need not be, trailing spaces, a lone surrogate.
    const QByteArray thinking = R"( e\u0301 é \/ \u0041 \ud83d  )";
    const QByteArray signature = R"(EpwC\/abc==)";
    const Result<ChatRequest> got = converted(conversation(
        R"([{"role":"user","content":"Hi"},{"role":"assistant","content":[{"type":"thinking","thinking":")"
        + thinking + R"(","signature":")" + signature
        + R"("},{"type":"text","text":"Yes"}]},{"role":"user","content":"Go on"}])"));
    QVERIFY(got.ok());
    QVERIFY(got.value().body.contains(R"({"type":"reasoning.text","text":")" + thinking
                                      + R"(","signature":")" + signature + R"(","format")"));
}

// Providers cache the start of a prompt: what was sent for a message may not change when others
// follow it, and when the client moves its cache mark along.
void TestChatRequest::keepsWhatWasSaidBeforeWhenTheConversationGrows()
{
    const QByteArray mark = R"(,"cache_control":{"type":"ephemeral"})";
    const QByteArray turns[] = {
        R"({"role":"user","content":[{"type":"text","text":"<system-reminder>A</system-reminder>"},)"
        R"({"type":"text","text":"Do it"@}]})",
        R"({"role":"system","content":"Tools are there."})",
        R"({"role":"assistant","content":[{"type":"thinking","thinking":"Hm","signature":"S1"},)"
        R"({"type":"tool_use","id":"t1","name":"T","input":{}}]})",
        R"({"role":"user","content":[{"tool_use_id":"t1","type":"tool_result","content":"[1]"@}]})",
        R"({"role":"assistant","content":[{"type":"text","text":"Done"}]})",
        R"({"role":"user","content":[{"type":"text","text":"Thanks"@}]})",
    };
    QByteArray before;
    QByteArray said;
    for (const QByteArray &turn : turns) {
        const QByteArray separator = said.isEmpty() ? "" : ",";
        const QByteArray marked = QByteArray(turn).replace("@", mark);
        const Result<ChatRequest> got =
            converted(conversation('[' + said + separator + marked + ']'));
        said += separator + QByteArray(turn).replace("@", "");
        QVERIFY(got.ok());
        // An unanswered call gets a filler, which is no part of the conversation.
        if (turn.contains("tool_use\""))
            continue;
        const QByteArray prompt = promptOf(got.value().body);
        QVERIFY2(prompt.startsWith(before), (before + '\n' + prompt).constData());
        QVERIFY(prompt.size() > before.size());
        before = prompt;
    }
}

void TestChatRequest::namesTheFieldOfAMalformedValue_data()
{
    QTest::addColumn<QByteArray>("messages");
    QTest::addColumn<QByteArray>("field");
    const auto user = [](const char *content) {
        return QByteArray(R"([{"role":"user","content":)") + content + "}]";
    };
    const auto assistant = [](const char *content) {
        return QByteArray(R"([{"role":"user","content":"Hi"},{"role":"assistant","content":)")
            + content + "}]";
    };
    QTest::newRow("a role nobody has")
        << QByteArray(R"([{"role":"tool","content":"x"}])") << QByteArray("messages[0].role");
    QTest::newRow("no content") << QByteArray(R"([{"role":"user"}])")
                                << QByteArray("messages[0].content");
    QTest::newRow("content is a number") << user("5") << QByteArray("messages[0].content");
    QTest::newRow("content is null") << user("null") << QByteArray("messages[0].content");
    QTest::newRow("content is an object") << user("{}") << QByteArray("messages[0].content");
    QTest::newRow("a block is a string")
        << user(R"(["x"])") << QByteArray("messages[0].content[0]");
    QTest::newRow("a block without type")
        << user(R"([{"text":"x"}])") << QByteArray("messages[0].content[0].type");
    QTest::newRow("a type that is a number")
        << user(R"([{"type":1}])") << QByteArray("messages[0].content[0].type");
    QTest::newRow("a text block without text")
        << user(R"([{"type":"text","text":"a"},{"type":"text"}])")
        << QByteArray("messages[0].content[1].text");
    QTest::newRow("text is an object")
        << user(R"([{"type":"text","text":{}}])") << QByteArray("messages[0].content[0].text");
    QTest::newRow("an image without source")
        << user(R"([{"type":"image"}])") << QByteArray("messages[0].content[0].source");
    QTest::newRow("a source that is a string") << user(R"([{"type":"image","source":"x"}])")
                                               << QByteArray("messages[0].content[0].source");
    QTest::newRow("a source that is a list")
        << user(R"([{"type":"image","source":[]}])") << QByteArray("messages[0].content[0].source");
    QTest::newRow("a source without type") << user(R"([{"type":"image","source":{}}])")
                                           << QByteArray("messages[0].content[0].source.type");
    QTest::newRow("base64 without data")
        << user(R"([{"type":"image","source":{"type":"base64","media_type":"image/png"}}])")
        << QByteArray("messages[0].content[0].source");
    QTest::newRow("data is a number") << user(
        R"([{"type":"image","source":{"type":"base64","media_type":"image/png","data":1}}])")
                                      << QByteArray("messages[0].content[0].source.data");
    QTest::newRow("a file of Anthropic's")
        << user(R"([{"type":"image","source":{"type":"file","file_id":"file_1"}}])")
        << QByteArray("messages[0].content[0].source");
    QTest::newRow("a tool result without id") << user(R"([{"type":"tool_result","content":"x"}])")
                                              << QByteArray("messages[0].content[0].tool_use_id");
    QTest::newRow("a tool result with a number")
        << user(R"([{"type":"tool_result","tool_use_id":"a","content":1}])")
        << QByteArray("messages[0].content[0].content");
    QTest::newRow("a block inside a tool result")
        << user(
               R"([{"type":"tool_result","tool_use_id":"a","content":[{"type":"text","text":1}]}])")
        << QByteArray("messages[0].content[0].content[0].text");
    QTest::newRow("is_error is a string")
        << user(R"([{"type":"tool_result","tool_use_id":"a","is_error":"no"}])")
        << QByteArray("messages[0].content[0].is_error");
    QTest::newRow("cache_control is a string")
        << user(R"([{"type":"text","text":"x","cache_control":"yes"}])")
        << QByteArray("messages[0].content[0].cache_control");
    QTest::newRow("cache_control without type")
        << user(R"([{"type":"text","text":"x","cache_control":{}}])")
        << QByteArray("messages[0].content[0].cache_control.type");
    QTest::newRow("a tool call without id")
        << assistant(R"([{"type":"tool_use","name":"T","input":{}}])")
        << QByteArray("messages[1].content[0].id");
    QTest::newRow("a tool call without name")
        << assistant(R"([{"type":"tool_use","id":"a","input":{}}])")
        << QByteArray("messages[1].content[0].name");
    QTest::newRow("a tool call whose input is a list")
        << assistant(R"([{"type":"tool_use","id":"a","name":"T","input":[]}])")
        << QByteArray("messages[1].content[0].input");
    QTest::newRow("a tool call whose input is a string")
        << assistant(R"([{"type":"tool_use","id":"a","name":"T","input":"{}"}])")
        << QByteArray("messages[1].content[0].input");
    QTest::newRow("output_config of a message is a list")
        << QByteArray(R"([{"role":"user","content":"x","output_config":[]}])")
        << QByteArray("messages[0].output_config");
}

void TestChatRequest::namesTheFieldOfAMalformedValue()
{
    QFETCH(QByteArray, messages);
    QFETCH(QByteArray, field);
    const Result<ChatRequest> got = converted(conversation(messages));
    QVERIFY(!got.ok());
    QVERIFY2(got.error().message.startsWith(field + ": "), got.error().message.constData());
    QVERIFY2(got.error().message.endsWith('.'), got.error().message.constData());
    QCOMPARE(got.error().status, 400);
}

void TestChatRequest::tellsTheWayBackAboutTools()
{
    const QByteArray longName = "mcp__" + QByteArray(80, 'n');
    const Result<ChatRequest> got = converted(
        R"({"model":"claude-opus-5","stream":true,"max_tokens":9,"stop_sequences":["a\nb"],"tools":[)"
        R"({"name":"Read","input_schema":{"type":"object"}},{"name":")"
        + longName
        + R"(","input_schema":{"type":"object"}}],"messages":[{"role":"user","content":"Hi"}]})");
    QVERIFY(got.ok());
    const ChatContext &context = got.value().context;
    QCOMPARE(context.requestedModel, QByteArray("claude-opus-5"));
    QCOMPARE(context.modelFamily, QByteArray("anthropic"));
    QVERIFY(context.stream);
    QCOMPARE(context.knownTools, (std::vector<QByteArray>{"Read", longName}));
    QCOMPARE(context.stopSequences, std::vector<QByteArray>{"a\nb"});
    QCOMPARE(context.toolNames.size(), std::size_t(1));
    QCOMPARE(context.toolNames.begin()->second, longName);
    QCOMPARE(context.toolNames.begin()->first.size(), qsizetype(64));
    QVERIFY(got.value().body.contains(context.toolNames.begin()->first));
    QVERIFY(!got.value().body.contains(longName));
}

void TestChatRequest::shortensToolNamesAlwaysTheSame()
{
    // The name stands in conversations: a new version that shortens otherwise would break them.
    const QByteArray longName = "mcp__server__" + QByteArray(60, 'x');
    const Result<ChatRequest> got = converted(
        R"({"model":"m","max_tokens":9,"tools":[{"name":")" + longName
        + R"(","input_schema":{"type":"object"}}],"tool_choice":{"type":"tool","name":")" + longName
        + R"("},"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":[)"
          R"({"type":"tool_use","id":"t","name":")"
        + longName
        + R"(","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t"}]}]})");
    QVERIFY(got.ok());
    const QByteArray shortened = "mcp__server__" + QByteArray(42, 'x') + "_decef93c";
    QCOMPARE(got.value().body.count("\"name\":\"" + shortened + '"'), 3);
}

void TestChatRequest::knowsModelFamilies_data()
{
    QTest::addColumn<QByteArray>("model");
    QTest::addColumn<QByteArray>("family");
    QTest::newRow("OpenRouter's name")
        << QByteArray("anthropic/claude-opus-5") << QByteArray("anthropic");
    QTest::newRow("an alias") << QByteArray("~anthropic/claude-opus-latest")
                              << QByteArray("anthropic");
    QTest::newRow("Anthropic's own name") << QByteArray("claude-opus-5") << QByteArray("anthropic");
    QTest::newRow("Databricks' name")
        << QByteArray("databricks-claude-sonnet-5") << QByteArray("anthropic");
    QTest::newRow("a variant") << QByteArray("deepseek/deepseek-r1:free") << QByteArray("deepseek");
    QTest::newRow("another maker's") << QByteArray("openai/gpt-5") << QByteArray("openai");
    QTest::newRow("a maker without a word") << QByteArray("acme/rocket-1") << QByteArray("acme");
    QTest::newRow("a name that tells nothing") << QByteArray("my-model") << QByteArray();
}

void TestChatRequest::knowsModelFamilies()
{
    QFETCH(QByteArray, model);
    QFETCH(QByteArray, family);
    QCOMPARE(chatModelFamily(model), family);
}

void TestChatRequest::benchmark_data()
{
    QTest::addColumn<int>("turns");
    QTest::newRow("a first request of 48 kB") << 0;
    QTest::newRow("a conversation of 1 MB") << 200;
}

void TestChatRequest::benchmark()
{
    QFETCH(int, turns);
    const auto prose = [](int lines) {
        return QByteArray(
                   R"(Reads a file. The `path` must be \"absolute\".\n\tLong lines are cut.\n)")
            .repeated(lines);
    };
    QByteArray body = R"({"model":"claude-opus-5","messages":[{"role":"user","content":[)"
                      R"({"type":"text","text":"<system-reminder>)"
        + prose(30) + R"("},{"type":"text","text":"Do it","cache_control":{"type":"ephemeral"}}]},)"
        + R"({"role":"system","content":")" + prose(120) + "\"}";
    for (int i = 0; i < turns; ++i) {
        const QByteArray id = "toolu_" + QByteArray::number(i);
        body += R"(,{"role":"assistant","content":[{"type":"thinking","thinking":")" + prose(3)
            + R"(","signature":")" + QByteArray(300, 'A') + R"("},{"type":"tool_use","id":")" + id
            + R"(","name":"Edit","input":{"path":"/a/b","old":")" + prose(4) + R"(","new":")"
            + prose(7) + R"("}}]},{"role":"user","content":[{"tool_use_id":")" + id
            + R"(","type":"tool_result","content":")" + prose(50) + R"("}]})";
    }
    body += R"(],"system":[{"type":"text","text":")" + prose(60) + R"("}],"tools":[)";
    for (int i = 0; i < 13; ++i) {
        body += QByteArray(i ? "," : "") + R"({"name":"Tool)" + QByteArray::number(i)
            + R"(","description":")" + prose(28)
            + R"(","input_schema":{"$schema":"https://json-schema.org/draft/2020-12/schema",)"
              R"("type":"object","properties":{"path":{"type":"string","description":"Where it is"},)"
              R"("limit":{"type":"number","description":"How many lines"}},"required":["path"],)"
              R"("additionalProperties":false}})";
    }
    body += R"(],"metadata":{"user_id":"u"},"max_tokens":128000,"thinking":{"type":"adaptive"},)"
            R"("output_config":{"effort":"high"},"stream":true})";

    const Result<MessagesRequest> request = readMessagesRequest(body);
    QVERIFY2(request.ok(), request.ok() ? "" : request.error().message.constData());
    const Target target;
    QBENCHMARK
    {
        const Result<ChatRequest> got =
            convertToChat(request.value(), target.model, target.dialect);
        QVERIFY(got.ok());
    }
}

QTEST_APPLESS_MAIN(TestChatRequest)
#include "tst_chatrequest.moc"
