// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/modelrows.h"

namespace Switchyard {

namespace {

// The names Claude Code 2.1 sends by itself, the two aliases, and the ones older settings hold.
constexpr const char *wellKnownNames[] = {
    "claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5",
    "claude-sonnet-4", "claude-3.7-sonnet", "big",
    "small",
};

bool isPlainName(QByteArrayView pattern)
{
    return !pattern.contains('*') && !pattern.contains('?');
}

} // namespace

std::vector<ModelRow> modelRows(const Backend &backend, const ModelRules &rules)
{
    std::vector<ModelRow> rows;
    const auto add = [&](const QByteArray &name) {
        const auto mapped = mapModel(name, backend, rules);
        if (mapped)
            rows.push_back({name, mapped.value().name, mapped.value().reason});
        else
            rows.push_back({name, {}, mapped.error().message});
    };
    for (const ModelRule &rule : rules.rules) {
        if (isPlainName(rule.pattern))
            add(rule.pattern);
        else
            rows.push_back({rule.pattern, rule.target, "your rule"});
    }
    for (const char *name : wellKnownNames)
        add(name);
    return rows;
}

} // namespace Switchyard
