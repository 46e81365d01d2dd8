// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

#include <optional>

namespace Switchyard {

struct PortHolder
{
    qint64 pid = 0;
    QByteArray name;
};

// The process that listens on a TCP port of this machine, where the system tells it cheaply: Linux,
// and only for processes whose descriptors we may see.
std::optional<PortHolder> findPortHolder(quint16 port);

} // namespace Switchyard
