// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/protocol/jsoncheck.h"

#include "proxycore/protocol/messagesrequest.h"

#include <array>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace Switchyard {

namespace {

bool isDigit(char c)
{
    return c >= '0' && c <= '9';
}

bool isHexDigit(char c)
{
    return isDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool isJsonSpace(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

// RFC 8259, section 6.
bool isJsonNumber(QByteArrayView token)
{
    const char *p = token.begin();
    const char *const end = token.end();
    const auto digits = [&] {
        const char *const first = p;
        while (p != end && isDigit(*p))
            ++p;
        return p != first;
    };
    if (p != end && *p == '-')
        ++p;
    if (p != end && *p == '0')
        ++p;
    else if (!digits())
        return false;
    if (p != end && *p == '.') {
        ++p;
        if (!digits())
            return false;
    }
    if (p != end && (*p == 'e' || *p == 'E')) {
        ++p;
        if (p != end && (*p == '+' || *p == '-'))
            ++p;
        if (!digits())
            return false;
    }
    return p == end;
}

// Length of an escape by the byte behind its backslash; 0 for a byte that makes none.
constexpr auto escapeLengths = [] {
    std::array<unsigned char, 256> lengths{};
    for (const char c : {'"', '\\', '/', 'b', 'f', 'n', 'r', 't'})
        lengths[static_cast<unsigned char>(c)] = 2;
    lengths['u'] = 6;
    return lengths;
}();

// Length of the escape at `p` (a backslash), or 0 when it is none. `end` is behind the string.
int escapeLength(const char *p, const char *end)
{
    if (end - p < 2)
        return 0;
    const int length = escapeLengths[static_cast<unsigned char>(p[1])];
    if (length != 6)
        return length;
    const bool isHex = end - p >= 6 && isHexDigit(p[2]) && isHexDigit(p[3]) && isHexDigit(p[4])
        && isHexDigit(p[5]);
    return isHex ? 6 : 0;
}

// The next backslash, or `end`. Text of code has an escape every few bytes, where calls of memchr
// cost more than what they find; long plain text is where a byte at a time costs most. Within a
// block that has one, going byte by byte was measured faster than counting bits: it waits for
// nothing.
const char *findBackslash(const char *p, const char *end)
{
#ifdef __SSE2__
    const __m128i wanted = _mm_set1_epi8('\\');
    while (end - p >= 16) {
        const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i *>(p));
        if (_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, wanted)) != 0)
            break;
        p += 16;
    }
#else
    constexpr quint64 ones = 0x0101010101010101;
    constexpr quint64 highs = 0x8080808080808080;
    while (end - p >= 8) {
        quint64 word;
        std::memcpy(&word, p, sizeof word);
        word ^= ones * '\\';
        if ((word - ones) & ~word & highs)
            break;
        p += 8;
    }
#endif
    while (p != end && *p != '\\')
        ++p;
    return p;
}

} // namespace

bool JsonCheck::fail(const char *at, const char *reason)
{
    m_faultAt = at;
    m_reason = reason;
    return false;
}

bool JsonCheck::stringBody(const char *begin, const char *end)
{
    // Control characters, unclosed strings and UTF-8 were checked by simdjson's first stage.
    for (const char *p = begin; p != end;) {
        p = findBackslash(p, end);
        if (p == end)
            return true;
        const int length = escapeLength(p, end);
        if (length == 0)
            return fail(p, "a string has an invalid escape");
        p += length;
    }
    return true;
}

bool JsonCheck::scalar(QByteArrayView token)
{
    if (token.isEmpty())
        return fail(token.data());
    switch (token.front()) {
    case '"':
        if (token.size() < 2 || token.back() != '"')
            return fail(token.data());
        return stringBody(token.begin() + 1, token.end() - 1);
    case 't':
        return token == "true" || fail(token.data());
    case 'f':
        return token == "false" || fail(token.data());
    case 'n':
        return token == "null" || fail(token.data());
    default:
        return isJsonNumber(token) || fail(token.data());
    }
}

