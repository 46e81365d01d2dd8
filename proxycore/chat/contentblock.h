// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/chat/contentpart.h"
#include "proxycore/chat/jsonpath.h"
#include "proxycore/protocol/adjustment.h"
#include "proxycore/protocol/apierror.h"
#include "proxycore/protocol/jsoncheck.h"

#include <QByteArray>

#include <optional>
#include <vector>

namespace Switchyard {

// One content block of a Messages request, as views of the request. Strings are inner JSON text;
// a member that is absent or null is empty.
struct ContentBlock
{
    struct Source
    {
        QByteArrayView type;
        QByteArrayView mediaType;
        QByteArrayView data;
        QByteArrayView url;
        bool present = false;
    };

    QByteArrayView type;
    QByteArrayView unknown; // the whole block as bytes, when its type is none of the known ones
    QByteArrayView text;
    QByteArrayView id;
    QByteArrayView name; // of tool_use, or tool_name of tool_reference
    QByteArrayView input; // the JSON object as bytes
    QByteArrayView toolUseId;
    QByteArrayView thinking;
    QByteArrayView signature;
    QByteArrayView data;
    QByteArrayView title;
    QByteArrayView context;
    QByteArrayView sourceText; // `source` of a search result
    bool isError = false;
    bool hasText = false;
    // `content`, or `content` of `source`: one bare text, or a list of blocks.
    std::vector<ContentBlock> content;
    Source source;
    CacheMark cache;
};

// Reads blocks. What no block has is recorded as an adjustment at once; a value of the wrong type
// is an error that names its place.
class ContentBlockReader
{
public:
    explicit ContentBlockReader(Adjustments &adjustments) : m_adjustments(adjustments) { }

    // False: error() says why.
    bool read(simdjson::ondemand::value value, const JsonPath &path, ContentBlock &block);
    // `content` of anything: a string becomes one block of type "text".
    bool readContent(simdjson::ondemand::value value, const JsonPath &path,
                     std::vector<ContentBlock> &blocks, int depth = 0);
    bool readCacheMark(simdjson::ondemand::value value, const JsonPath &parent, CacheMark &mark);

    const std::optional<ApiError> &error() const { return m_error; }
    bool refuse(const QByteArray &field, QByteArrayView sentence);
    void leaveOut(const QByteArray &field);

private:
    bool readMember(QByteArrayView key, simdjson::ondemand::value &value, const JsonPath &path,
                    ContentBlock &block, int depth);
    bool readSource(simdjson::ondemand::value &value, const JsonPath &path, ContentBlock &block,
                    int depth);
    bool readBlock(simdjson::ondemand::value value, const JsonPath &path, ContentBlock &block,
                   int depth);
    bool takeString(QByteArrayView token, const JsonPath &path, QByteArrayView key,
                    QByteArrayView &into);

    Adjustments &m_adjustments;
    std::optional<ApiError> m_error;
    JsonCheck m_check;
};

} // namespace Switchyard
