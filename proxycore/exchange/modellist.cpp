// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/exchange/modellist.h"

#include "proxycore/protocol/jsonwriter.h"

#include <QUrlQuery>

#include <algorithm>
#include <array>

namespace Switchyard {

namespace {

struct Model
{
    QByteArrayView id;
    QByteArrayView displayName;
    QByteArrayView createdAt;
};

// Newest first, as the API lists them.
constexpr std::array models{
    Model{"claude-opus-5-5", "Claude Opus 5.5", "2026-10-01T00:00:00Z"},
    Model{"claude-sonnet-5-5", "Claude Sonnet 5.5", "2026-10-01T00:00:00Z"},
    Model{"claude-haiku-5-5", "Claude Haiku 5.5", "2026-10-01T00:00:00Z"},
    Model{"claude-opus-5", "Claude Opus 5", "2026-07-01T00:00:00Z"},
    Model{"claude-sonnet-5", "Claude Sonnet 5", "2026-07-01T00:00:00Z"},
    Model{"claude-opus-4-8", "Claude Opus 4.8", "2026-05-01T00:00:00Z"},
    Model{"claude-sonnet-4-6", "Claude Sonnet 4.6", "2026-02-01T00:00:00Z"},
    Model{"claude-haiku-4-5", "Claude Haiku 4.5", "2025-10-01T00:00:00Z"},
    Model{"claude-sonnet-4", "Claude Sonnet 4", "2025-05-14T00:00:00Z"},
    Model{"claude-3-7-sonnet", "Claude Sonnet 3.7", "2025-02-19T00:00:00Z"},
};

constexpr int defaultLimit = 20;
constexpr int maxLimit = 1000;

void write(JsonWriter &json, const Model &model)
{
    json.beginObject();
    json.member("type", "model");
    json.member("id", model.id);
    json.member("display_name", model.displayName);
    json.member("created_at", model.createdAt);
    json.endObject();
}

} // namespace

QByteArray modelList(QByteArrayView query)
{
    const QUrlQuery parameters(QString::fromUtf8(query));
    const auto position = [&](const QString &parameter) {
        const QByteArray id = parameters.queryItemValue(parameter).toUtf8();
        return std::find_if(models.begin(), models.end(),
                            [&](const Model &model) { return model.id == id; });
    };
    bool isNumber = false;
    const int wanted = parameters.queryItemValue(QStringLiteral("limit")).toInt(&isNumber);
    const int limit = isNumber ? std::clamp(wanted, 1, maxLimit) : defaultLimit;

    auto first = models.begin();
    auto last = models.end();
    if (const auto after = position(QStringLiteral("after_id")); after != models.end())
        first = after + 1;
    if (const auto before = position(QStringLiteral("before_id"));
        before != models.end() && before >= first) {
        last = before;
        first = std::max(first, last - std::min<std::ptrdiff_t>(limit, last - first));
    }
    const bool hasMore = last - first > limit;
    last = hasMore ? first + limit : last;

    JsonWriter json;
    json.beginObject();
    json.key("data");
    json.beginArray();
    for (auto model = first; model != last; ++model)
        write(json, *model);
    json.endArray();
    json.member("has_more", hasMore);
    const auto idOrNull = [&](QByteArrayView name, auto model) {
        json.key(name);
        if (first == last)
            json.null();
        else
            json.string(model->id);
    };
    idOrNull("first_id", first);
    idOrNull("last_id", first == last ? first : last - 1);
    json.endObject();
    return json.take();
}

std::optional<QByteArray> modelDescription(QByteArrayView id)
{
    const auto found = std::find_if(models.begin(), models.end(),
                                    [&](const Model &model) { return model.id == id; });
    if (found == models.end())
        return std::nullopt;
    JsonWriter json;
    write(json, *found);
    return json.take();
}

} // namespace Switchyard
