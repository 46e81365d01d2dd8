// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/rowtext.h"

#include "proxycore/service/logformat.h"

#include <QDateTime>

namespace Switchyard {

using namespace Qt::StringLiterals;

namespace {

QString text(const QJsonValue &value)
{
    if (value.isString())
        return value.toString();
    if (value.isDouble())
        return QString::number(value.toInteger());
    return u"-"_s;
}

QString milliseconds(const QJsonValue &value)
{
    if (!value.isDouble())
        return u"-"_s;
    const qint64 ms = value.toInteger();
    return ms < 10'000 ? QString::number(ms) + u" ms"_s
                       : QString::number(double(ms) / 1000, 'f', 1) + u" s"_s;
}

QString clock(const QJsonValue &value)
{
    const QDateTime time = QDateTime::fromString(value.toString(), Qt::ISODateWithMs);
    return time.isValid() ? time.toLocalTime().toString(u"HH:mm:ss"_s) : u"-"_s;
}

QString models(const QJsonObject &row)
{
    const QString asked = text(row[u"model"_s]);
    const QString used = text(row[u"upstream_model"_s]);
    return used == u"-"_s || used == asked ? asked : asked + u" → "_s + used;
}

QString backend(const QJsonObject &row)
{
    const QString lane = text(row[u"lane"_s]);
    return text(row[u"backend"_s]) + (lane == u"-"_s ? QString() : u'/' + lane);
}

QByteArray aligned(const QString &time, const QString &id, const QString &state,
                   const QString &status, const QString &ttfb, const QString &duration,
                   const QString &input, const QString &output, const QString &backendText,
                   const QString &model, const QString &fingerprint)
{
    const QString line = time.leftJustified(8) + u' ' + id.rightJustified(6) + u"  "_s
        + state.leftJustified(9) + u' ' + status.rightJustified(6) + u' ' + ttfb.rightJustified(8)
        + u' ' + duration.rightJustified(8) + u' ' + input.rightJustified(8) + u' '
        + output.rightJustified(7) + u"  "_s + backendText.leftJustified(24) + u' ' + model
        + (fingerprint == u"-"_s ? QString() : u"  "_s + fingerprint);
    QByteArray printable;
    appendPrintable(printable, line.toUtf8());
    return printable;
}

// What the model read: the cache's part included.
QString inputTokens(const QJsonObject &row)
{
    qint64 sum = 0;
    bool known = false;
    for (const QString &name :
         {u"input_tokens"_s, u"cache_read_tokens"_s, u"cache_write_tokens"_s}) {
        if (row[name].isDouble()) {
            sum += row[name].toInteger();
            known = true;
        }
    }
    return known ? QString::number(sum) : u"-"_s;
}

} // namespace

QByteArray rowTextHead()
{
    return aligned(u"time"_s, u"id"_s, u"state"_s, u"status"_s, u"first"_s, u"total"_s, u"tokens"_s,
                   u"out"_s, u"backend/lane"_s, u"model"_s, u"-"_s);
}

QByteArray rowText(const QJsonObject &row)
{
    return aligned(
        clock(row[u"time"_s]), text(row[u"id"_s]), text(row[u"state"_s]), text(row[u"status"_s]),
        milliseconds(row[u"ttfb_ms"_s]), milliseconds(row[u"duration_ms"_s]), inputTokens(row),
        text(row[u"output_tokens"_s]), backend(row), models(row), text(row[u"fingerprint"_s]));
}

} // namespace Switchyard
