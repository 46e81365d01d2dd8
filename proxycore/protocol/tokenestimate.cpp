// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/protocol/tokenestimate.h"

#include "proxycore/protocol/jsoncheck.h"

namespace Switchyard {

namespace {

namespace ondemand = simdjson::ondemand;

// Platform documentation, "Vision": width × height / 750, at most about 1,600.
constexpr qint64 imageTokens = 1'600;
// A PDF of one or two pages; the number of pages is not known without opening it.
constexpr qint64 documentTokens = 3'000;
constexpr qint64 bytesPerToken = 4;

class Estimator
{
public:
    void request(ondemand::object object);
    qint64 total() const { return m_flat + m_bytes / bytesPerToken; }

private:
    void value(ondemand::value value, int depth);
    void object(ondemand::object object, int depth);
    // What a source costs that is no text; 0 for a text.
    static qint64 encodedPrice(ondemand::object &source);

    qint64 m_bytes = 0;
    qint64 m_flat = 1;
};

qint64 Estimator::encodedPrice(ondemand::object &source)
{
    std::string_view type;
    std::string_view mediaType;
    const bool hasType = !source.find_field_unordered("type").get_string().get(type);
    const bool isPdf = !source.find_field_unordered("media_type").get_string().get(mediaType)
        && mediaType == "application/pdf";
    const bool isText = hasType && (type == "text" || type == "content");
    if (source.reset().error() || isText)
        return 0;
    return isPdf ? documentTokens : imageTokens;
}

void Estimator::object(ondemand::object members, int depth)
{
    for (auto entry : members) {
        ondemand::field field;
        QByteArrayView key;
        JsonCheck check;
        if (std::move(entry).get(field) || !check.key(field, &key))
            return;
        const bool isSource = key == "source";
        const bool isMark = key == "cache_control" || key == "signature";
        m_bytes += isMark ? 0 : key.size();
        ondemand::value child = field.value();
        if (isMark)
            continue;
        ondemand::object source;
        if (isSource && jsonToken(child).startsWith('{')) {
            if (child.get_object().get(source))
                return;
            const qint64 price = encodedPrice(source);
            m_flat += price;
            if (price == 0)
                object(source, depth + 1);
            continue;
        }
        value(child, depth + 1);
    }
}

void Estimator::value(ondemand::value value, int depth)
{
    if (depth > JsonCheck::maxDepth)
        return;
    const QByteArrayView token = jsonToken(value);
    if (token.startsWith('{')) {
        ondemand::object members;
        if (!value.get_object().get(members))
            object(members, depth);
        return;
    }
    if (!token.startsWith('[')) {
        m_bytes += token.startsWith('"') ? token.size() - 2 : token.size();
        return;
    }
    ondemand::array array;
    if (value.get_array().get(array))
        return;
    for (auto element : array) {
        ondemand::value child;
        if (element.get(child))
            return;
        this->value(child, depth + 1);
    }
}

void Estimator::request(ondemand::object request)
{
    for (auto entry : request) {
        ondemand::field field;
        QByteArrayView key;
        JsonCheck check;
        if (std::move(entry).get(field) || !check.key(field, &key))
            return;
        if (key == "messages" || key == "system" || key == "tools")
            value(field.value(), 0);
    }
}

} // namespace

qint64 estimateInputTokens(QByteArrayView body)
{
    const PaddedJson json(body);
    ondemand::parser parser;
    ondemand::document document;
    ondemand::object request;
    Estimator estimator;
    if (!parser.iterate(json.view()).get(document) && !document.get_object().get(request))
        estimator.request(request);
    return estimator.total();
}

} // namespace Switchyard
