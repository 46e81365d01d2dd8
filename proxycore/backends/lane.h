// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

#include <optional>

namespace Switchyard {

// How a body travels. Local is the answer made here, without an upstream.
enum class Lane { Native, Chat, Local };

inline QByteArray laneName(Lane lane)
{
    switch (lane) {
    case Lane::Native:
        return "native";
    case Lane::Chat:
        return "chat";
    case Lane::Local:
        break;
    }
    return "local";
}

// "native" or "chat"; nothing else can be chosen.
inline std::optional<Lane> laneFromName(QByteArrayView name)
{
    if (name == "native")
        return Lane::Native;
    if (name == "chat")
        return Lane::Chat;
    return std::nullopt;
}

} // namespace Switchyard
