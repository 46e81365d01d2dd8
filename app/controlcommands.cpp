// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/controlcommands.h"

#include "app/console.h"
#include "app/controlclient.h"
#include "app/exitcode.h"
#include "app/rowtext.h"

#include <QJsonArray>
#include <QJsonDocument>

namespace Switchyard {

using namespace Qt::StringLiterals;

namespace {

QString duration(qint64 seconds)
{
    if (seconds < 60)
        return u"%1 s"_s.arg(seconds);
    if (seconds < 3600)
        return u"%1 min"_s.arg(seconds / 60);
    return u"%1 h %2 min"_s.arg(seconds / 3600).arg(seconds / 60 % 60);
}

void printStatus(const QJsonObject &status)
{
    const QString lane = status[u"lane"_s].toString();
    printOut(u"%1 (process %2, %3)\n"_s.arg(status[u"state"_s].toString())
                 .arg(status[u"pid"_s].toInteger())
                 .arg(duration(status[u"uptime_s"_s].toInteger())));
    printOut(u"backend   %1 (%2)\n"_s.arg(status[u"backend"_s].toString(),
                                          lane == u"local"_s ? u"offline: answers are made here"_s
                                                             : lane + u" lane"_s));
    printOut(u"address   %1\n"_s.arg(status[u"url"_s].toString()));
    printOut(u"requests  %1, %2 failed, %3 open\n"_s.arg(status[u"requests"_s].toInteger())
                 .arg(status[u"errors"_s].toInteger())
                 .arg(status[u"open"_s].toInteger()));
    printOut(u"version   %1, instance %2\n"_s.arg(status[u"version"_s].toString(),
                                                  status[u"instance"_s].toString()));
}

void printUse(const QJsonObject &result)
{
    const QString backend = result[u"backend"_s].toString();
    printOut(u"The next requests go to %1.\n"_s.arg(backend));
    if (!result[u"configured"_s].toBool()) {
        printError(
            u"%1 has no key yet; give it one with `switchyard secret set %1`."_s.arg(backend));
    }
    if (!result[u"kept"_s].toBool()) {
        printError(u"The choice lasts for this run only, for the command line or the environment "
                   "names a backend and outranks the settings file."_s);
    }
}

void printModels(const QJsonObject &result)
{
    const QJsonArray rows = result[u"models"_s].toArray();
    qsizetype client = 0;
    qsizetype upstream = 0;
    const auto target = [](const QJsonObject &row) {
        const QString name = row[u"upstream"_s].toString();
        return name.isEmpty() ? u"refused"_s : name;
    };
    for (const auto &row : rows) {
        client = std::max(client, row[u"client"_s].toString().size());
        upstream = std::max(upstream, target(row.toObject()).size());
    }
    printOut(u"%1\n"_s.arg(result[u"backend"_s].toString()));
    for (const auto &value : rows) {
        const QJsonObject row = value.toObject();
        printOut(u"  %1  →  %2  %3\n"_s.arg(row[u"client"_s].toString().leftJustified(client),
                                            target(row).leftJustified(upstream),
                                            row[u"reason"_s].toString()));
    }
}

int printLogs(ControlClient &client, const CommandLine &line)
{
    if (!line.json)
        printOut(rowTextHead() + '\n');
    const ControlAnswer answer = client.askForRows(line.follow, [&](QByteArrayView json) {
        if (line.json)
            return printOut(json.toByteArray() + '\n');
        const QJsonObject row = QJsonDocument::fromJson(json.toByteArray()).object();
        // A person follows what came and how it ended, not the moment between.
        if (line.follow && row[u"state"_s] == u"streaming"_s)
            return true;
        return printOut(rowText(row) + '\n');
    });
    if (answer.exitCode != ExitCode::Done)
        printError(answer.error);
    return answer.exitCode;
}

QString requestName(Command command)
{
    switch (command) {
    case Command::Use:
        return u"use"_s;
    case Command::Env:
        return u"env"_s;
    case Command::Models:
        return u"models"_s;
    case Command::Quit:
        return u"quit"_s;
    default:
        return u"status"_s;
    }
}

} // namespace

int runControlCommand(const CommandLine &line)
{
    const auto place = instancePlace(line.configDir);
    if (!place) {
        printError(place.error());
        return ExitCode::Failed;
    }
    ControlClient client;
    if (!client.connectTo(place.value())) {
        printError(u"Switchyard is not running for the configuration in %1; start it with "
                   "`switchyard` or `switchyard serve`."_s.arg(line.configDir));
        return ExitCode::NotRunning;
    }
    if (line.command == Command::Logs)
        return printLogs(client, line);

    const ControlAnswer answer =
        client.ask(requestName(line.command), {{u"backend"_s, line.backend}});
    if (answer.exitCode != ExitCode::Done) {
        printError(answer.error);
        return answer.exitCode;
    }
    switch (line.command) {
    case Command::Use:
        printUse(answer.result);
        break;
    case Command::Env:
        if (answer.result[u"url"_s].toString().isEmpty()) {
            printError(u"Switchyard is running but does not listen yet; try again in a moment."_s);
            return ExitCode::Failed;
        }
        printOut(clientExports(answer.result[u"url"_s].toString().toUtf8(),
                               answer.result[u"token"_s].toString().toUtf8(), line.shell));
        break;
    case Command::Models:
        printModels(answer.result);
        break;
    case Command::Quit:
        client.waitForEnd();
        break;
    default:
        if (line.json)
            printOut(QJsonDocument(answer.result).toJson(QJsonDocument::Compact) + '\n');
        else
            printStatus(answer.result);
    }
    return ExitCode::Done;
}

void notifySecretsChanged(const QString &configDir)
{
    const auto place = instancePlace(configDir);
    ControlClient client;
    if (place && client.connectTo(place.value()))
        client.ask(u"reload-secrets"_s);
}

} // namespace Switchyard
