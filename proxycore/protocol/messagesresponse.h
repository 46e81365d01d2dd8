// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/protocol/usage.h"

#include <QByteArray>

namespace Switchyard {

// A complete answer in the Messages API's shape, with the facts the journal wants.
struct MessagesResponse
{
    QByteArray body;
    Usage usage;
    QByteArray stopReason;
    QByteArray upstreamModel; // as the upstream named it
};

} // namespace Switchyard
