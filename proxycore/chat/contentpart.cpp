// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/chat/contentpart.h"

namespace Switchyard {

namespace {

void appendUrl(QByteArray &out, const ContentPart &part)
{
    out.append('"');
    if (!part.mediaType.isEmpty())
        out.append("data:").append(part.mediaType).append(";base64,");
    out.append(part.text).append('"');
}

void appendPart(QByteArray &out, const ContentPart &part)
{
    switch (part.kind) {
    case ContentPart::Kind::Text:
        out.append(R"({"type":"text","text":")")
            .append(part.before)
            .append(part.text)
            .append(part.after)
            .append('"');
        break;
    case ContentPart::Kind::Image:
        out.append(R"({"type":"image_url","image_url":{"url":)");
        appendUrl(out, part);
        out.append('}');
        break;
    case ContentPart::Kind::File:
        out.append(R"({"type":"file","file":{"filename":")").append(part.fileName).append('"');
        out.append(R"(,"file_data":)");
        appendUrl(out, part);
        out.append('}');
        break;
    }
    appendCacheMark(out, part.cache);
    out.append('}');
}

} // namespace

void settleCacheMarks(ContentParts &parts)
{
    ContentPart *text = nullptr;
    for (ContentPart &part : parts) {
        if (part.kind == ContentPart::Kind::Text) {
            text = &part;
        } else if (part.cache.isSet()) {
            if (text)
                text->cache = part.cache;
            part.cache = {};
        }
    }
}

void appendParts(QByteArray &out, const ContentParts &parts)
{
    out.append('[');
    bool first = true;
    for (const ContentPart &part : parts) {
        if (!first)
            out.append(',');
        first = false;
        appendPart(out, part);
    }
    out.append(']');
}

void appendJoinedText(QByteArray &out, const ContentParts &parts, QByteArrayView between)
{
    out.append('"');
    bool first = true;
    for (const ContentPart &part : parts) {
        if (!first)
            out.append(between);
        first = false;
        out.append(part.before).append(part.text).append(part.after);
    }
    out.append('"');
}

void appendCacheMark(QByteArray &out, const CacheMark &mark)
{
    if (!mark.isSet())
        return;
    out.append(R"(,"cache_control":{"type":)").append(mark.type);
    if (!mark.ttl.isEmpty())
        out.append(R"(,"ttl":)").append(mark.ttl);
    out.append('}');
}

} // namespace Switchyard
