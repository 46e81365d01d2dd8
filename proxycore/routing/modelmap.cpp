// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/routing/modelmap.h"

namespace Switchyard {

namespace {

char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c;
}

// Whole name, without case; * is any number of characters, ? is one. Brackets are characters: names
// like `claude-opus-5-5[1m]` exist. Linear but for going back to the last star.
bool globMatches(QByteArrayView pattern, QByteArrayView name)
{
    qsizetype p = 0;
    qsizetype n = 0;
    qsizetype star = -1;
    qsizetype starName = 0;
    while (n < name.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            starName = n;
        } else if (p < pattern.size()
                   && (pattern[p] == '?' || lower(pattern[p]) == lower(name[n]))) {
            ++p;
            ++n;
        } else if (star >= 0) {
            p = star + 1;
            n = ++starName;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*')
        ++p;
    return p == pattern.size();
}

// A model named in the configuration: the backend's own form when it knows the name.
QByteArray inBackendsForm(const QByteArray &name, const Backend &backend)
{
    const QByteArray mapped = backend.mapModel(name);
    return mapped.isEmpty() ? name : mapped;
}

} // namespace

Result<MappedModel> mapModel(QByteArrayView clientModel, const Backend &backend,
                             const ModelRules &rules)
{
    for (const ModelRule &rule : rules.rules) {
        if (globMatches(rule.pattern, clientModel))
            return MappedModel{rule.target, "rule " + rule.pattern};
    }
    if (clientModel == "big" && !rules.bigModel.isEmpty())
        return MappedModel{inBackendsForm(rules.bigModel, backend),
                           "the big model set by the user"};
    if (clientModel == "small" && !rules.smallModel.isEmpty())
        return MappedModel{inBackendsForm(rules.smallModel, backend),
                           "the small model set by the user"};

    QByteArray known = backend.mapModel(clientModel);
    if (!known.isEmpty())
        return MappedModel{std::move(known), "the names of " + backend.traits().title};

    switch (rules.unknown) {
    case UnknownModel::PassThrough:
        return MappedModel{clientModel.toByteArray(), "unknown, passed through"};
    case UnknownModel::UseDefault:
        if (!rules.defaultModel.isEmpty())
            return MappedModel{inBackendsForm(rules.defaultModel, backend),
                               "unknown, replaced by the default model"};
        break;
    case UnknownModel::Refuse:
        break;
    }
    ApiError refusal = ApiError::withStatus(
        404,
        "model: " + clientModel.toByteArray() + " is not known to " + backend.traits().title
            + ", and the model rules refuse unknown names; add a rule for it or choose another "
              "model.");
    refusal.shouldRetry = false;
    return refusal;
}

} // namespace Switchyard
