// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/protocol/jsonwriter.h"

#include <charconv>
#include <cmath>

namespace Switchyard {

void appendJsonEscaped(QByteArray &out, QByteArrayView text)
{
    const char *run = text.data();
    const char *const end = text.data() + text.size();
    const auto flush = [&](const char *at) { out.append(run, at - run); };
    for (const char *p = run; p != end; ++p) {
        const auto c = static_cast<unsigned char>(*p);
        if (c >= 0x20 && c != '"' && c != '\\') [[likely]]
            continue;
        flush(p);
        run = p + 1;
        switch (c) {
        case '"':
            out.append("\\\"");
            break;
        case '\\':
            out.append("\\\\");
            break;
        case '\n':
            out.append("\\n");
            break;
        case '\r':
            out.append("\\r");
            break;
        case '\t':
            out.append("\\t");
            break;
        case '\b':
            out.append("\\b");
            break;
        case '\f':
            out.append("\\f");
            break;
        default: {
            constexpr char digits[] = "0123456789abcdef";
            const char escape[] = {'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15]};
            out.append(escape, sizeof escape);
        }
        }
    }
    flush(end);
}

void JsonWriter::separate()
{
    if (m_needComma)
        m_out.append(',');
    m_needComma = true;
}

void JsonWriter::open(char bracket)
{
    separate();
    m_out.append(bracket);
    m_needComma = false;
}

void JsonWriter::close(char bracket)
{
    m_out.append(bracket);
    m_needComma = true;
}

void JsonWriter::key(QByteArrayView name)
{
    separate();
    m_out.append('"');
    appendJsonEscaped(m_out, name);
    m_out.append("\":");
    m_needComma = false;
}

void JsonWriter::string(QByteArrayView text)
{
    beginString();
    stringPiece(text);
    endString();
}

void JsonWriter::number(qint64 value)
{
    separate();
    char buffer[24];
    const auto written = std::to_chars(buffer, buffer + sizeof buffer, value);
    m_out.append(buffer, written.ptr - buffer);
}

void JsonWriter::number(double value)
{
    // JSON has no word for infinity or not-a-number.
    if (!std::isfinite(value)) {
        null();
        return;
    }
    separate();
    char buffer[32];
    const auto written = std::to_chars(buffer, buffer + sizeof buffer, value);
    m_out.append(buffer, written.ptr - buffer);
}

void JsonWriter::boolean(bool value)
{
    raw(value ? "true" : "false");
}

void JsonWriter::null()
{
    raw("null");
}

void JsonWriter::raw(QByteArrayView json)
{
    separate();
    m_out.append(json);
}

void JsonWriter::beginString()
{
    separate();
    m_out.append('"');
}

void JsonWriter::stringPiece(QByteArrayView text)
{
    appendJsonEscaped(m_out, text);
}

void JsonWriter::endString()
{
    m_out.append('"');
}

} // namespace Switchyard
