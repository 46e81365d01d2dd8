// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/protocol/apierror.h"

#include <QByteArray>

#include <variant>

namespace Switchyard {

enum class Endpoint {
    CreateMessage,
    StreamMessage, // as CreateMessage, always streamed
    CountTokens,
    ListModels,
    GetModel,
    Root,
    Hello,
    Health,
    Status,
    Metrics,
};

struct Route
{
    Endpoint endpoint;
    QByteArray argument; // the last part of the path, decoded, where the endpoint has one
};

// 404, or 405 with the methods the path knows.
struct NoRoute
{
    ApiError error;
    QByteArray allow; // value of `Allow`; empty for 404
};

// Finds the endpoint of a path without its query.
std::variant<Route, NoRoute> findRoute(QByteArrayView method, QByteArrayView path);

} // namespace Switchyard
