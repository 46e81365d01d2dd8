// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/service/shellexports.h"

#include <QString>

namespace Switchyard {

// What a person runs in a shell to reach the proxy. The texts to show hide the token.
struct ClientLines
{
    QString variables; // one per line, each line ended
    QString variablesShown;
    QString request; // one whole request, curl or what the shell has in its place
    QString requestShown;

    bool operator==(const ClientLines &) const = default;
};

// Without an url, nothing is served and there are no lines. The token may be empty.
ClientLines clientLines(const QByteArray &url, const QByteArray &token, Shell shell);

} // namespace Switchyard
