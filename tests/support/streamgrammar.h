// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QList>
#include <QSet>
#include <QString>

// A strict reader of Messages API streams for tests. It shares nothing with the proxy: own framing,
// Qt's JSON. What it refuses is what the official SDK or Claude Code fails on.
namespace StreamGrammar {

struct Frame
{
    QByteArray event;
    QByteArray data;
};

// The frames of a stream as the proxy must write it: `event:`, `data:`, blank line, LF. On a fault
// `error` says which and the list ends there.
inline QList<Frame> frames(const QByteArray &stream, QString *error)
{
    QList<Frame> found;
    qsizetype at = 0;
    while (at < stream.size()) {
        const qsizetype end = stream.indexOf("\n\n", at);
        if (end < 0) {
            *error = QStringLiteral("the stream does not end with a blank line");
            return found;
        }
        const QList<QByteArray> lines = stream.mid(at, end - at).split('\n');
        if (lines.size() != 2 || !lines[0].startsWith("event: ")
            || !lines[1].startsWith("data: ")) {
            *error = QStringLiteral("a frame is not one event line and one data line: ")
                + QString::fromUtf8(stream.mid(at, end - at));
            return found;
        }
        found.append({lines[0].mid(7), lines[1].mid(6)});
        at = end + 2;
    }
    return found;
}

enum class End {
    Complete, // ends with message_stop
    Open, // ends anywhere before that, without an error event
};

class Checker
{
public:
    // The first fault, or an empty string.
    QString check(const QByteArray &stream, End expected)
    {
        QString fault;
        const QList<Frame> list = frames(stream, &fault);
        for (const Frame &frame : list) {
            if (!fault.isEmpty())
                break;
            fault = take(frame);
        }
        if (!fault.isEmpty())
            return fault;
        if (expected == End::Complete && !m_stopped)
            return QStringLiteral("message_stop is missing");
        if (expected == End::Open && m_stopped)
            return QStringLiteral("message_stop was sent although the answer was not complete");
        return {};
    }

    const QJsonObject &usage() const { return m_usage; }
    const QString &stopReason() const { return m_stopReason; }

private:
    QString take(const Frame &frame)
    {
        QJsonParseError parsed;
        const QJsonObject data = QJsonDocument::fromJson(frame.data, &parsed).object();
        const QString event = QString::fromUtf8(frame.event);
        if (parsed.error != QJsonParseError::NoError)
            return event + QStringLiteral(": data is no JSON: ") + QString::fromUtf8(frame.data);
        if (m_stopped)
            return event + QStringLiteral(" after message_stop");
        if (data[u"type"].toString() != event)
            return event + QStringLiteral(": the type in the data differs from the event");
        if (event == u"ping")
            return {};
        if (event == u"message_start")
            return messageStart(data);
        if (!m_started)
            return event + QStringLiteral(" before message_start");
        if (event == u"content_block_start")
            return blockStart(data);
        if (event == u"content_block_delta")
            return blockDelta(data);
        if (event == u"content_block_stop")
            return blockStop(data);
        if (event == u"message_delta")
            return messageDelta(data);
        if (event == u"message_stop")
            return messageStop();
        return QStringLiteral("unknown event ") + event;
    }

    static QString numbers(const QJsonObject &usage)
    {
        if (usage.isEmpty())
            return QStringLiteral("usage is missing");
        for (auto it = usage.begin(); it != usage.end(); ++it) {
            if (it.key().endsWith(u"_tokens") && !it.value().isDouble())
                return QStringLiteral("usage.%1 is no number").arg(it.key());
            if (it.value().toDouble() < 0)
                return QStringLiteral("usage.%1 is negative").arg(it.key());
        }
        if (!usage.contains(u"output_tokens"))
            return QStringLiteral("usage.output_tokens is missing");
        return {};
    }

    QString messageStart(const QJsonObject &data)
    {
        if (m_started)
            return QStringLiteral("message_start came twice");
        m_started = true;
        const QJsonObject message = data[u"message"].toObject();
        if (message[u"id"].toString().isEmpty() || message[u"model"].toString().isEmpty())
            return QStringLiteral("message_start has no id or no model");
        if (message[u"type"].toString() != u"message"
            || message[u"role"].toString() != u"assistant")
            return QStringLiteral("message_start is of another type or role");
        if (!message[u"content"].isArray() || !message[u"content"].toArray().isEmpty())
            return QStringLiteral("message_start has content");
        if (!message[u"stop_reason"].isNull())
            return QStringLiteral("message_start has a stop_reason");
        if (!message[u"usage"].toObject().contains(u"input_tokens"))
            return QStringLiteral("message_start: usage.input_tokens is missing");
        return numbers(message[u"usage"].toObject());
    }

