// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

namespace Switchyard {

// Where in the request a value stands, as a chain on the stack: text is made only when something is
// to be said about it, e.g. `messages[2].content[0].source`.
struct JsonPath
{
    const JsonPath *parent = nullptr;
    const char *name = nullptr;
    int index = -1; // position in the list `name`; -1 when it is none

    QByteArray text() const
    {
        QByteArray path = parent ? parent->text() + '.' : QByteArray();
        path += name;
        if (index >= 0)
            path += '[' + QByteArray::number(index) + ']';
        return path;
    }

    QByteArray member(QByteArrayView key) const
    {
        return name ? text() + '.' + key.toByteArray() : key.toByteArray();
    }
};

} // namespace Switchyard
