// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/protocol/secret.h"

namespace Switchyard {

// A fresh token for clients of the local port: `sy-` and 32 random bytes in base64url.
Secret generateLocalToken();

} // namespace Switchyard
