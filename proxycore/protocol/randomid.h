// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

namespace Switchyard {

// `prefix` followed by 24 letters and digits, unique for all practical purposes, e.g.
// "req_" → req_7Hk2… as the Messages API writes its ids.
QByteArray randomId(QByteArrayView prefix);

} // namespace Switchyard
