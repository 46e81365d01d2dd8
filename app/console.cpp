// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/console.h"

#include <cstdio>

#ifdef Q_OS_UNIX
#include <fcntl.h>
#include <termios.h>
#include <unistd.h>
#endif

namespace Switchyard {

using namespace Qt::StringLiterals;

namespace {

// Switches the terminal's echo off while it lives.
class SilentTerminal
{
public:
#ifdef Q_OS_UNIX
    SilentTerminal() : m_active(::isatty(STDIN_FILENO) && ::tcgetattr(STDIN_FILENO, &m_before) == 0)
    {
        if (!m_active)
            return;
        termios silent = m_before;
        silent.c_lflag &= ~tcflag_t(ECHO);
        ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    }
    ~SilentTerminal()
    {
        if (m_active)
            ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &m_before);
    }
    Q_DISABLE_COPY(SilentTerminal)
    bool isActive() const
    {
        return m_active;
    }

private:
    termios m_before{};
    bool m_active;
#else
    bool isActive() const
    {
        return false;
    }
#endif
};

} // namespace

void holdStandardStreams()
{
#ifdef Q_OS_UNIX
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (::fcntl(stream, F_GETFD) == -1)
            ::open("/dev/null", O_RDWR); // the lowest free number, which is this one
    }
#endif
}

bool printOut(const QByteArray &utf8)
{
    return std::fwrite(utf8.constData(), 1, size_t(utf8.size()), stdout) == size_t(utf8.size())
        && std::fflush(stdout) == 0;
}

bool printOut(const QString &text)
{
    return printOut(text.toUtf8());
}

void printError(const QString &sentence)
{
    const QByteArray line = "switchyard: " + sentence.toUtf8() + '\n';
    std::fwrite(line.constData(), 1, size_t(line.size()), stderr);
}

Secret readSecret(const QString &prompt)
{
    const SilentTerminal terminal;
    if (terminal.isActive())
        std::fputs(prompt.toUtf8().constData(), stderr);
    QByteArray value;
    for (int c = std::getchar(); c != EOF && c != '\n' && c != '\r'; c = std::getchar())
        value.append(char(c));
    if (terminal.isActive())
        std::fputc('\n', stderr);
    return Secret(value.trimmed());
}

} // namespace Switchyard
