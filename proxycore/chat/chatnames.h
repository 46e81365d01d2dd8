// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

namespace Switchyard {

// A tool name that Chat Completions servers take (letters, digits, '_', '-', at most `maxLength`):
// `name` itself when it is one, otherwise a name that is always the same for the same `name`.
QByteArray chatToolName(QByteArrayView name, int maxLength);

// An id of a tool call as the Messages API allows it, ^[a-zA-Z0-9_-]+$. An id that had to be
// changed ends in a hash, so that two of them stay different.
QByteArray messagesToolId(QByteArrayView id);

} // namespace Switchyard
