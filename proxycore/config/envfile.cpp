// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/config/envfile.h"

#include <QFile>
#include <QFileInfo>
#include <QStringDecoder>

#include <optional>

namespace Switchyard {

using namespace Qt::StringLiterals;

namespace {

constexpr qint64 maxFileBytes = 1 << 20;

bool isBlank(QChar c)
{
    return c == u' ' || c == u'\t';
}

bool isNameStart(QChar c)
{
    return c == u'_' || (c >= u'a' && c <= u'z') || (c >= u'A' && c <= u'Z');
}

bool isNameCharacter(QChar c)
{
    return isNameStart(c) || (c >= u'0' && c <= u'9') || c == u'.' || c == u'-';
}

class Parser
{
public:
    explicit Parser(const QString &text) : m_text(text) { }

    EnvFile parse()
    {
        while (!atEnd()) {
            const int line = m_line;
            if (const std::optional<QString> fault = parseLine())
                m_file.problems.push_back({line, u"line %1: %2"_s.arg(line).arg(*fault)});
            skipLine();
        }
        return std::move(m_file);
    }

private:
    bool atEnd() const { return m_at >= m_text.size(); }
    bool atLineEnd() const { return atEnd() || m_text[m_at] == u'\n'; }
    QChar current() const { return m_text[m_at]; }

    void advance()
    {
        if (current() == u'\n')
            ++m_line;
        ++m_at;
    }

    void skipBlanks()
    {
        while (!atEnd() && isBlank(current()))
            advance();
    }

    void skipLine()
    {
        while (!atLineEnd())
            advance();
        if (!atEnd())
            advance();
    }

    QString takeName()
    {
        const qsizetype start = m_at;
        if (!atEnd() && isNameStart(current()))
            while (!atEnd() && isNameCharacter(current()))
                advance();
        return m_text.mid(start, m_at - start);
    }

    // The fault of the line, or nothing.
    std::optional<QString> parseLine()
    {
        skipBlanks();
        if (atLineEnd() || current() == u'#')
            return {};

        QString name = takeName();
        if (name == u"export" && !atLineEnd() && isBlank(current())) {
            skipBlanks();
            if (!atLineEnd() && current() != u'=')
                name = takeName();
        }
        if (name.isEmpty())
            return u"a name must come first; write NAME=VALUE, or start a comment with #."_s;
        skipBlanks();
        // What stands there may be a key on a line of its own: it is not repeated.
        if (atLineEnd() || current() != u'=')
            return u"there is no = behind the name; write NAME=VALUE."_s;
        advance();
        skipBlanks();

        if (!atLineEnd() && (current() == u'"' || current() == u'\''))
            return parseQuoted(name);
        parseBare(name);
        return {};
    }

    void parseBare(const QString &name)
    {
        const qsizetype start = m_at;
        while (!atLineEnd()) {
            const bool comment = current() == u'#' && (m_at == start || isBlank(m_text[m_at - 1]));
            if (comment)
                break;
            advance();
        }
        m_file.values[name] = m_text.mid(start, m_at - start).trimmed();
    }

    std::optional<QString> parseQuoted(const QString &name)
    {
        const QChar quote = current();
        const qsizetype opening = m_at;
        const int openingLine = m_line;
        advance();

        QString value;
        while (!atEnd() && current() != quote) {
            if (quote == u'"' && current() == u'\\' && m_at + 1 < m_text.size()) {
                advance();
                appendEscaped(value);
            } else {
                value += current();
            }
            advance();
        }
        if (atEnd()) {
            // What follows on the other lines is still read: it may have faults of its own.
            m_at = opening;
            m_line = openingLine;
            return u"the value of %1 has no closing %2; add it at the end of the value."_s.arg(
                name, QString(quote));
        }
        advance();
        skipBlanks();
        if (!atLineEnd() && current() != u'#')
            return u"there is text behind the closing quote of %1; remove it, or start it with #."_s
                .arg(name);
        m_file.values[name] = value;
        return {};
    }

    // The current character stands behind a backslash. One that means nothing keeps it.
    void appendEscaped(QString &value) const
    {
        switch (current().unicode()) {
        case u'n':
            value += u'\n';
            return;
        case u'r':
            value += u'\r';
            return;
        case u't':
            value += u'\t';
            return;
        case u'\\':
        case u'"':
        case u'$':
            value += current();
            return;
        default:
            value += u'\\';
            value += current();
        }
    }

    const QString &m_text;
    qsizetype m_at = 0;
    int m_line = 1;
    EnvFile m_file;
};

int lineOf(QByteArrayView text, qsizetype offset)
{
    return int(1 + text.first(offset).count('\n'));
}

EnvFile unreadable(const QString &sentence)
{
    return {{}, {{0, sentence}}};
}

} // namespace

EnvFile parseEnvFile(QByteArrayView text)
{
    if (text.startsWith("\xff\xfe") || text.startsWith("\xfe\xff"))
        return {{}, {{1, u"line 1: the file is UTF-16; save it as UTF-8."_s}}};
    if (const qsizetype nul = text.indexOf('\0'); nul >= 0) {
        const int line = lineOf(text, nul);
        return {
            {},
            {{line, u"line %1: there is a NUL byte; save the file as UTF-8 text."_s.arg(line)}}};
    }

    // Line by line, so that a broken one can be named.
    EnvFile broken;
    int line = 1;
    for (qsizetype start = 0; start < text.size(); ++line) {
        const qsizetype newline = text.indexOf('\n', start);
        const qsizetype end = newline < 0 ? text.size() : newline;
        if (!text.sliced(start, end - start).isValidUtf8())
            broken.problems.push_back(
                {line, u"line %1: the bytes are not UTF-8; save the file as UTF-8."_s.arg(line)});
        start = end + 1;
    }
    if (!broken.problems.empty())
        return broken;

    QStringDecoder decode(QStringDecoder::Utf8); // drops a byte order mark
    QString decoded = decode(text);
    decoded.replace("\r\n"_L1, "\n"_L1);
    return Parser(decoded).parse();
}

EnvFile readEnvFile(const QString &path)
{
    const QFileInfo info(path);
    if (!info.exists())
        return unreadable(u"the file does not exist; check the path."_s);
    if (info.isDir())
        return unreadable(u"this is a folder; name the file in it."_s);
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly))
        return unreadable(
            u"the file cannot be read (%1); check its permissions."_s.arg(file.errorString()));
    const QByteArray text = file.read(maxFileBytes + 1);
    if (text.size() > maxFileBytes)
        return unreadable(u"the file is larger than 1 MiB; this is not an .env file."_s);
    return parseEnvFile(text);
}

} // namespace Switchyard
