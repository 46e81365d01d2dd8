// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/downstream/access.h"

#include <QHostInfo>

namespace Switchyard {

namespace {

// Host without its port: "[::1]:4000" → "::1". Empty when it is malformed.
QByteArray hostName(QByteArrayView host)
{
    QByteArrayView name = host;
    QByteArrayView port;
    if (host.startsWith('[')) {
        const qsizetype end = host.indexOf(']');
        if (end < 0)
            return {};
        name = host.sliced(1, end - 1);
        port = host.sliced(end + 1);
    } else if (const qsizetype colon = host.indexOf(':'); colon >= 0) {
        name = host.first(colon);
        port = host.sliced(colon);
    }
    if (!port.isEmpty()) {
        bool isNumber = false;
        port.sliced(1).toByteArray().toUShort(&isNumber);
        if (!port.startsWith(':') || !isNumber)
            return {};
    }
    return name.toByteArray().toLower();
}

bool isOurHost(QByteArrayView host, const QHostAddress &listenAddress)
{
    const QByteArray name = hostName(host);
    if (name.isEmpty())
        return false;
    if (name == "localhost")
        return true;
    const QHostAddress address(QString::fromLatin1(name));
    if (listenAddress.isLoopback())
        return address.isLoopback();
    // Rebinding needs a name; an address written out cannot be rebound.
    if (!address.isNull())
        return true;
    return name == QHostInfo::localHostName().toLower().toLatin1()
        || name == "host.docker.internal";
}

bool isOurOrigin(QByteArrayView origin, const QHostAddress &listenAddress, quint16 listenPort)
{
    constexpr QByteArrayView scheme = "http://";
    if (!origin.startsWith(scheme))
        return false;
    const QByteArrayView host = origin.sliced(scheme.size());
    return host.endsWith(QByteArray(":" + QByteArray::number(listenPort)))
        && isOurHost(host, listenAddress);
}

bool needsNoToken(const InboundRequest &request)
{
    if (request.method == "HEAD")
        return request.path == "/" || request.path == "/api/hello";
    return request.method == "GET" && request.path == "/health";
}

QByteArrayView bearerToken(QByteArrayView authorization)
{
    constexpr QByteArrayView scheme = "bearer ";
    if (authorization.size() <= scheme.size()
        || authorization.first(scheme.size()).compare(scheme, Qt::CaseInsensitive) != 0)
        return {};
    return authorization.sliced(scheme.size()).trimmed();
}

ApiError refusal(int status, const QByteArray &sentence)
{
    ApiError error = ApiError::withStatus(status, sentence);
    error.shouldRetry = false;
    return error;
}

} // namespace

std::optional<ApiError> refuseAccess(const InboundRequest &request, const AccessRules &rules,
                                     const QHostAddress &listenAddress, quint16 listenPort)
{
    const QByteArray host = request.headers.value("host");
    const bool hostMissing = request.http10 && !request.headers.contains("host");
    if (!hostMissing && !isOurHost(host, listenAddress)) {
        return refusal(403,
                       "The Host of the request is not this machine; use the address "
                       "Switchyard shows, e.g. http://127.0.0.1:"
                           + QByteArray::number(listenPort) + ".");
    }
    if (request.headers.contains("origin")
        && !isOurOrigin(request.headers.value("origin"), listenAddress, listenPort)) {
        return refusal(403, "Requests from web pages are refused.");
    }
    if (!rules.tokenRequired || needsNoToken(request))
        return std::nullopt;

    const QByteArray authorization = request.headers.value("authorization");
    const QByteArray apiKey = request.headers.value("x-api-key");
    const bool known = !rules.token.isEmpty()
        && (rules.token.matches(bearerToken(authorization)) || rules.token.matches(apiKey));
    if (known)
        return std::nullopt;
    if (authorization.isEmpty() && apiKey.isEmpty()) {
        return refusal(401,
                       "The local token is missing; `switchyard env` prints the variables that "
                       "carry it.");
    }
    return refusal(401, "The local token is wrong; `switchyard env` prints the right one.");
}

} // namespace Switchyard
