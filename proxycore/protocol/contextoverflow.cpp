// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/protocol/contextoverflow.h"

#include <QRegularExpression>
#include <QString>

#include <array>

namespace Switchyard {

using namespace Qt::StringLiterals;

namespace {

// Wordings of servers behind OpenRouter, LiteLLM and Databricks, as reported in their trackers.
bool speaksOfOverflow(const QString &sentence, QByteArrayView kind)
{
    if (kind == "context_length_exceeded" || kind == "ContextWindowExceededError")
        return true;
    static const QRegularExpression words(
        u"maximum context length|context[ _]length[ _]exceeded|context window|"
        "ContextWindowExceeded|input is too long|input token count|prompt token count|"
        "exceeds? the model'?s? maximum context|prompt is too long|too many input tokens"_s,
        QRegularExpression::CaseInsensitiveOption);
    return words.match(sentence).hasMatch();
}

// What Claude Code 2.1 recognises by itself.
bool isWordedWell(const QString &sentence)
{
    return sentence.contains("prompt is too long"_L1, Qt::CaseInsensitive)
        || sentence.contains("exceed context limit"_L1, Qt::CaseInsensitive);
}

QString digits(const QRegularExpressionMatch &match, QStringView name)
{
    QString number = match.captured(name);
    return number.remove(u',').remove(u'_');
}

struct Numbers
{
    QString input;
    QString output; // empty when only the input is counted
    QString limit;
};

std::optional<Numbers> numbersIn(const QString &sentence)
{
    static const std::array patterns{
        // "maximum context length is L tokens. However, you requested about T tokens (I of text
        // input, O in the output)"; also "(I in the messages, O in the completion)".
        QRegularExpression(
            u"maximum context length (?:is|of) (?<limit>[\\d,_]+) tokens.*?"
            "\\(?(?<input>[\\d,_]+) (?:of text input|in the messages|tokens from the "
            "input|of the input)[^)]*?(?<output>[\\d,_]+) (?:in the (?:output|"
            "completion)|tokens for the (?:completion|output)|of tool)"_s),
        QRegularExpression(u"maximum context length (?:is|of) (?<limit>[\\d,_]+) tokens.*?"
                           "(?:resulted in|requested(?: about)?|contains?(?: at least)?|"
                           "a total of|has) (?<input>[\\d,_]+) (?:input )?tokens"_s),
        QRegularExpression(
            u"token count(?: of)? \\(?(?<input>[\\d,_]+)\\)? exceeds the (?:limit of|"
            "maximum number of (?:input )?tokens allowed(?: of)?) "
            "\\(?(?<limit>[\\d,_]+)"_s),
        QRegularExpression(
            u"(?<input>[\\d,_]+) (?:input )?tokens.{0,40}?(?:>|exceeds?|more than|over)"
            ".{0,60}?(?<limit>[\\d,_]+)"_s),
    };
    for (const QRegularExpression &pattern : patterns) {
        const QRegularExpressionMatch match = pattern.match(sentence);
        if (!match.hasMatch())
            continue;
        Numbers found{digits(match, u"input"), {}, digits(match, u"limit")};
        if (pattern.namedCaptureGroups().contains(u"output"_s))
            found.output = digits(match, u"output");
        return found;
    }
    return std::nullopt;
}

} // namespace

std::optional<QByteArray> overflowSentence(QByteArrayView sentence, QByteArrayView kind)
{
    const QString text = QString::fromUtf8(sentence);
    if (isWordedWell(text) || !speaksOfOverflow(text, kind))
        return std::nullopt;

    const std::optional<Numbers> numbers = numbersIn(text);
    QString worded;
    if (!numbers) {
        worded = u"prompt is too long: "_s;
        return worded.toUtf8() + sentence.toByteArray();
    }
    if (!numbers->output.isEmpty() && numbers->input.toLongLong() <= numbers->limit.toLongLong()) {
        // The prompt alone fits: the client asks again with a smaller max_tokens.
        worded =
            u"input length and `max_tokens` exceed context limit: %1 + %2 > %3, decrease input "
            "length or `max_tokens` and try again ("_s.arg(numbers->input, numbers->output,
                                                           numbers->limit);
    } else {
        worded =
            u"prompt is too long: %1 tokens > %2 maximum ("_s.arg(numbers->input, numbers->limit);
    }
    return worded.toUtf8() + sentence.toByteArray() + ')';
}

} // namespace Switchyard
