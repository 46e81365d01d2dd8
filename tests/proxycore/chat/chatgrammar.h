// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QSet>
#include <QString>

// A strict reader of Chat Completions requests for tests, independent of the converter: what it
// refuses is what some server in use answers with 400.
namespace ChatGrammar {

inline QString contentFault(const QJsonObject &message, const QSet<QString> &partTypes)
{
    const QJsonValue content = message[u"content"];
    if (content.isString())
        return {};
    if (!content.isArray() || content.toArray().isEmpty())
        return QStringLiteral("content is no string and no list");
    for (const QJsonValue &value : content.toArray()) {
        const QJsonObject part = value.toObject();
        const QString type = part[u"type"].toString();
        if (!partTypes.contains(type))
            return QStringLiteral("a part of type '%1'").arg(type);
        if (type == u"text" && part[u"text"].toString().trimmed().isEmpty())
            return QStringLiteral("a text part without text");
        if (type == u"image_url" && part[u"image_url"][u"url"].toString().isEmpty())
            return QStringLiteral("an image without url");
        if (part.contains(u"cache_control") && type != u"text")
            return QStringLiteral("a cache_control on a part of type ") + type;
        if (part.contains(u"cache_control")
            && part[u"cache_control"][u"type"].toString() != u"ephemeral")
            return QStringLiteral("a cache_control without type");
        for (const QString &key : part.keys()) {
            if (key != u"type" && key != u"cache_control" && key != type)
                return QStringLiteral("a part with an unknown member ") + key;
        }
    }
    return {};
}

class Checker
{
public:
    QString check(const QByteArray &body)
    {
        QJsonParseError parsed;
        const QJsonObject request = QJsonDocument::fromJson(body, &parsed).object();
        if (parsed.error != QJsonParseError::NoError)
            return parsed.errorString();
        if (request[u"model"].toString().isEmpty())
            return QStringLiteral("no model");
        const QJsonArray messages = request[u"messages"].toArray();
        for (int i = 0; i < messages.size(); ++i) {
            const QString fault = message(messages[i].toObject(), i == 0);
            if (!fault.isEmpty())
                return QStringLiteral("messages[%1]: %2").arg(i).arg(fault);
        }
        if (!m_open.isEmpty())
            return QStringLiteral("tool calls without a result at the end");
        return options(request);
    }

private:
    QString message(const QJsonObject &message, bool first)
    {
        const QString role = message[u"role"].toString();
        if (role == u"tool")
            return toolMessage(message);
        if (!m_open.isEmpty())
            return QStringLiteral("tool calls without a result before a message of the ") + role;
        if (role == m_last)
            return QStringLiteral("two messages of the ") + role;
        m_last = role;
        if (role == u"system")
            return first ? contentFault(message, {QStringLiteral("text")})
                         : QStringLiteral("a system message that is not the first");
        if (role == u"user")
            return contentFault(
                message,
                {QStringLiteral("text"), QStringLiteral("image_url"), QStringLiteral("file")});
        if (role == u"assistant")
            return assistant(message);
        return QStringLiteral("unknown role ") + role;
    }

    QString toolMessage(const QJsonObject &message)
    {
        m_last = QStringLiteral("tool");
        if (!m_open.remove(message[u"tool_call_id"].toString()))
            return QStringLiteral("a tool message for no open call");
        return contentFault(message, {QStringLiteral("text"), QStringLiteral("image_url")});
    }

    QString assistant(const QJsonObject &message)
    {
        const QJsonArray calls = message[u"tool_calls"].toArray();
        if (message.contains(u"tool_calls") && calls.isEmpty())
            return QStringLiteral("an empty list of tool calls");
        for (const QJsonValue &value : calls) {
            const QString id = value[u"id"].toString();
            if (id.isEmpty() || m_used.contains(id))
                return QStringLiteral("a tool call id that is empty or used before: ") + id;
            m_used.insert(id);
            m_open.insert(id);
            const QJsonValue function = value[u"function"];
            if (value[u"type"].toString() != u"function" || function[u"name"].toString().isEmpty())
                return QStringLiteral("a tool call without a function");
            QJsonParseError parsed;
            if (!QJsonDocument::fromJson(function[u"arguments"].toString().toUtf8(), &parsed)
                     .isObject())
                return QStringLiteral("arguments that are no JSON object");
        }
        if (message[u"content"].isNull() || message[u"content"].isUndefined())
            return calls.isEmpty() ? QStringLiteral("an assistant message that says nothing")
                                   : QString();
        return contentFault(message, {QStringLiteral("text")});
    }

    static QString options(const QJsonObject &request)
    {
        static const QSet<QString> known{
            QStringLiteral("model"),           QStringLiteral("messages"),
            QStringLiteral("tools"),           QStringLiteral("tool_choice"),
            QStringLiteral("max_tokens"),      QStringLiteral("max_completion_tokens"),
            QStringLiteral("temperature"),     QStringLiteral("top_p"),
            QStringLiteral("top_k"),           QStringLiteral("stop"),
            QStringLiteral("reasoning"),       QStringLiteral("reasoning_effort"),
            QStringLiteral("provider"),        QStringLiteral("parallel_tool_calls"),
            QStringLiteral("stream"),          QStringLiteral("stream_options"),
            QStringLiteral("response_format"), QStringLiteral("cache_control"),
        };
        for (const QString &key : request.keys()) {
            if (!known.contains(key))
                return QStringLiteral("unknown field ") + key;
        }
        const bool hasTools = request.contains(u"tools");
        if (hasTools && request[u"tools"].toArray().isEmpty())
            return QStringLiteral("an empty list of tools");
        if (!hasTools
            && (request.contains(u"tool_choice") || request.contains(u"parallel_tool_calls")))
            return QStringLiteral("a choice among no tools");
        for (const QJsonValue &tool : request[u"tools"].toArray()) {
            const QJsonObject function = tool[u"function"].toObject();
            if (function[u"name"].toString().isEmpty() || function[u"name"].toString().size() > 64)
                return QStringLiteral("a tool name that is empty or too long");
            if (function[u"parameters"][u"type"].toString() != u"object")
                return QStringLiteral("parameters that are not of type object");
            for (const QString &key : function.keys()) {
                if (key != u"name" && key != u"description" && key != u"parameters"
                    && key != u"strict")
                    return QStringLiteral("a function with an unknown member ") + key;
            }
        }
        if (request[u"stop"].toArray().size() > 4)
            return QStringLiteral("more than four stop sequences");
        return {};
    }

    QString m_last;
    QSet<QString> m_open;
    QSet<QString> m_used;
};

// The first fault of a request, or an empty string.
inline QString fault(const QByteArray &body)
{
    return Checker().check(body);
}

} // namespace ChatGrammar
