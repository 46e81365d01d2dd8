// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/backends/backend.h"
#include "proxycore/routing/modelmap.h"

#include <QByteArray>

#include <vector>

namespace Switchyard {

struct ModelRow
{
    QByteArray client; // what a client asks for
    QByteArray upstream; // what the backend is asked for; empty when the name is refused
    QByteArray reason;
};

// What becomes of the names clients use, the user's own rules first.
std::vector<ModelRow> modelRows(const Backend &backend, const ModelRules &rules);

} // namespace Switchyard
