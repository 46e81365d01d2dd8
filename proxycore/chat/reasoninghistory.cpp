// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/chat/reasoninghistory.h"

#include "proxycore/chat/reasoningtag.h"

#include <algorithm>

namespace Switchyard {

namespace {

constexpr QByteArrayView claudeFormat = R"("format":"anthropic-claude-v1")";

} // namespace

bool ReasoningHistory::accepts(const JsonPath &path)
{
    if (m_dialect.reasoning == ChatDialect::Reasoning::Details)
        return true;
    m_adjustments.push_back(
        {path.text(), QByteArrayLiteral("chat.thinking-refused"),
         QByteArrayLiteral("This server takes no reasoning of earlier turns.")});
    return false;
}

void ReasoningHistory::leaveOutForeign(const JsonPath &path)
{
    m_adjustments.push_back(
        {path.text(), QByteArrayLiteral("chat.thinking-foreign"),
         QByteArrayLiteral(
             "The reasoning was made by another maker's model, this one cannot read it.")});
}

void ReasoningHistory::addThinking(QByteArrayView text, QByteArrayView signature,
                                   const JsonPath &path)
{
    if (!accepts(path))
        return;
    if (isReasoningTag(signature)) {
        std::optional<ReasoningTag> tag = readReasoningTag(signature);
        if (!tag || tag->family != m_dialect.modelFamily)
            leaveOutForeign(path);
        else if (isClaude())
            m_entries.push_back({Entry::Kind::Unsigned, text, {}, {}, path.text()});
        else if (tag->members.isEmpty())
            m_entries.push_back({Entry::Kind::Plain, text, {}, {}, {}});
        else
            m_entries.push_back({Entry::Kind::Tagged, text, {}, std::move(tag->members), {}});
        return;
    }
    if (!isClaude()) {
        leaveOutForeign(path);
        return;
    }
    if (signature.isEmpty()) {
        m_entries.push_back({Entry::Kind::Unsigned, text, {}, {}, path.text()});
        return;
    }
    // A signature that reached us after its block was closed came to the client in an empty one.
    if (text.isEmpty()) {
        const auto open =
            std::find_if(m_entries.rbegin(), m_entries.rend(),
                         [](const Entry &entry) { return entry.kind == Entry::Kind::Unsigned; });
        if (open != m_entries.rend()) {
            open->kind = Entry::Kind::Signed;
            open->signature = signature;
            return;
        }
    }
    m_entries.push_back({Entry::Kind::Signed, text, signature, {}, {}});
}

void ReasoningHistory::addRedacted(QByteArrayView data, const JsonPath &path)
{
    if (!accepts(path))
        return;
    if (isReasoningTag(data)) {
        std::optional<ReasoningTag> tag = readReasoningTag(data);
        if (!tag || tag->members.isEmpty() || tag->family != m_dialect.modelFamily)
            leaveOutForeign(path);
        else
            m_entries.push_back({Entry::Kind::Whole, {}, {}, std::move(tag->members), {}});
        return;
    }
    if (isClaude())
        m_entries.push_back({Entry::Kind::Encrypted, data, {}, {}, {}});
    else
        leaveOutForeign(path);
}

void ReasoningHistory::settle()
{
    std::erase_if(m_entries, [this](const Entry &entry) {
        if (entry.kind != Entry::Kind::Unsigned)
            return false;
        m_adjustments.push_back(
            {entry.path, QByteArrayLiteral("chat.thinking-unsigned"),
             QByteArrayLiteral(
                 "Claude takes reasoning back only with its signature, this has none.")});
        return true;
    });
}

void ReasoningHistory::write(QByteArray &out) const
{
    const auto isPlain = [](const Entry &entry) { return entry.kind == Entry::Kind::Plain; };
    if (std::any_of(m_entries.begin(), m_entries.end(), isPlain)) {
        out.append(R"(,"reasoning":")");
        QByteArrayView between;
        for (const Entry &entry : m_entries) {
            if (!isPlain(entry))
                continue;
            out.append(between).append(entry.text);
            between = R"(\n\n)";
        }
        out.append('"');
    }
    if (std::all_of(m_entries.begin(), m_entries.end(), isPlain))
        return;

    out.append(R"(,"reasoning_details":[)");
    int index = 0;
    for (const Entry &entry : m_entries) {
        if (isPlain(entry))
            continue;
        out.append(index == 0 ? "{" : ",{");
        switch (entry.kind) {
        case Entry::Kind::Signed:
            out.append(R"("type":"reasoning.text","text":")").append(entry.text);
            out.append(R"(","signature":")").append(entry.signature).append("\",");
            break;
        case Entry::Kind::Encrypted:
            out.append(R"("type":"reasoning.encrypted","data":")").append(entry.text).append("\",");
            break;
        case Entry::Kind::Tagged:
            out.append(entry.members);
            out.append(entry.members.startsWith(R"("type":"reasoning.summary")") ? R"(,"summary":")"
                                                                                 : R"(,"text":")");
            out.append(entry.text).append("\"}");
            break;
        case Entry::Kind::Whole:
            out.append(entry.members).append('}');
            break;
        case Entry::Kind::Unsigned:
        case Entry::Kind::Plain:
            break;
        }
        if (entry.kind == Entry::Kind::Signed || entry.kind == Entry::Kind::Encrypted)
            out.append(claudeFormat)
                .append(",\"index\":")
                .append(QByteArray::number(index))
                .append('}');
        ++index;
    }
    out.append(']');
}

} // namespace Switchyard