bool JsonCheck::key(simdjson::ondemand::field &field, QByteArrayView *key)
{
    const char *const begin = field.key().raw();
    // The closing quote exists: simdjson's first stage refuses an unclosed string. Few keys are
    // longer than this loop is faster than memchr for.
    const char *end = begin;
    bool escaped = false;
    while (*end != '"') {
        if (*end == '\\') {
            escaped = true;
            ++end;
        }
        ++end;
    }
    *key = QByteArrayView(begin, end - begin);
    if (!escaped)
        return true;
    if (!stringBody(begin, end))
        return false;
    std::string_view decoded;
    if (field.unescaped_key().get(decoded))
        return fail(begin, "a key has an invalid escape");
    *key = QByteArrayView(decoded.data(), qsizetype(decoded.size()));
    return true;
}

bool JsonCheck::value(simdjson::ondemand::value value, int depth)
{
    const QByteArrayView token = jsonToken(value);
    if (token.isEmpty())
        return fail(token.data());
    const char first = token.front();
    if (first != '{' && first != '[') {
        // A string that is not taken would be skipped as if it were a key, colon and all.
        if (first == '"' && value.get_raw_json_string().error())
            return fail(token.data());
        return scalar(token);
    }
    if (depth >= maxDepth)
        return fail(token.data(), "it is nested too deeply");

    if (first == '[') {
        simdjson::ondemand::array array;
        if (value.get_array().get(array))
            return fail(token.data());
        for (auto element : array) {
            simdjson::ondemand::value child;
            if (element.get(child))
                return fail(token.data());
            if (!this->value(child, depth + 1))
                return false;
        }
        return true;
    }
    simdjson::ondemand::object members;
    if (value.get_object().get(members))
        return fail(token.data());
    return object(members, depth);
}

bool JsonCheck::object(simdjson::ondemand::object object, int depth)
{
    for (auto entry : object) {
        simdjson::ondemand::field field;
        if (std::move(entry).get(field))
            return fail(nullptr);
        QByteArrayView name;
        if (!key(field, &name) || !value(field.value(), depth + 1))
            return false;
    }
    return true;
}

QByteArrayView jsonToken(simdjson::ondemand::value &value)
{
    const std::string_view raw = value.raw_json_token();
    const char *const begin = raw.data();
    const char *end = begin + raw.size();
    while (end != begin && isJsonSpace(end[-1]))
        --end;
    return QByteArrayView(begin, end - begin);
}

const char *describeJsonError(simdjson::error_code code)
{
    switch (code) {
    case simdjson::EMPTY:
        return "it is empty";
    case simdjson::UTF8_ERROR:
        return "it is not valid UTF-8";
    case simdjson::UNCLOSED_STRING:
        return "a string is not closed";
    case simdjson::UNESCAPED_CHARS:
        return "a string has an unescaped control character";
    case simdjson::INCOMPLETE_ARRAY_OR_OBJECT:
        return "an object or array is not closed";
    default:
        return "it is malformed";
    }
}

PaddedJson::PaddedJson(QByteArrayView json)
{
    m_json.reserve(json.size() + qsizetype(simdjson::SIMDJSON_PADDING));
    m_json.append(json);
}

simdjson::padded_string_view PaddedJson::view() const
{
    return paddedView(m_json);
}

simdjson::padded_string_view paddedView(const QByteArray &json)
{
    return simdjson::padded_string_view(json.constData(), std::size_t(json.size()),
                                        std::size_t(json.size()) + simdjson::SIMDJSON_PADDING);
}

void ensureJsonPadding(QByteArray &json)
{
    // capacity() also counts room in front of the bytes.
    if (json.data_ptr().freeSpaceAtEnd() < qsizetype(simdjson::SIMDJSON_PADDING))
        json.reserve(json.size() + qsizetype(simdjson::SIMDJSON_PADDING));
}

bool atJsonEnd(simdjson::ondemand::document &document)
{
    return document.current_location().error() == simdjson::OUT_OF_BOUNDS;
}

bool isJsonObject(simdjson::padded_string_view json)
{
    static thread_local simdjson::ondemand::parser parser;
    simdjson::ondemand::document document;
    simdjson::ondemand::object root;
    if (parser.iterate(json).get(document) || document.get_object().get(root))
        return false;
    return JsonCheck().object(root) && atJsonEnd(document);
}

bool isJsonObject(QByteArrayView json)
{
    return isJsonObject(PaddedJson(json).view());
}

} // namespace Switchyard
