// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/chat/chatrequest.h"

#include "proxycore/chat/chatconversation.h"
#include "proxycore/chat/chatmessages.h"
#include "proxycore/chat/chattools.h"
#include "proxycore/chat/contentblock.h"
#include "proxycore/chat/rawjson.h"
#include "proxycore/chat/reasoningrequest.h"
#include "proxycore/protocol/jsonwriter.h"

#include <algorithm>

namespace Switchyard {

namespace ondemand = simdjson::ondemand;

namespace {

struct ToolChoice
{
    enum class Kind { Absent, Auto, Any, Tool, None };

    Kind kind = Kind::Absent;
    QByteArrayView name; // inner
    bool oneAtATime = false;
};

class RequestConverter
{
public:
    RequestConverter(const MessagesRequest &request, QByteArrayView upstreamModel,
                     const ChatDialect &dialect)
        : m_request(request), m_upstreamModel(upstreamModel), m_dialect(dialect),
          m_reader(m_result.adjustments), m_messages(dialect, m_result.adjustments),
          m_tools(dialect, m_reader, m_result.adjustments, m_result.context),
          m_conversation(dialect, m_reader, m_result.adjustments, m_messages, m_tools)
    {
    }

    Result<ChatRequest> convert();

private:
    bool read(ondemand::parser &parser);
    bool readMember(QByteArrayView key, ondemand::value value);
    bool readThinking(ondemand::value value);
    bool readOutputConfig(ondemand::value value);
    bool readFormat(ondemand::value value, const char *field);
    bool readStopSequences(ondemand::value value);
    bool readToolChoice(ondemand::value value);
    bool readNumber(QByteArrayView key, QByteArrayView token, bool supported, QByteArrayView &into);
    // Calls `member(key, value)` for each member of an object.
    template <typename Member>
    bool eachMember(ondemand::value value, QByteArrayView field, Member &&member);

    void settle();
    void write();
    void writeTools(QByteArray &out);
    void writeLimits(QByteArray &out);
    void record(QByteArray field, QByteArray rule, QByteArray reason);
    bool refuse(const QByteArray &field, QByteArrayView sentence)
    {
        return m_reader.refuse(field, sentence);
    }

    const MessagesRequest &m_request;
    const QByteArrayView m_upstreamModel;
    const ChatDialect &m_dialect;
    ChatRequest m_result;
    ContentBlockReader m_reader;
    ChatMessages m_messages;
    ChatTools m_tools;
    ChatConversation m_conversation;
    JsonCheck m_check;

