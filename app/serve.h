// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/commandline.h"

namespace Switchyard {

// `switchyard serve`: the proxy in the foreground until a signal or `switchyard quit`. Needs a
// QCoreApplication. Returns the exit code.
int runServe(const CommandLine &line);

} // namespace Switchyard
