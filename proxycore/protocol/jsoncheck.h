// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

#include <simdjson.h>

namespace Switchyard {

// Reads JSON with simdjson's ondemand interface and checks every byte of it on the way: ondemand by
// itself looks only at what it is asked for, and its string decoder refuses lone surrogates, which
// JavaScript clients do send. Numbers of any size and precision are accepted.
//
// The functions return false at the first fault; faultAt() is then near it. Calling on after a
// fault is not allowed.
class JsonCheck
{
public:
    // A document nested deeper than this is refused.
    static constexpr int maxDepth = 512;

    // Reads the value to its end.
    bool value(simdjson::ondemand::value value, int depth = 0);
    bool object(simdjson::ondemand::object object, int depth = 0);
    // Reads the key of a field; `key` is decoded and lives until the next iteration of its object.
    bool key(simdjson::ondemand::field &field, QByteArrayView *key);
    // The token of a value that is no object and no array; the value itself is not taken.
    bool scalar(QByteArrayView token);

    const char *faultAt() const { return m_faultAt; }
    // One short phrase, e.g. "it is malformed"; see also describeJsonError().
    const char *reason() const { return m_reason; }
    bool fail(const char *at, const char *reason = "it is malformed");

private:
    bool stringBody(const char *begin, const char *end);

    const char *m_faultAt = nullptr;
    const char *m_reason = "it is malformed";
};

// The token of a value without the white space behind it: a whole string with its quotes, number,
// true, false or null; for an object or array the opening bracket alone.
QByteArrayView jsonToken(simdjson::ondemand::value &value);

// What simdjson found wrong, as the end of the sentence "… is not valid JSON: ".
const char *describeJsonError(simdjson::error_code code);

// A copy of `json` with the bytes behind it that simdjson may read.
class PaddedJson
{
public:
    explicit PaddedJson(QByteArrayView json);
    simdjson::padded_string_view view() const;
    const char *data() const { return m_json.constData(); }

private:
    QByteArray m_json;
};

// The bytes themselves, after ensureJsonPadding().
simdjson::padded_string_view paddedView(const QByteArray &json);

// Whether nothing stands behind the root value, which must have been read to its end.
bool atJsonEnd(simdjson::ondemand::document &document);

// Whether `json` is exactly one JSON value of kind object.
bool isJsonObject(QByteArrayView json);
bool isJsonObject(simdjson::padded_string_view json);

} // namespace Switchyard
