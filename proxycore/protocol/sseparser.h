// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

#include <optional>

namespace Switchyard {

// One frame of a server-sent event stream. The views live until the next call on the parser.
struct SseFrame
{
    QByteArrayView event; // value of the last `event:` line; empty when there was none
    QByteArrayView data; // all `data:` lines joined with '\n'
    // The frame as it came, line ends and blank line included. When a CRLF was split between two
    // reads behind the blank line, its LF is missing here and in the next frame.
    QByteArrayView raw;
    bool hasData = false; // a frame of comments alone has no data
};

// Incremental parser of text/event-stream (WHATWG HTML, "Server-sent events"): LF, CRLF and CR line
// ends, also mixed and split between reads; comments; several data lines; a byte order mark.
// Bytes are decoded only as whole lines, so a split UTF-8 sequence is never seen in halves. The
// time is linear in the bytes, however they are split.
//
//     parser.append(bytes);
//     while (auto frame = parser.next()) …
//     // at the end of the stream, for a last frame whose blank line is missing:
//     if (auto frame = parser.finish()) …
class SseParser
{
public:
    // A frame larger than this makes `overflowed()` true and nothing more is parsed.
    explicit SseParser(qsizetype maxFrameBytes = qsizetype(64) * 1024 * 1024)
        : m_maxFrameBytes(maxFrameBytes)
    {
    }

    void append(QByteArrayView bytes);
    std::optional<SseFrame> next();
    std::optional<SseFrame> finish();
    bool overflowed() const { return m_overflowed; }

private:
    // Bytes of the buffer, from the start of the frame on.
    struct Span
    {
        qsizetype offset = 0;
        qsizetype length = 0;
    };

    bool skipByteOrderMark();
    qsizetype findLineEnd();
    void takeLine(qsizetype begin, qsizetype end);
    std::optional<SseFrame> finishFrame(qsizetype end);
    QByteArrayView view(Span span) const;

    qsizetype m_maxFrameBytes;
    QByteArray m_buffer;
    qsizetype m_frameStart = 0; // first byte of the frame being read
    qsizetype m_lineStart = 0; // first byte of the line being read
    qsizetype m_scan = 0; // no line end between m_lineStart and here
    qsizetype m_lineFeed = 0; // the first LF at or behind m_scan, or where to look for it on
    bool m_lineFeedFound = false;
    bool m_atStart = true; // a byte order mark may still come
    bool m_skipLineFeed = false; // the last line ended with a CR at the end of a read
    bool m_overflowed = false;
    Span m_event;
    Span m_data; // the first data line
    QByteArray m_joinedData; // of more than one
    int m_dataLines = 0;
};

} // namespace Switchyard
