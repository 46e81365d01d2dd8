// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/protocol/sseparser.h"

namespace Switchyard {

void SseParser::append(QByteArrayView bytes)
{
    // What was consumed is dropped here and not in next(), whose views must stay valid.
    if (m_frameStart > 0) {
        m_buffer.remove(0, m_frameStart);
        m_lineStart -= m_frameStart;
        m_scan -= m_frameStart;
        m_frameStart = 0;
        if (m_dataLines == 1)
            m_single = m_joined;
    }
    // The single data line of an unfinished frame is a view into the buffer, which may move.
    if (m_dataLines == 1 && m_single.data() != m_joined.constData()) {
        m_joined = m_single.toByteArray();
        m_single = m_joined;
    }
    m_buffer.append(bytes);
}

void SseParser::takeLine(QByteArrayView line)
{
    if (line.startsWith(':'))
        return;
    const qsizetype colon = line.indexOf(':');
    const QByteArrayView field = colon < 0 ? line : line.first(colon);
    QByteArrayView value = colon < 0 ? QByteArrayView("") : line.sliced(colon + 1);
    if (value.startsWith(' '))
        value = value.sliced(1);

    if (field == "event") {
        m_event = value.toByteArray();
    } else if (field == "data") {
        if (m_dataLines == 0) {
            m_single = value;
        } else {
            if (m_dataLines == 1)
                m_joined = m_single.toByteArray();
            m_joined.append('\n').append(value);
        }
        ++m_dataLines;
    }
}

std::optional<SseFrame> SseParser::parseFrame(qsizetype end)
{
    SseFrame frame;
    frame.raw = QByteArrayView(m_buffer).sliced(m_frameStart, end - m_frameStart);
    frame.event = m_event;
    frame.hasData = m_dataLines > 0;
    frame.data = m_dataLines > 1 ? QByteArrayView(m_joined) : m_single;
    m_frameStart = end;
    return frame;
}

std::optional<SseFrame> SseParser::next()
{
    if (m_overflowed)
        return std::nullopt;
    if (m_frameStart == m_lineStart) {
        // A new frame begins; what the last one handed out is no longer needed.
        m_event.clear();
        m_joined.clear();
        m_single = {};
        m_dataLines = 0;
    }
    if (m_atStart) {
        constexpr QByteArrayView mark = "\xEF\xBB\xBF";
        const QByteArrayView seen =
            QByteArrayView(m_buffer).first(qMin(m_buffer.size(), mark.size()));
        if (seen.size() < mark.size() && mark.startsWith(seen))
            return std::nullopt;
        if (seen == mark)
            m_frameStart = m_lineStart = m_scan = mark.size();
        m_atStart = false;
    }

    while (m_scan < m_buffer.size()) {
        const char c = m_buffer.at(m_scan);
        // The second half of a CRLF whose CR ended a line already.
        if (c == '\n' && m_scan == m_lineStart && m_scan > 0 && m_skipLineFeed) {
            m_skipLineFeed = false;
            ++m_scan;
            if (m_frameStart == m_lineStart)
                m_frameStart = m_scan;
            m_lineStart = m_scan;
            continue;
        }
        if (c != '\n' && c != '\r') {
            m_skipLineFeed = false;
            ++m_scan;
            continue;
        }
        const QByteArrayView line =
            QByteArrayView(m_buffer).sliced(m_lineStart, m_scan - m_lineStart);
        ++m_scan;
        m_skipLineFeed = c == '\r';
        if (m_skipLineFeed && m_scan < m_buffer.size() && m_buffer.at(m_scan) == '\n') {
            ++m_scan;
            m_skipLineFeed = false;
        }
        m_lineStart = m_scan;
        if (!line.isEmpty()) {
            takeLine(line);
            continue;
        }
        return parseFrame(m_scan);
    }
    if (m_buffer.size() - m_frameStart > m_maxFrameBytes)
        m_overflowed = true;
    return std::nullopt;
}

std::optional<SseFrame> SseParser::finish()
{
    if (m_overflowed || m_frameStart >= m_buffer.size())
        return std::nullopt;
    if (m_lineStart < m_buffer.size())
        takeLine(QByteArrayView(m_buffer).sliced(m_lineStart));
    m_lineStart = m_scan = m_buffer.size();
    return parseFrame(m_buffer.size());
}

} // namespace Switchyard
