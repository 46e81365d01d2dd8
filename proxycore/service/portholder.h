// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QHostAddress>

#include <optional>

namespace Switchyard {

struct PortHolder
{
    qint64 pid = 0; // 0: the process is another user's and cannot be seen
    QByteArray name;
};

// Who listens on a TCP port so that it cannot be had at this address too, where the system tells it
// cheaply: on Linux.
std::optional<PortHolder> findPortHolder(const QHostAddress &address, quint16 port);

} // namespace Switchyard
