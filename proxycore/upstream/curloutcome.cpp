// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/upstream/curloutcome.h"

#include "proxycore/upstream/origin.h"

#include <cerrno>
#include <cstring>

namespace Switchyard {

namespace {

QByteArray seconds(int milliseconds)
{
    return QByteArray::number(milliseconds / 1000.0, 'g', 4) + " s";
}

QByteArray hostOf(const QByteArray &label)
{
    return label.first(label.lastIndexOf(':') < 0 ? label.size() : label.lastIndexOf(':'));
}

QByteArray quoted(const QByteArray &words)
{
    return words.isEmpty() ? words : " (" + words + ')';
}

UpstreamOutcome proxyRefused(const TransferEnd &end)
{
    UpstreamOutcome outcome;
    outcome.failure = UpstreamFailure::Proxy;
    if (end.proxyStatus == 407) {
        outcome.detail = "the proxy " + end.proxy
            + " asks for a user name and password (407); put them into the proxy URL";
    } else if (end.proxyStatus > 0) {
        outcome.detail = "the proxy " + end.proxy + " refused the way to " + end.origin
            + " with status " + QByteArray::number(end.proxyStatus);
    } else {
        outcome.detail = "the proxy " + end.proxy + " could not be used on the way to " + end.origin
            + quoted(end.curlMessage);
    }
    return outcome;
}

UpstreamOutcome connectFailed(const TransferEnd &end)
{
    if (!end.proxy.isEmpty()) {
        UpstreamOutcome outcome;
        outcome.failure = UpstreamFailure::Proxy;
        outcome.detail = end.osError == ECONNREFUSED
            ? "connection refused by the proxy " + end.proxy + "; check the proxy setting"
            : "no connection to the proxy " + end.proxy + "; check the proxy setting";
        return outcome;
    }
    UpstreamOutcome outcome;
    outcome.failure = UpstreamFailure::Connect;
    if (end.osError == ECONNREFUSED)
        outcome.detail = "connection refused by " + end.origin;
    else if (end.osError == ENETUNREACH || end.osError == EHOSTUNREACH)
        outcome.detail = end.origin + " cannot be reached from this network";
    else
        outcome.detail = "no connection to " + end.origin + quoted(end.curlMessage);
    return outcome;
}

UpstreamOutcome tlsFailed(const TransferEnd &end)
{
    UpstreamOutcome outcome;
    outcome.failure = UpstreamFailure::Tls;
    const QByteArray peer =
        end.code == CURLE_SSL_CACERT_BADFILE ? QByteArray() : "with " + end.origin;
    switch (end.code) {
    case CURLE_SSL_CACERT_BADFILE:
        outcome.detail = end.extraCaFile.isEmpty()
            ? QByteArrayLiteral("the system's certificate store cannot be read")
            : "the extra CA file " + end.extraCaFile + " cannot be read as PEM certificates";
        outcome.detail += ", so " + end.origin + " cannot be verified";
        break;
    case CURLE_PEER_FAILED_VERIFICATION:
        outcome.detail = "the certificate of " + end.origin + " was not accepted"
            + quoted(end.curlMessage)
            + "; if a company proxy re-signs traffic, name its CA as the extra CA file";
        break;
    default:
        outcome.detail = "no TLS connection " + peer + quoted(end.curlMessage);
    }
    return outcome;
}

UpstreamOutcome connectionBroke(const TransferEnd &end)
{
    UpstreamOutcome outcome;
    outcome.failure = UpstreamFailure::Reset;
    outcome.detail = end.origin
        + (end.headReceived ? " broke the connection in the middle of the answer"
                            : " closed the connection before answering");
    return outcome;
}

} // namespace

UpstreamOutcome outcomeOf(const TransferEnd &end)
{
    if (end.code == CURLE_OK)
        return {};

    UpstreamOutcome outcome;
    switch (end.code) {
    case CURLE_COULDNT_RESOLVE_PROXY:
        outcome.failure = UpstreamFailure::Proxy;
        outcome.detail =
            "the name of the proxy " + end.proxy + " has no address; check the proxy setting";
        return outcome;
    case CURLE_PROXY:
        return proxyRefused(end);
    case CURLE_COULDNT_RESOLVE_HOST:
        outcome.failure = UpstreamFailure::Resolve;
        outcome.detail = "the name " + hostOf(end.origin)
            + " has no address; check the base URL and this machine's network";
        return outcome;
    case CURLE_COULDNT_CONNECT:
        return connectFailed(end);
    case CURLE_OPERATION_TIMEDOUT:
        if (!end.nameResolved) {
            outcome.failure = UpstreamFailure::Resolve;
            outcome.detail = "the name " + hostOf(end.proxy.isEmpty() ? end.origin : end.proxy)
                + " was not resolved within " + seconds(end.connectTimeoutMs);
            return outcome;
        }
        outcome.failure = UpstreamFailure::Connect;
        outcome.detail = connectTimeoutDetail(end.origin, end.proxy, end.connectTimeoutMs);
        return outcome;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ENGINE_INITFAILED:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
        return tlsFailed(end);
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_PARTIAL_FILE:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
    case CURLE_SEND_FAIL_REWIND:
    case CURLE_ABORTED_BY_CALLBACK:
        if (!end.requestStarted && !end.proxy.isEmpty())
            return proxyRefused(end);
        return connectionBroke(end);
    case CURLE_URL_MALFORMAT:
        outcome.failure = UpstreamFailure::Connect;
        outcome.detail = "the address of the upstream is not a valid URL; check the base URL";
        return outcome;
    case CURLE_BAD_CONTENT_ENCODING:
        outcome.failure = UpstreamFailure::Protocol;
        outcome.detail = end.origin + " sent a body that its content-encoding does not describe";
        return outcome;
    default:
        outcome.failure = UpstreamFailure::Protocol;
        outcome.detail = end.origin + " did not answer in HTTP"
            + quoted(end.curlMessage.isEmpty() ? QByteArray(curl_easy_strerror(end.code))
                                               : end.curlMessage);
        return outcome;
    }
}

QByteArray connectTimeoutDetail(const QByteArray &origin, const QByteArray &proxy, int limitMs)
{
    const QByteArray way = proxy.isEmpty() ? QByteArray() : " through the proxy " + proxy;
    return "no connection to " + origin + way + " within " + seconds(limitMs);
}

QByteArray firstByteTimeoutDetail(const QByteArray &origin, int limitMs)
{
    return origin + " did not begin to answer within " + seconds(limitMs);
}

QByteArray silenceTimeoutDetail(const QByteArray &origin, int limitMs)
{
    return origin + " sent nothing for " + seconds(limitMs) + " in the middle of the answer";
}

QByteArray redirectDetail(const QByteArray &origin, int status, QByteArrayView location)
{
    QByteArray target;
    if (const auto to = parseOrigin(location))
        target = " to " + to->label();
    return origin + " answered with a redirect" + target + " (" + QByteArray::number(status)
        + "), as login pages do; check the base URL and the credential";
}

} // namespace Switchyard
