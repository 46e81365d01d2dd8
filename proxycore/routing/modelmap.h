// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/backends/backend.h"

#include <QByteArray>

#include <vector>

namespace Switchyard {

// "When the client asks for `pattern` (glob: * and ?, whole name, case-insensitive), send
// `target`."
struct ModelRule
{
    QByteArray pattern;
    QByteArray target;

    bool operator==(const ModelRule &) const = default;
};

// What happens to a name no rule knows.
enum class UnknownModel { PassThrough, UseDefault, Refuse };

struct ModelRules
{
    std::vector<ModelRule> rules; // the user's; the first match wins, before everything else
    QByteArray bigModel; // what `big` and `small` mean; empty: the backend's own answer
    QByteArray smallModel;
    UnknownModel unknown = UnknownModel::PassThrough;
    QByteArray defaultModel; // for UseDefault
};

struct MappedModel
{
    QByteArray name; // what is sent upstream
    QByteArray reason; // which rule decided, one short phrase
};

// Refusal is a 404 not_found_error, as for a model that does not exist.
Result<MappedModel> mapModel(QByteArrayView clientModel, const Backend &backend,
                             const ModelRules &rules);

} // namespace Switchyard
