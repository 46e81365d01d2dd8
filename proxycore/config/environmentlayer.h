// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/config/envfile.h"
#include "proxycore/config/loadedlayers.h"

#include <QProcessEnvironment>

namespace Switchyard {

// What the environment says, over the settings file; an .env file fills what the environment
// leaves open, and alone may name the big and the small model (Claude Code owns those variables
// in the shell). What the command line is going to override is not looked at.
void applyEnvironment(const QProcessEnvironment &environment, const EnvFile &envFile,
                      const QString &envFilePath, const CommandLineSettings &commandLine,
                      LoadedLayers &layers);

} // namespace Switchyard
