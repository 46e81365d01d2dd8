// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/commandline.h"

namespace Switchyard {

// The tray application, or, when one runs already, bringing its window to the front. Makes its own
// QApplication. Returns the exit code; 2 when there is no display or the program was built without
// the window.
int runTray(const CommandLine &line, int &argc, char **argv);

} // namespace Switchyard
