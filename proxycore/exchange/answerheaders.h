// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/journal/exchangerecord.h"
#include "proxycore/protocol/headers.h"

namespace Switchyard {

// The header fields of an answer: ours about the exchange, and of the upstream's those the client
// acts upon (its request id, retry and rate-limit fields). Nothing else passes.
Headers makeAnswerHeaders(const ExchangeRecord &record, const Headers &upstream,
                          QByteArrayView contentType);

} // namespace Switchyard
