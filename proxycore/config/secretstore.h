// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/protocol/secret.h"

#include <QObject>
#include <QString>

#include <functional>
#include <optional>

namespace Switchyard {

// The OS keychain through QtKeychain; there is no fallback to a file. Asynchronous: answers come
// from the event loop. Keys are backend names ("OPENROUTER") and "local-token".
class SecretStore : public QObject
{
    Q_OBJECT

public:
    struct Answer
    {
        std::optional<Secret> secret; // empty: there is no such entry
        QString error; // one sentence when the keychain could not be asked
    };

    explicit SecretStore(QObject *parent = nullptr);

    void read(const QString &key, std::function<void(const Answer &)> done);
    // The error is empty on success.
    void write(const QString &key, const Secret &secret,
               std::function<void(const QString &error)> done);
    void remove(const QString &key, std::function<void(const QString &error)> done);
};

} // namespace Switchyard
