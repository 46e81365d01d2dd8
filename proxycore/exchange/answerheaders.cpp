// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/exchange/answerheaders.h"

namespace Switchyard {

namespace {

bool passes(QByteArrayView name)
{
    constexpr QByteArrayView rateLimit = "anthropic-ratelimit-";
    return sameHeaderName(name, "retry-after") || sameHeaderName(name, "retry-after-ms")
        || sameHeaderName(name, "x-should-retry")
        || (name.size() > rateLimit.size()
            && sameHeaderName(name.first(rateLimit.size()), rateLimit));
}

} // namespace

Headers makeAnswerHeaders(const ExchangeRecord &record, const Headers &upstream,
                          QByteArrayView contentType)
{
    Headers headers;
    headers.add(QByteArrayLiteral("content-type"), contentType.toByteArray());
    const QByteArray upstreamId = upstream.value("request-id");
    headers.add(QByteArrayLiteral("request-id"),
                upstreamId.isEmpty() ? record.requestId : upstreamId);
    if (!record.backend.isEmpty())
        headers.add(QByteArrayLiteral("x-switchyard-backend"), record.backend);
    if (!record.upstreamModel.isEmpty())
        headers.add(QByteArrayLiteral("x-switchyard-model"), record.upstreamModel);
    headers.add(QByteArrayLiteral("x-switchyard-attempts"), QByteArray::number(record.attempts));
    headers.add(QByteArrayLiteral("x-switchyard-adjustments"),
                QByteArray::number(qlonglong(record.adjustments.size())));
    for (const Header &field : upstream) {
        if (passes(field.name))
            headers.add(field.name.toLower(), field.value);
    }
    return headers;
}

} // namespace Switchyard
