// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/chat/toolarguments.h"

#include "proxycore/chat/rawjson.h"
#include "proxycore/protocol/jsoncheck.h"

#include <cstring>

namespace Switchyard {

namespace {

// Some servers pad an answer without end; nobody indents this deep.
constexpr int maxBlanks = 500;

constexpr QByteArrayView placeholder = "{}";

// One character of the text an inner stands for, as far as JSON's structure is concerned.
struct Character
{
    char value;
    int length;
};

Character characterAt(const char *p, const char *end)
{
    if (*p != '\\' || end - p < 2)
        return {*p, 1};
    switch (p[1]) {
    case 'n':
    case 'r':
    case 't':
        return {' ', 2};
    case 'b':
    case 'f':
        return {'x', 2};
    case 'u':
        if (end - p >= 6) {
            bool isHex = false;
            const uint unit = QByteArrayView(p + 2, 4).toUInt(&isHex, 16);
            return {isHex && unit < 0x80 ? char(unit) : 'x', 6};
        }
        return {'x', 2};
    default:
        return {p[1], 2};
    }
}

} // namespace

void ToolArguments::scan(QByteArrayView fragment)
{
    const char *p = fragment.begin();
    const char *const end = fragment.end();
    while (p != end) {
        // Within a string only a quote or backslash matters, and both begin with a backslash here.
        if (m_inString && !m_escaped && *p != '\\') {
            const void *const next = std::memchr(p, '\\', std::size_t(end - p));
            if (!next)
                return;
            p = static_cast<const char *>(next);
        }
        const Character c = characterAt(p, end);
        p += c.length;
        if (m_inString) {
            if (m_escaped)
                m_escaped = false;
            else if (c.value == '\\')
                m_escaped = true;
            else if (c.value == '"')
                m_inString = false;
            continue;
        }
        if (c.value == ' ') {
            ++m_blanks;
            continue;
        }
        m_blanks = 0;
        if (c.value == '"')
            m_inString = true;
        else if (c.value == '{' || c.value == '[')
            ++m_depth;
        else if ((c.value == '}' || c.value == ']') && --m_depth == 0)
            m_closed = true;
    }
}

void ToolArguments::append(QByteArrayView fragment)
{
    if (fragment.isEmpty())
        return;
    if ((m_closed || m_received.isEmpty()) && isBlankInner(fragment)) {
        m_blanks += int(qMin<qsizetype>(fragment.size(), maxBlanks));
        return;
    }
    if (m_received == placeholder && !m_ambiguous) {
        m_received.clear();
        m_depth = 0;
        m_closed = false;
    } else if (!m_received.isEmpty() && (m_ambiguous || fragment.startsWith(m_received))) {
        // Either all of it once more, or a piece that begins by chance as the whole did.
        m_ambiguous = true;
        m_last = fragment.toByteArray();
    }
    m_received.append(fragment);
    scan(fragment);
}

ToolArguments::State ToolArguments::state() const
{
    if (m_blanks > maxBlanks)
        return State::Endless;
    const bool settled = m_closed && !m_ambiguous && m_received != placeholder;
    return settled ? State::Complete : State::Open;
}

bool ToolArguments::repeats(QByteArrayView fragment) const
{
    return isBlankInner(fragment) || fragment == m_received || fragment == m_last;
}

QByteArrayView ToolArguments::takeReady()
{
    if (m_ambiguous || m_received == placeholder)
        return {};
    const QByteArrayView ready = QByteArrayView(m_received).sliced(m_taken);
    m_taken = m_received.size();
    return ready;
}

bool ToolArguments::finish(QByteArrayView *rest)
{
    *rest = {};
    if (m_received.isEmpty())
        return true;
    if (isJsonObject(decodedInner(m_received))) {
        *rest = QByteArrayView(m_received).sliced(m_taken);
        return true;
    }
    const QByteArrayView taken = QByteArrayView(m_received).first(m_taken);
    if (m_ambiguous && m_last.startsWith(taken) && isJsonObject(decodedInner(m_last))) {
        *rest = QByteArrayView(m_last).sliced(m_taken);
        return true;
    }
    *rest = m_ambiguous ? QByteArrayView() : QByteArrayView(m_received).sliced(m_taken);
    return false;
}

} // namespace Switchyard
