// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/protocol/messagesrequest.h"

#include "proxycore/protocol/jsoncheck.h"

#include <charconv>

namespace Switchyard {

namespace {

namespace ondemand = simdjson::ondemand;

// A parser keeps memory of several times its largest document; beyond this size it is not kept.
constexpr qsizetype keptParserBytes = qsizetype(1024) * 1024;

// One pass over a request body: checks that it is JSON and picks up what the proxy needs.
class RequestReader
{
public:
    RequestReader(MessagesRequest &request, MessagesEndpoint endpoint, JsonDepth depth)
        : m_request(request), m_endpoint(endpoint), m_depth(depth)
    {
    }

    std::optional<ApiError> read(ondemand::parser &parser);

private:
    enum Member { Model, Messages, MaxTokens, Stream, System, Tools, MemberCount };

    static int memberNamed(QByteArrayView name);
    // Each of these reads a whole value. False: m_error is set, or m_check has failed.
    bool member(Member member, ondemand::value value, QByteArrayView token);
    bool model(ondemand::value value, QByteArrayView token);
    bool messages(ondemand::value value, QByteArrayView token);
    bool message(ondemand::value value, int index);
    bool maxTokens(QByteArrayView token);
    bool tools(ondemand::value value, QByteArrayView token);
    // A value that is nobody's concern here.
    bool pass(ondemand::value value, int depth);

    bool refuse(QByteArray sentence)
    {
        m_error = ApiError::invalidRequest(std::move(sentence));
        return false;
    }
    ApiError notJson(const char *reason, const char *at) const;
    ByteRange rangeOf(QByteArrayView token) const
    {
        return {token.data() - m_request.body.constData(), token.size()};
    }

