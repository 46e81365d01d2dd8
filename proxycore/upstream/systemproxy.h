// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/upstream/origin.h"

#include <QByteArray>

#include <functional>
#include <memory>

class QObject;

namespace Switchyard {

// Asks the operating system which proxy leads to an origin. The answer may come from a script the
// system downloads first, which takes seconds; so it is looked up on a thread of the global pool
// and told in the event loop of `context`.
class SystemProxyLookup
{
public:
    // The URL of the proxy; empty: directly.
    using Answer = std::function<void(const QByteArray &proxyUrl)>;

    explicit SystemProxyLookup(QObject *context);
    // No answer comes afterwards.
    ~SystemProxyLookup();

    void ask(const Origin &origin, Answer answer);

private:
    struct Mailbox;
    std::shared_ptr<Mailbox> m_mailbox;
};

} // namespace Switchyard
