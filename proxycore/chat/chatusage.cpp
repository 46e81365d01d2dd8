// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/chat/chatusage.h"

#include "proxycore/protocol/jsoncheck.h"

#include <algorithm>
#include <cmath>

namespace Switchyard {

namespace ondemand = simdjson::ondemand;

namespace {

std::optional<double> number(ondemand::value value)
{
    double found = 0;
    if (value.get_double().get(found) || !std::isfinite(found) || found < 0)
        return std::nullopt;
    return found;
}

std::optional<qint64> tokens(ondemand::value value)
{
    const std::optional<double> found = number(value);
    return found ? std::optional(qint64(*found)) : std::nullopt;
}

} // namespace

Usage readChatUsage(ondemand::object object)
{
    std::optional<qint64> prompt;
    std::optional<qint64> cached;
    std::optional<qint64> written;
    Usage usage;

    JsonCheck check;
    for (auto entry : object) {
        ondemand::field field;
        QByteArrayView key;
        if (std::move(entry).get(field) || !check.key(field, &key))
            break;
        ondemand::value value = field.value();
        if (key == "prompt_tokens") {
            prompt = tokens(value);
        } else if (key == "completion_tokens") {
            usage.outputTokens = tokens(value);
        } else if (key == "cost") {
            usage.cost = number(value);
        } else if (key == "prompt_tokens_details") {
            ondemand::object details;
            if (value.get_object().get(details))
                continue;
            for (auto detail : details) {
                ondemand::field part;
                QByteArrayView name;
                if (std::move(detail).get(part) || !check.key(part, &name))
                    break;
                if (name == "cached_tokens")
                    cached = tokens(part.value());
                else if (name == "cache_write_tokens" || name == "cache_creation_tokens")
                    written = tokens(part.value());
            }
        } else if (key == "cache_read_input_tokens" || key == "cached_tokens"
                   || key == "prompt_cache_hit_tokens") {
            // LiteLLM and Databricks, Moonshot, DeepSeek; the details above come first.
            if (!cached)
                cached = tokens(value);
        } else if (key == "cache_creation_input_tokens") {
            if (!written)
                written = tokens(value);
        }
    }
    usage.cacheReadTokens = cached;
    usage.cacheWriteTokens = written;
    if (prompt)
        usage.inputTokens = std::max<qint64>(0, *prompt - cached.value_or(0) - written.value_or(0));
    return usage;
}

} // namespace Switchyard
