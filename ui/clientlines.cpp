// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/clientlines.h"

namespace Switchyard {

namespace {

const QByteArray requestBody =
    R"({"model":"claude-sonnet-4","max_tokens":100,"messages":[{"role":"user","content":"Hello"}]})";

QByteArray requestLine(const QByteArray &url, const QByteArray &token, Shell shell)
{
    const QByteArray address = url + "/v1/messages";
    const QByteArray body = shellQuoted(requestBody, shell);
    if (shell == Shell::PowerShell) {
        const QByteArray headers = token.isEmpty()
            ? QByteArray()
            : " -Headers @{authorization=" + shellQuoted("Bearer " + token, shell) + '}';
        return "Invoke-RestMethod " + address + " -Method Post" + headers
            + " -ContentType 'application/json' -Body " + body;
    }
    const QByteArray authorization = token.isEmpty()
        ? QByteArray()
        : "  -H " + shellQuoted("authorization: Bearer " + token, shell) + " \\\n";
    return "curl -sS " + address + " \\\n" + authorization
        + "  -H 'content-type: application/json' -H 'anthropic-version: 2023-06-01' \\\n" + "  -d "
        + body;
}

} // namespace

ClientLines clientLines(const QByteArray &url, const QByteArray &token, Shell shell)
{
    if (url.isEmpty())
        return {};
    const QByteArray hidden = token.isEmpty() ? QByteArray() : QByteArray("••••••••");
    return {QString::fromUtf8(clientExports(url, token, shell)),
            QString::fromUtf8(clientExports(url, hidden, shell)),
            QString::fromUtf8(requestLine(url, token, shell)),
            QString::fromUtf8(requestLine(url, hidden, shell))};
}

} // namespace Switchyard
