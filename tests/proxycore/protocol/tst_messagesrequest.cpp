// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/protocol/jsoncheck.h"
#include "proxycore/protocol/messagesrequest.h"
#include "proxycore/protocol/nativebody.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>

#include <random>

using namespace Switchyard;

namespace {

const char *const minimal =
    "{\"model\":\"m\",\"max_tokens\":1,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";

QByteArray at(const QByteArray &body, ByteRange range)
{
    return body.sliced(range.offset, range.length);
}

} // namespace

class TestMessagesRequest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void theFactsAreRead();
    void rangesStandWhereverTheMembersDo_data();
    void rangesStandWhereverTheMembersDo();
    void goodBodiesAreAccepted_data();
    void goodBodiesAreAccepted();
    void badBodiesAreRefusedByName_data();
    void badBodiesAreRefusedByName();
    void everyPrefixIsRefused();
    void noMutationIsAcceptedThatIsNotJson();
    void aShallowReadFindsTheSameFacts();
    void aShallowReadLeavesTheInsideToTheUpstream_data();
    void aShallowReadLeavesTheInsideToTheUpstream();
    void countTokensNeedsNoMaxTokens();
    void aBodyCutFromABiggerOneIsRead();
    void aBigBodyIsRead();
    void theReaderIsFast();

    void theNativeBodyDiffersInTheModelAlone();
    void theSameModelLeavesTheBodyAsItIs();
    void aForcedStreamIsPutIn_data();
    void aForcedStreamIsPutIn();
};

void TestMessagesRequest::theFactsAreRead()
{
    const QByteArray body =
        "{ \"max_tokens\" : 64000 , \"stream\":true, \"tools\":[{\"name\":\"a\"},{\"name\":\"b\"}],"
        "\"system\":[{\"type\":\"text\",\"text\":\"s\"}],"
        "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"x\"}]},"
        "{\"content\":\"y\",\"role\":\"system\"}],"
        "\"model\":\"claude-opus-5-5\",\"unknown\":{\"a\":[1,2,{\"b\":null}]} }\n";
    const auto read = readMessagesRequest(body);
    QVERIFY2(read.ok(), read.ok() ? "" : read.error().message.constData());
    const MessagesRequest &request = read.value();
    QCOMPARE(request.body, body);
    QCOMPARE(request.model, "claude-opus-5-5");
    QCOMPARE(at(request.body, request.modelToken), "\"claude-opus-5-5\"");
    QVERIFY(request.stream);
    QCOMPARE(at(request.body, request.streamToken), "true");
    QCOMPARE(request.maxTokens, std::optional<qint64>(64000));
    QCOMPARE(request.messageCount, 2);
    QCOMPARE(request.toolCount, 2);
    QCOMPARE(request.firstMember, 1);
}

void TestMessagesRequest::rangesStandWhereverTheMembersDo_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<QByteArray>("modelToken");
    QTest::addColumn<QByteArray>("model");

    const QByteArray rest = "\"max_tokens\":1,\"messages\":[{\"role\":\"user\"}]";
    QTest::newRow("model is the first member")
        << "{\"model\":\"m\"," + rest + '}' << QByteArray("\"m\"") << QByteArray("m");
    QTest::newRow("model is the last member")
        << '{' + rest + ",\"model\":\"m\"}" << QByteArray("\"m\"") << QByteArray("m");
    QTest::newRow("white space surrounds the value")
        << "{\"model\" \n:\t \"m\" \r\n ," + rest + '}' << QByteArray("\"m\"") << QByteArray("m");
    QTest::newRow("the key has escapes")
        << "{\"mod\\u0065l\":\"m\"," + rest + '}' << QByteArray("\"m\"") << QByteArray("m");
    QTest::newRow("the value has escapes") << "{\"model\":\"a\\/b\\u00e4\"," + rest + '}'
                                           << QByteArray("\"a\\/b\\u00e4\"") << QByteArray("a/bä");
    QTest::newRow("the value ends with an escaped backslash")
        << "{\"model\":\"m\\\\\"," + rest + '}' << QByteArray("\"m\\\\\"") << QByteArray("m\\");
    QTest::newRow("a model stands deeper, too")
        << "{\"metadata\":{\"model\":\"x\"},\"model\":\"m\"," + rest + '}' << QByteArray("\"m\"")
        << QByteArray("m");
    QTest::newRow("white space leads the body")
        << " \n {\"model\":\"m\"," + rest + '}' << QByteArray("\"m\"") << QByteArray("m");
}

