// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/protocol/nativebody.h"

#include "proxycore/protocol/jsonwriter.h"

#include <algorithm>
#include <array>

namespace Switchyard {

namespace {

struct Replacement
{
    ByteRange range; // an empty range is a place to insert
    QByteArray bytes;
};

} // namespace

SegmentedBody nativeBody(const MessagesRequest &request, QByteArrayView upstreamModel)
{
    std::array<Replacement, 2> replacements;
    std::size_t count = 0;
    if (upstreamModel != request.model) {
        JsonWriter name;
        name.string(upstreamModel);
        replacements[count++] = {request.modelToken, name.take()};
    }
    const ByteRange stream = request.streamToken;
    const bool streamInBody = !stream.isEmpty() && request.body.at(stream.offset) == 't';
    if (streamInBody != request.stream) {
        const QByteArray value = request.stream ? "true" : "false";
        replacements[count++] = stream.isEmpty()
            ? Replacement{{request.firstMember, 0}, "\"stream\":" + value + ','}
            : Replacement{stream, value};
    }
    std::sort(
        replacements.begin(), replacements.begin() + count,
        [](const Replacement &a, const Replacement &b) { return a.range.offset < b.range.offset; });

    SegmentedBody body;
    qsizetype copied = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const ByteRange range = replacements[i].range;
        body.append(request.body, {copied, range.offset - copied});
        body.append(replacements[i].bytes);
        copied = range.offset + range.length;
    }
    body.append(request.body, {copied, request.body.size() - copied});
    return body;
}

} // namespace Switchyard
