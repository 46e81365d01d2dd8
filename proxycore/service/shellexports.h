// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

#include <optional>

namespace Switchyard {

enum class Shell { Sh, Fish, PowerShell };

std::optional<Shell> shellFromName(QByteArrayView name);
// The one the user most likely types into.
Shell usualShell();

// `text` as one word of that shell, whatever is in it.
QByteArray shellQuoted(QByteArrayView text, Shell shell);

// Lines that point Claude Code at the proxy, to be evaluated by that shell. ANTHROPIC_API_KEY is
// emptied because the client prefers to ask about a key it finds there. Without a token (none is
// asked for) a word stands in, for the client wants to have one.
QByteArray clientExports(QByteArrayView url, QByteArrayView token, Shell shell);

} // namespace Switchyard
