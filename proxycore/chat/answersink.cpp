// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/chat/answersink.h"

#include "proxycore/chat/rawjson.h"
#include "proxycore/protocol/jsonwriter.h"
#include "proxycore/protocol/ssewriter.h"

#include <utility>

namespace Switchyard {

namespace {

void appendStop(QByteArray &out, const AnswerEnd &end)
{
    out.append(R"("stop_reason":")").append(end.stopReason).append(R"(","stop_sequence":)");
    if (end.stopSequence.isEmpty()) {
        out.append("null");
    } else {
        out.append('"');
        appendJsonEscaped(out, end.stopSequence);
        out.append('"');
    }
}

void appendMessageHead(QByteArray &out, QByteArrayView id, QByteArrayView model)
{
    out.append(R"({"id":")")
        .append(id)
        .append(R"(","type":"message","role":"assistant","model":")");
    out.append(model).append('"');
}

} // namespace

QByteArray usageMembers(const AnswerEnd &end)
{
    const Usage &usage = end.usage;
    QByteArray out = R"("input_tokens":)";
    out.append(QByteArray::number(usage.inputTokens.value_or(0)));
    out.append(R"(,"cache_creation_input_tokens":)")
        .append(QByteArray::number(usage.cacheWriteTokens.value_or(0)));
    out.append(R"(,"cache_read_input_tokens":)")
        .append(QByteArray::number(usage.cacheReadTokens.value_or(0)));
    out.append(R"(,"output_tokens":)")
        .append(QByteArray::number(usage.outputTokens.value_or(end.estimatedOutputTokens)));
    return out;
}

void EventSink::start(QByteArrayView id, QByteArrayView model)
{
    QByteArray data = R"({"type":"message_start","message":)";
    appendMessageHead(data, id, model);
    data.append(R"(,"content":[],"stop_reason":null,"stop_sequence":null,"usage":{)");
    data.append(usageMembers({})).append("}}}");
    appendSseFrame(m_out, "message_start", data);
}

void EventSink::openBlock(QByteArrayView block)
{
    QByteArray data = R"({"type":"content_block_start","index":)";
    data.append(QByteArray::number(++m_index)).append(R"(,"content_block":)").append(block);
    data.append('}');
    appendSseFrame(m_out, "content_block_start", data);
}

void EventSink::open(const char *deltaMember)
{
    m_deltaHead = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":"
        + QByteArray::number(m_index) + ",\"delta\":{\"type\":" + deltaMember + ":\"";
}

void EventSink::openText()
{
    openBlock(R"({"type":"text","text":""})");
    open(R"("text_delta","text")");
}

void EventSink::openThinking()
{
    openBlock(R"({"type":"thinking","thinking":"","signature":""})");
    open(R"("thinking_delta","thinking")");
}

void EventSink::openTool(QByteArrayView id, QByteArrayView name)
{
    QByteArray block = R"({"type":"tool_use","id":")";
    block.append(id).append(R"(","name":")").append(name).append(R"(","input":{}})");
    openBlock(block);
    open(R"("input_json_delta","partial_json")");
}

void EventSink::piece(QByteArrayView inner)
{
    m_out.append(m_deltaHead).append(inner).append("\"}}\n\n");
}

void EventSink::sign(QByteArrayView signature)
{
    open(R"("signature_delta","signature")");
    piece(signature);
}

void EventSink::close()
{
    QByteArray data = R"({"type":"content_block_stop","index":)";
    data.append(QByteArray::number(m_index)).append('}');
    appendSseFrame(m_out, "content_block_stop", data);
}

void EventSink::redacted(QByteArrayView redactedData)
{
    QByteArray block = R"({"type":"redacted_thinking","data":")";
    block.append(redactedData).append("\"}");
    openBlock(block);
    close();
}

void EventSink::end(const AnswerEnd &end)
{
    QByteArray data = R"({"type":"message_delta","delta":{)";
    appendStop(data, end);
    data.append(R"(},"usage":{)").append(usageMembers(end)).append("}}");
    appendSseFrame(m_out, "message_delta", data);
    appendSseFrame(m_out, "message_stop", R"({"type":"message_stop"})");
}

void MessageSink::start(QByteArrayView id, QByteArrayView model)
{
    appendMessageHead(m_out, id, model);
    m_out.append(R"(,"content":[)");
}

void MessageSink::beginBlock(Open kind)
{
    if (m_hasBlocks)
        m_out.append(',');
    m_hasBlocks = true;
    m_open = kind;
}

void MessageSink::openText()
{
    beginBlock(Open::Text);
    m_out.append(R"({"type":"text","text":")");
}

void MessageSink::openThinking()
{
    beginBlock(Open::Thinking);
    m_signature.clear();
    m_out.append(R"({"type":"thinking","thinking":")");
}

void MessageSink::openTool(QByteArrayView id, QByteArrayView name)
{
    m_toolStart = m_out.size();
    m_firstBlock = !m_hasBlocks;
    beginBlock(Open::Tool);
    m_input.clear();
    m_out.append(R"({"type":"tool_use","id":")").append(id);
    m_out.append(R"(","name":")").append(name).append(R"(","input":)");
}

void MessageSink::piece(QByteArrayView inner)
{
    if (m_open == Open::Tool)
        m_input.append(inner);
    else
        m_out.append(inner);
}

void MessageSink::sign(QByteArrayView signature)
{
    m_signature = signature.toByteArray();
}

void MessageSink::close()
{
    const Open closed = std::exchange(m_open, Open::None);
    if (closed == Open::Tool) {
        const QByteArray input = m_input.isEmpty() ? QByteArray("{}") : decodedInner(m_input);
        // A call that was cut by max_tokens cannot be run, and half an object is no JSON.
        if (!isJsonObject(input)) {
            m_out.truncate(m_toolStart);
            m_hasBlocks = !m_firstBlock;
            return;
        }
        m_out.append(input);
    } else {
        m_out.append('"');
    }
    if (closed == Open::Thinking)
        m_out.append(R"(,"signature":")").append(m_signature).append('"');
    m_out.append('}');
}

void MessageSink::redacted(QByteArrayView data)
{
    beginBlock(Open::None);
    m_out.append(R"({"type":"redacted_thinking","data":")").append(data).append("\"}");
}

void MessageSink::end(const AnswerEnd &end)
{
    m_out.append("],");
    appendStop(m_out, end);
    m_out.append(R"(,"usage":{)").append(usageMembers(end)).append("}}");
}

} // namespace Switchyard