    QByteArrayView m_temperature;
    QByteArrayView m_topP;
    QByteArrayView m_topK;
    std::vector<QByteArrayView> m_stop;
    CacheMark m_cache;
    QByteArrayView m_schema; // of the structured output
    ThinkingWish m_thinking;
    ToolChoice m_toolChoice;
    QByteArray m_passed; // members that go as they are, each with a comma in front
};

void RequestConverter::record(QByteArray field, QByteArray rule, QByteArray reason)
{
    m_result.adjustments.push_back({std::move(field), std::move(rule), std::move(reason)});
}

template <typename Member>
bool RequestConverter::eachMember(ondemand::value value, QByteArrayView field, Member &&member)
{
    ondemand::object object;
    if (!jsonToken(value).startsWith('{') || value.get_object().get(object))
        return refuse(field.toByteArray(), "an object is required.");
    for (auto entry : object) {
        ondemand::field each;
        QByteArrayView key;
        if (std::move(entry).get(each) || !m_check.key(each, &key))
            return refuse(field.toByteArray(), "the object is malformed.");
        if (!member(key, each.value()))
            return false;
    }
    return true;
}

bool RequestConverter::readThinking(ondemand::value value)
{
    QByteArrayView type;
    const bool good =
        eachMember(value, "thinking", [&](QByteArrayView key, ondemand::value member) {
            const QByteArrayView token = jsonToken(member);
            if (key == "type")
                type = innerOf(token);
            else if (key == "budget_tokens")
                m_thinking.budget = token.toLongLong();
            else if (!isJsonNull(token))
                m_reader.leaveOut("thinking." + key.toByteArray());
            return true;
        });
    if (!good)
        return false;
    if (type == "enabled")
        m_thinking.kind = ThinkingWish::Kind::Budget;
    else if (type == "adaptive")
        m_thinking.kind = ThinkingWish::Kind::Adaptive;
    else if (type == "disabled")
        m_thinking.kind = ThinkingWish::Kind::Disabled;
    else
        return refuse("thinking.type", "enabled, adaptive or disabled is required.");
    if (m_thinking.kind == ThinkingWish::Kind::Budget && m_thinking.budget < 1)
        return refuse("thinking.budget_tokens", "a whole number of tokens is required.");
    return true;
}

bool RequestConverter::readFormat(ondemand::value value, const char *field)
{
    QByteArrayView type;
    QByteArrayView schema;
    const bool good = eachMember(value, field, [&](QByteArrayView key, ondemand::value member) {
        const QByteArrayView token = jsonToken(member);
        if (key == "type")
            type = innerOf(token);
        else if (key == "schema" && token.startsWith('{'))
            schema = rawJson(member);
        else if (key != "name" && !isJsonNull(token))
            m_reader.leaveOut(QByteArray(field) + '.' + key.toByteArray());
        return true;
    });
    if (!good)
        return false;
    if (type != "json_schema")
        return refuse(QByteArray(field) + ".type", "json_schema is the only format known.");
    if (schema.isEmpty())
        return refuse(QByteArray(field) + ".schema", "an object is required.");
    if (!m_dialect.responseFormat) {
        return refuse(field,
                      "this server cannot promise an answer in a given form; "
                      "choose another backend or model.");
    }
    m_schema = schema;
    return true;
}

bool RequestConverter::readOutputConfig(ondemand::value value)
{
    return eachMember(value, "output_config", [&](QByteArrayView key, ondemand::value member) {
        const QByteArrayView token = jsonToken(member);
        if (isJsonNull(token))
            return true;
        if (key == "format")
            return readFormat(member, "output_config.format");
        if (key == "effort") {
            if (!isJsonString(token))
                return refuse("output_config.effort", "a string is required.");
            m_thinking.effort = innerOf(token);
            return true;
        }
        m_reader.leaveOut("output_config." + key.toByteArray());
        return true;
    });
}

bool RequestConverter::readStopSequences(ondemand::value value)
{
    ondemand::array array;
    if (!jsonToken(value).startsWith('[') || value.get_array().get(array))
        return refuse("stop_sequences", "a list of strings is required.");
    for (auto element : array) {
        ondemand::value item;
        if (element.get(item) || !isJsonString(jsonToken(item)))
            return refuse("stop_sequences[" + QByteArray::number(qlonglong(m_stop.size())) + ']',
                          "a string is required.");
        m_stop.push_back(jsonToken(item));
    }
    return true;
}

bool RequestConverter::readToolChoice(ondemand::value value)
{
    QByteArrayView type;
    const bool good =
        eachMember(value, "tool_choice", [&](QByteArrayView key, ondemand::value member) {
            const QByteArrayView token = jsonToken(member);
            if (key == "type")
                type = innerOf(token);
            else if (key == "name")
                m_toolChoice.name = innerOf(token);
            else if (key == "disable_parallel_tool_use")
                m_toolChoice.oneAtATime = token == "true";
            else if (!isJsonNull(token))
                m_reader.leaveOut("tool_choice." + key.toByteArray());
            return true;
        });
    if (!good)
        return false;
    if (type == "auto")
        m_toolChoice.kind = ToolChoice::Kind::Auto;
    else if (type == "any")
        m_toolChoice.kind = ToolChoice::Kind::Any;
    else if (type == "none")
        m_toolChoice.kind = ToolChoice::Kind::None;
    else if (type == "tool" && !m_toolChoice.name.isEmpty())
        m_toolChoice.kind = ToolChoice::Kind::Tool;
    else if (type == "tool")
        return refuse("tool_choice.name", "the name of a tool is required.");
    else
        return refuse("tool_choice.type", "auto, any, tool or none is required.");
    return true;
}

bool RequestConverter::readNumber(QByteArrayView key, QByteArrayView token, bool supported,
                                  QByteArrayView &into)
{
    const char first = token.front();
    if (first != '-' && (first < '0' || first > '9'))
        return refuse(key.toByteArray(), "a number is required.");
    if (supported)
        into = token;
    else
        record(key.toByteArray(), QByteArrayLiteral("chat.parameter-refused"),
               QByteArrayLiteral("This server or model does not take the parameter."));
    return true;
}

bool RequestConverter::readMember(QByteArrayView key, ondemand::value value)
{
    if (key == "messages")
        return m_conversation.readMessages(value);
    if (key == "tools")
        return m_tools.read(value);
    if (key == "system")
        return m_conversation.readSystem(value);
    // Read by readMessagesRequest().
    if (key == "model" || key == "stream" || key == "max_tokens")
        return true;

    const QByteArrayView token = jsonToken(value);
    if (m_dialect.passedMembers.contains(key)) {
        m_passed.append(",\"").append(key).append("\":").append(rawJson(value));
        return true;
    }
    if (isJsonNull(token))
        return true;
    if (key == "thinking")
        return readThinking(value);
    if (key == "output_config")
        return readOutputConfig(value);
    if (key == "output_format")
        return m_schema.isEmpty() ? readFormat(value, "output_format") : true;
    if (key == "tool_choice")
        return readToolChoice(value);
    if (key == "stop_sequences")
        return readStopSequences(value);
    if (key == "temperature")
        return readNumber(key, token, m_dialect.temperature, m_temperature);
    if (key == "top_p")
        return readNumber(key, token, true, m_topP);
    if (key == "top_k")
        return readNumber(key, token, m_dialect.topK, m_topK);
    if (key == "cache_control" && m_dialect.cacheControl)
        return m_reader.readCacheMark(value, JsonPath(), m_cache);
    if (key == "mcp_servers") {
        if (rawJson(value) == "[]")
            return true;
        return refuse("mcp_servers",
                      "Anthropic's servers connect to these; over Chat Completions the "
                      "model would not see their tools. Connect the client to them, or "
                      "choose a backend with the native lane.");
    }
    m_reader.leaveOut(key.toByteArray());
    return true;
}

bool RequestConverter::read(ondemand::parser &parser)
{
    ondemand::document document;
    ondemand::value root;
    if (parser.iterate(paddedView(m_request.body)).get(document) || document.get_value().get(root))
        return refuse("request", "the body is not valid JSON.");
    return eachMember(root, "request", [this](QByteArrayView key, ondemand::value value) {
        return readMember(key, value);
    });
}

// What can only be decided when the whole request has been read.
void RequestConverter::settle()
{
    if (!m_conversation.effort().isEmpty())
        m_thinking.effort = m_conversation.effort();

    const auto maxStop = std::size_t(m_dialect.maxStopSequences);
    if (m_stop.size() > maxStop) {
        for (std::size_t i = maxStop; i < m_stop.size(); ++i) {
            record("stop_sequences[" + QByteArray::number(qlonglong(i)) + ']',
                   QByteArrayLiteral("chat.stop-sequences-limited"),
                   "The server takes at most " + QByteArray::number(m_dialect.maxStopSequences)
                       + '.');
        }
        m_stop.resize(maxStop);
    }
    for (const QByteArrayView stop : m_stop)
        m_result.context.stopSequences.push_back(decodedInner(innerOf(stop)));

    const bool forced =
        m_toolChoice.kind == ToolChoice::Kind::Any || m_toolChoice.kind == ToolChoice::Kind::Tool;
    if (m_tools.count() == 0 && m_toolChoice.kind != ToolChoice::Kind::Absent) {
        record(QByteArrayLiteral("tool_choice"),
               QByteArrayLiteral("chat.tool-choice-without-tools"),
               QByteArrayLiteral("Servers refuse a choice among no tools."));
        m_toolChoice = {};
    }

    // Claude with a fixed budget refuses both; with adaptive thinking it takes them.
    if (m_dialect.modelFamily == "anthropic" && m_thinking.kind == ThinkingWish::Kind::Budget
        && m_dialect.reasoning == ChatDialect::Reasoning::Details) {
        if (forced && m_tools.count() > 0) {
            record(QByteArrayLiteral("thinking"),
                   QByteArrayLiteral("chat.thinking-with-forced-tool"),
                   QByteArrayLiteral("Claude does not think before a tool it is forced to call."));
            m_thinking.kind = ThinkingWish::Kind::Disabled;
        } else if (m_messages.endsWithoutReasoning()) {
            record(QByteArrayLiteral("thinking"), QByteArrayLiteral("chat.thinking-without-blocks"),
                   QByteArrayLiteral(
                       "Claude goes on thinking after a tool only from its earlier thoughts, "
                       "and the conversation has none it can read."));
            m_thinking.kind = ThinkingWish::Kind::Disabled;
        }
    }
    // Newer Claude models and Bedrock refuse both at once.
    if (m_dialect.modelFamily == "anthropic" && !m_temperature.isEmpty() && !m_topP.isEmpty()) {
        record(QByteArrayLiteral("top_p"), QByteArrayLiteral("chat.one-of-temperature-and-top-p"),
               QByteArrayLiteral("Claude takes one of temperature and top_p, not both."));
        m_topP = {};
    }
}

void RequestConverter::writeTools(QByteArray &out)
{
    if (m_tools.count() == 0)
        return;
    out.append(R"(,"tools":[)").append(m_tools.json()).append(']');
    switch (m_toolChoice.kind) {
    case ToolChoice::Kind::Absent:
        break;
    case ToolChoice::Kind::Auto:
        out.append(R"(,"tool_choice":"auto")");
        break;
    case ToolChoice::Kind::Any:
        if (!m_dialect.requiredToolChoice) {
            record(QByteArrayLiteral("tool_choice"),
                   QByteArrayLiteral("chat.tool-choice-not-required"),
                   QByteArrayLiteral("The server cannot be told that a tool must be called."));
            out.append(R"(,"tool_choice":"auto")");
        } else {
            out.append(R"(,"tool_choice":"required")");
        }
        break;
    case ToolChoice::Kind::Tool:
        out.append(R"(,"tool_choice":{"type":"function","function":{"name":")");
        out.append(m_tools.sentName(m_toolChoice.name)).append(R"("}})");
        break;
    case ToolChoice::Kind::None:
        out.append(R"(,"tool_choice":"none")");
        break;
    }
    if (m_toolChoice.oneAtATime)
        out.append(R"(,"parallel_tool_calls":false)");
}

