// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/config/loadedlayers.h"

#include <QJsonObject>

namespace Switchyard {

// What settings.json says, over the defaults. Its schema is the code of this function and, for
// people, docs/4-settings.md. The whole file is checked, also what a stronger source overrides.
void applySettingsFile(const QJsonObject &root, const QString &path, LoadedLayers &layers);

} // namespace Switchyard
