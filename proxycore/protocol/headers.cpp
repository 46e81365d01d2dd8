// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/protocol/headers.h"

namespace Switchyard {

bool sameHeaderName(QByteArrayView a, QByteArrayView b)
{
    return a.size() == b.size() && a.compare(b, Qt::CaseInsensitive) == 0;
}

void Headers::set(const QByteArray &name, QByteArray value)
{
    remove(name);
    add(name, std::move(value));
}

void Headers::remove(QByteArrayView name)
{
    std::erase_if(m_fields, [&](const Header &field) { return sameHeaderName(field.name, name); });
}

bool Headers::contains(QByteArrayView name) const
{
    for (const Header &field : m_fields) {
        if (sameHeaderName(field.name, name))
            return true;
    }
    return false;
}

QByteArray Headers::value(QByteArrayView name) const
{
    for (const Header &field : m_fields) {
        if (sameHeaderName(field.name, name))
            return field.value;
    }
    return {};
}

QByteArray Headers::combined(QByteArrayView name) const
{
    QByteArray all;
    for (const Header &field : m_fields) {
        if (!sameHeaderName(field.name, name))
            continue;
        if (!all.isEmpty())
            all.append(", ");
        all.append(field.value);
    }
    return all;
}

} // namespace Switchyard
