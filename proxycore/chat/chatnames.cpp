// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/chat/chatnames.h"

#include "proxycore/chat/chatdialect.h"

#include <algorithm>

namespace Switchyard {

namespace {

constexpr qsizetype hashLength = 8;

bool isNameCharacter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'
        || c == '-';
}

// FNV-1a: the result must be the same in every run and every version.
QByteArray shortHash(QByteArrayView text)
{
    quint32 hash = 2166136261U;
    for (const char c : text) {
        hash ^= static_cast<unsigned char>(c);
        hash *= 16777619U;
    }
    return QByteArray::number(hash, 16).rightJustified(hashLength, '0');
}

QByteArray withHash(QByteArrayView text, qsizetype maxLength)
{
    QByteArray name =
        text.first(qMin(text.size(), qMax(maxLength - hashLength - 1, qsizetype(0)))).toByteArray();
    std::replace_if(
        name.begin(), name.end(), [](char c) { return !isNameCharacter(c); }, '_');
    return name + '_' + shortHash(text);
}

} // namespace

QByteArray chatToolName(QByteArrayView name, int maxLength)
{
    if (name.size() <= maxLength && std::all_of(name.begin(), name.end(), isNameCharacter))
        return name.toByteArray();
    return withHash(name, maxLength);
}

QByteArray messagesToolId(QByteArrayView id)
{
    constexpr qsizetype maxLength = 64;
    if (id.size() <= maxLength && std::all_of(id.begin(), id.end(), isNameCharacter))
        return id.toByteArray();
    return withHash(id, maxLength);
}

QByteArray chatModelFamily(QByteArrayView upstreamModel)
{
    if (upstreamModel.startsWith('~'))
        upstreamModel = upstreamModel.sliced(1);
    const QByteArray model = upstreamModel.toByteArray().toLower();
    struct Mark
    {
        QByteArrayView word;
        const char *family;
    };
    static constexpr Mark marks[] = {
        {"claude", "anthropic"},  {"gemini", "google"},    {"gpt-", "openai"},     {"grok", "x-ai"},
        {"deepseek", "deepseek"}, {"kimi", "moonshotai"},  {"qwen", "qwen"},       {"glm", "z-ai"},
        {"mistral", "mistralai"}, {"llama", "meta-llama"}, {"minimax", "minimax"},
    };
    for (const Mark &mark : marks) {
        if (model.contains(mark.word))
            return mark.family;
    }
    const qsizetype slash = model.indexOf('/');
    return slash > 0 ? model.first(slash) : QByteArray();
}

} // namespace Switchyard
