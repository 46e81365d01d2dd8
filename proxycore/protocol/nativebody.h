// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/protocol/messagesrequest.h"
#include "proxycore/protocol/segmentedbody.h"

namespace Switchyard {

// The body of the native lane: the client's bytes with the value of `model` replaced, and `stream`
// brought to what `request.stream` says (an endpoint may force it). Nothing is copied.
SegmentedBody nativeBody(const MessagesRequest &request, QByteArrayView upstreamModel);

} // namespace Switchyard
