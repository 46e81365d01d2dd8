// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/exchange/bodykind.h"

#include <algorithm>
#include <array>

namespace Switchyard {

BodyKind bodyKind(QByteArrayView contentType, QByteArrayView start)
{
    constexpr QByteArrayView byteOrderMark = "\xEF\xBB\xBF";
    if (start.startsWith(byteOrderMark))
        start = start.sliced(byteOrderMark.size());
    start = start.trimmed();
    if (start.isEmpty())
        return BodyKind::Unknown;
    if (start.startsWith('{') || start.startsWith('['))
        return BodyKind::Json;
    if (start.startsWith('<'))
        return BodyKind::Other;
    if (contentType.trimmed().startsWith("text/event-stream"))
        return BodyKind::EventStream;
    constexpr std::array<QByteArrayView, 5> lineStarts{":", "event:", "data:", "id:", "retry:"};
    const bool isEventStream =
        std::any_of(lineStarts.begin(), lineStarts.end(),
                    [&](QByteArrayView line) { return start.startsWith(line); });
    if (isEventStream)
        return BodyKind::EventStream;
    // "eve" may still become "event:".
    const bool mayBecome = std::any_of(lineStarts.begin(), lineStarts.end(),
                                       [&](QByteArrayView line) { return line.startsWith(start); });
    return mayBecome ? BodyKind::Unknown : BodyKind::Other;
}

} // namespace Switchyard
