// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/config/secretstore.h"
#include "proxycore/service/configsnapshot.h"
#include "proxycore/service/localtoken.h"

#include <QObject>
#include <QTimer>

#include <set>

namespace Switchyard {

// The secrets of a run: the token clients must send, and the keys of the backends that the settings
// leave open. What the settings do not give is asked from the keychain.
class Credentials : public QObject
{
    Q_OBJECT

public:
    explicit Credentials(QObject *parent = nullptr);

    // Gets the token and, unless its name is empty, the key of the backend the first request needs.
    // ready() follows: at once when the settings give both, else when the keychain has answered,
    // but no later than after a bound.
    void prepare(const Settings &settings, const QByteArray &backend);
    // No ready() will follow.
    void cancel();
    // Asks the keychain, for the first time or again, for a backend's key; changed() follows.
    void ask(const QByteArray &backend);
    // A new question after this is told to the user again when it fails.
    void forgetProblem() { m_problem.clear(); }

    const Secret &token() const { return m_token; }
    TokenOrigin tokenOrigin() const { return m_tokenOrigin; }
    const KeychainCredentials &keys() const { return m_keys; }
    // One sentence when the keychain could not be asked.
    const QString &problem() const { return m_problem; }

Q_SIGNALS:
    void ready();
    void changed();

private:
    void askKeychain(const QString &key);
    void answered(const QString &key, const SecretStore::Answer &answer);
    void takeTokenAnswer(const SecretStore::Answer &answer, bool wasAwaited);
    void finishPreparing();
    void storeToken();
    void report(const QString &sentence);

    SecretStore m_store;
    KeychainCredentials m_keys;
    QString m_problem;
    // Entries asked for and not answered yet, and those of them prepare() waits for.
    std::set<QString> m_asked;
    std::set<QString> m_awaited;
    QTimer m_patience;
    Secret m_token;
    TokenOrigin m_tokenOrigin = TokenOrigin::NotRequired;
};

} // namespace Switchyard
