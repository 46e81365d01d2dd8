// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/protocol/result.h"

#include <QByteArray>

namespace Switchyard {

// The opposite of messageToEvents(): the message a complete Messages API stream amounts to, for
// upstreams that stream to a client which did not ask for it. Blocks and fields this version does
// not know are kept as they came.
Result<QByteArray> messageFromEvents(QByteArrayView events);

} // namespace Switchyard
