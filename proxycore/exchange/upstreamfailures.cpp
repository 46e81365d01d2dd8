// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/exchange/upstreamfailures.h"

namespace Switchyard {

ApiError errorForFailure(const UpstreamOutcome &outcome, const QByteArray &backend)
{
    const auto sentence = [&](const QByteArray &what) {
        QByteArray text = backend + what;
        if (!outcome.detail.isEmpty())
            text += " (" + outcome.detail + ')';
        return text + '.';
    };
    const auto bad = [](int status, QByteArray message, std::optional<bool> retry = std::nullopt) {
        ApiError error = ApiError::withStatus(status, std::move(message));
        error.shouldRetry = retry;
        return error;
    };
    switch (outcome.failure) {
    case UpstreamFailure::Resolve:
        return bad(502, sentence(" cannot be reached: its host name has no address"));
    case UpstreamFailure::Connect:
        return bad(502, sentence(" cannot be reached: no connection"));
    case UpstreamFailure::Proxy:
        return bad(502, sentence(" cannot be reached: the proxy refused"));
    case UpstreamFailure::Tls:
        // A certificate does not become valid by asking again.
        return bad(502, sentence(" cannot be trusted: the TLS connection failed"), false);
    case UpstreamFailure::Redirect:
        return bad(502, sentence(" answered with a redirect; check the base URL"), false);
    case UpstreamFailure::Protocol:
        return bad(502, sentence(" did not answer in HTTP"));
    case UpstreamFailure::FirstByteTimeout:
        return bad(504, sentence(" did not begin to answer in time"));
    case UpstreamFailure::SilenceTimeout:
        return bad(504, sentence(" stopped sending in the middle of its answer"));
    case UpstreamFailure::Reset:
    case UpstreamFailure::None:
        break;
    }
    return bad(502,
               sentence(outcome.headReceived ? " broke the connection in the middle of its answer"
                                             : " broke the connection before it answered"));
}

AttemptFailure attemptFailure(const UpstreamOutcome &outcome)
{
    switch (outcome.failure) {
    case UpstreamFailure::Resolve:
    case UpstreamFailure::Connect:
        return {AttemptFailure::Kind::Connect, 0, std::nullopt};
    default:
        return {AttemptFailure::Kind::Other, 0, std::nullopt};
    }
}

ApiError notAnApiAnswer(QByteArrayView body, QByteArrayView contentType, const QByteArray &backend)
{
    constexpr qsizetype excerptLength = 120;
    QByteArray excerpt = body.first(qMin(body.size(), excerptLength)).toByteArray().simplified();
    // What is cut in the middle of a character would make the whole sentence invalid.
    excerpt = QString::fromUtf8(excerpt).toUtf8();
    QByteArray message = backend + " answered 200 with ";
    if (body.isEmpty())
        message += "nothing in it";
    else
        message +=
            (contentType.isEmpty() ? QByteArray("no content type") : contentType.toByteArray())
            + " where an answer of the API was expected";
    if (!excerpt.isEmpty())
        message += ": " + excerpt;
    return ApiError::withStatus(502, message + '.');
}

} // namespace Switchyard
