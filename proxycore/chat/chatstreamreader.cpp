// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/chat/chatstreamreader.h"

#include "proxycore/chat/rawjson.h"
#include "proxycore/protocol/upstreamerror.h"

namespace Switchyard {

namespace {

constexpr QByteArrayView upstream = "The upstream";

} // namespace

void ChatStreamReader::fail(ApiError error)
{
    m_state = State::Failed;
    m_error = std::move(error);
}

void ChatStreamReader::complete()
{
    if (!m_answer.hasFinishReason() && m_answer.isEmpty()) {
        fail(ApiError::withStatus(502, "The upstream ended its answer without a word."));
        return;
    }
    m_answer.finish();
    if (m_answer.error())
        fail(*m_answer.error());
    else
        m_state = State::Complete;
}

void ChatStreamReader::takeChunk(const ChatChunk &chunk)
{
    if (!chunk.error.isEmpty()) {
        fail(upstreamApiError(200, {}, chunk.error, upstream));
        return;
    }
    const bool hadEnded = m_answer.hasFinishReason();
    m_answer.add(chunk);
    if (m_answer.error())
        fail(*m_answer.error());
    // The last chunk of all brings the usage, behind the one with the reason to finish. Where every
    // chunk brings usage, [DONE] or the end of the stream tells.
    else if (hadEnded && chunk.hasUsage && !chunk.hasContent())
        complete();
}

void ChatStreamReader::take(const SseFrame &frame)
{
    const QByteArrayView data = frame.data.trimmed();
    if (!frame.hasData || data.isEmpty())
        return;
    if (data == "[DONE]") {
        complete();
        return;
    }
    m_json.resize(0);
    m_json.reserve(data.size() + qsizetype(simdjson::SIMDJSON_PADDING));
    m_json.append(data);
    ChatChunk chunk;
    const bool good = withJsonParser(m_json.size(), [&](simdjson::ondemand::parser &parser) {
        return readChatChunk(parser, paddedView(m_json), chunk);
    });
    // Such an event may be the error itself, without a member of that name.
    if (frame.event == "error" && chunk.error.isEmpty())
        chunk.error = good ? "{\"error\":" + data.toByteArray() + '}' : data.toByteArray();
    if (good || !chunk.error.isEmpty())
        takeChunk(chunk);
    else
        fail(ApiError::withStatus(502, "The upstream sent an event that is no JSON object."));
}

void ChatStreamReader::feed(QByteArrayView bytes)
{
    if (m_state != State::Open)
        return;
    m_parser.append(bytes);
    while (m_state == State::Open) {
        const auto frame = m_parser.next();
        if (!frame)
            break;
        take(*frame);
    }
    if (m_state == State::Open && m_parser.overflowed())
        fail(ApiError::withStatus(502, "The upstream sent an event that is too large."));
}

void ChatStreamReader::finish()
{
    if (m_state != State::Open)
        return;
    if (const auto frame = m_parser.finish())
        take(*frame);
    if (m_state != State::Open)
        return;
    if (m_answer.hasFinishReason()) {
        complete();
        return;
    }
    m_state = State::Truncated;
    m_error = ApiError::withStatus(
        502, "The upstream's stream ended before its answer was complete; nothing was added.");
}

} // namespace Switchyard
