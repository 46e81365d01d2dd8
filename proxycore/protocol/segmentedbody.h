// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/protocol/messagesrequest.h"

#include <QByteArray>

#include <cstring>
#include <vector>

namespace Switchyard {

// A request body put together from pieces, so that replacing one value in a megabyte copies
// nothing. Pieces share the bytes of the QByteArray they were cut from.
class SegmentedBody
{
public:
    SegmentedBody() = default;
    explicit SegmentedBody(const QByteArray &whole) { append(whole); }

    void append(const QByteArray &bytes) { append(bytes, {0, bytes.size()}); }

    void append(const QByteArray &owner, ByteRange range)
    {
        if (range.isEmpty())
            return;
        m_size += range.length;
        m_pieces.push_back({owner, range});
    }

    qsizetype size() const { return m_size; }
    bool isEmpty() const { return m_size == 0; }

    // Copies up to `capacity` bytes from `position` on; returns how many.
    qsizetype read(qsizetype position, char *out, qsizetype capacity) const
    {
        qsizetype copied = 0;
        for (const Piece &piece : m_pieces) {
            if (copied == capacity)
                break;
            if (position >= piece.range.length) {
                position -= piece.range.length;
                continue;
            }
            const qsizetype count = qMin(piece.range.length - position, capacity - copied);
            std::memcpy(out + copied, piece.owner.constData() + piece.range.offset + position,
                        std::size_t(count));
            copied += count;
            position = 0;
        }
        return copied;
    }

    QByteArray joined() const
    {
        QByteArray whole(m_size, Qt::Uninitialized);
        read(0, whole.data(), m_size);
        return whole;
    }

private:
    struct Piece
    {
        QByteArray owner;
        ByteRange range;
    };

    std::vector<Piece> m_pieces;
    qsizetype m_size = 0;
};

} // namespace Switchyard
