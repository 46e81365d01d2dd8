// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QJsonObject>

namespace Switchyard {

// Heads of the columns of rowText().
QByteArray rowTextHead();

// One row of `logs` as an aligned line for people, UTF-8, without a line end; the time is local.
// Unknown values are "-". `row` has the members of `logs --json`.
QByteArray rowText(const QJsonObject &row);

} // namespace Switchyard
