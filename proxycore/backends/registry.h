// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/backends/backend.h"

namespace Switchyard {

// One function per backend, each in the file of its name.
const Backend &openRouterBackend();
const Backend &echoBackend();

} // namespace Switchyard
