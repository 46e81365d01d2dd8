// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/config/settings.h"
#include "proxycore/service/shellexports.h"

#include <QString>
#include <QStringList>

#include <variant>

namespace Switchyard {

enum class Command { Tray, Serve, Status, Use, Env, Logs, Models, Secret, Quit, Help, Version };

enum class SecretAction { Set, Delete, List };

// What was asked for, checked as far as that is possible without reading a file. The values of
// settings are checked together with those of the other sources.
struct CommandLine
{
    Command command = Command::Tray;
    CommandLineSettings settings;
    QString configDir; // never empty
    QString dataDir; // never empty
    bool json = false;
    bool follow = false;
    Shell shell = Shell::Sh;
    SecretAction secretAction = SecretAction::List;
    QString
        backend; // argument of use, models and secret; a registry name or, for secret, local-token
    QString helpText;
};

// One sentence that names the option and the valid values.
struct CommandLineProblem
{
    QString sentence;
};

// `arguments` without the program's name. Options may stand before or after the subcommand, as
// `--option value` or `--option=value`.
std::variant<CommandLine, CommandLineProblem> parseCommandLine(const QStringList &arguments);

// The subcommands as a list for a sentence: "serve, status, … and quit".
QString subcommandNames();

} // namespace Switchyard