void TestMessagesRequest::rangesStandWhereverTheMembersDo()
{
    QFETCH(QByteArray, body);
    QFETCH(QByteArray, modelToken);
    QFETCH(QByteArray, model);
    const auto read = readMessagesRequest(body);
    QVERIFY2(read.ok(), read.ok() ? "" : read.error().message.constData());
    QCOMPARE(at(body, read.value().modelToken), modelToken);
    QCOMPARE(read.value().model, model);
    QVERIFY(read.value().streamToken.isEmpty());
    QVERIFY(!read.value().stream);
}

void TestMessagesRequest::goodBodiesAreAccepted_data()
{
    QTest::addColumn<QByteArray>("member");
    QTest::newRow("max_tokens may be 0, to warm a cache") << QByteArray("\"max_tokens\":0");
    QTest::newRow("stream may be false") << QByteArray("\"max_tokens\":1,\"stream\":false");
    QTest::newRow("system may be a string") << QByteArray("\"max_tokens\":1,\"system\":\"x\"");
    QTest::newRow("system may be null") << QByteArray("\"max_tokens\":1,\"system\":null");
    QTest::newRow("tools may be empty") << QByteArray("\"max_tokens\":1,\"tools\":[]");
    QTest::newRow("numbers may be beyond any type")
        << QByteArray("\"max_tokens\":1,\"x\":[1e999,123456789012345678901234567890,-0.0,1E+2]");
    QTest::newRow("a lone surrogate may be escaped, as JavaScript does")
        << QByteArray("\"max_tokens\":1,\"x\":\"\\ud83d\"");
    QTest::newRow("all escapes of JSON")
        << QByteArray("\"max_tokens\":1,\"x\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\"");
    QTest::newRow("keys we do not read may stand twice")
        << QByteArray("\"max_tokens\":1,\"x\":1,\"x\":2");
    QTest::newRow("nesting of a hundred levels")
        << "\"max_tokens\":1,\"x\":" + QByteArray(100, '[') + QByteArray(100, ']');
    QTest::newRow("text is UTF-8 of all lengths") << QByteArray("\"max_tokens\":1,\"x\":\"ä€😀\"");
}

void TestMessagesRequest::goodBodiesAreAccepted()
{
    QFETCH(QByteArray, member);
    const auto read =
        readMessagesRequest("{\"model\":\"m\",\"messages\":[{\"role\":\"user\"}]," + member + '}');
    QVERIFY2(read.ok(), read.ok() ? "" : read.error().message.constData());
}

