// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/upstream/requestheaders.h"

#include <algorithm>

namespace Switchyard {

namespace {

// What the client decides by itself, whatever the caller forwards.
bool isOurs(QByteArrayView name)
{
    static constexpr QByteArrayView ours[] = {
        "host",    "content-length", "transfer-encoding", "connection",      "keep-alive", "te",
        "upgrade", "expect",         "proxy-connection",  "accept-encoding",
    };
    return std::any_of(std::begin(ours), std::end(ours),
                       [name](QByteArrayView one) { return sameHeaderName(one, name); });
}

bool breaksLine(QByteArrayView text)
{
    return std::any_of(text.begin(), text.end(),
                       [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

} // namespace

QByteArray RequestHeaders::set(const Headers &headers)
{
    m_text.resize(0);
    m_text.reserve(1024);
    m_list.clear();
    bool hasAccept = false;
    bool hasContentType = false;
    for (const Header &field : headers) {
        if (field.name.isEmpty() || breaksLine(field.name))
            return "a request header has a name that cannot be sent; check the extra headers";
        if (breaksLine(field.value))
            return "the request header " + field.name
                + " contains a line break; check the credential and the extra headers";
        if (isOurs(field.name))
            continue;
        hasAccept = hasAccept || sameHeaderName(field.name, "accept");
        hasContentType = hasContentType || sameHeaderName(field.name, "content-type");
        add(field.name, field.value);
    }
    // An Expect would make each larger body wait for "100 Continue".
    leaveOut("Expect");
    if (!hasAccept)
        leaveOut("Accept");
    if (!hasContentType)
        leaveOut("Content-Type");

    // Only now does the text stay where it is.
    char *text = m_text.data();
    for (std::size_t i = 0; i < m_list.size(); ++i) {
        m_list[i].data = text;
        m_list[i].next = i + 1 < m_list.size() ? &m_list[i + 1] : nullptr;
        text += qstrlen(text) + 1;
    }
    return {};
}

void RequestHeaders::add(QByteArrayView name, QByteArrayView value)
{
    // "Name;" is how libcurl is told an empty value; "Name:" would leave the field out.
    m_text += name;
    if (value.isEmpty()) {
        m_text += ';';
    } else {
        m_text += ": ";
        m_text += value;
    }
    m_text += '\0';
    m_list.emplace_back();
}

void RequestHeaders::leaveOut(QByteArrayView name)
{
    m_text += name;
    m_text += ':';
    m_text += '\0';
    m_list.emplace_back();
}

} // namespace Switchyard
