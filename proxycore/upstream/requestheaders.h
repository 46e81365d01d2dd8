// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/protocol/headers.h"

#include <curl/curl.h>

#include <vector>

namespace Switchyard {

// A request's headers as libcurl reads them: its list type over one block of text, so that a
// request allocates nothing for them once the block is large enough.
class RequestHeaders
{
public:
    // Takes them over but for what the client decides itself (length, encoding, connection …).
    // An error is the sentence why they cannot be sent; then nothing is taken.
    QByteArray set(const Headers &headers);
    // Valid until set() or wipe().
    curl_slist *list() { return m_list.data(); }
    // They hold the credential.
    void wipe() { m_text.fill('\0'); }

private:
    void add(QByteArrayView name, QByteArrayView value);
    void leaveOut(QByteArrayView name);

    QByteArray m_text;
    std::vector<curl_slist> m_list;
};

} // namespace Switchyard
