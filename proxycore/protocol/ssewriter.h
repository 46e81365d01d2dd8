// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

namespace Switchyard {

// Appends `event: NAME`, `data: DATA` and the blank line. `data` is one line of JSON. Clients of
// the Messages API dispatch by the event line alone, and lose a frame without its blank line.
inline void appendSseFrame(QByteArray &out, QByteArrayView event, QByteArrayView data)
{
    out.append("event: ").append(event).append("\ndata: ").append(data).append("\n\n");
}

inline constexpr QByteArrayView ssePing = "event: ping\ndata: {\"type\": \"ping\"}\n\n";

} // namespace Switchyard
