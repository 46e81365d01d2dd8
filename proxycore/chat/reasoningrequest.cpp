// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/chat/reasoningrequest.h"

#include <algorithm>
#include <iterator>

namespace Switchyard {

namespace {

constexpr QByteArrayView effortRanks[] = {"minimal", "low", "medium", "high", "xhigh", "max"};
constexpr qint64 smallestBudget = 1024;

class ReasoningRequest
{
public:
    ReasoningRequest(QByteArray &out, const ThinkingWish &wish, const ChatDialect &dialect,
                     Adjustments &adjustments)
        : m_out(out), m_wish(wish), m_dialect(dialect), m_adjustments(adjustments)
    {
    }

    void append();

private:
    using Kind = ThinkingWish::Kind;

    void appendNone();
    void appendEffort();
    void appendDetails();
    void appendBudget();
    // The effort as the server takes it; empty when there is none.
    QByteArrayView acceptedEffort();
    void record(QByteArray field, QByteArray rule, QByteArray reason)
    {
        m_adjustments.push_back({std::move(field), std::move(rule), std::move(reason)});
    }
    void dropEffort(QByteArray rule, QByteArray reason)
    {
        if (!m_wish.effort.isEmpty())
            record(QByteArrayLiteral("output_config.effort"), std::move(rule), std::move(reason));
    }

    QByteArray &m_out;
    const ThinkingWish &m_wish;
    const ChatDialect &m_dialect;
    Adjustments &m_adjustments;
};

QByteArrayView ReasoningRequest::acceptedEffort()
{
    if (m_wish.effort.isEmpty())
        return {};
    const auto wanted = std::find(std::begin(effortRanks), std::end(effortRanks), m_wish.effort);
    if (wanted == std::end(effortRanks)) {
        dropEffort(QByteArrayLiteral("chat.effort-unknown"),
                   QByteArrayLiteral("How this effort compares to the known ones is not known."));
        return {};
    }
    const auto highest = std::find(std::begin(effortRanks), std::end(effortRanks),
                                   QByteArrayView(m_dialect.highestEffort));
    if (highest == std::end(effortRanks) || wanted <= highest)
        return *wanted;
    dropEffort(QByteArrayLiteral("chat.effort-lowered"),
               "The highest effort the server takes is " + m_dialect.highestEffort + '.');
    return *highest;
}

void ReasoningRequest::appendNone()
{
    if (m_wish.kind == Kind::Adaptive || m_wish.kind == Kind::Budget) {
        record(QByteArrayLiteral("thinking"), QByteArrayLiteral("chat.thinking-refused"),
               QByteArrayLiteral("This server cannot be asked to think."));
    }
    dropEffort(QByteArrayLiteral("chat.thinking-refused"),
               QByteArrayLiteral("This server cannot be told an effort."));
}

void ReasoningRequest::appendEffort()
{
    if (m_wish.kind == Kind::Disabled) {
        dropEffort(QByteArrayLiteral("chat.effort-without-thinking"),
                   QByteArrayLiteral("The request switches thinking off."));
        return;
    }
    if (m_wish.kind == Kind::Budget) {
        record(QByteArrayLiteral("thinking.budget_tokens"),
               QByteArrayLiteral("chat.budget-refused"),
               QByteArrayLiteral("This server takes an effort, no number of tokens."));
    }
    const QByteArrayView effort = acceptedEffort();
    if (!effort.isEmpty())
        m_out.append(R"(,"reasoning_effort":")").append(effort).append('"');
}

void ReasoningRequest::appendBudget()
{
    dropEffort(QByteArrayLiteral("chat.effort-with-budget"),
               QByteArrayLiteral("The server takes an effort or a budget, not both."));
    qint64 budget = m_wish.budget;
    // The budget is part of what may be written.
    if (m_wish.maxTokens > 0 && budget >= m_wish.maxTokens)
        budget = m_wish.maxTokens - 1;
    if (budget < smallestBudget && m_wish.maxTokens > 0 && m_wish.maxTokens <= smallestBudget) {
        record(
            QByteArrayLiteral("thinking"), QByteArrayLiteral("chat.budget-without-room"),
            QByteArrayLiteral("max_tokens leaves no room for the smallest budget of 1024 tokens."));
        return;
    }
    budget = std::max(budget, smallestBudget);
    if (budget != m_wish.budget) {
        record(QByteArrayLiteral("thinking.budget_tokens"),
               QByteArrayLiteral("chat.budget-limited"),
               "The server takes at least 1024 and less than max_tokens; "
                   + QByteArray::number(budget) + " was sent.");
    }
    m_out.append(R"(,"reasoning":{"max_tokens":)").append(QByteArray::number(budget)).append('}');
}

void ReasoningRequest::appendDetails()
{
    switch (m_wish.kind) {
    case Kind::Disabled:
        dropEffort(QByteArrayLiteral("chat.effort-without-thinking"),
                   QByteArrayLiteral("The request switches thinking off."));
        if (m_dialect.reasoningMandatory) {
            record(QByteArrayLiteral("thinking"), QByteArrayLiteral("chat.thinking-mandatory"),
                   QByteArrayLiteral("The model cannot be kept from thinking."));
        } else {
            m_out.append(R"(,"reasoning":{"effort":"none"})");
        }
        return;
    case Kind::Budget:
        appendBudget();
        return;
    case Kind::Adaptive:
    case Kind::Absent:
        break;
    }
    const QByteArrayView effort = acceptedEffort();
    if (!effort.isEmpty())
        m_out.append(R"(,"reasoning":{"effort":")").append(effort).append("\"}");
    else if (m_wish.kind == Kind::Adaptive)
        m_out.append(R"(,"reasoning":{"enabled":true})");
}

void ReasoningRequest::append()
{
    switch (m_dialect.reasoning) {
    case ChatDialect::Reasoning::None:
        appendNone();
        break;
    case ChatDialect::Reasoning::Effort:
        appendEffort();
        break;
    case ChatDialect::Reasoning::Details:
        appendDetails();
        break;
    }
}

} // namespace

void appendReasoningRequest(QByteArray &out, const ThinkingWish &wish, const ChatDialect &dialect,
                            Adjustments &adjustments)
{
    ReasoningRequest(out, wish, dialect, adjustments).append();
}

} // namespace Switchyard
