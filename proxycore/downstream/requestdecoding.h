// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/protocol/result.h"

#include <QByteArray>

namespace Switchyard {

// Undoes the Content-Encoding of a request body. Known are none, `identity` and `gzip`; others are
// 415. The decoded size is held to `maxBytes` (413) while inflating, so that a small body cannot
// become a large one.
Result<QByteArray> decodeRequestBody(QByteArray body, QByteArrayView contentEncoding,
                                     qsizetype maxBytes);

} // namespace Switchyard
