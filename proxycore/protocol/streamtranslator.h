// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/protocol/apierror.h"
#include "proxycore/protocol/usage.h"

#include <QByteArray>

namespace Switchyard {

// Turns the bytes of an upstream's event stream into a Messages API stream. No input or output of
// its own: bytes in, whole frames out. Nothing is handed out after the end.
class StreamTranslator
{
public:
    enum class State {
        Open,
        Complete, // message_stop was handed out
        Failed, // the upstream reported an error; it was not handed out, see error()
        Truncated, // the upstream ended without an end; nothing was invented, see error()
    };

    virtual ~StreamTranslator() = default;

    // `bytes` as they came, split anywhere.
    virtual QByteArray feed(QByteArrayView bytes) = 0;
    // Once, when the upstream's body has ended.
    virtual QByteArray finish() = 0;

    virtual State state() const = 0;
    // Meaningful when the state is Failed or Truncated.
    virtual const ApiError &error() const = 0;
    // error() as the last frame of a stream that was already opened to the client.
    virtual QByteArray errorFrame(QByteArrayView requestId) const
    {
        return errorEvent(error(), requestId);
    }

    virtual const Usage &usage() const = 0;
    virtual QByteArray stopReason() const = 0;
    virtual QByteArray upstreamModel() const = 0; // as the upstream named it
};

} // namespace Switchyard
