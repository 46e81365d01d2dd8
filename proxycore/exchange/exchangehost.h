// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/exchange/recordbatch.h"
#include "proxycore/upstream/upstreamclient.h"

#include <QByteArray>

namespace Switchyard {

class Exchange;

// What an exchange needs of the proxy around it.
class ExchangeHost
{
public:
    virtual ~ExchangeHost() = default;

    virtual UpstreamClient &upstream() = 0;
    virtual void publish(const ExchangeRecord &record, BatchSlot &slot) = 0;
    // A request to that URL would come back to our own port.
    virtual bool isOwnAddress(const QByteArray &url) const = 0;
    // The exchange is over in every respect; it may be deleted once the event loop is back.
    virtual void exchangeOver(Exchange *exchange) = 0;
};

} // namespace Switchyard
