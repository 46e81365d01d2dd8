// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QJsonArray>
#include <QJsonObject>
#include <QJsonValue>
#include <QList>

// Every way to put a value of another kind in the place of one value of a JSON document, or to take
// a member away. What people and programs send is seldom random bytes, but often the wrong type.
namespace Mutations {

inline QList<QJsonValue> replacements()
{
    return {QJsonValue::Null,         QJsonValue(5),
            QJsonValue(-1.5),         QJsonValue(QStringLiteral("x\"\\\n\u00e9")),
            QJsonValue(QString()),    QJsonValue(true),
            QJsonValue(QJsonArray()), QJsonValue(QJsonArray{1, QJsonObject()}),
            QJsonValue(QJsonObject())};
}

inline QList<QJsonValue> of(const QJsonValue &value)
{
    QList<QJsonValue> all = replacements();
    if (value.isArray()) {
        const QJsonArray list = value.toArray();
        for (int i = 0; i < list.size(); ++i) {
            QJsonArray shorter = list;
            shorter.removeAt(i);
            all.append(shorter);
            const QList<QJsonValue> inner = of(list[i]);
            for (const QJsonValue &each : inner) {
                QJsonArray changed = list;
                changed[i] = each;
                all.append(changed);
            }
        }
    } else if (value.isObject()) {
        const QJsonObject object = value.toObject();
        for (const QString &key : object.keys()) {
            QJsonObject smaller = object;
            smaller.remove(key);
            all.append(smaller);
            const QList<QJsonValue> inner = of(object[key]);
            for (const QJsonValue &each : inner) {
                QJsonObject changed = object;
                changed[key] = each;
                all.append(changed);
            }
        }
    }
    return all;
}

} // namespace Mutations
