// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

namespace Switchyard {

// The Messages API's stop reason for a `finish_reason` and, where the upstream tells it, what its
// provider said (`native_finish_reason`). Servers differ in words and case; an unknown word is an
// ordinary end. `hasTools`: whether the answer calls a tool, which many servers do under "stop".
QByteArray messagesStopReason(QByteArrayView finishReason, QByteArrayView nativeFinishReason,
                              bool hasTools);

} // namespace Switchyard