    MessagesRequest &m_request;
    const MessagesEndpoint m_endpoint;
    const JsonDepth m_depth;
    JsonCheck m_check;
    std::optional<ApiError> m_error;
    bool m_seen[MemberCount] = {};
};

bool RequestReader::pass(ondemand::value value, int depth)
{
    if (m_depth == JsonDepth::Whole)
        return m_check.value(value, depth);
    const QByteArrayView token = jsonToken(value);
    // Objects and lists are skipped by whoever iterates; a string that is not taken would be
    // skipped as if it were a key.
    if (token.startsWith('{') || token.startsWith('['))
        return true;
    if (token.startsWith('"'))
        return !value.get_raw_json_string().error() || m_check.fail(token.data());
    return m_check.value(value, depth);
}

constexpr const char *memberNames[] = {"model",  "messages", "max_tokens",
                                       "stream", "system",   "tools"};

int RequestReader::memberNamed(QByteArrayView name)
{
    for (int i = 0; i < MemberCount; ++i) {
        if (name == QByteArrayView(memberNames[i]))
            return i;
    }
    return -1;
}

ApiError RequestReader::notJson(const char *reason, const char *at) const
{
    QByteArray sentence = QByteArray("The request body is not valid JSON: ") + reason;
    const char *const begin = m_request.body.constData();
    if (at && at >= begin && at <= begin + m_request.body.size())
        sentence += " near byte " + QByteArray::number(qlonglong(at - begin));
    return ApiError::invalidRequest(sentence + '.');
}

bool RequestReader::model(ondemand::value value, QByteArrayView token)
{
    if (!token.startsWith('"'))
        return refuse("model: a string is required.");
    if (!m_check.scalar(token))
        return false;
    std::string_view decoded;
    if (value.get_string().get(decoded))
        return refuse("model: the string is not valid Unicode.");
    if (decoded.empty())
        return refuse("model: the name of a model is required, the string is empty.");
    m_request.model = QByteArray(decoded.data(), qsizetype(decoded.size()));
    m_request.modelToken = rangeOf(token);
    return true;
}

bool RequestReader::message(ondemand::value value, int index)
{
    const auto name = [index] { return "messages[" + QByteArray::number(index) + "]"; };
    const QByteArrayView token = jsonToken(value);
    ondemand::object object;
    if (!token.startsWith('{'))
        return m_check.value(value) && refuse(name() + ": an object with a role is required.");
    if (value.get_object().get(object))
        return m_check.fail(token.data());
    bool hasRole = false;
    for (auto entry : object) {
        ondemand::field field;
        if (std::move(entry).get(field))
            return m_check.fail(token.data());
        QByteArrayView key;
        if (!m_check.key(field, &key))
            return false;
        const bool isRole = key == "role";
        if (isRole) {
            if (!jsonToken(field.value()).startsWith('"'))
                return refuse(name() + ".role: a string is required.");
            hasRole = true;
        }
        if (!pass(field.value(), 2))
            return false;
    }
    return hasRole || refuse(name() + ".role: a role is required.");
}

bool RequestReader::messages(ondemand::value value, QByteArrayView token)
{
    ondemand::array array;
    if (!token.startsWith('['))
        return m_check.value(value) && refuse("messages: a list of messages is required.");
    if (value.get_array().get(array))
        return m_check.fail(token.data());
    int count = 0;
    for (auto element : array) {
        ondemand::value child;
        if (element.get(child))
            return m_check.fail(token.data());
        if (!message(child, count))
            return false;
        ++count;
    }
    m_request.messageCount = count;
    return count > 0 || refuse("messages: at least one message is required, the list is empty.");
}

bool RequestReader::maxTokens(QByteArrayView token)
{
    if (!m_check.scalar(token))
        return false;
    // count_tokens knows no max_tokens; a value there is the upstream's to judge.
    qint64 number = 0;
    const auto parsed = std::from_chars(token.begin(), token.end(), number);
    if (parsed.ec == std::errc() && parsed.ptr == token.end() && number >= 0) {
        m_request.maxTokens = number;
        return true;
    }
    return m_endpoint == MessagesEndpoint::CountTokens
        || refuse("max_tokens: a whole number of 0 or more is required.");
}

bool RequestReader::tools(ondemand::value value, QByteArrayView token)
{
    if (token == "null")
        return true;
    ondemand::array array;
    if (!token.startsWith('['))
        return m_check.value(value) && refuse("tools: a list is required.");
    if (value.get_array().get(array))
        return m_check.fail(token.data());
    for (auto element : array) {
        ondemand::value child;
        if (element.get(child))
            return m_check.fail(token.data());
        if (!pass(child, 2))
            return false;
        ++m_request.toolCount;
    }
    return true;
}

bool RequestReader::member(Member member, ondemand::value value, QByteArrayView token)
{
    const char first = token.isEmpty() ? '\0' : token.front();
    switch (member) {
    case Model:
        return model(value, token);
    case Messages:
        return messages(value, token);
    case MaxTokens:
        if (first == '{' || first == '[')
            return m_check.value(value)
                && refuse("max_tokens: a whole number of 0 or more is required.");
        return maxTokens(token);
    case Stream:
        if (token != "true" && token != "false")
            return m_check.value(value) && refuse("stream: true or false is required.");
        m_request.stream = token == "true";
        m_request.streamToken = rangeOf(token);
        return true;
    case System:
        if (first != '"' && first != '[' && token != "null")
            return m_check.value(value)
                && refuse("system: a string or a list of text blocks is required.");
        return pass(value, 1);
    case Tools:
        return tools(value, token);
    case MemberCount:
        break;
    }
    return true;
}

std::optional<ApiError> RequestReader::read(ondemand::parser &parser)
{
    const QByteArray &body = m_request.body;
    if (body.startsWith("\xEF\xBB\xBF"))
        return notJson("it begins with a byte order mark", body.constData());

    ondemand::document document;
    if (const auto code = parser.iterate(paddedView(body)).get(document))
        return notJson(describeJsonError(code), nullptr);
    ondemand::object root;
    if (const auto code = document.get_object().get(root)) {
        if (code == simdjson::INCORRECT_TYPE)
            return ApiError::invalidRequest("The request body must be a JSON object.");
        return notJson(describeJsonError(code), nullptr);
    }
    m_request.firstMember = body.indexOf('{') + 1;

    for (auto entry : root) {
        ondemand::field field;
        if (const auto code = std::move(entry).get(field))
            return notJson(describeJsonError(code), nullptr);
        QByteArrayView name;
        if (!m_check.key(field, &name))
            return notJson(m_check.reason(), m_check.faultAt());
        const int known = memberNamed(name);
        bool good = false;
        if (known < 0) {
            good = pass(field.value(), 1);
        } else if (m_seen[known]) {
            // Parsers disagree which one counts, so what we read and what the upstream reads could
            // differ.
            return ApiError::invalidRequest(memberNames[known]
                                            + QByteArray(": the field stands in the body twice."));
        } else {
            m_seen[known] = true;
            good = member(Member(known), field.value(), jsonToken(field.value()));
        }
        if (m_error)
            return m_error;
        if (!good)
            return notJson(m_check.reason(), m_check.faultAt());
    }
    if (!atJsonEnd(document))
        return notJson("something follows the object", nullptr);

    if (!m_seen[Model])
        return ApiError::invalidRequest("model: the name of a model is required.");
    if (!m_seen[Messages])
        return ApiError::invalidRequest("messages: a list of messages is required.");
    if (!m_seen[MaxTokens] && m_endpoint == MessagesEndpoint::Create)
        return ApiError::invalidRequest("max_tokens: a whole number of 0 or more is required.");
    return std::nullopt;
}

} // namespace

Result<MessagesRequest> readMessagesRequest(QByteArray body, MessagesEndpoint endpoint,
                                            JsonDepth depth)
{
    MessagesRequest request;
    request.body = std::move(body);
    ensureJsonPadding(request.body);

    std::optional<ApiError> error;
    if (request.body.size() <= keptParserBytes) {
        static thread_local ondemand::parser parser;
        error = RequestReader(request, endpoint, depth).read(parser);
    } else {
        ondemand::parser parser;
        error = RequestReader(request, endpoint, depth).read(parser);
    }
    if (error)
        return *std::move(error);
    return request;
}

} // namespace Switchyard
