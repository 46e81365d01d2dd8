// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

namespace Switchyard {

// A key or token. The type has no stream operator, no conversion and no equality that stops early,
// so a secret can reach a log or an answer only through the one word that is easy to search for.
class Secret
{
public:
    Secret() = default;
    explicit Secret(QByteArray value) : m_value(std::move(value)) { }

    bool isEmpty() const { return m_value.isEmpty(); }
    const QByteArray &reveal() const { return m_value; }

    // Takes the same time whatever the two have in common; only the length shows.
    bool matches(QByteArrayView other) const
    {
        if (other.size() != m_value.size())
            return false;
        unsigned char difference = 0;
        for (qsizetype i = 0; i < other.size(); ++i)
            difference |= static_cast<unsigned char>(other[i] ^ m_value[i]);
        return difference == 0;
    }

    // Takes it out of words that came from elsewhere: some upstreams repeat the credential they
    // refuse. What is shorter than any real key may be a common word, and stays.
    void removeFrom(QByteArray &text) const
    {
        constexpr qsizetype shortestKey = 8;
        if (m_value.size() >= shortestKey)
            text.replace(m_value, "[credential]");
    }

private:
    QByteArray m_value;
};

} // namespace Switchyard
