// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/commandline.h"

#include "proxycore/backends/backend.h"

#include <QDir>

#include <span>

namespace Switchyard {

using namespace Qt::StringLiterals;

namespace {

struct CommandSpec
{
    Command command;
    const char *name;
    const char *arguments;
    const char *help;
};

constexpr CommandSpec commandSpecs[] = {
    {Command::Serve, "serve", "", "run the proxy in the foreground, without a display"},
    {Command::Status, "status", "", "say what the running instance does"},
    {Command::Use, "use", "BACKEND", "send the next requests to this backend"},
    {Command::Env, "env", "", "print the lines that point Claude Code at the running instance"},
    {Command::Logs, "logs", "", "print the requests of the running instance"},
    {Command::Models, "models", "[BACKEND]", "show which model a backend is asked for"},
    {Command::Secret, "secret", "set|delete|list [BACKEND]",
     "manage the keys in the keychain (OPENROUTER's when none is named); `set` reads the value "
     "from standard input"},
    {Command::Quit, "quit", "", "end the running instance"},
};

using Setter = void (*)(CommandLine &, const QString &value);

struct OptionSpec
{
    const char *name;
    const char *value; // what stands for the value in the help; null for a flag
    std::initializer_list<Command> commands; // empty: every one
    Setter set;
    const char *help;
};

// The tray application takes what `serve` takes.
constexpr std::initializer_list<Command> running{Command::Tray, Command::Serve};
constexpr std::initializer_list<Command> anyCommand{};
constexpr std::initializer_list<Command> jsonCommands{Command::Status, Command::Logs};
constexpr std::initializer_list<Command> logsOnly{Command::Logs};
constexpr std::initializer_list<Command> envOnly{Command::Env};
constexpr std::initializer_list<Command> readingSecrets{Command::Tray, Command::Serve,
                                                        Command::Secret};

const OptionSpec optionSpecs[] = {
    {"listen", "ADDR", running,
     [](CommandLine &line, const QString &value) { line.settings.listenAddress = value; },
     "address to listen on (127.0.0.1)"},
    {"port", "N", running,
     [](CommandLine &line, const QString &value) { line.settings.port = value; },
     "port to listen on (4000); 0 takes any free one"},
    {"backend", "NAME", running,
     [](CommandLine &line, const QString &value) { line.settings.backend = value; },
     "backend for this run"},
    {"token", "TOKEN", running,
     [](CommandLine &line, const QString &value) { line.settings.token = value; },
     "token clients must send; other users can read it here, SWITCHYARD_TOKEN they cannot"},
    {"no-token", nullptr, running,
     [](CommandLine &line, const QString &) { line.settings.noToken = true; },
     "let every program on this machine in (loopback only)"},
    {"env-file", "FILE", readingSecrets,
     [](CommandLine &line, const QString &value) { line.settings.envFile = value; },
     "file of NAME=value lines for what the environment leaves open"},
    {"log-level", "LEVEL", running,
     [](CommandLine &line, const QString &value) { line.settings.logLevel = value; },
     "debug, info, warning or error (info)"},
    {"log-format", "FORMAT", running,
     [](CommandLine &line, const QString &value) { line.settings.logFormat = value; },
     "text or json (text)"},
    {"data-dir", "DIR", running,
     [](CommandLine &line, const QString &value) { line.dataDir = value; },
     "folder of the log files"},
    {"config-dir", "DIR", anyCommand,
     [](CommandLine &line, const QString &value) { line.configDir = value; },
     "folder of settings.json; it also chooses the instance to speak to"},
    {"json", nullptr, jsonCommands, [](CommandLine &line, const QString &) { line.json = true; },
     "machine-readable output"},
    {"follow", nullptr, logsOnly, [](CommandLine &line, const QString &) { line.follow = true; },
     "go on printing requests as they come"},
    {"shell", "SHELL", envOnly,
     [](CommandLine &line, const QString &value) {
         line.shell = shellFromName(value.toUtf8()).value_or(Shell::Sh);
     },
     "sh, fish or powershell (sh)"},
};

const OptionSpec *findOption(const QString &name)
{
    for (const OptionSpec &spec : optionSpecs) {
        if (name == QLatin1StringView(spec.name))
            return &spec;
    }
    return nullptr;
}

bool isFor(const OptionSpec &option, Command command)
{
    return option.commands.size() == 0
        || std::find(option.commands.begin(), option.commands.end(), command)
        != option.commands.end();
}

const CommandSpec *findCommand(const QString &name)
{
    for (const CommandSpec &spec : commandSpecs) {
        if (name == QLatin1StringView(spec.name))
            return &spec;
    }
    return nullptr;
}

QString nameOf(Command command)
{
    for (const CommandSpec &spec : commandSpecs) {
        if (spec.command == command)
            return u'`' + QLatin1StringView(spec.name) + u'`';
    }
    return u"the tray application"_s;
}

QString joined(const QStringList &names)
{
    if (names.size() < 2)
        return names.join(u""_s);
    return names.mid(0, names.size() - 1).join(u", "_s) + u" and "_s + names.last();
}

QString optionNames(Command command)
{
    QStringList names;
    for (const OptionSpec &spec : optionSpecs) {
        if (isFor(spec, command))
            names.append(u"--"_s + QLatin1StringView(spec.name));
    }
    return joined(names);
}

QString backendNames()
{
    QStringList names;
    for (const Backend *backend : allBackends())
        names.append(QString::fromLatin1(backend->traits().name));
    return joined(names);
}

QString optionHelp(const OptionSpec &spec)
{
    QString left = u"  --"_s + QLatin1StringView(spec.name);
    if (spec.value)
        left += u' ' + QLatin1StringView(spec.value);
    return left.leftJustified(22) + QLatin1StringView(spec.help) + u'\n';
}

QString generalHelp()
{
    QString text =
        u"Switchyard: a local proxy between Claude Code and the provider of your choice.\n\n"
        "Usage: switchyard [COMMAND] [OPTIONS]\n\n"
        "Without a command the tray application starts, or the window of the one that "
        "runs already comes to the front.\n\nCommands:\n"_s;
    for (const CommandSpec &spec : commandSpecs) {
        const QString left =
            u"  "_s + QLatin1StringView(spec.name) + u' ' + QLatin1StringView(spec.arguments);
        text += left.length() < 22 ? left.leftJustified(22) : left + u"\n"_s + QString(22, u' ');
        text += QLatin1StringView(spec.help) + u'\n';
    }
    text += u"\nOptions:\n"_s;
    for (const OptionSpec &spec : optionSpecs)
        text += optionHelp(spec);
    text += u"  --version           print the version\n"
            "  --help              print this text, or that of a command\n\n"
            "Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 not running.\n"_s;
    return text;
}

QString helpFor(const CommandSpec &command)
{
    QString text = u"Usage: switchyard "_s + QLatin1StringView(command.name);
    if (*command.arguments)
        text += u' ' + QLatin1StringView(command.arguments);
    text += u" [OPTIONS]\n\n"_s + QLatin1StringView(command.help) + u"\n\nOptions:\n"_s;
    for (const OptionSpec &spec : optionSpecs) {
        if (isFor(spec, command.command))
            text += optionHelp(spec);
    }
    return text;
}

// The sorted-out arguments: which options were given, and the words between them.
struct Words
{
    std::vector<std::pair<const OptionSpec *, QString>> options;
    QStringList positional;
    bool help = false;
    bool version = false;
};

std::variant<Words, CommandLineProblem> split(const QStringList &arguments)
{
    Words words;
    for (qsizetype i = 0; i < arguments.size(); ++i) {
        const QString &argument = arguments[i];
        if (argument == u"-h"_s || argument == u"--help"_s) {
            words.help = true;
            continue;
        }
        if (argument == u"--version"_s) {
            words.version = true;
            continue;
        }
        if (argument == u"--"_s) {
            words.positional += arguments.mid(i + 1);
            break;
        }
        if (!argument.startsWith(u'-') || argument == u"-"_s) {
            words.positional.append(argument);
            continue;
        }
        const qsizetype equals = argument.indexOf(u'=');
        const QString name = argument.startsWith(u"--"_s)
            ? argument.mid(2, equals < 0 ? -1 : equals - 2)
            : QString();
        const OptionSpec *spec = findOption(name);
        if (!spec) {
            return CommandLineProblem{
                u"There is no option %1; `switchyard --help` lists the valid ones."_s.arg(
                    equals < 0 ? argument : argument.first(equals))};
        }
        QString value;
        if (!spec->value) {
            if (equals >= 0)
                return CommandLineProblem{u"The option --%1 takes no value."_s.arg(name)};
        } else if (equals >= 0) {
            value = argument.mid(equals + 1);
        } else if (i + 1 < arguments.size()) {
            value = arguments[++i];
        } else {
            return CommandLineProblem{u"The option --%1 needs a value: --%1 %2 (%3)."_s.arg(
                name, QLatin1StringView(spec->value), QLatin1StringView(spec->help))};
        }
        words.options.emplace_back(spec, value);
    }
    return words;
}

std::optional<CommandLineProblem> takeBackend(CommandLine &line, const QString &word)
{
    const QByteArray name = word.toUpper().toUtf8();
    if (line.command == Command::Secret && word == u"local-token"_s) {
        line.backend = word;
        return std::nullopt;
    }
    const Backend *backend = findBackend(name);
    if (!backend) {
        return CommandLineProblem{
            u"There is no backend %1; the valid names are %2."_s.arg(word, backendNames())};
    }
    if (line.command == Command::Secret && backend->traits().credentialVariables.isEmpty()) {
        return CommandLineProblem{u"The backend %1 needs no key."_s.arg(QString::fromLatin1(name))};
    }
    line.backend = QString::fromLatin1(name);
    return std::nullopt;
}

std::optional<CommandLineProblem> takePositional(CommandLine &line, QStringList words)
{
    if (line.command == Command::Secret) {
        const QString action = words.isEmpty() ? QString() : words.takeFirst();
        if (action == u"set"_s)
            line.secretAction = SecretAction::Set;
        else if (action == u"delete"_s)
            line.secretAction = SecretAction::Delete;
        else if (action == u"list"_s)
            line.secretAction = SecretAction::List;
        else if (action.isEmpty())
            return CommandLineProblem{u"`secret` needs to know what to do: set, delete or list."_s};
        else
            return CommandLineProblem{
                u"`secret` cannot %1; valid are set, delete and list."_s.arg(action)};
    }
    const bool takesBackend = line.command == Command::Use || line.command == Command::Models
        || line.command == Command::Secret;
    if (takesBackend && !words.isEmpty()) {
        if (auto problem = takeBackend(line, words.takeFirst()))
            return problem;
    }
    if (line.command == Command::Use && line.backend.isEmpty())
        return CommandLineProblem{u"`use` needs a backend: %1."_s.arg(backendNames())};
    if (!words.isEmpty()) {
        return CommandLineProblem{
            u"%1 takes no further argument, but got \"%2\"."_s.arg(nameOf(line.command), words[0])};
    }
    return std::nullopt;
}

std::optional<CommandLineProblem> takeOptions(CommandLine &line, const Words &words)
{
    for (const auto &[spec, value] : words.options) {
        const QLatin1StringView name(spec->name);
        if (!isFor(*spec, line.command)) {
            return CommandLineProblem{u"--%1 is no option of %2; valid are %3."_s.arg(
                name, nameOf(line.command), optionNames(line.command))};
        }
        if (spec->value && value.isEmpty()) {
            return CommandLineProblem{u"The option --%1 must not be empty: --%1 %2 (%3)."_s.arg(
                name, QLatin1StringView(spec->value), QLatin1StringView(spec->help))};
        }
        if (name == "shell"_L1 && !shellFromName(value.toUtf8())) {
            return CommandLineProblem{
                u"--shell %1 is not known; valid are sh, fish and powershell."_s.arg(value)};
        }
        spec->set(line, value);
    }
    if (line.settings.noToken && line.settings.token) {
        return CommandLineProblem{
            u"--token and --no-token exclude each other; give one of them."_s};
    }
    return std::nullopt;
}

} // namespace

QString subcommandNames()
{
    QStringList names;
    for (const CommandSpec &spec : commandSpecs)
        names.append(QLatin1StringView(spec.name));
    return joined(names);
}

std::variant<CommandLine, CommandLineProblem> parseCommandLine(const QStringList &arguments)
{
    auto sorted = split(arguments);
    if (const auto *problem = std::get_if<CommandLineProblem>(&sorted))
        return *problem;
    Words words = std::get<Words>(std::move(sorted));

    CommandLine line;
    if (words.version) {
        line.command = Command::Version;
        return line;
    }
    const CommandSpec *spec = nullptr;
    if (!words.positional.isEmpty()) {
        const QString name = words.positional.takeFirst();
        spec = findCommand(name);
        if (!spec) {
            return CommandLineProblem{
                u"There is no command %1; valid are %2."_s.arg(name, subcommandNames())};
        }
        line.command = spec->command;
    }
    if (words.help) {
        line.command = Command::Help;
        line.helpText = spec ? helpFor(*spec) : generalHelp();
        return line;
    }
    if (auto problem = takeOptions(line, words))
        return *problem;
    if (auto problem = takePositional(line, words.positional))
        return *problem;
    if (line.configDir.isEmpty())
        line.configDir = defaultConfigDir();
    if (line.dataDir.isEmpty())
        line.dataDir = defaultDataDir();
    line.configDir = QDir::cleanPath(QDir::current().absoluteFilePath(line.configDir));
    line.dataDir = QDir::cleanPath(QDir::current().absoluteFilePath(line.dataDir));
    return line;
}

} // namespace Switchyard
