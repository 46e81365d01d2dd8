// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/chat/chatdialect.h"

#include <QByteArray>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>

// Pairs of files in data/: adding a case is adding files. The number in a name is that of the trap
// in the list of known conversion defects; 000 are plain cases.
namespace Fixtures {

inline QString path(const QString &name)
{
    return QStringLiteral(SWITCHYARD_TEST_DATA "/") + name;
}

inline bool exists(const QString &name)
{
    return QFile::exists(path(name));
}

inline QByteArray read(const QString &name)
{
    QFile file(path(name));
    if (!file.open(QIODevice::ReadOnly))
        qFatal("cannot read %s", qPrintable(file.fileName()));
    return file.readAll();
}

inline QJsonDocument readJson(const QString &name)
{
    QJsonParseError error;
    const QJsonDocument json = QJsonDocument::fromJson(read(name), &error);
    if (error.error != QJsonParseError::NoError)
        qFatal("%s: %s", qPrintable(name), qPrintable(error.errorString()));
    return json;
}

// One row for each file `folder/*suffix`; the column `name` is the path without the suffix.
inline void addRows(const QString &folder, const QString &suffix)
{
    QTest::addColumn<QString>("name");
    const QStringList files =
        QDir(path(folder)).entryList({QStringLiteral("*") + suffix}, QDir::Files, QDir::Name);
    if (files.isEmpty())
        qFatal("no fixtures in %s", qPrintable(folder));
    for (const QString &file : files) {
        const QString name = file.chopped(suffix.size());
        QTest::newRow(qPrintable(QString(name).replace(u'-', u' '))) << folder + u'/' + name;
    }
}

// JSON without the white space between its tokens; nothing else is changed, so that order, numbers
// and escapes are compared as bytes.
inline QByteArray minified(const QByteArray &json)
{
    QByteArray out;
    bool inString = false;
    for (qsizetype i = 0; i < json.size(); ++i) {
        const char c = json[i];
        if (inString && c == '\\') {
            out.append(c).append(json[++i]);
            continue;
        }
        if (c == '"')
            inString = !inString;
        if (inString || !(c == ' ' || c == '\n' || c == '\r' || c == '\t'))
            out.append(c);
    }
    return out;
}

inline Switchyard::ChatDialect openRouterLike(const QByteArray &model)
{
    Switchyard::ChatDialect dialect;
    dialect.reasoning = Switchyard::ChatDialect::Reasoning::Details;
    dialect.highestEffort = "max";
    dialect.cacheControl = true;
    dialect.fileParts = true;
    dialect.toolMessageParts = true;
    dialect.topK = true;
    dialect.modelFamily = Switchyard::chatModelFamily(model);
    dialect.passedMembers = {"provider"};
    return dialect;
}

struct Target
{
    QByteArray model = "anthropic/claude-opus-5";
    Switchyard::ChatDialect dialect = openRouterLike(model);
};

// NAME.dialect.json says which server the request is for: `base` openrouter or plain, `model`, and
// what differs from the base.
inline Target targetOf(const QString &name)
{
    Target target;
    const QString file = name + QStringLiteral(".dialect.json");
    if (!exists(file))
        return target;
    const QJsonObject json = readJson(file).object();
    if (json.contains(u"model"))
        target.model = json[u"model"].toString().toUtf8();
    target.dialect = openRouterLike(target.model);
    if (json[u"base"].toString() == u"plain")
        target.dialect = Switchyard::ChatDialect();

    Switchyard::ChatDialect &dialect = target.dialect;
    const QString reasoning = json[u"reasoning"].toString();
    if (reasoning == u"effort")
        dialect.reasoning = Switchyard::ChatDialect::Reasoning::Effort;
    const QString noContent = json[u"no_content"].toString();
    if (noContent == u"empty")
        dialect.noContent = Switchyard::ChatDialect::NoContent::Empty;
    else if (noContent == u"omitted")
        dialect.noContent = Switchyard::ChatDialect::NoContent::Omitted;
    dialect.images = json[u"images"].toBool(dialect.images);
    dialect.fileParts = json[u"file_parts"].toBool(dialect.fileParts);
    dialect.toolMessageParts = json[u"tool_message_parts"].toBool(dialect.toolMessageParts);
    dialect.strictTools = json[u"strict_tools"].toBool(dialect.strictTools);
    dialect.requiredToolChoice = json[u"required_tool_choice"].toBool(dialect.requiredToolChoice);
    dialect.responseFormat = json[u"response_format"].toBool(dialect.responseFormat);
    dialect.temperature = json[u"temperature"].toBool(dialect.temperature);
    dialect.reasoningMandatory = json[u"reasoning_mandatory"].toBool(dialect.reasoningMandatory);
    dialect.maxCompletionTokens =
        json[u"max_completion_tokens"].toBool(dialect.maxCompletionTokens);
    dialect.streamUsageOption = json[u"stream_usage_option"].toBool(dialect.streamUsageOption);
    dialect.maxTools = json[u"max_tools"].toInt(dialect.maxTools);
    dialect.minMaxTokens = json[u"min_max_tokens"].toInteger(dialect.minMaxTokens);
    dialect.maxMaxTokens = json[u"max_max_tokens"].toInteger(dialect.maxMaxTokens);
    dialect.emptyToolResult =
        json[u"empty_tool_result"].toString(QString::fromUtf8(dialect.emptyToolResult)).toUtf8();
    return target;
}

inline Switchyard::ChatContext context(const QJsonObject &json)
{
    Switchyard::ChatContext context;
    const auto text = [&](const char *key, const char *otherwise) {
        return json.value(QLatin1String(key)).toString(QLatin1String(otherwise)).toUtf8();
    };
    context.requestedModel = text("requested_model", "claude-opus-5");
    context.modelFamily = text("family", "anthropic");
    context.messageId = "msg_fixture";
    for (const QJsonValue &name : json[u"known_tools"].toArray())
        context.knownTools.push_back(name.toString().toUtf8());
    for (const QJsonValue &sequence : json[u"stop_sequences"].toArray())
        context.stopSequences.push_back(sequence.toString().toUtf8());
    const QJsonObject names = json[u"tool_names"].toObject();
    for (auto it = names.begin(); it != names.end(); ++it)
        context.toolNames[it.key().toUtf8()] = it.value().toString().toUtf8();
    return context;
}

inline Switchyard::ChatContext contextOf(const QString &name)
{
    const QString file = name + QStringLiteral(".context.json");
    return context(exists(file) ? readJson(file).object() : QJsonObject());
}

} // namespace Fixtures
