// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

#include <optional>

namespace Switchyard {

// The names every backend's model map understands, in the shape of the Messages API's model list.
// `query` may hold limit, after_id and before_id.
QByteArray modelList(QByteArrayView query);
// One of them; empty when the name is not in the list.
std::optional<QByteArray> modelDescription(QByteArrayView id);

} // namespace Switchyard
