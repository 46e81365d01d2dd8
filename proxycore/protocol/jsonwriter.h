// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

#include <concepts>

namespace Switchyard {

// Append-only writer of compact JSON. Commas are put by the writer; nesting is the caller's duty.
// Values that need not change are copied as the bytes they were (`raw`).
class JsonWriter
{
public:
    JsonWriter() = default;
    // Appends to `start`; useful to reserve the size in advance.
    explicit JsonWriter(QByteArray start) : m_out(std::move(start)) { }

    void beginObject() { open('{'); }
    void endObject() { close('}'); }
    void beginArray() { open('['); }
    void endArray() { close(']'); }

    void key(QByteArrayView name);
    // Text is UTF-8; it is escaped here.
    void string(QByteArrayView text);
    void number(qint64 value);
    void number(double value);
    void boolean(bool value);
    void null();
    // One complete JSON value, copied byte for byte.
    void raw(QByteArrayView json);

    void member(QByteArrayView name, QByteArrayView text)
    {
        key(name);
        string(text);
    }
    void member(QByteArrayView name, const char *text) { member(name, QByteArrayView(text)); }
    void member(QByteArrayView name, const QByteArray &text) { member(name, QByteArrayView(text)); }
    void member(QByteArrayView name,
                std::integral auto value) requires(!std::same_as<decltype(value), bool>)
    {
        key(name);
        number(qint64(value));
    }
    void member(QByteArrayView name, double value)
    {
        key(name);
        number(value);
    }
    void member(QByteArrayView name, std::same_as<bool> auto value)
    {
        key(name);
        boolean(value);
    }
    void rawMember(QByteArrayView name, QByteArrayView json)
    {
        key(name);
        raw(json);
    }

    // For a string written in pieces: beginString, any of the two, endString.
    void beginString();
    void stringPiece(QByteArrayView text);
    // Bytes from inside another JSON string, escapes and all, without its quotes.
    void escapedPiece(QByteArrayView jsonText) { m_out.append(jsonText); }
    void endString();

    QByteArrayView view() const { return m_out; }
    QByteArray take() { return std::move(m_out); }

private:
    void separate();
    void open(char bracket);
    void close(char bracket);

    QByteArray m_out;
    bool m_needComma = false;
};

// Appends `text` (UTF-8) to `out` with the escapes JSON asks for, without quotes.
void appendJsonEscaped(QByteArray &out, QByteArrayView text);

} // namespace Switchyard
