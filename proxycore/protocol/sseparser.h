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
    QByteArrayView raw; // the frame as it came, line ends and blank line included
    bool hasData = false; // a frame of comments alone has no data
};

// Incremental parser of text/event-stream (WHATWG HTML, "Server-sent events"): LF, CRLF and CR line
// ends, also mixed and split between reads; comments; several data lines; a byte order mark.
// Bytes are decoded only as whole lines, so a split UTF-8 sequence is never seen in halves.
//
//     parser.append(bytes);
//     while (auto frame = parser.next()) …
//     // at the end of the stream, for a last frame whose blank line is missing:
//     if (auto frame = parser.finish()) …
class SseParser
{
public:
    // A frame larger than this makes `overflowed()` true and nothing more is parsed.
    explicit SseParser(qsizetype maxFrameBytes = 64 * 1024 * 1024) : m_maxFrameBytes(maxFrameBytes)
    {
    }

    void append(QByteArrayView bytes);
    std::optional<SseFrame> next();
    std::optional<SseFrame> finish();
    bool overflowed() const { return m_overflowed; }

private:
    std::optional<SseFrame> parseFrame(qsizetype end);
    void takeLine(QByteArrayView line);

    qsizetype m_maxFrameBytes;
    QByteArray m_buffer;
    qsizetype m_frameStart = 0; // first byte of the frame being read
    qsizetype m_lineStart = 0; // first byte of the line being read
    qsizetype m_scan = 0; // first byte not looked at yet
    bool m_atStart = true; // a byte order mark may still come
    bool m_skipLineFeed = false; // the last line ended with a CR at the end of a read
    bool m_overflowed = false;
    QByteArray m_event;
    QByteArray m_joined; // data, when it has more than one line
    QByteArrayView m_single; // data, when it has one
    int m_dataLines = 0;
};

} // namespace Switchyard
