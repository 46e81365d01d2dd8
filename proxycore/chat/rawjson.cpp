// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/chat/rawjson.h"

#include <QChar>

#include <bit>
#include <cstring>
#include <optional>

namespace Switchyard {

namespace {

int hexValue(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

// The four digits of a \u escape at `p`.
std::optional<char16_t> unicodeEscape(const char *p, const char *end)
{
    if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
        return std::nullopt;
    int unit = 0;
    for (int i = 2; i < 6; ++i) {
        const int digit = hexValue(p[i]);
        if (digit < 0)
            return std::nullopt;
        unit = unit * 16 + digit;
    }
    return char16_t(unit);
}

void appendUtf8(QByteArray &out, char32_t code)
{
    if (code < 0x80) {
        out.append(char(code));
        return;
    }
    if (code < 0x800) {
        out.append(char(0xC0 | (code >> 6)));
    } else {
        if (code < 0x10000) {
            out.append(char(0xE0 | (code >> 12)));
        } else {
            out.append(char(0xF0 | (code >> 18)));
            out.append(char(0x80 | ((code >> 12) & 0x3F)));
        }
        out.append(char(0x80 | ((code >> 6) & 0x3F)));
    }
    out.append(char(0x80 | (code & 0x3F)));
}

// Nonzero when one of the eight bytes is '"', '\\' or a control character.
quint64 needsEscape(quint64 word)
{
    constexpr quint64 ones = 0x0101010101010101ULL;
    constexpr quint64 highs = 0x8080808080808080ULL;
    const auto hasZero = [](quint64 v) { return (v - ones) & ~v & highs; };
    return hasZero(word ^ (ones * '"')) | hasZero(word ^ (ones * '\\'))
        | ((word - ones * 0x20) & ~word & highs);
}

} // namespace

QByteArrayView rawJson(simdjson::ondemand::value &value)
{
    const QByteArrayView token = jsonToken(value);
    if (token.isEmpty())
        return token;
    std::string_view raw;
    if (token.front() == '{') {
        simdjson::ondemand::object object;
        if (value.get_object().get(object) || object.raw_json().get(raw))
            return {};
    } else if (token.front() == '[') {
        simdjson::ondemand::array array;
        if (value.get_array().get(array) || array.raw_json().get(raw))
            return {};
    } else {
        return token;
    }
    return trimmedContainer(raw);
}

QByteArrayView trimmedContainer(std::string_view raw)
{
    while (!raw.empty() && raw.back() != '}' && raw.back() != ']')
        raw.remove_suffix(1);
    return QByteArrayView(raw.data(), qsizetype(raw.size()));
}

bool isBlankInner(QByteArrayView inner)
{
    const char *p = inner.begin();
    const char *const end = inner.end();
    while (p != end) {
        if (*p == ' ') {
            ++p;
            continue;
        }
        if (*p != '\\' || end - p < 2 || !std::strchr("nrtf", p[1]))
            return false;
        p += 2;
    }
    return true;
}

QByteArray decodedInner(QByteArrayView inner)
{
    QByteArray text;
    text.reserve(inner.size());
    const char *p = inner.begin();
    const char *const end = inner.end();
    while (p != end) {
        const void *const found = std::memchr(p, '\\', std::size_t(end - p));
        const char *const escape = found ? static_cast<const char *>(found) : end;
        text.append(p, escape - p);
        p = escape;
        if (end - p < 2)
            break;
        switch (p[1]) {
        case 'n':
            text.append('\n');
            break;
        case 't':
            text.append('\t');
            break;
        case 'r':
            text.append('\r');
            break;
        case 'b':
            text.append('\b');
            break;
        case 'f':
            text.append('\f');
            break;
        case 'u': {
            const std::optional<char16_t> unit = unicodeEscape(p, end);
            if (!unit)
                return text;
            p += 6;
            if (!QChar::isSurrogate(*unit)) {
                appendUtf8(text, *unit);
                continue;
            }
            const std::optional<char16_t> low = unicodeEscape(p, end);
            if (QChar::isHighSurrogate(*unit) && low && QChar::isLowSurrogate(*low)) {
                appendUtf8(text, QChar::surrogateToUcs4(*unit, *low));
                p += 6;
            } else {
                text.append(p - 6, 6);
            }
            continue;
        }
        default:
            text.append(p[1]);
        }
        p += 2;
    }
    return text;
}

void appendAsInner(QByteArray &out, QByteArrayView json)
{
    // A byte becomes at most six (\u001f), but control characters stand only between tokens, where
    // they are white space with an escape of two bytes.
    const qsizetype before = out.size();
    out.resize(before + 2 * json.size());
    char *to = out.data() + before;
    const char *from = json.begin();
    const char *const end = json.end();
    while (from != end) {
        if (end - from >= 8) {
            quint64 word;
            std::memcpy(&word, from, 8);
            if (!needsEscape(word)) {
                std::memcpy(to, &word, 8);
                from += 8;
                to += 8;
                continue;
            }
        }
        // One escape is seldom alone: the rest of the eight bytes is taken one by one.
        const char *const stop = from + qMin<qsizetype>(8, end - from);
        for (; from != stop; ++from) {
            const char c = *from;
            switch (c) {
            case '"':
            case '\\':
                *to++ = '\\';
                *to++ = c;
                break;
            case '\n':
                *to++ = '\\';
                *to++ = 'n';
                break;
            case '\r':
                *to++ = '\\';
                *to++ = 'r';
                break;
            case '\t':
                *to++ = '\\';
                *to++ = 't';
                break;
            default:
                *to++ = c;
            }
        }
    }
    out.resize(to - out.constData());
}

simdjson::ondemand::parser *keptJsonParser(qsizetype bytes)
{
    constexpr qsizetype keptBytes = qsizetype(2) * 1024 * 1024;
    constexpr qsizetype leastBytes = qsizetype(16) * 1024;
    if (bytes > keptBytes)
        return nullptr;
    static thread_local simdjson::ondemand::parser parser;
    // A conversation grows with every turn: without rounding each request would allocate anew.
    const auto capacity = std::bit_ceil(std::size_t(qMax(bytes, leastBytes)));
    if (parser.capacity() < capacity && parser.allocate(capacity) != simdjson::SUCCESS)
        return nullptr;
    return &parser;
}

} // namespace Switchyard
