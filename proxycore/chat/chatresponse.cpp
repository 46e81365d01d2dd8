// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/chat/chatresponse.h"

#include "proxycore/chat/answersink.h"
#include "proxycore/chat/chatstreamreader.h"
#include "proxycore/chat/rawjson.h"
#include "proxycore/protocol/upstreamerror.h"

#include <algorithm>

namespace Switchyard {

namespace {

constexpr QByteArrayView upstream = "The upstream";

MessagesResponse responseOf(MessageSink &sink, const ChatAnswer &answer)
{
    return {sink.take(), answer.usage(), answer.stopReason(), answer.upstreamModel()};
}

bool looksLikeEventStream(QByteArrayView body)
{
    constexpr QByteArrayView starts[] = {"data:", "event:", ":", "id:", "retry:"};
    return std::any_of(std::begin(starts), std::end(starts),
                       [body](QByteArrayView start) { return body.startsWith(start); });
}

Result<MessagesResponse> readStream(QByteArrayView body, const ChatContext &context)
{
    MessageSink sink;
    ChatStreamReader reader(context, sink);
    reader.feed(body);
    reader.finish();
    if (reader.state() != StreamTranslator::State::Complete)
        return reader.error();
    return responseOf(sink, reader.answer());
}

} // namespace

Result<MessagesResponse> convertChatResponse(QByteArray body, const ChatContext &context)
{
    // Some servers stream although they were not asked to.
    if (looksLikeEventStream(QByteArrayView(body).trimmed()))
        return readStream(body, context);

    ensureJsonPadding(body);
    ChatChunk chunk;
    const bool good = withJsonParser(body.size(), [&](simdjson::ondemand::parser &parser) {
        return readChatChunk(parser, paddedView(body), chunk);
    });
    if (!good)
        return upstreamApiError(200, {}, body, upstream);
    if (!chunk.error.isEmpty())
        return upstreamApiError(200, {}, chunk.error, upstream);
    if (!chunk.hasChoice)
        return ApiError::withStatus(502, "The upstream's answer has no choices and no error.");

    MessageSink sink;
    ChatAnswer answer(context, sink);
    answer.add(chunk);
    if (!answer.error() && answer.isEmpty() && !answer.hasFinishReason())
        return ApiError::withStatus(502, "The upstream ended its answer without a word.");
    if (!answer.error())
        answer.finish();
    if (answer.error())
        return *answer.error();
    return responseOf(sink, answer);
}

} // namespace Switchyard