void RequestConverter::writeLimits(QByteArray &out)
{
    if (!m_request.maxTokens)
        return;
    qint64 tokens = *m_request.maxTokens;
    if (tokens < m_dialect.minMaxTokens) {
        tokens = m_dialect.minMaxTokens;
        record(QByteArrayLiteral("max_tokens"), QByteArrayLiteral("chat.max-tokens-raised"),
               "The server asks for at least " + QByteArray::number(tokens) + '.');
    } else if (m_dialect.maxMaxTokens > 0 && tokens > m_dialect.maxMaxTokens) {
        tokens = m_dialect.maxMaxTokens;
        record(QByteArrayLiteral("max_tokens"), QByteArrayLiteral("chat.max-tokens-lowered"),
               "The model writes at most " + QByteArray::number(tokens) + '.');
    }
    out.append(m_dialect.maxCompletionTokens ? R"(,"max_completion_tokens":)"
                                             : R"(,"max_tokens":)");
    out.append(QByteArray::number(tokens));
    m_thinking.maxTokens = tokens;
}

void RequestConverter::write()
{
    m_result.body = m_messages.take();
    QByteArray &out = m_result.body;
    writeTools(out);
    writeLimits(out);
    if (!m_temperature.isEmpty())
        out.append(R"(,"temperature":)").append(m_temperature);
    if (!m_topP.isEmpty())
        out.append(R"(,"top_p":)").append(m_topP);
    if (!m_topK.isEmpty())
        out.append(R"(,"top_k":)").append(m_topK);
    if (!m_stop.empty()) {
        char separator = '[';
        out.append(R"(,"stop":)");
        for (const QByteArrayView stop : m_stop) {
            out.append(separator).append(stop);
            separator = ',';
        }
        out.append(']');
    }
    appendReasoningRequest(out, m_thinking, m_dialect, m_result.adjustments);
    if (!m_schema.isEmpty()) {
        out.append(R"(,"response_format":{"type":"json_schema","json_schema":{"name":"response",)");
        out.append(R"("strict":true,"schema":)").append(m_schema).append("}}");
    }
    appendCacheMark(out, m_cache);
    out.append(m_passed);
    if (m_request.stream) {
        out.append(R"(,"stream":true)");
        if (m_dialect.streamUsageOption)
            out.append(R"(,"stream_options":{"include_usage":true})");
    }
    out.append('}');
}

Result<ChatRequest> RequestConverter::convert()
{
    QByteArray head;
    // Escaping the tool inputs makes the request longer; everything else keeps its size.
    head.reserve(m_request.body.size() + m_request.body.size() / 8 + 1024);
    head.append(R"({"model":")");
    appendJsonEscaped(head, m_upstreamModel);
    head.append(R"(","messages":)");
    m_messages.begin(std::move(head));

    const bool good = withJsonParser(m_request.body.size(),
                                     [this](ondemand::parser &parser) { return read(parser); });
    if (!good)
        return *m_reader.error();
    settle();
    write();
    m_result.context.requestedModel = m_request.model;
    m_result.context.modelFamily = m_dialect.modelFamily;
    m_result.context.stream = m_request.stream;
    return std::move(m_result);
}

} // namespace

Result<ChatRequest> convertToChat(const MessagesRequest &request, QByteArrayView upstreamModel,
                                  const ChatDialect &dialect)
{
    return RequestConverter(request, upstreamModel, dialect).convert();
}

} // namespace Switchyard
