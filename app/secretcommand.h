// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/commandline.h"

namespace Switchyard {

// `secret set|delete|list`: works on the keychain itself, whether an instance runs or not, and
// tells a running one to read it again. Needs a QCoreApplication. Returns the exit code.
int runSecretCommand(const CommandLine &line);

} // namespace Switchyard
