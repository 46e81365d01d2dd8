// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/backends/claudemodel.h"

#include <QByteArrayList>

#include <algorithm>

namespace Switchyard {

namespace {

bool isNumber(const QByteArray &word, qsizetype maxLength)
{
    return !word.isEmpty() && word.size() <= maxLength
        && std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool isFamily(const QByteArray &word)
{
    return !word.isEmpty()
        && std::all_of(word.begin(), word.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

bool isDate(const QByteArray &word)
{
    return word.size() == 8 && isNumber(word, 8);
}

// Takes `5`, `5 5` or `5.5` from the front of `words`.
bool takeVersion(QByteArrayList &words, ClaudeModel &model)
{
    if (words.isEmpty())
        return false;
    const QByteArrayList dotted = words.takeFirst().split('.');
    if (dotted.size() > 2 || !isNumber(dotted.first(), 2))
        return false;
    model.major = dotted.first().toInt();
    if (dotted.size() == 2) {
        if (!isNumber(dotted.last(), 2))
            return false;
        model.minor = dotted.last().toInt();
    } else if (!words.isEmpty() && isNumber(words.first(), 2)) {
        model.minor = words.takeFirst().toInt();
    }
    // `claude-opus-4-0` is an alias of `claude-opus-4`.
    if (model.minor == 0)
        model.minor.reset();
    return true;
}

QByteArray version(const ClaudeModel &model, char separator)
{
    QByteArray text = QByteArray::number(model.major);
    if (model.minor)
        text += separator + QByteArray::number(*model.minor);
    return text;
}

QByteArray joined(const ClaudeModel &model, char separator)
{
    return model.hasOldName() ? "claude-" + version(model, separator) + '-' + model.family
                              : "claude-" + model.family + '-' + version(model, separator);
}

} // namespace

std::optional<ClaudeModel> parseClaudeModel(QByteArrayView name)
{
    QByteArray rest = name.trimmed().toByteArray().toLower();
    if (rest.startsWith("anthropic/"))
        rest.remove(0, 10);
    if (rest.endsWith("[1m]"))
        rest.chop(4);
    if (!rest.startsWith("claude-"))
        return std::nullopt;
    QByteArrayList words = rest.sliced(7).split('-');

    ClaudeModel model;
    if (isFamily(words.first())) {
        model.family = words.takeFirst();
        if (!takeVersion(words, model))
            return std::nullopt;
    } else {
        if (!takeVersion(words, model) || words.isEmpty() || !isFamily(words.first()))
            return std::nullopt;
        model.family = words.takeFirst();
    }
    if (!words.isEmpty() && (isDate(words.first()) || words.first() == "latest"))
        words.removeFirst();
    if (!words.isEmpty())
        return std::nullopt;
    return model;
}

ClaudeModel bigClaudeModel()
{
    return {"sonnet", 4, std::nullopt};
}

ClaudeModel smallClaudeModel()
{
    return {"sonnet", 3, 7};
}

QByteArray openRouterName(const ClaudeModel &model)
{
    return "anthropic/" + joined(model, '.');
}

QByteArray databricksName(const ClaudeModel &model)
{
    return "databricks-" + joined(model, '-');
}

} // namespace Switchyard
