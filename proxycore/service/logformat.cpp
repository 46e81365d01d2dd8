// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/service/logformat.h"

#include "proxycore/protocol/jsonwriter.h"

#include <chrono>
#include <cstdio>

namespace Switchyard {

namespace {

void appendNumber(QByteArray &out, const std::optional<qint64> &value)
{
    if (value)
        out.append(QByteArray::number(*value));
    else
        out.append('-');
}

} // namespace

QByteArray logLevelName(LogLevel level)
{
    switch (level) {
    case LogLevel::Debug:
        return "debug";
    case LogLevel::Info:
        return "info";
    case LogLevel::Warning:
        return "warning";
    case LogLevel::Error:
        break;
    }
    return "error";
}

void appendRfc3339(QByteArray &out, qint64 timeMs)
{
    // QDateTime needs some 5 µs for this; a request line is written thousands of times a second.
    using namespace std::chrono;
    const sys_time<milliseconds> time{milliseconds(timeMs)};
    const auto day = floor<days>(time);
    const year_month_day date{day};
    const hh_mm_ss clock{time - day};
    char text[32];
    const int length = std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
                                     int(date.year()), unsigned(date.month()), unsigned(date.day()),
                                     int(clock.hours().count()), int(clock.minutes().count()),
                                     int(clock.seconds().count()), int(clock.subseconds().count()));
    out.append(text, length);
}

void appendPrintable(QByteArray &out, QByteArrayView text)
{
    static constexpr char hex[] = "0123456789abcdef";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte != 0x7f) {
            out.append(c);
        } else if (c == '\n') {
            out.append("\\n");
        } else if (c == '\t') {
            out.append("\\t");
        } else {
            out.append("\\x").append(hex[byte >> 4]).append(hex[byte & 15]);
        }
    }
}

void appendLogLine(QByteArray &out, const LogEntry &entry, LogFormat format)
{
    if (format == LogFormat::Text) {
        appendRfc3339(out, entry.timeMs);
        out.append(' ').append(logLevelName(entry.level).leftJustified(7)).append(' ');
        out.append(entry.category.toByteArray()).append(": ");
        appendPrintable(out, entry.message);
        if (!entry.instance.isEmpty())
            out.append(" instance=").append(entry.instance);
        out.append('\n');
        return;
    }
    QByteArray time;
    appendRfc3339(time, entry.timeMs);
    JsonWriter json(std::move(out));
    json.beginObject();
    json.member("time", time);
    json.member("level", logLevelName(entry.level));
    json.member("category", entry.category);
    json.member("message", entry.message);
    json.member("instance", entry.instance);
    if (!entry.exchangeJson.isEmpty())
        json.rawMember("exchange", entry.exchangeJson);
    json.endObject();
    out = json.take();
    out.append('\n');
}

QByteArray exchangeSummary(const ExchangeRecord &record)
{
    QByteArray line;
    line.reserve(256);
    line.append('#').append(QByteArray::number(record.id)).append(' ');
    line.append(exchangeStateName(record.state));
    line.append(" model=").append(record.model.isEmpty() ? "-" : record.model);
    if (!record.upstreamModel.isEmpty() && record.upstreamModel != record.model)
        line.append(" -> ").append(record.upstreamModel);
    line.append(" backend=").append(record.backend.isEmpty() ? "-" : record.backend);
    line.append(" lane=").append(record.lane ? laneName(*record.lane) : QByteArray("-"));
    line.append(" status=");
    appendNumber(line, record.status);
    line.append(" attempts=").append(QByteArray::number(record.attempts));
    line.append(" ttfb_ms=");
    appendNumber(line, record.ttfbMs);
    line.append(" duration_ms=");
    appendNumber(line, record.durationMs);
    line.append(" in=");
    appendNumber(line, record.usage.inputTokens);
    line.append(" cache_read=");
    appendNumber(line, record.usage.cacheReadTokens);
    line.append(" cache_write=");
    appendNumber(line, record.usage.cacheWriteTokens);
    line.append(" out=");
    appendNumber(line, record.usage.outputTokens);
    line.append(" fingerprint=").append(record.fingerprint.isEmpty() ? "-" : record.fingerprint);
    return line;
}

} // namespace Switchyard
