// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/protocol/messagefields.h"

#include "proxycore/protocol/jsoncheck.h"
#include "proxycore/protocol/jsonwriter.h"

namespace Switchyard {

Usage readUsage(simdjson::ondemand::value value)
{
    Usage usage;
    simdjson::ondemand::object object;
    if (!jsonToken(value).startsWith('{') || value.get_object().get(object))
        return usage;
    for (auto entry : object) {
        simdjson::ondemand::field field;
        QByteArrayView key;
        JsonCheck check;
        if (std::move(entry).get(field) || !check.key(field, &key))
            return usage;
        const auto take = [&](std::optional<qint64> &number) {
            std::uint64_t count = 0;
            if (!field.value().get_uint64().get(count))
                number = qint64(count);
        };
        if (key == "input_tokens") {
            take(usage.inputTokens);
        } else if (key == "cache_read_input_tokens") {
            take(usage.cacheReadTokens);
        } else if (key == "cache_creation_input_tokens") {
            take(usage.cacheWriteTokens);
        } else if (key == "output_tokens") {
            take(usage.outputTokens);
        } else if (key == "cost") {
            double dollars = 0;
            if (!field.value().get_double().get(dollars))
                usage.cost = dollars;
        }
    }
    return usage;
}

QByteArray readText(simdjson::ondemand::value value)
{
    std::string_view text;
    if (!jsonToken(value).startsWith('"') || value.get_string().get(text))
        return {};
    return QByteArray(text.data(), qsizetype(text.size()));
}

QByteArray withString(QByteArrayView json, ByteRange range, QByteArrayView text)
{
    QByteArray changed;
    changed.reserve(json.size() + text.size() + 8);
    changed.append(json.first(range.offset));
    changed.append('"');
    appendJsonEscaped(changed, text);
    changed.append('"');
    changed.append(json.sliced(range.offset + range.length));
    return changed;
}

} // namespace Switchyard
