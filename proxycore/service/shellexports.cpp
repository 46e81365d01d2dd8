// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/service/shellexports.h"

namespace Switchyard {

namespace {

QByteArray quotedWith(QByteArrayView text, QByteArrayView quote, QByteArrayView backslash)
{
    QByteArray word("'");
    for (const char c : text) {
        if (c == '\'')
            word.append(quote);
        else if (c == '\\')
            word.append(backslash);
        else
            word.append(c);
    }
    return word.append('\'');
}

QByteArray exportLine(QByteArrayView name, QByteArrayView value, Shell shell)
{
    const QByteArray word = shellQuoted(value, shell);
    switch (shell) {
    case Shell::Sh:
        return "export " + name.toByteArray() + '=' + word + '\n';
    case Shell::Fish:
        return "set -gx " + name.toByteArray() + ' ' + word + '\n';
    case Shell::PowerShell:
        break;
    }
    return "$env:" + name.toByteArray() + " = " + word + '\n';
}

} // namespace

std::optional<Shell> shellFromName(QByteArrayView name)
{
    if (name == "sh")
        return Shell::Sh;
    if (name == "fish")
        return Shell::Fish;
    if (name == "powershell")
        return Shell::PowerShell;
    return std::nullopt;
}

Shell usualShell()
{
#ifdef Q_OS_WIN
    return Shell::PowerShell;
#else
    return qgetenv("SHELL").endsWith("/fish") ? Shell::Fish : Shell::Sh;
#endif
}

QByteArray shellQuoted(QByteArrayView text, Shell shell)
{
    switch (shell) {
    case Shell::Sh:
        return quotedWith(text, "'\\''", "\\");
    case Shell::Fish:
        return quotedWith(text, "\\'", "\\\\");
    case Shell::PowerShell:
        break;
    }
    QByteArray word = quotedWith(text, "''", "\\");
    // PowerShell takes the typographic single quotes (U+2018 to U+201B) for the plain one.
    for (const char *quote : {"\xE2\x80\x98", "\xE2\x80\x99", "\xE2\x80\x9A", "\xE2\x80\x9B"})
        word.replace(quote, QByteArray(quote) + quote);
    return word;
}

QByteArray clientExports(QByteArrayView url, QByteArrayView token, Shell shell)
{
    return exportLine("ANTHROPIC_BASE_URL", url, shell)
        + exportLine("ANTHROPIC_AUTH_TOKEN", token.isEmpty() ? "switchyard" : token, shell)
        + exportLine("ANTHROPIC_API_KEY", {}, shell);
}

} // namespace Switchyard
