// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/protocol/usage.h"

#include <QByteArray>

namespace Switchyard {

// How an answer ended, in the Messages API's words.
struct AnswerEnd
{
    QByteArray stopReason;
    QByteArray stopSequence; // text; empty when it is not known or there was none
    Usage usage;
    qint64 estimatedOutputTokens = 0; // stands in where the upstream told no usage
};

// Where the parts of an answer go: blocks one after the other, one open at a time. Text is inner
// JSON text (see rawjson.h).
class AnswerSink
{
public:
    virtual ~AnswerSink() = default;

    virtual void start(QByteArrayView id, QByteArrayView model) = 0;
    virtual void openText() = 0;
    virtual void openThinking() = 0;
    virtual void openTool(QByteArrayView id, QByteArrayView name) = 0;
    // More of the open block: its text, its thinking, or the JSON of a tool's input.
    virtual void piece(QByteArrayView inner) = 0;
    virtual void sign(QByteArrayView signature) = 0; // the open thinking block, once
    virtual void close() = 0;
    virtual void redacted(QByteArrayView data) = 0;
    virtual void end(const AnswerEnd &end) = 0;
};

// Members of the `usage` of an answer without braces; every number is there.
QByteArray usageMembers(const AnswerEnd &end);

// Writes the events of a Messages API stream.
class EventSink final : public AnswerSink
{
public:
    QByteArray take() { return std::move(m_out); }

    void start(QByteArrayView id, QByteArrayView model) override;
    void openText() override;
    void openThinking() override;
    void openTool(QByteArrayView id, QByteArrayView name) override;
    void piece(QByteArrayView inner) override;
    void sign(QByteArrayView signature) override;
    void close() override;
    void redacted(QByteArrayView data) override;
    void end(const AnswerEnd &end) override;

private:
    void open(const char *deltaMember);
    void openBlock(QByteArrayView block);

    QByteArray m_out;
    QByteArray m_deltaHead; // of the open block, up to its text
    int m_index = -1;
};

// Writes a message as one JSON object.
class MessageSink final : public AnswerSink
{
public:
    QByteArray take() { return std::move(m_out); }

    void start(QByteArrayView id, QByteArrayView model) override;
    void openText() override;
    void openThinking() override;
    void openTool(QByteArrayView id, QByteArrayView name) override;
    void piece(QByteArrayView inner) override;
    void sign(QByteArrayView signature) override;
    void close() override;
    void redacted(QByteArrayView data) override;
    void end(const AnswerEnd &end) override;

private:
    enum class Open { None, Text, Thinking, Tool };

    void beginBlock(Open kind);

    QByteArray m_out;
    QByteArray m_signature;
    QByteArray m_input;
    qsizetype m_toolStart = 0; // of the open tool block in m_out
    bool m_firstBlock = true;
    Open m_open = Open::None;
    bool m_hasBlocks = false;
};

} // namespace Switchyard
