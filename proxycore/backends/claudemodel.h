// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

#include <optional>

namespace Switchyard {

// A Claude model as its names tell it. Families and versions are open: a new one needs no change.
struct ClaudeModel
{
    QByteArray family; // lower case, e.g. `sonnet`
    int major = 0;
    std::optional<int> minor;

    bool operator==(const ClaudeModel &) const = default;

    // The order of words changed with version 4: claude-3.7-sonnet, claude-sonnet-4.
    bool hasOldName() const { return major < 4; }
};

// Reads `claude-<family>-<major>[-<minor>][-<date>][[1m]]` and the old order
// `claude-<major>[-<minor>]-<family>[-<date>]`, in any case, with a dot or a dash before the minor,
// with or without `anthropic/` in front; `latest` may stand for the date. Empty for any other name,
// also for one with a variant such as `:free`, which is a provider's own.
std::optional<ClaudeModel> parseClaudeModel(QByteArrayView name);

// What `big` and `small` mean unless the user says otherwise.
ClaudeModel bigClaudeModel();
ClaudeModel smallClaudeModel();

QByteArray openRouterName(const ClaudeModel &model); // anthropic/claude-opus-5.5
QByteArray databricksName(const ClaudeModel &model); // databricks-claude-opus-5-5

} // namespace Switchyard
