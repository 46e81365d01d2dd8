// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/exchange/endpoints.h"

#include <QByteArrayList>

#include <array>

namespace Switchyard {

namespace {

struct Entry
{
    const char *method;
    const char *path; // a path that ends with '/' takes one more part as its argument
    Endpoint endpoint;
};

constexpr std::array entries{
    Entry{"POST", "/v1/messages", Endpoint::CreateMessage},
    Entry{"POST", "/v1/messages/stream", Endpoint::StreamMessage},
    Entry{"POST", "/v1/messages/count_tokens", Endpoint::CountTokens},
    Entry{"GET", "/v1/models", Endpoint::ListModels},
    Entry{"GET", "/v1/models/", Endpoint::GetModel},
    Entry{"HEAD", "/", Endpoint::Root},
    Entry{"GET", "/", Endpoint::Root},
    Entry{"HEAD", "/api/hello", Endpoint::Hello},
    Entry{"GET", "/health", Endpoint::Health},
    Entry{"GET", "/status", Endpoint::Status},
    Entry{"GET", "/metrics", Endpoint::Metrics},
};

bool matches(const Entry &entry, QByteArrayView path)
{
    const QByteArrayView pattern(entry.path);
    if (pattern.size() == 1 || !pattern.endsWith('/'))
        return path == pattern;
    return path.size() > pattern.size() && path.startsWith(pattern);
}

} // namespace

std::variant<Route, NoRoute> findRoute(QByteArrayView method, QByteArrayView path)
{
    QByteArrayList allowed;
    for (const Entry &entry : entries) {
        if (!matches(entry, path))
            continue;
        if (method == QByteArrayView(entry.method)) {
            const QByteArrayView pattern(entry.path);
            QByteArray argument;
            if (path.size() > pattern.size())
                argument =
                    QByteArray::fromPercentEncoding(path.sliced(pattern.size()).toByteArray());
            return Route{entry.endpoint, argument};
        }
        allowed.append(entry.method);
    }
    NoRoute none;
    if (allowed.isEmpty()) {
        none.error = ApiError::withStatus(404,
                                          "There is nothing at " + path.toByteArray()
                                              + "; the Messages API is at /v1/messages.");
    } else {
        none.allow = allowed.join(", ");
        none.error = ApiError::withStatus(405,
                                          method.toByteArray() + " is not allowed at "
                                              + path.toByteArray() + "; use " + none.allow + '.');
    }
    none.error.shouldRetry = false;
    return none;
}

} // namespace Switchyard
