// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/secretcommand.h"

#include "app/console.h"
#include "app/controlcommands.h"
#include "app/exitcode.h"
#include "proxycore/config/secretstore.h"

#include <QEventLoop>
#include <QProcessEnvironment>

namespace Switchyard {

using namespace Qt::StringLiterals;

namespace {

const QString tokenKey = QLatin1StringView(SecretStore::localTokenKey);
constexpr qsizetype maxSecretBytes = 8'192;

bool isPrintableAscii(const QByteArray &value)
{
    return std::all_of(value.begin(), value.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

SecretStore::Answer readNow(SecretStore &store, const QString &key)
{
    QEventLoop loop;
    SecretStore::Answer result;
    store.read(key, [&](const SecretStore::Answer &answer) {
        result = answer;
        loop.exit();
    });
    loop.exec();
    return result;
}

// Runs one change of the keychain to its end.
int change(const CommandLine &line, const QString &done,
           const std::function<void(std::function<void(const QString &)>)> &action)
{
    QEventLoop loop;
    QString problem;
    action([&](const QString &error) {
        problem = error;
        loop.exit();
    });
    loop.exec();
    if (!problem.isEmpty()) {
        printError(problem);
        return ExitCode::Failed;
    }
    printOut(done);
    notifySecretsChanged(line.configDir);
    return ExitCode::Done;
}

int setSecret(SecretStore &store, const CommandLine &line)
{
    const Secret value = readSecret(u"Key for %1: "_s.arg(line.backend));
    if (value.isEmpty()) {
        printError(u"No key came on standard input; for example: printf %s \"$KEY\" | switchyard "
                   "secret set %1"_s.arg(line.backend));
        return ExitCode::UsageError;
    }
    if (value.reveal().size() > maxSecretBytes || !isPrintableAscii(value.reveal())) {
        printError(u"What came on standard input is no key: it must be one line of at most %1 "
                   "printable ASCII characters without a space."_s.arg(maxSecretBytes));
        return ExitCode::UsageError;
    }
    return change(line, u"Stored the key for %1 in the keychain.\n"_s.arg(line.backend),
                  [&](std::function<void(const QString &)> done) {
                      store.write(line.backend, value, std::move(done));
                  });
}

int deleteSecret(SecretStore &store, const CommandLine &line)
{
    const SecretStore::Answer before = readNow(store, line.backend);
    if (!before.error.isEmpty()) {
        printError(before.error);
        return ExitCode::Failed;
    }
    if (!before.secret) {
        printError(u"The keychain holds no key for %1."_s.arg(line.backend));
        return ExitCode::Failed;
    }
    return change(line, u"Deleted the key for %1 from the keychain.\n"_s.arg(line.backend),
                  [&](std::function<void(const QString &)> done) {
                      store.remove(line.backend, std::move(done));
                  });
}

int listSecrets(SecretStore &store, const CommandLine &line)
{
    SettingsSources sources;
    sources.configDir = line.configDir;
    sources.dataDir = line.dataDir;
    sources.environment = QProcessEnvironment::systemEnvironment();
    sources.commandLine = line.settings;
    const LoadedSettings loaded = loadSettings(sources);

    int exitCode = ExitCode::Done;
    const auto print = [&](const QString &key, bool fromEnvironment) {
        const SecretStore::Answer answer = readNow(store, key);
        if (!answer.error.isEmpty() && exitCode == ExitCode::Done) {
            printError(answer.error);
            exitCode = ExitCode::Failed;
        }
        const QString kept = answer.secret ? u"keychain"_s : u"-"_s;
        printOut(u"%1 %2 %3\n"_s
                     .arg(key.leftJustified(20), kept.leftJustified(9),
                          fromEnvironment ? u"environment (used first)"_s : QString())
                     .trimmed()
                 + u'\n');
    };
    for (const Backend *backend : allBackends()) {
        if (backend->traits().credentialVariables.isEmpty())
            continue;
        const auto setup = loaded.settings.backends.find(backend->traits().name);
        const QString name = QString::fromLatin1(backend->traits().name);
        if (line.backend.isEmpty() || line.backend == name) {
            print(name,
                  setup != loaded.settings.backends.end()
                      && !setup->second.credential.value.isEmpty());
        }
    }
    if (line.backend.isEmpty() || line.backend == tokenKey)
        print(tokenKey, !loaded.settings.token.value.isEmpty());
    return exitCode;
}

} // namespace

int runSecretCommand(const CommandLine &line)
{
    SecretStore store;
    CommandLine filled = line;
    if (filled.backend.isEmpty() && line.secretAction != SecretAction::List)
        filled.backend = QString::fromLatin1(preferredBackendName());
    switch (line.secretAction) {
    case SecretAction::Set:
        return setSecret(store, filled);
    case SecretAction::Delete:
        return deleteSecret(store, filled);
    case SecretAction::List:
        break;
    }
    return listSecrets(store, line);
}

} // namespace Switchyard
