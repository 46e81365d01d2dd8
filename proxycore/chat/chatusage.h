// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/protocol/usage.h"

#include <simdjson.h>

namespace Switchyard {

// The `usage` of a chat completion in the accounting of the Messages API. `prompt_tokens` counts
// cached tokens too, so they are taken off. Numbers that are absent or null are unknown.
Usage readChatUsage(simdjson::ondemand::object usage);

} // namespace Switchyard
