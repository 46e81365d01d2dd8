// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/chat/reasoningtag.h"

#include "proxycore/protocol/jsoncheck.h"

namespace Switchyard {

namespace {

constexpr QByteArrayView prefix = "switchyard-v1.";
constexpr auto encoding = QByteArray::Base64UrlEncoding | QByteArray::OmitTrailingEquals;

} // namespace

QByteArray writeReasoningTag(const ReasoningTag &tag)
{
    return prefix.toByteArray() + tag.family + '.' + tag.members.toBase64(encoding);
}

std::optional<ReasoningTag> readReasoningTag(QByteArrayView signature)
{
    if (!isReasoningTag(signature))
        return std::nullopt;
    const QByteArrayView rest = signature.sliced(prefix.size());
    const qsizetype dot = rest.lastIndexOf('.');
    if (dot < 0)
        return std::nullopt;
    const auto decoded = QByteArray::fromBase64Encoding(
        rest.sliced(dot + 1).toByteArray(), encoding | QByteArray::AbortOnBase64DecodingErrors);
    if (!decoded)
        return std::nullopt;
    // It goes into the request as it is, and has been in the hands of the client.
    const QByteArray &members = *decoded;
    if (!members.isEmpty() && !isJsonObject('{' + members + '}'))
        return std::nullopt;
    return ReasoningTag{rest.first(dot).toByteArray(), members};
}

bool isReasoningTag(QByteArrayView signature)
{
    return signature.startsWith(prefix);
}

} // namespace Switchyard
