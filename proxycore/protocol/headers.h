// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

#include <vector>

namespace Switchyard {

struct Header
{
    QByteArray name;
    QByteArray value;
};

// HTTP header fields in the order they came; names compare without case.
class Headers
{
public:
    void add(QByteArray name, QByteArray value)
    {
        m_fields.push_back({std::move(name), std::move(value)});
    }
    // Replaces every field of that name by one.
    void set(const QByteArray &name, QByteArray value);
    void remove(QByteArrayView name);

    bool contains(QByteArrayView name) const;
    // Value of the first field of that name; empty when there is none.
    QByteArray value(QByteArrayView name) const;
    // Values of all fields of that name joined with ", ", as a list header may be split.
    QByteArray combined(QByteArrayView name) const;

    bool isEmpty() const { return m_fields.empty(); }
    std::size_t size() const { return m_fields.size(); }
    auto begin() const { return m_fields.begin(); }
    auto end() const { return m_fields.end(); }

private:
    std::vector<Header> m_fields;
};

bool sameHeaderName(QByteArrayView a, QByteArrayView b);

} // namespace Switchyard
