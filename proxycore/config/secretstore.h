// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/protocol/secret.h"

#include <QObject>
#include <QString>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

namespace QKeychain {
class Job;
}

namespace Switchyard {

// The OS keychain through QtKeychain; there is no fallback to a file. Keys are backend names
// ("OPENROUTER") and "local-token"; each is an entry of its own under the service "switchyard".
// Asynchronous: the answer always comes from the event loop of the main thread, exactly once and
// within the time limit, or never when the store is destroyed first.
class SecretStore : public QObject
{
    Q_OBJECT

public:
    static constexpr auto localTokenKey = "local-token";

    struct Answer
    {
        std::optional<Secret> secret; // empty: there is no such entry
        QString error; // one sentence when the keychain could not be asked
    };

    explicit SecretStore(QObject *parent = nullptr);

    // How long an answer may take. Where there is a display the keychain may ask the user for a
    // password, so the default is two minutes there and five seconds elsewhere.
    void setTimeLimit(std::chrono::milliseconds limit);

    void read(const QString &key, std::function<void(const Answer &)> done);
    // The error is empty on success.
    void write(const QString &key, const Secret &secret,
               std::function<void(const QString &error)> done);
    // Removing what is not there is a success.
    void remove(const QString &key, std::function<void(const QString &error)> done);

private:
    // Starts the job; `done` gets the finished job, or null and the sentence of a failure.
    void run(std::unique_ptr<QKeychain::Job> job, const QString &key,
             std::function<void(QKeychain::Job *job, const QString &error)> done);

    std::chrono::milliseconds m_timeLimit;
};

} // namespace Switchyard
