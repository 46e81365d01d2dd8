// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArrayView>

namespace Switchyard {

enum class BodyKind {
    Unknown, // only blanks so far
    Json,
    EventStream,
    Other, // HTML, plain text: no answer of an API
};

// What an upstream's body is, by its first bytes; the content type decides only where they do not.
BodyKind bodyKind(QByteArrayView contentType, QByteArrayView start);

} // namespace Switchyard
