// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/service/credentials.h"

#include "proxycore/service/localtoken.h"
#include "proxycore/service/logging.h"

namespace Switchyard {

using namespace Qt::StringLiterals;

namespace {

const QString tokenKey = QLatin1StringView(SecretStore::localTokenKey);
constexpr auto category = "switchyard.credentials";

// A locked keychain asks its user for a password; the start does not wait for that for ever.
constexpr int patienceMs = 3'000;

} // namespace

Credentials::Credentials(QObject *parent) : QObject(parent)
{
    m_patience.setSingleShot(true);
    m_patience.setInterval(patienceMs);
    m_patience.callOnTimeout(this, [this] {
        report(u"The keychain has not answered for %1 s; the start does not wait for it any "
               "longer."_s.arg(patienceMs / 1000));
        finishPreparing();
    });
}

void Credentials::prepare(const Settings &settings, const QByteArray &backend)
{
    m_awaited.clear();
    if (!settings.tokenRequired.value) {
        m_token = Secret();
        m_tokenOrigin = TokenOrigin::NotRequired;
    } else if (!settings.token.value.isEmpty()) {
        m_token = settings.token.value;
        m_tokenOrigin = TokenOrigin::Given;
    } else {
        m_tokenOrigin = TokenOrigin::ThisRun;
        m_awaited.insert(tokenKey);
    }
    if (!backend.isEmpty())
        m_awaited.insert(QString::fromLatin1(backend));
    if (m_awaited.empty()) {
        finishPreparing();
        return;
    }
    m_patience.start();
    const std::set<QString> keys = m_awaited;
    for (const QString &key : keys)
        askKeychain(key);
}

void Credentials::cancel()
{
    m_patience.stop();
    m_awaited.clear();
}

void Credentials::ask(const QByteArray &backend)
{
    askKeychain(QString::fromLatin1(backend));
}

void Credentials::askKeychain(const QString &key)
{
    if (!m_asked.insert(key).second)
        return;
    m_store.read(key, [this, key](const SecretStore::Answer &answer) {
        m_asked.erase(key);
        answered(key, answer);
    });
}

void Credentials::answered(const QString &key, const SecretStore::Answer &answer)
{
    if (!answer.error.isEmpty())
        report(answer.error);

    const bool wasAwaited = m_awaited.erase(key) > 0;
    if (key == tokenKey)
        takeTokenAnswer(answer, wasAwaited);
    else if (answer.secret && !answer.secret->isEmpty())
        m_keys[key.toLatin1()] = *answer.secret;
    else if (answer.error.isEmpty())
        m_keys.erase(key.toLatin1());

    if (!wasAwaited)
        Q_EMIT changed();
    else if (m_awaited.empty())
        finishPreparing();
}

void Credentials::takeTokenAnswer(const SecretStore::Answer &answer, bool wasAwaited)
{
    // A keychain that was unlocked late still has the token clients were set up with.
    if (m_tokenOrigin != TokenOrigin::ThisRun)
        return;
    if (answer.secret && !answer.secret->isEmpty()) {
        m_token = *answer.secret;
        m_tokenOrigin = TokenOrigin::Keychain;
    } else if (answer.error.isEmpty() && wasAwaited) {
        m_token = generateLocalToken();
        storeToken();
    }
}

void Credentials::finishPreparing()
{
    cancel();
    if (m_tokenOrigin == TokenOrigin::ThisRun && m_token.isEmpty()) {
        m_token = generateLocalToken();
        logLine(LogLevel::Warning, category,
                "The local token is valid for this run only; set SWITCHYARD_TOKEN to keep one.");
    }
    Q_EMIT ready();
}

void Credentials::storeToken()
{
    m_store.write(tokenKey, m_token, [this](const QString &error) {
        if (!error.isEmpty()) {
            logLine(LogLevel::Warning, category,
                    "The local token could not be stored and is valid for this run only: "
                        + error.toUtf8());
        } else if (m_tokenOrigin == TokenOrigin::ThisRun) {
            m_tokenOrigin = TokenOrigin::Keychain;
        }
    });
}

void Credentials::report(const QString &sentence)
{
    if (!m_problem.isEmpty())
        return;
    m_problem = sentence;
    logLine(LogLevel::Warning, category, sentence.toUtf8());
}

} // namespace Switchyard
