// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

#include <optional>

namespace Switchyard {

// The Messages API has one opaque `signature` per thinking block. Claude's own signature is used as
// it is. What any other model needs back (ids, formats, encrypted content) is carried in a
// signature of our making, which also tells whose it is:
//     switchyard-v1.FAMILY.BASE64URL(members of a reasoning_details entry)
// Without members it marks reasoning that came as plain text.
struct ReasoningTag
{
    QByteArray family; // as chatModelFamily()
    QByteArray members; // JSON members without braces; `"type"` is the first
};

QByteArray writeReasoningTag(const ReasoningTag &tag);
// Empty when the signature is not of our making.
std::optional<ReasoningTag> readReasoningTag(QByteArrayView signature);
// Whether a signature, or the data of a redacted block, is of our making and so means nothing to
// Anthropic's servers.
bool isReasoningTag(QByteArrayView signature);

} // namespace Switchyard
