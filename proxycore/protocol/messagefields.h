// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/protocol/messagesrequest.h"
#include "proxycore/protocol/usage.h"

#include <QByteArray>

#include <simdjson.h>

namespace Switchyard {

// A usage object of the Messages API; OpenRouter adds `cost`. Null and absent are unknown.
Usage readUsage(simdjson::ondemand::value value);

// A string value decoded; empty for null and for anything that is no string.
QByteArray readText(simdjson::ondemand::value value);

// `json` with the bytes of `range` replaced by `text` as a JSON string.
QByteArray withString(QByteArrayView json, ByteRange range, QByteArrayView text);

} // namespace Switchyard
