// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/controlprotocol.h"

#include <QJsonDocument>

namespace Switchyard {

using namespace Qt::StringLiterals;

namespace {

constexpr QByteArrayView rowStart = R"({"v":1,"row":)";
static_assert(controlVersion == 1, "rowStart spells the version");

QByteArray line(QJsonObject object)
{
    object[u"v"_s] = controlVersion;
    return QJsonDocument(object).toJson(QJsonDocument::Compact) + '\n';
}

} // namespace

QByteArray controlRequest(const QString &command, QJsonObject arguments)
{
    arguments[u"command"_s] = command;
    return line(std::move(arguments));
}

QByteArray controlResult(const QJsonObject &result)
{
    return line({{u"ok"_s, true}, {u"result"_s, result}});
}

QByteArray controlError(int exitCode, const QString &sentence)
{
    return line({{u"ok"_s, false}, {u"code"_s, exitCode}, {u"error"_s, sentence}});
}

QByteArray controlRow(QByteArrayView rowJson)
{
    return rowStart.toByteArray().append(rowJson).append("}\n");
}

QByteArrayView rowOfControlLine(QByteArrayView text)
{
    if (!text.startsWith(rowStart) || !text.endsWith('}'))
        return {};
    return text.sliced(rowStart.size()).chopped(1);
}

std::optional<QJsonObject> parseControlLine(QByteArrayView text)
{
    const QJsonDocument document = QJsonDocument::fromJson(text.toByteArray());
    if (!document.isObject() || document.object().value(u"v"_s).toInt() != controlVersion)
        return std::nullopt;
    return document.object();
}

} // namespace Switchyard
