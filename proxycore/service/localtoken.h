// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/protocol/secret.h"

namespace Switchyard {

// Where the token for clients comes from.
enum class TokenOrigin {
    NotRequired,
    Given, // command line or environment
    Keychain, // read from it or stored there at this start
    ThisRun, // made at this start, kept nowhere
};

// A fresh token for clients of the local port: `sy-` and 32 random bytes in base64url.
Secret generateLocalToken();

} // namespace Switchyard