    QString blockStart(const QJsonObject &data)
    {
        if (m_delta)
            return QStringLiteral("a block begins after message_delta");
        if (m_open)
            return QStringLiteral("a block begins while another is open");
        if (!data[u"index"].isDouble() || data[u"index"].toInt() != m_nextIndex)
            return QStringLiteral("block index %1 instead of %2")
                .arg(data[u"index"].toInt())
                .arg(m_nextIndex);
        const QJsonObject block = data[u"content_block"].toObject();
        m_type = block[u"type"].toString();
        m_open = true;
        m_input.clear();
        m_signatures = 0;
        m_text.clear();
        if (m_type == u"text")
            return block[u"text"].isString() ? QString()
                                             : QStringLiteral("a text block has no text");
        if (m_type == u"thinking") {
            return block[u"thinking"].isString() && block[u"signature"].isString()
                ? QString()
                : QStringLiteral("a thinking block has no thinking or no signature");
        }
        if (m_type == u"redacted_thinking") {
            return block[u"data"].toString().isEmpty()
                ? QStringLiteral("redacted_thinking has no data")
                : QString();
        }
        if (m_type != u"tool_use")
            return QStringLiteral("unknown block ") + m_type;
        if (!block[u"input"].isObject() || !block[u"input"].toObject().isEmpty())
            return QStringLiteral("tool_use does not begin with input {}");
        if (block[u"name"].toString().isEmpty())
            return QStringLiteral("tool_use has no name");
        const QString id = block[u"id"].toString();
        if (id.isEmpty())
            return QStringLiteral("tool_use has no id");
        for (const QChar c : id) {
            if (!(c.unicode() < 0x80 && (c.isLetterOrNumber() || c == u'_' || c == u'-')))
                return QStringLiteral("tool_use id has a forbidden character: ") + id;
        }
        if (m_ids.contains(id))
            return QStringLiteral("tool_use id came twice: ") + id;
        m_ids.insert(id);
        return {};
    }

    QString blockDelta(const QJsonObject &data)
    {
        if (!m_open || data[u"index"].toInt(-1) != m_nextIndex)
            return QStringLiteral("a delta for a block that is not open");
        const QJsonObject delta = data[u"delta"].toObject();
        const QString type = delta[u"type"].toString();
        if (type == u"text_delta" && m_type == u"text" && delta[u"text"].isString()) {
            m_text += delta[u"text"].toString();
            return {};
        }
        if (type == u"thinking_delta" && m_type == u"thinking" && delta[u"thinking"].isString())
            return m_signatures > 0 ? QStringLiteral("thinking goes on behind its signature")
                                    : QString();
        if (type == u"signature_delta" && m_type == u"thinking"
            && !delta[u"signature"].toString().isEmpty())
            return ++m_signatures > 1 ? QStringLiteral("a second signature") : QString();
        if (type == u"input_json_delta" && m_type == u"tool_use"
            && delta[u"partial_json"].isString()) {
            m_input += delta[u"partial_json"].toString();
            return {};
        }
        return type + QStringLiteral(" does not fit a block of type ") + m_type;
    }

    QString blockStop(const QJsonObject &data)
    {
        if (!m_open || data[u"index"].toInt(-1) != m_nextIndex)
            return QStringLiteral("a stop for a block that is not open");
        m_open = false;
        ++m_nextIndex;
        if (m_type == u"thinking" && m_signatures == 0)
            return QStringLiteral("a thinking block ends without a signature");
        if (m_type == u"text" && m_text.trimmed().isEmpty())
            return QStringLiteral("a text block is empty or only white space");
        if (m_type == u"tool_use" && !m_input.isEmpty()) {
            QJsonParseError parsed;
            const QJsonDocument input = QJsonDocument::fromJson(m_input.toUtf8(), &parsed);
            if (parsed.error != QJsonParseError::NoError || !input.isObject())
                m_badInput = QStringLiteral("tool input is no JSON object: ") + m_input;
        }
        return {};
    }

    QString messageDelta(const QJsonObject &data)
    {
        if (m_open)
            return QStringLiteral("message_delta while a block is open");
        m_delta = true;
        const QJsonObject delta = data[u"delta"].toObject();
        m_stopReason = delta[u"stop_reason"].toString();
        if (m_stopReason.isEmpty())
            return QStringLiteral("message_delta has no stop_reason");
        if (m_stopReason == u"tool_use" && m_ids.isEmpty())
            return QStringLiteral("stop_reason tool_use without a tool_use block");
        // Only an answer cut by its length may hold half an input.
        if (!m_badInput.isEmpty() && m_stopReason != u"max_tokens")
            return m_badInput;
        m_usage = data[u"usage"].toObject();
        return numbers(m_usage);
    }

    QString messageStop()
    {
        m_stopped = true;
        return m_delta ? QString() : QStringLiteral("message_stop without message_delta");
    }

    bool m_started = false;
    bool m_open = false;
    bool m_delta = false;
    bool m_stopped = false;
    int m_nextIndex = 0;
    int m_signatures = 0;
    QString m_type;
    QString m_text;
    QString m_input;
    QString m_badInput;
    QString m_stopReason;
    QSet<QString> m_ids;
    QJsonObject m_usage;
};

// The first fault of a stream, or an empty string.
inline QString fault(const QByteArray &stream, End expected = End::Complete)
{
    return Checker().check(stream, expected);
}

} // namespace StreamGrammar