void TestMessagesRequest::badBodiesAreRefusedByName_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<QByteArray>("begin");

    const QByteArray notJson = "The request body is not valid JSON: ";
    const QByteArray object = "The request body must be a JSON object";
    const QByteArray messages = "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]";
    const QByteArray base = "\"model\":\"m\",\"max_tokens\":1,";
    const auto with = [&](const QByteArray &member) {
        return '{' + base + messages + ',' + member + '}';
    };
    const auto row = [](const char *name, const QByteArray &body, const QByteArray &begin) {
        QTest::newRow(name) << body << begin;
    };

    row("the body is empty", "", notJson);
    row("the body is white space", " \n", notJson);
    row("the body is a word", "hello", object);
    row("the body is a list", "[1]", object);
    row("the body is a string", "\"x\"", object);
    row("the body is null", "null", object);
    row("the body begins with a byte order mark", QByteArray("\xEF\xBB\xBF") + minimal, notJson);
    row("the body is not closed", '{' + base + messages, notJson);
    row("a string is not closed", "{\"model\":\"m}", notJson);
    row("something follows the object", QByteArray(minimal) + "{}", notJson);
    row("a bracket follows the object", QByteArray(minimal) + '}', notJson);
    row("a comma follows the last member", '{' + base + messages + ",}", notJson);
    row("a comma is missing", "{\"model\":\"m\" \"max_tokens\":1}", notJson);
    row("a colon is missing", "{\"model\" \"m\"}", notJson);
    row("a key is no string", "{model:\"m\"}", notJson);
    row("a word stands behind a key", with("\"x\"y:1"), notJson);
    row("a word stands behind a string", with("\"x\":\"a\"b"), notJson);
    row("a string stands behind a string", with("\"x\":\"a\"\"b\""), notJson);
    row("a literal is cut in a skipped part",
        "{\"model\":\"x\",\"max_tokens\":1,\"messages\":[{\"role\":\"user\",\"content\":tru}]}",
        notJson);
    row("a literal is misspelt in an unknown member", with("\"x\":nul"), notJson);
    row("two literals touch", with("\"x\":truefalse"), notJson);
    row("a number has a leading zero", with("\"x\":01"), notJson);
    row("a number has a plus sign", with("\"x\":+1"), notJson);
    row("a number ends with a point", with("\"x\":1."), notJson);
    row("a number begins with a point", with("\"x\":.5"), notJson);
    row("a number has an empty exponent", with("\"x\":1e"), notJson);
    row("a number is a lone sign", with("\"x\":-"), notJson);
    row("not-a-number is no number", with("\"x\":NaN"), notJson);
    row("a string has single quotes", with("\"x\":'a'"), notJson);
    row("an escape is unknown", with("\"x\":\"\\q\""), notJson);
    row("an escape is cut", with("\"x\":\"\\u12\""), notJson);
    row("an escape of a key is unknown", with("\"\\q\":1"), notJson);
    row("an escape deep inside is unknown", with("\"x\":[{\"y\":[\"\\x41\"]}]"), notJson);
    row("a control character is not escaped", with("\"x\":\"a\nb\""), notJson);
    row("a list has a comma at its end", with("\"x\":[1,]"), notJson);
    row("a list has two commas", with("\"x\":[1,,2]"), notJson);
    row("a list is closed by a brace", with("\"x\":[1}"), notJson);
    row("an object is closed by a bracket", with("\"x\":{\"y\":1]"), notJson);
    row("a value is missing", with("\"x\":"), notJson);
    row("a comment stands in it", with("\"x\":1/*y*/"), notJson);
    row("UTF-8 is cut", with(QByteArray("\"x\":\"\xE2\x82\"")), notJson);
    row("UTF-8 is overlong", with(QByteArray("\"x\":\"\xC0\xAF\"")), notJson);
    row("UTF-8 is a surrogate", with(QByteArray("\"x\":\"\xED\xA0\x80\"")), notJson);
    row("a hundred thousand lists nest", with("\"x\":" + QByteArray(100'000, '[')), notJson);
    row("a hundred thousand closed lists nest",
        with("\"x\":" + QByteArray(100'000, '[') + QByteArray(100'000, ']')), notJson);
    row("a hundred thousand objects nest",
        with("\"x\":" + QByteArray("{\"a\":").repeated(100'000) + '1' + QByteArray(100'000, '}')),
        notJson);
    row("a hundred thousand lists nest in a message",
        "{\"messages\":[{\"role\":\"user\",\"content\":" + QByteArray(100'000, '[')
            + QByteArray(100'000, ']') + "}],\"model\":\"m\",\"max_tokens\":1}",
        notJson);
    row("a hundred thousand lists are the body", QByteArray(100'000, '['), object);

    row("model is missing", "{\"max_tokens\":1," + messages + '}', "model: ");
    row("model is a number", "{\"model\":1,\"max_tokens\":1," + messages + '}', "model: ");
    row("model is null", "{\"model\":null,\"max_tokens\":1," + messages + '}', "model: ");
    row("model is an object", "{\"model\":{},\"max_tokens\":1," + messages + '}', "model: ");
    row("model is empty", "{\"model\":\"\",\"max_tokens\":1," + messages + '}', "model: ");
    row("model is a lone surrogate", "{\"model\":\"\\ud83d\",\"max_tokens\":1," + messages + '}',
        "model: ");
    row("model stands twice", "{\"model\":\"m\"," + base + messages + '}', "model: ");
    row("model stands twice, once escaped", "{\"\\u006dodel\":\"m\"," + base + messages + '}',
        "model: ");
    row("messages are missing", "{\"model\":\"m\",\"max_tokens\":1}", "messages: ");
    row("messages are a string", '{' + base + "\"messages\":\"x\"}", "messages: ");
    row("messages are null", '{' + base + "\"messages\":null}", "messages: ");
    row("messages are an object", '{' + base + "\"messages\":{\"role\":\"user\"}}", "messages: ");
    row("messages are empty", '{' + base + "\"messages\":[]}", "messages: ");
    row("messages stand twice", with(messages), "messages: ");
    row("a message is a string", '{' + base + "\"messages\":[\"x\"]}", "messages[0]: ");
    row("a message is a list", '{' + base + "\"messages\":[[]]}", "messages[0]: ");
    row("a message has no role",
        '{' + base + "\"messages\":[{\"role\":\"user\"},{\"content\":\"x\"}]}",
        "messages[1].role: ");
    row("a role is no string", '{' + base + "\"messages\":[{\"role\":1}]}", "messages[0].role: ");
    row("max_tokens is missing", "{\"model\":\"m\"," + messages + '}', "max_tokens: ");
    row("max_tokens is a string", "{\"model\":\"m\",\"max_tokens\":\"1\"," + messages + '}',
        "max_tokens: ");
    row("max_tokens is negative", "{\"model\":\"m\",\"max_tokens\":-1," + messages + '}',
        "max_tokens: ");
    row("max_tokens is a fraction", "{\"model\":\"m\",\"max_tokens\":1.5," + messages + '}',
        "max_tokens: ");
    row("max_tokens is null", "{\"model\":\"m\",\"max_tokens\":null," + messages + '}',
        "max_tokens: ");
    row("max_tokens is a list", "{\"model\":\"m\",\"max_tokens\":[1]," + messages + '}',
        "max_tokens: ");
    row("max_tokens is beyond 64 bits",
        "{\"model\":\"m\",\"max_tokens\":99999999999999999999," + messages + '}', "max_tokens: ");
    row("max_tokens stands twice", with("\"max_tokens\":1"), "max_tokens: ");
    row("stream is a string", with("\"stream\":\"true\""), "stream: ");
    row("stream is a number", with("\"stream\":1"), "stream: ");
    row("stream is null", with("\"stream\":null"), "stream: ");
    row("stream stands twice", with("\"stream\":true,\"stream\":false"), "stream: ");
    row("system is a number", with("\"system\":1"), "system: ");
    row("system is an object", with("\"system\":{}"), "system: ");
    row("tools are an object", with("\"tools\":{}"), "tools: ");
    row("tools are a string", with("\"tools\":\"x\""), "tools: ");
}

void TestMessagesRequest::badBodiesAreRefusedByName()
{
    QFETCH(QByteArray, body);
    QFETCH(QByteArray, begin);
    const auto read = readMessagesRequest(body);
    QVERIFY(!read.ok());
    QCOMPARE(read.error().status, 400);
    QCOMPARE(read.error().type, "invalid_request_error");
    QCOMPARE(read.error().shouldRetry, std::optional(false));
    QVERIFY2(read.error().message.startsWith(begin), read.error().message.constData());
    QVERIFY2(read.error().message.endsWith('.'), read.error().message.constData());
}

void TestMessagesRequest::everyPrefixIsRefused()
{
    const QByteArray body = minimal;
    for (qsizetype length = 0; length < body.size(); ++length) {
        // The bytes behind the end are those of the whole body: nothing may be read into them.
        QByteArray prefix = body;
        prefix.truncate(length);
        QVERIFY2(!readMessagesRequest(prefix).ok(), prefix.constData());
    }
    QVERIFY(readMessagesRequest(body).ok());
}

// Single bytes of a good body are changed at random, the same ones in every run. What is accepted
// must be JSON to an independent parser, too.
void TestMessagesRequest::noMutationIsAcceptedThatIsNotJson()
{
    const QByteArray body =
        "{\"model\":\"m\",\"max_tokens\":12,\"messages\":[{\"role\":\"user\",\"content\":[{"
        "\"type\":"
        "\"text\",\"text\":\"a\\n\\u00e4 \\\" b\"},{\"x\":[true,false,null,-1.5e+3,[],{}]}]}],"
        "\"stream\":true,\"tools\":[{\"name\":\"t\",\"input_schema\":{\"type\":\"object\"}}]}";
    QVERIFY(readMessagesRequest(body).ok());
    constexpr QByteArrayView bytes = "{}[]\",:\\ \n0123e.-+tfnua/\x01\xff";
    std::mt19937 random(20261122);
    int accepted = 0;
    for (int i = 0; i < 200'000; ++i) {
        QByteArray mutated = body;
        const int changes = 1 + int(random() % 3);
        for (int change = 0; change < changes; ++change) {
            const auto at = qsizetype(random() % std::size_t(mutated.size()));
            const char byte = bytes[qsizetype(random() % std::size_t(bytes.size()))];
            switch (random() % 3) {
            case 0:
                mutated[at] = byte;
                break;
            case 1:
                mutated.insert(at, byte);
                break;
            default:
                mutated.remove(at, 1);
            }
        }
        if (!readMessagesRequest(mutated).ok())
            continue;
        ++accepted;
        QJsonParseError error;
        QJsonDocument::fromJson(mutated, &error);
        QVERIFY2(error.error == QJsonParseError::NoError, mutated.constData());
    }
    QVERIFY(accepted > 1000);
}

void TestMessagesRequest::aShallowReadFindsTheSameFacts()
{
    const QByteArray body =
        "{\"system\":\"a \\\"b\\\" }\",\"tools\":[{\"name\":\"a\",\"input_schema\":{\"x\":[]}},{}],"
        "\"messages\":[{\"content\":[{\"type\":\"text\",\"text\":\"}]\"}],\"role\":\"user\"},"
        "{\"role\":\"assistant\",\"content\":\"y\"}],\"list\":[\"a\",1,[],{}],\"stream\":true,"
        "\"max_tokens\":5,\"model\":\"claude-sonnet-5\"}";
    for (const JsonDepth depth : {JsonDepth::Whole, JsonDepth::TopLevel}) {
        const auto read = readMessagesRequest(body, MessagesEndpoint::Create, depth);
        QVERIFY2(read.ok(), read.ok() ? "" : read.error().message.constData());
        QCOMPARE(read.value().model, QByteArray("claude-sonnet-5"));
        QCOMPARE(read.value().messageCount, 2);
        QCOMPARE(read.value().toolCount, 2);
        QVERIFY(read.value().stream);
        QCOMPARE(read.value().maxTokens, std::optional<qint64>(5));
    }
}

void TestMessagesRequest::aShallowReadLeavesTheInsideToTheUpstream_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<bool>("accepted");

    const auto row = [](const char *name, const QByteArray &messages, bool accepted,
                        const QByteArray &behind = {}) {
        QTest::newRow(name) << "{\"model\":\"a\",\"max_tokens\":1,\"messages\":" + messages + "}"
                + behind << accepted;
    };
    row("a wrong literal inside a message is the upstream's to refuse",
        "[{\"role\":\"user\",\"content\":[tru]}]", true);
    row("a message without a role is refused", "[{\"content\":\"a\"}]", false);
    row("a message that is no object is refused", "[1]", false);
    row("no message is refused", "[]", false);
    row("a list that does not close is refused", "[{\"role\":\"user\",\"content\":[1}]", false);
    row("a string that does not close is refused", "[{\"role\":\"user\",\"content\":\"a}]", false);
    row("bytes that are no UTF-8 are refused", "[{\"role\":\"user\",\"content\":\"\xff\"}]", false);
    row("what follows the object is refused", "[{\"role\":\"user\",\"content\":\"a\"}]", false,
        "{}");
}

void TestMessagesRequest::aShallowReadLeavesTheInsideToTheUpstream()
{
    QFETCH(QByteArray, body);
    QFETCH(bool, accepted);
    QCOMPARE(readMessagesRequest(body, MessagesEndpoint::Create, JsonDepth::TopLevel).ok(),
             accepted);
}

void TestMessagesRequest::countTokensNeedsNoMaxTokens()
{
    const QByteArray body =
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}";
    QVERIFY(readMessagesRequest(body, MessagesEndpoint::CountTokens).ok());
    QVERIFY(!readMessagesRequest(body, MessagesEndpoint::Create).ok());
}

void TestMessagesRequest::aBodyCutFromABiggerOneIsRead()
{
    const QByteArray raw = minimal;
    // Without room behind the end, and without owning the bytes.
    const auto read = readMessagesRequest(QByteArray::fromRawData(raw.constData(), raw.size()));
    QVERIFY(read.ok());
    QCOMPARE(read.value().body, raw);

    QByteArray shifted = QByteArray(1000, ' ') + raw;
    shifted.remove(0, 1000);
    QVERIFY(readMessagesRequest(shifted).ok());
}

void TestMessagesRequest::aBigBodyIsRead()
{
    const QByteArray body =
        "{\"model\":\"m\",\"max_tokens\":1,\"messages\":[{\"role\":\"user\",\"content\":\""
        + QByteArray("Some text with\\nescapes. ").repeated(300'000) + "\"}]}";
    const auto read = readMessagesRequest(body);
    QVERIFY(read.ok());
    QCOMPARE(read.value().messageCount, 1);
}

void TestMessagesRequest::theReaderIsFast()
{
    QByteArray tools;
    for (int i = 0; i < 13; ++i) {
        tools += (i ? "," : "") + QByteArray("{\"name\":\"tool\",\"description\":\"")
            + QByteArray("Runs a command and says \\\"done\\\".\\n").repeated(60)
            + "\",\"input_schema\":{\"type\":\"object\",\"properties\":{"
            + QByteArray("\"name\":{\"type\":\"string\",\"description\":\"What to do\"},")
                  .repeated(8)
            + "\"last\":{\"type\":\"number\"}},\"required\":[\"name\"],"
              "\"additionalProperties\":false}}";
    }
    const QByteArray body =
        "{\"model\":\"claude-opus-5-5\",\"max_tokens\":128000,\"stream\":true,\"tools\":[" + tools
        + "],\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\""
        + QByteArray("Some words of a prompt. ").repeated(400) + "\"}]}]}";
    QByteArray padded = body;
    ensureJsonPadding(padded);
    QBENCHMARK
    {
        QVERIFY(readMessagesRequest(padded).ok());
    }
}

void TestMessagesRequest::theNativeBodyDiffersInTheModelAlone()
{
    const QByteArray body =
        "{\"a\":1.0,\"model\":\"m\",\"max_tokens\":1,\"messages\":[{\"role\":\"user\"}] }";
    const auto read = readMessagesRequest(body);
    QVERIFY(read.ok());
    QByteArray expected = body;
    expected.replace("\"m\"", "\"x/\\\"y\\\"\"");
    const SegmentedBody native = nativeBody(read.value(), "x/\"y\"");
    QCOMPARE(native.joined(), expected);
    QCOMPARE(native.size(), expected.size());
    for (qsizetype position = 0; position <= expected.size(); ++position) {
        char out[7];
        const qsizetype count = native.read(position, out, 7);
        QCOMPARE(QByteArray(out, count), expected.mid(position, 7));
    }
}

void TestMessagesRequest::theSameModelLeavesTheBodyAsItIs()
{
    const auto read = readMessagesRequest(minimal);
    QVERIFY(read.ok());
    QCOMPARE(nativeBody(read.value(), "m").joined(), QByteArray(minimal));
}

void TestMessagesRequest::aForcedStreamIsPutIn_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<QByteArray>("expected");
    const QByteArray rest = "\"max_tokens\":1,\"messages\":[{\"role\":\"user\"}]}";
    QTest::newRow("stream is absent")
        << " { \"model\":\"m\"," + rest << " {\"stream\":true, \"model\":\"up\"," + rest;
    QTest::newRow("stream is false behind the model") << "{\"model\":\"m\",\"stream\": false ,"
            + rest << "{\"model\":\"up\",\"stream\": true ," + rest;
    QTest::newRow("stream is false before the model") << "{\"stream\":false,\"model\":\"m\","
            + rest << "{\"stream\":true,\"model\":\"up\"," + rest;
    QTest::newRow("stream is true already") << "{\"stream\":true,\"model\":\"m\"," + rest
                                            << "{\"stream\":true,\"model\":\"up\"," + rest;
}

void TestMessagesRequest::aForcedStreamIsPutIn()
{
    QFETCH(QByteArray, body);
    QFETCH(QByteArray, expected);
    auto read = readMessagesRequest(body);
    QVERIFY(read.ok());
    read.value().stream = true;
    QCOMPARE(nativeBody(read.value(), "up").joined(), expected);
}

QTEST_APPLESS_MAIN(TestMessagesRequest)
#include "tst_messagesrequest.moc"
