// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

#include <vector>

namespace Switchyard {

// The two members of a `cache_control` that other servers know, as JSON tokens.
struct CacheMark
{
    QByteArrayView type;
    QByteArrayView ttl; // empty when absent

    bool isSet() const { return !type.isEmpty(); }
};

// One part of a chat message's content. The views are inner JSON text (see rawjson.h).
struct ContentPart
{
    enum class Kind { Text, Image, File };

    Kind kind = Kind::Text;
    // Of a text: `before`, `text` and `after` follow each other. Otherwise `text` is base64 data of
    // `mediaType`, or an URL when that is empty.
    QByteArrayView before;
    QByteArrayView text;
    QByteArrayView after;
    QByteArrayView mediaType;
    QByteArrayView fileName;
    CacheMark cache;
    bool bare = false; // came as a string and not as a block in a list
};

using ContentParts = std::vector<ContentPart>;

// `cache_control` has its place on text: a mark on anything else goes to the text before it in the
// same message, and is lost where there is none. Sets `parts` right for appendParts().
void settleCacheMarks(ContentParts &parts);
// A list of parts as JSON.
void appendParts(QByteArray &out, const ContentParts &parts);
// The texts as one JSON string, `between` them.
void appendJoinedText(QByteArray &out, const ContentParts &parts, QByteArrayView between);
// `,"cache_control":{…}` when it is set.
void appendCacheMark(QByteArray &out, const CacheMark &mark);

} // namespace Switchyard
