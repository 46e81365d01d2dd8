// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/protocol/upstreamerror.h"

#include "proxycore/protocol/contextoverflow.h"
#include "proxycore/protocol/jsoncheck.h"

#include <QByteArrayList>
#include <QString>

#include <algorithm>
#include <array>
#include <charconv>

namespace Switchyard {

namespace {

namespace dom = simdjson::dom;

// A message inside a message inside `metadata.raw`: deeper than this nobody nests.
constexpr int maxUnwrap = 4;

struct KnownKind
{
    const char *kind;
    int status;
    const char *type;
};

// OpenRouter's `error_type`; the same words come from others too.
constexpr std::array knownKinds{
    KnownKind{"authentication", 401, "authentication_error"},
    KnownKind{"permission_denied", 403, "permission_error"},
    KnownKind{"payment_required", 402, "billing_error"},
    KnownKind{"insufficient_quota", 429, "rate_limit_error"},
    KnownKind{"not_found", 404, "not_found_error"},
    KnownKind{"image_not_found", 404, "not_found_error"},
    KnownKind{"rate_limit_exceeded", 429, "rate_limit_error"},
    KnownKind{"provider_overloaded", 503, "overloaded_error"},
    KnownKind{"provider_unavailable", 502, "api_error"},
    KnownKind{"timeout", 504, "timeout_error"},
    KnownKind{"payload_too_large", 413, "request_too_large"},
    KnownKind{"unprocessable", 422, "invalid_request_error"},
    KnownKind{"precondition_failed", 412, "invalid_request_error"},
    KnownKind{"context_length_exceeded", 400, "invalid_request_error"},
    KnownKind{"max_tokens_exceeded", 400, "invalid_request_error"},
    KnownKind{"token_limit_exceeded", 400, "invalid_request_error"},
    KnownKind{"string_too_long", 400, "invalid_request_error"},
    KnownKind{"invalid_request", 400, "invalid_request_error"},
    KnownKind{"invalid_prompt", 400, "invalid_request_error"},
    KnownKind{"content_policy_violation", 400, "invalid_request_error"},
    KnownKind{"refusal", 400, "invalid_request_error"},
    KnownKind{"invalid_image", 400, "invalid_request_error"},
    KnownKind{"image_too_large", 400, "invalid_request_error"},
    KnownKind{"image_too_small", 400, "invalid_request_error"},
    KnownKind{"unsupported_image_format", 400, "invalid_request_error"},
    KnownKind{"image_download_failed", 400, "invalid_request_error"},
    KnownKind{"server", 500, "api_error"},
    KnownKind{"unmapped", 500, "api_error"},
};

const KnownKind *findKind(QByteArrayView kind)
{
    for (const KnownKind &known : knownKinds) {
        if (kind == QByteArrayView(known.kind))
            return &known;
    }
    return nullptr;
}

constexpr std::array messagesTypes{
    "invalid_request_error", "authentication_error", "billing_error",
    "permission_error",      "not_found_error",      "conflict_error",
    "request_too_large",     "rate_limit_error",     "api_error",
    "timeout_error",         "overloaded_error",
};

bool isMessagesType(QByteArrayView type)
{
    return std::any_of(messagesTypes.begin(), messagesTypes.end(),
                       [&](const char *known) { return type == QByteArrayView(known); });
}

// A string member; LiteLLM writes the word None where there is nothing.
QByteArray text(const dom::object &object, std::string_view name)
{
    std::string_view value;
    if (object[name].get_string().get(value) || value == "None")
        return {};
    return QByteArray(value.data(), qsizetype(value.size()));
}

// A status may be a number, or a number in a string.
std::optional<int> statusIn(const dom::object &object, std::string_view name)
{
    std::int64_t number = 0;
    if (object[name].get_int64().get(number)) {
        const QByteArray digits = text(object, name);
        const auto parsed = std::from_chars(digits.begin(), digits.end(), number);
        if (digits.isEmpty() || parsed.ec != std::errc() || parsed.ptr != digits.end())
            return std::nullopt;
    }
    if (number < 400 || number > 599)
        return std::nullopt;
    return int(number);
}

QByteArray excerpt(QByteArrayView bytes, qsizetype maxLength)
{
    // Also replaces what is not UTF-8, so that it can stand in our JSON.
    const QString whole =
        QString::fromUtf8(bytes.first(qMin(bytes.size(), maxLength * 8))).simplified();
    if (whole.size() <= maxLength)
        return whole.toUtf8();
    return whole.first(maxLength).toUtf8() + "…";
}

QByteArray unwrapped(const QByteArray &message, int depth);

void readObject(const dom::object &object, UpstreamError &error, int depth)
{
    if (error.kind.isEmpty())
        error.kind = text(object, "error_type");
    if (error.kind.isEmpty() && !statusIn(object, "code"))
        error.kind = text(object, "code");
    for (const std::string_view name : {"code", "http_status", "status", "status_code"}) {
        if (!error.status)
            error.status = statusIn(object, name);
    }
    const QByteArray type = text(object, "type");
    if (error.type.isEmpty() && (isMessagesType(type) || (error.messagesShape && !type.isEmpty())))
        error.type = type;
    else if (error.kind.isEmpty())
        error.kind = type;

    error.message = unwrapped(text(object, "message"), depth);

    dom::object availability;
    if (!object["availability"].get_object().get(availability)) {
        bool retryable = false;
        if (!availability["retryable"].get_bool().get(retryable))
            error.retryable = retryable;
        if (error.kind.isEmpty())
            error.kind = text(availability, "code");
    }

    dom::object metadata;
    if (object["metadata"].get_object().get(metadata))
        return;
    if (error.kind.isEmpty())
        error.kind = text(metadata, "error_type");
    QByteArray detail;
    dom::element raw;
    if (!metadata["raw"].get(raw)) {
        if (raw.is_string())
            detail = unwrapped(text(metadata, "raw"), depth);
        else if (raw.is_object())
            detail = unwrapped(QByteArray::fromStdString(simdjson::minify(raw)), depth);
    }
    dom::array reasons;
    if (detail.isEmpty() && !metadata["reasons"].get_array().get(reasons)) {
        QByteArrayList words;
        for (const dom::element reason : reasons) {
            std::string_view word;
            if (!reason.get_string().get(word))
                words.append(QByteArray(word.data(), qsizetype(word.size())));
        }
        detail = words.join(", ");
    }
    if (detail.isEmpty() || error.message.contains(detail))
        return;
    const QByteArray provider = text(metadata, "provider_name");
    if (!provider.isEmpty() && !error.message.contains(provider))
        error.message += " (" + provider + ')';
    if (!error.message.isEmpty())
        error.message += ": ";
    error.message += excerpt(detail, 2000);
}

std::optional<UpstreamError> readBody(QByteArrayView body, int depth)
{
    const PaddedJson padded(body);
    dom::parser parser;
    dom::object root;
    if (parser.parse(padded.data(), std::size_t(body.size()), false).get_object().get(root))
        return std::nullopt;

    UpstreamError error;
    dom::element inner;
    if (root["error"].get(inner)) {
        // Databricks: {"error_code","message"}; also {"message"} or {"detail"} alone.
        error.kind = text(root, "error_code");
        error.status = statusIn(root, "status");
        error.message = unwrapped(text(root, "message"), depth);
        if (error.message.isEmpty())
            error.message = unwrapped(text(root, "detail"), depth);
        if (error.message.isEmpty() && error.kind.isEmpty())
            return std::nullopt;
        return error;
    }
    dom::object object;
    if (!inner.get_object().get(object)) {
        error.messagesShape = text(root, "type") == "error" && !text(object, "type").isEmpty()
            && !text(object, "message").isEmpty();
        readObject(object, error, depth);
    } else {
        error.message = unwrapped(text(root, "error"), depth);
        const QByteArray description = text(root, "error_description");
        if (!description.isEmpty())
            error.message += ": " + description;
        dom::element external;
        if (!root["external_model_message"].get(external)) {
            const QByteArray said =
                unwrapped(QByteArray::fromStdString(simdjson::minify(external)), depth);
            error.message += ": " + said;
        }
    }
    if (error.message.isEmpty())
        error.message = unwrapped(text(root, "message"), depth);
    if (error.message.isEmpty() && inner.is_null())
        return std::nullopt;
    return error;
}

QByteArray unwrapped(const QByteArray &message, int depth)
{
    if (depth >= maxUnwrap || !message.trimmed().startsWith('{'))
        return message;
    const std::optional<UpstreamError> inner = readBody(message, depth + 1);
    return inner && !inner->message.isEmpty() ? inner->message : message;
}

QByteArray pageTitle(const QByteArray &page)
{
    const QByteArray lower = page.toLower();
    const qsizetype tag = lower.indexOf("<title");
    const qsizetype begin = tag < 0 ? -1 : lower.indexOf('>', tag);
    const qsizetype end = begin < 0 ? -1 : lower.indexOf("</title", begin);
    if (end < 0)
        return {};
    return excerpt(QByteArrayView(page).sliced(begin + 1, end - begin - 1), 120);
}

// For a body that is no JSON: what came, in one sentence.
QByteArray describeBody(int status, QByteArrayView body, QByteArrayView upstream)
{
    const QByteArray who = upstream.toByteArray() + " answered " + QByteArray::number(status);
    const QByteArray start =
        body.first(qMin<qsizetype>(body.size(), 64 * 1024)).toByteArray().trimmed();
    if (start.isEmpty()) {
        const QByteArray remedy =
            status == 401 || status == 403 ? "; check its API key and what that key may do." : ".";
        return who + " without an explanation" + remedy;
    }
    if (start.startsWith('<')) {
        const QByteArray title = pageTitle(start);
        return who + " with a web page instead of an API answer"
            + (title.isEmpty() ? QByteArray() : " (" + title + ')')
            + "; check the base URL and any proxy in between.";
    }
    return who + (status < 400 ? " with something that is no API answer: " : ": ")
        + excerpt(start, 300);
}

// 408 and Cloudflare's 52x have no place in the Messages API.
int messagesStatus(int status)
{
    return status == 408 || status == 522 || status == 524 ? 504 : status;
}

// Limits of rates and money speak of tokens, too.
bool mayBeOverflow(int status)
{
    return status == 400 || status == 413 || status == 422 || status >= 500;
}

} // namespace

std::optional<UpstreamError> readUpstreamError(QByteArrayView body)
{
    return readBody(body, 0);
}

ApiError upstreamApiError(int status, const Headers &headers, QByteArrayView body,
                          QByteArrayView upstream)
{
    const UpstreamError said = readUpstreamError(body).value_or(UpstreamError());
    const KnownKind *const kind = findKind(said.kind);

    int effective = status;
    if (effective < 400) {
        if (!said.type.isEmpty())
            effective = statusForErrorType(said.type);
        else if (said.status)
            effective = *said.status;
        else
            effective = kind ? kind->status : 502;
    }
    effective = messagesStatus(effective);

    ApiError error = ApiError::withStatus(effective, said.message);
    if (!said.type.isEmpty())
        error.type = said.type;
    else if (kind)
        error.type = kind->type;
    if (error.message.isEmpty())
        error.message = describeBody(status, body, upstream);
    if (mayBeOverflow(effective)) {
        if (const auto worded = overflowSentence(error.message, said.kind)) {
            error.message = *worded;
            error.status = 400;
            error.type = "invalid_request_error";
        }
    }

    const QByteArray shouldRetry = headers.value("x-should-retry");
    if (shouldRetry == "true" || shouldRetry == "false")
        error.shouldRetry = shouldRetry == "true";
    else if (said.retryable)
        error.shouldRetry = said.retryable;
    else if (effective == 401 || effective == 402)
        // The credential is ours, not the client's: asking again cannot help, and clients would ask
        // for most of a minute.
        error.shouldRetry = false;
    return error;
}

} // namespace Switchyard
