// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/commandline.h"

namespace Switchyard {

// status, use, env, logs, models, quit: ask the running instance and print what it says. Returns
// the exit code.
int runControlCommand(const CommandLine &line);

// Tells a running instance to read the keychain again; silent when none runs.
void notifySecretsChanged(const QString &configDir);

} // namespace Switchyard
