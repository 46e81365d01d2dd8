// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/chat/chatdialect.h"
#include "proxycore/chat/contentblock.h"

#include <QByteArray>

namespace Switchyard {

// Writes `tools` of a chat request. Only tools the client runs itself can be carried.
class ChatTools
{
public:
    ChatTools(const ChatDialect &dialect, ContentBlockReader &reader, Adjustments &adjustments,
              ChatContext &context)
        : m_dialect(dialect), m_reader(reader), m_adjustments(adjustments), m_context(context)
    {
    }

    // Reads the value of `tools`. False: the reader has the error.
    bool read(simdjson::ondemand::value value);

    int count() const { return m_count; }
    // The list without its brackets.
    const QByteArray &json() const { return m_out; }

    // The name as the upstream knows it, as inner JSON text.
    QByteArray sentName(QByteArrayView nameInner);

private:
    struct Tool
    {
        QByteArrayView type;
        QByteArrayView name;
        QByteArrayView description; // token
        QByteArray schema;
        CacheMark cache;
        bool strict = false;
    };

    bool readTool(simdjson::ondemand::value value, const JsonPath &path);
    bool readMember(QByteArrayView key, simdjson::ondemand::value &value, const JsonPath &path,
                    Tool &tool);
    void recordCompletedSchema(const JsonPath &path);
    bool readSchema(simdjson::ondemand::value &value, const JsonPath &path, Tool &tool);

    const ChatDialect &m_dialect;
    ContentBlockReader &m_reader;
    Adjustments &m_adjustments;
    ChatContext &m_context;
    JsonCheck m_check;
    QByteArray m_out;
    int m_count = 0;
};

} // namespace Switchyard
