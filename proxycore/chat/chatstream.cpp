// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/chat/chatstream.h"

#include "proxycore/chat/answersink.h"
#include "proxycore/chat/chatstreamreader.h"

namespace Switchyard {

class ChatStream::Private
{
public:
    explicit Private(ChatContext given) : context(std::move(given)), reader(context, sink) { }

    const ChatContext context;
    EventSink sink;
    ChatStreamReader reader;
};

ChatStream::ChatStream(ChatContext context) : d(std::make_unique<Private>(std::move(context))) { }

ChatStream::~ChatStream() = default;

QByteArray ChatStream::feed(QByteArrayView bytes)
{
    d->reader.feed(bytes);
    return d->sink.take();
}

QByteArray ChatStream::finish()
{
    d->reader.finish();
    return d->sink.take();
}

StreamTranslator::State ChatStream::state() const
{
    return d->reader.state();
}

const ApiError &ChatStream::error() const
{
    return d->reader.error();
}

const Usage &ChatStream::usage() const
{
    return d->reader.answer().usage();
}

QByteArray ChatStream::stopReason() const
{
    return d->reader.answer().stopReason();
}

QByteArray ChatStream::upstreamModel() const
{
    return d->reader.answer().upstreamModel();
}

} // namespace Switchyard
