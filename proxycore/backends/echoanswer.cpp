// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/backends/echoanswer.h"

#include "proxycore/protocol/jsonwriter.h"
#include "proxycore/protocol/ssewriter.h"
#include "proxycore/protocol/tokenestimate.h"

#include <QRandomGenerator>

namespace Switchyard {

namespace {

QByteArray newMessageId()
{
    constexpr QByteArrayView letters =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    QByteArray id = "msg_01";
    for (int i = 0; i < 22; ++i)
        id.append(letters[QRandomGenerator::global()->bounded(int(letters.size()))]);
    return id;
}

// The words of the answer, each but the first with the space before it.
QByteArrayList answerWords(const MessagesRequest &request)
{
    const QByteArray count = QByteArray::number(request.messageCount)
        + (request.messageCount == 1 ? " message" : " messages");
    QByteArrayList words =
        QByteArray("Switchyard is running; choose a backend to reach a model. You sent " + count
                   + " for")
            .split(' ');
    words.append(request.model + '.');
    for (qsizetype i = 1; i < words.size(); ++i)
        words[i].prepend(' ');
    return words;
}

void writeUsage(JsonWriter &json, qint64 inputTokens, qint64 outputTokens)
{
    json.key("usage");
    json.beginObject();
    json.member("input_tokens", inputTokens);
    json.member("cache_creation_input_tokens", 0);
    json.member("cache_read_input_tokens", 0);
    json.member("output_tokens", outputTokens);
    json.endObject();
}

// Opens the message object and leaves it open.
void beginMessage(JsonWriter &json, const QByteArray &model)
{
    json.beginObject();
    json.member("id", newMessageId());
    json.member("type", "message");
    json.member("role", "assistant");
    json.member("model", model);
}

QByteArray message(const MessagesRequest &request, const QByteArrayList &words,
                   const EchoAnswer &answer)
{
    JsonWriter json;
    beginMessage(json, request.model);
    json.key("content");
    json.beginArray();
    if (!words.isEmpty()) {
        json.beginObject();
        json.member("type", "text");
        json.member("text", words.join());
        json.endObject();
    }
    json.endArray();
    json.member("stop_reason", answer.stopReason);
    json.key("stop_sequence");
    json.null();
    writeUsage(json, *answer.usage.inputTokens, *answer.usage.outputTokens);
    json.endObject();
    return json.take();
}

QByteArray frame(QByteArrayView event, const JsonWriter &json)
{
    QByteArray bytes;
    appendSseFrame(bytes, event, json.view());
    return bytes;
}

QByteArray startFrame(const MessagesRequest &request, qint64 inputTokens)
{
    JsonWriter json;
    json.beginObject();
    json.member("type", "message_start");
    json.key("message");
    beginMessage(json, request.model);
    json.key("content");
    json.beginArray();
    json.endArray();
    json.key("stop_reason");
    json.null();
    json.key("stop_sequence");
    json.null();
    writeUsage(json, inputTokens, 0);
    json.endObject();
    json.endObject();
    return frame("message_start", json);
}

QByteArray wordFrame(const QByteArray &word)
{
    JsonWriter json;
    json.beginObject();
    json.member("type", "content_block_delta");
    json.member("index", 0);
    json.key("delta");
    json.beginObject();
    json.member("type", "text_delta");
    json.member("text", word);
    json.endObject();
    json.endObject();
    return frame("content_block_delta", json);
}

QByteArray endFrame(const EchoAnswer &answer)
{
    JsonWriter json;
    json.beginObject();
    json.member("type", "message_delta");
    json.key("delta");
    json.beginObject();
    json.member("stop_reason", answer.stopReason);
    json.key("stop_sequence");
    json.null();
    json.endObject();
    writeUsage(json, *answer.usage.inputTokens, *answer.usage.outputTokens);
    json.endObject();
    return frame("message_delta", json);
}

QByteArrayList frames(const MessagesRequest &request, const QByteArrayList &words,
                      const EchoAnswer &answer)
{
    QByteArrayList frames{startFrame(request, *answer.usage.inputTokens)};
    if (!words.isEmpty()) {
        frames.append("event: content_block_start\ndata: {\"type\":\"content_block_start\","
                      "\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n");
        for (const QByteArray &word : words)
            frames.append(wordFrame(word));
        frames.append("event: content_block_stop\ndata: {\"type\":\"content_block_stop\","
                      "\"index\":0}\n\n");
    }
    frames.append(endFrame(answer));
    frames.append("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
    return frames;
}

} // namespace

EchoAnswer makeEchoAnswer(const MessagesRequest &request)
{
    QByteArrayList words = answerWords(request);
    EchoAnswer answer;
    answer.stopReason = "end_turn";
    if (request.maxTokens && *request.maxTokens < words.size()) {
        words.resize(*request.maxTokens);
        answer.stopReason = "max_tokens";
    }
    answer.usage.inputTokens = estimateInputTokens(request.body);
    answer.usage.cacheReadTokens = 0;
    answer.usage.cacheWriteTokens = 0;
    answer.usage.outputTokens = words.size();
    if (request.stream)
        answer.frames = frames(request, words, answer);
    else
        answer.body = message(request, words, answer);
    return answer;
}

QByteArray estimatedCountBody(const MessagesRequest &request)
{
    JsonWriter json;
    json.beginObject();
    json.member("input_tokens", estimateInputTokens(request.body));
    json.member("estimated", true);
    json.endObject();
    return json.take();
}

} // namespace Switchyard
