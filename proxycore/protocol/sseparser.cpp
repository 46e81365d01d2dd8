// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/protocol/sseparser.h"

namespace Switchyard {

QByteArrayView SseParser::view(Span span) const
{
    return QByteArrayView(m_buffer).sliced(m_frameStart + span.offset, span.length);
}

void SseParser::append(QByteArrayView bytes)
{
    if (m_overflowed)
        return;
    // What was consumed is dropped here and not in next(), whose views must stay valid. What is
    // moved is one unfinished frame, and that at most once.
    if (m_frameStart == m_buffer.size())
        m_buffer.resize(0);
    else if (m_frameStart > 0)
        m_buffer.remove(0, m_frameStart);
    m_lineStart -= m_frameStart;
    m_scan -= m_frameStart;
    m_lineFeed -= m_frameStart;
    m_frameStart = 0;
    m_buffer.append(bytes);
}

bool SseParser::skipByteOrderMark()
{
    constexpr QByteArrayView mark = "\xEF\xBB\xBF";
    const QByteArrayView seen = QByteArrayView(m_buffer).first(qMin(m_buffer.size(), mark.size()));
    if (seen.size() < mark.size() && mark.startsWith(seen))
        return false;
    if (seen == mark)
        m_frameStart = m_lineStart = m_scan = m_lineFeed = mark.size();
    m_atStart = false;
    return true;
}

// The next LF or CR from m_scan on, or -1. The place of the next LF is remembered: in a stream of
// CR alone it would be looked for anew in each line, up to the end of the buffer.
qsizetype SseParser::findLineEnd()
{
    if (!m_lineFeedFound || m_lineFeed < m_scan) {
        const qsizetype at = m_buffer.indexOf('\n', qMax(m_lineFeed, m_scan));
        m_lineFeedFound = at >= 0;
        m_lineFeed = m_lineFeedFound ? at : m_buffer.size();
    }
    const QByteArrayView line = QByteArrayView(m_buffer).sliced(m_scan, m_lineFeed - m_scan);
    const qsizetype carriageReturn = line.indexOf('\r');
    if (carriageReturn >= 0)
        return m_scan + carriageReturn;
    return m_lineFeedFound ? m_lineFeed : -1;
}

void SseParser::takeLine(qsizetype begin, qsizetype end)
{
    const QByteArrayView line = QByteArrayView(m_buffer).sliced(begin, end - begin);
    const qsizetype colon = line.indexOf(':');
    if (colon == 0)
        return;
    const QByteArrayView field = colon < 0 ? line : line.first(colon);
    qsizetype valueStart = colon < 0 ? end : begin + colon + 1;
    if (valueStart < end && m_buffer.at(valueStart) == ' ')
        ++valueStart;
    const Span value{valueStart - m_frameStart, end - valueStart};

    if (field == "event") {
        m_event = value;
    } else if (field == "data") {
        if (m_dataLines == 0) {
            m_data = value;
        } else {
            if (m_dataLines == 1)
                m_joinedData = view(m_data).toByteArray();
            m_joinedData.append('\n').append(view(value));
        }
        ++m_dataLines;
    }
}

std::optional<SseFrame> SseParser::finishFrame(qsizetype end)
{
    if (end - m_frameStart > m_maxFrameBytes) {
        m_overflowed = true;
        return std::nullopt;
    }
    SseFrame frame;
    frame.raw = view({0, end - m_frameStart});
    frame.event = view(m_event);
    frame.hasData = m_dataLines > 0;
    frame.data = m_dataLines > 1 ? QByteArrayView(m_joinedData) : view(m_data);
    m_frameStart = end;
    m_event = {};
    m_data = {};
    m_dataLines = 0;
    return frame;
}

std::optional<SseFrame> SseParser::next()
{
    if (m_overflowed || (m_atStart && !skipByteOrderMark()))
        return std::nullopt;
    if (m_skipLineFeed && m_scan < m_buffer.size()) {
        // The second half of a CRLF whose CR ended a line already.
        m_skipLineFeed = false;
        if (m_buffer.at(m_scan) == '\n') {
            ++m_scan;
            if (m_frameStart == m_lineStart)
                m_frameStart = m_scan;
            m_lineStart = m_scan;
        }
    }

    for (;;) {
        const qsizetype lineEnd = findLineEnd();
        if (lineEnd < 0)
            break;
        qsizetype nextLine = lineEnd + 1;
        if (m_buffer.at(lineEnd) == '\r') {
            m_skipLineFeed = nextLine == m_buffer.size();
            if (!m_skipLineFeed && m_buffer.at(nextLine) == '\n')
                ++nextLine;
        }
        const bool isBlank = lineEnd == m_lineStart;
        if (!isBlank)
            takeLine(m_lineStart, lineEnd);
        m_lineStart = m_scan = nextLine;
        if (isBlank)
            return finishFrame(nextLine);
    }
    m_scan = m_buffer.size();
    if (m_buffer.size() - m_frameStart > m_maxFrameBytes)
        m_overflowed = true;
    return std::nullopt;
}

std::optional<SseFrame> SseParser::finish()
{
    m_atStart = false;
    if (m_overflowed || m_frameStart == m_buffer.size())
        return std::nullopt;
    if (m_lineStart < m_buffer.size())
        takeLine(m_lineStart, m_buffer.size());
    m_lineStart = m_scan = m_lineFeed = m_buffer.size();
    m_lineFeedFound = false;
    return finishFrame(m_buffer.size());
}

} // namespace Switchyard
