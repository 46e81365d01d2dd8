// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/protocol/jsoncheck.h"

#include <QByteArray>

#include <simdjson.h>

namespace Switchyard {

// Work on JSON text without decoding it. "Inner" is what stands between the quotes of a JSON
// string, escapes and all; it can be copied from one string into another as it is.

// The value as the bytes it was. Consumes it.
QByteArrayView rawJson(simdjson::ondemand::value &value);
// What raw_json() of an object or array gave, which goes up to the next token.
QByteArrayView trimmedContainer(std::string_view raw);

inline bool isJsonString(QByteArrayView token)
{
    return token.size() >= 2 && token.front() == '"';
}

inline bool isJsonNull(QByteArrayView token)
{
    return token.isEmpty() || token == "null";
}

// Of a string token, without its quotes; empty for any other token.
inline QByteArrayView innerOf(QByteArrayView token)
{
    return isJsonString(token) ? token.sliced(1, token.size() - 2) : QByteArrayView();
}

// Whether the text is empty or nothing but white space, written plainly or as \n, \r, \t, \f.
bool isBlankInner(QByteArrayView inner);

// The text of an inner. A lone surrogate, which UTF-8 cannot write, stays the escape it was.
QByteArray decodedInner(QByteArrayView inner);

// Appends JSON text as the inner of a string. Grows `out` once and looks at eight bytes at a time:
// tool inputs are most of a long conversation.
void appendAsInner(QByteArray &out, QByteArrayView json);

// The thread's parser, with room for `bytes`; null when the document is so large that keeping the
// parser's memory (about six times its size) would be a burden.
simdjson::ondemand::parser *keptJsonParser(qsizetype bytes);

// Runs `read(parser)` with a parser that is reused within the thread wherever that is sensible.
// What `read` does may not come back here.
template <typename Read> auto withJsonParser(qsizetype bytes, Read &&read)
{
    if (simdjson::ondemand::parser *const kept = keptJsonParser(bytes))
        return read(*kept);
    simdjson::ondemand::parser parser;
    return read(parser);
}

} // namespace Switchyard
