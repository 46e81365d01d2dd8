// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/chat/chattools.h"

#include "proxycore/chat/chatnames.h"
#include "proxycore/chat/rawjson.h"

namespace Switchyard {

namespace ondemand = simdjson::ondemand;

namespace {

constexpr QByteArrayView emptySchema = R"({"type":"object","properties":{}})";

// Values that ask for what a plain function does anyway.
bool isDefaultOf(QByteArrayView key, QByteArrayView raw)
{
    if (isJsonNull(raw) || raw == "false" || raw == "[]")
        return true;
    return key == "allowed_callers" && !raw.contains("code_execution");
}

} // namespace

void ChatTools::recordCompletedSchema(const JsonPath &path)
{
    m_adjustments.push_back(
        {path.member("input_schema"), QByteArrayLiteral("chat.schema-completed"),
         QByteArrayLiteral("Servers ask for a schema of type object with properties.")});
}

bool ChatTools::readSchema(ondemand::value &value, const JsonPath &path, Tool &tool)
{
    ondemand::object object;
    if (!jsonToken(value).startsWith('{') || value.get_object().get(object))
        return m_reader.refuse(path.member("input_schema"), "an object is required.");

    QByteArrayView type;
    QByteArrayView properties;
    for (auto entry : object) {
        ondemand::field field;
        QByteArrayView key;
        if (std::move(entry).get(field) || !m_check.key(field, &key))
            return m_reader.refuse(path.member("input_schema"), "the object is malformed.");
        const QByteArrayView member = jsonToken(field.value());
        if (key == "type")
            type = member;
        else if (key == "properties")
            properties = member;
    }
    if (!isJsonNull(type) && type != "\"object\"")
        return m_reader.refuse(path.member("input_schema.type"), "object is required.");
    std::string_view json;
    if (object.reset().error() || object.raw_json().get(json))
        return m_reader.refuse(path.member("input_schema"), "the object is malformed.");
    const QByteArrayView raw = trimmedContainer(json);
    if (!isJsonNull(type) && properties != "null") [[likely]] {
        tool.schema = QByteArray::fromRawData(raw.data(), raw.size());
        return true;
    }

    recordCompletedSchema(path);
    tool.schema = raw.toByteArray();
    // From the back to the front, so that the places stay where they are.
    const auto replaceNull = [&](QByteArrayView token, const char *by) {
        if (token == "null")
            tool.schema.replace(token.data() - raw.data(), token.size(), by);
    };
    if (properties.data() > type.data()) {
        replaceNull(properties, "{}");
        replaceNull(type, "\"object\"");
    } else {
        replaceNull(type, "\"object\"");
        replaceNull(properties, "{}");
    }
    if (type.isEmpty())
        tool.schema.insert(
            1, tool.schema.contains(':') ? R"("type":"object",)" : R"("type":"object")");
    return true;
}

bool ChatTools::readMember(QByteArrayView key, ondemand::value &value, const JsonPath &path,
                           Tool &tool)
{
    if (key == "cache_control")
        return m_reader.readCacheMark(value, path, tool.cache);
    const QByteArrayView token = jsonToken(value);
    if (key == "input_schema")
        return isJsonNull(token) || readSchema(value, path, tool);
    if (key == "name" || key == "description" || key == "type") {
        if (!isJsonString(token))
            return isJsonNull(token) || m_reader.refuse(path.member(key), "a string is required.");
        if (key == "name")
            tool.name = innerOf(token);
        else if (key == "description")
            tool.description = token;
        else
            tool.type = innerOf(token);
        return true;
    }
    if (key == "strict" && m_dialect.strictTools) {
        tool.strict = token == "true";
        return true;
    }
    if (!isDefaultOf(key, rawJson(value)))
        m_reader.leaveOut(path.member(key));
    return true;
}

QByteArray ChatTools::sentName(QByteArrayView nameInner)
{
    const QByteArray name = decodedInner(nameInner);
    QByteArray sent = chatToolName(name, m_dialect.maxToolNameLength);
    if (sent != name)
        m_context.toolNames.insert_or_assign(sent, name);
    return sent;
}

bool ChatTools::readTool(ondemand::value value, const JsonPath &path)
{
    ondemand::object object;
    if (!jsonToken(value).startsWith('{') || value.get_object().get(object))
        return m_reader.refuse(path.text(), "an object is required.");

    // Tools of a type of their own have members of their own.
    ondemand::value type;
    if (!object.find_field_unordered("type").get(type)) {
        const QByteArrayView token = jsonToken(type);
        if (!isJsonNull(token) && token != "\"custom\"") {
            return m_reader.refuse(
                path.text(),
                "tools of type " + token.toByteArray()
                    + " are run or defined by Anthropic and cannot be carried over Chat "
                      "Completions. "
                      "Remove the tool, or choose a backend with the native lane.");
        }
    }
    if (object.reset().error())
        return m_reader.refuse(path.text(), "the object is malformed.");

    Tool tool;
    for (auto entry : object) {
        ondemand::field field;
        QByteArrayView key;
        if (std::move(entry).get(field) || !m_check.key(field, &key))
            return m_reader.refuse(path.text(), "the object is malformed.");
        ondemand::value member = field.value();
        if (!readMember(key, member, path, tool))
            return false;
    }
    if (tool.name.isEmpty())
        return m_reader.refuse(path.member("name"), "a name is required.");
    if (tool.cache.isSet() && !m_dialect.cacheControl) {
        tool.cache = {};
        m_adjustments.push_back({path.member("cache_control"),
                                 QByteArrayLiteral("chat.cache-control-refused"),
                                 QByteArrayLiteral("This server does not know it.")});
    }

    m_context.knownTools.push_back(decodedInner(tool.name));
    const QByteArray sent = sentName(tool.name);
    if (sent != m_context.knownTools.back()) {
        m_adjustments.push_back({path.member("name"), QByteArrayLiteral("chat.tool-renamed"),
                                 QByteArrayLiteral("The name is too long or has characters the "
                                                   "server refuses; answers get it back.")});
    }
    m_out.append(m_count++ == 0 ? R"({"type":"function","function":{"name":")"
                                : R"(,{"type":"function","function":{"name":")");
    m_out.append(sent).append('"');
    if (!tool.description.isEmpty())
        m_out.append(R"(,"description":)").append(tool.description);
    if (tool.schema.isEmpty())
        recordCompletedSchema(path);
    m_out.append(R"(,"parameters":)");
    m_out.append(tool.schema.isEmpty() ? emptySchema : QByteArrayView(tool.schema));
    if (tool.strict)
        m_out.append(R"(,"strict":true)");
    m_out.append('}');
    appendCacheMark(m_out, tool.cache);
    m_out.append('}');
    return true;
}

bool ChatTools::read(ondemand::value value)
{
    if (isJsonNull(jsonToken(value)))
        return true;
    ondemand::array array;
    if (value.get_array().get(array))
        return m_reader.refuse("tools", "a list is required.");
    int index = 0;
    for (auto element : array) {
        ondemand::value item;
        if (element.get(item))
            return m_reader.refuse("tools", "the list is malformed.");
        if (!readTool(item, JsonPath{nullptr, "tools", index++}))
            return false;
    }
    if (m_dialect.maxTools > 0 && m_count > m_dialect.maxTools) {
        const QByteArray sentence = "this server takes at most "
            + QByteArray::number(m_dialect.maxTools) + " tools and the request has "
            + QByteArray::number(m_count)
            + ". Switch some off, or let the client search for tools (ENABLE_TOOL_SEARCH).";
        return m_reader.refuse("tools", sentence);
    }
    return true;
}

} // namespace Switchyard
