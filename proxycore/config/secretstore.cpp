// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/config/secretstore.h"

#include "proxycore/backends/backend.h"
#include "proxycore/config/secretservice.h"

#include <QTimer>

#include <qt6keychain/keychain.h>

#include <utility>

namespace Switchyard {

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace {

QString serviceName()
{
    return u"switchyard"_s;
}

bool hasDisplay()
{
#if defined(Q_OS_UNIX) && !defined(Q_OS_DARWIN)
    return !qEnvironmentVariableIsEmpty("DISPLAY")
        || !qEnvironmentVariableIsEmpty("WAYLAND_DISPLAY");
#else
    return true;
#endif
}

// The way that works without a keychain: "set OPENROUTER_API_KEY in the environment".
QString alternative(const QString &key)
{
    QString variable;
    if (key == QLatin1StringView(SecretStore::localTokenKey))
        variable = u"SWITCHYARD_TOKEN"_s;
    else if (const Backend *backend = findBackend(key.toLatin1());
             backend && !backend->traits().credentialVariables.isEmpty())
        variable = QString::fromLatin1(backend->traits().credentialVariables.front());
    if (variable.isEmpty())
        return u"give the secret in the environment"_s;
    return u"set %1 in the environment"_s.arg(variable);
}

QString obstacleSentence(SecretService::Obstacle obstacle, const QString &key)
{
    if (obstacle == SecretService::Obstacle::NoBus)
        return u"There is no session bus (D-Bus), so the keychain cannot be reached: start inside "
               "a desktop session, or %1."_s.arg(alternative(key));
    return u"The library libsecret is missing, so the keychain cannot be reached: install it "
           "(Debian: libsecret-1-0), or %1."_s.arg(alternative(key));
}

QString lockedSentence(const QString &key)
{
    return u"The keychain is locked or refused access: unlock it and try again, or %1."_s.arg(
        alternative(key));
}

QString errorSentence(QKeychain::Error error, const QString &detail, const QString &key)
{
    switch (error) {
    case QKeychain::AccessDenied:
    case QKeychain::AccessDeniedByUser:
        return lockedSentence(key);
    default:
        break;
    }
    // GDBus gives no code for this through QtKeychain, and does not translate what the bus says.
    if (error == QKeychain::NoBackendAvailable || detail.contains("org.freedesktop.secrets "_L1))
        return u"No keychain (Secret Service) runs in this session: start gnome-keyring, KWallet "
               "or KeePassXC, or %1."_s.arg(alternative(key));
    return u"The keychain failed (%1): check that it runs and is unlocked, or %2."_s.arg(
        detail, alternative(key));
}

// One question to the keychain. What comes after the answer finds nobody.
class Request : public QObject
{
public:
    using Done = std::function<void(QKeychain::Job *job, const QString &error)>;

    Request(Done done, QObject *parent) : QObject(parent), m_done(std::move(done)) { }

    void answer(QKeychain::Job *job, const QString &error)
    {
        const Done done = std::exchange(m_done, {});
        if (!done)
            return;
        deleteLater();
        done(job, error);
    }

    void answerAfter(std::chrono::milliseconds time, const QString &error)
    {
        m_timer.setSingleShot(true);
        m_timer.callOnTimeout(this, [this, error] { answer(nullptr, error); });
        m_timer.start(time);
    }

private:
    Done m_done;
    QTimer m_timer;
};

} // namespace

SecretStore::SecretStore(QObject *parent) : QObject(parent), m_timeLimit(hasDisplay() ? 120s : 5s)
{
}

void SecretStore::setTimeLimit(std::chrono::milliseconds limit)
{
    m_timeLimit = limit;
}

void SecretStore::run(std::unique_ptr<QKeychain::Job> job, const QString &key,
                      std::function<void(QKeychain::Job *job, const QString &error)> done)
{
    auto *request = new Request(std::move(done), this);
    if (const SecretService::Obstacle obstacle = SecretService::obstacle();
        obstacle != SecretService::Obstacle::None) {
        request->answerAfter(0ms, obstacleSentence(obstacle, key));
        return;
    }
    request->answerAfter(
        m_timeLimit,
        u"The keychain did not answer within %1 s: unlock it and try again, or %2."_s
            .arg(double(m_timeLimit.count()) / 1000)
            .arg(alternative(key)));

    // Deletes itself when it has finished. libsecret keeps a bare pointer to it until then, so it
    // must outlive this object.
    QKeychain::Job *running = job.release();
    running->setKey(key);
    running->setInsecureFallback(false);
    connect(running, &QKeychain::Job::finished, request, [request, key](QKeychain::Job *finished) {
        const QKeychain::Error error = finished->error();
        // Neither "not found" nor "removed" can be believed of a locked collection.
        const bool mayBeLocked = error == QKeychain::EntryNotFound
            || (error == QKeychain::NoError
                && qobject_cast<QKeychain::DeletePasswordJob *>(finished));
        if (mayBeLocked) {
            SecretService::isLocked(serviceName(), key, request, [request, key](bool locked) {
                request->answer(nullptr, locked ? lockedSentence(key) : QString());
            });
        } else if (error == QKeychain::NoError) {
            request->answer(finished, {});
        } else {
            request->answer(nullptr, errorSentence(error, finished->errorString(), key));
        }
    });
    running->start();
}

void SecretStore::read(const QString &key, std::function<void(const Answer &)> done)
{
    run(std::make_unique<QKeychain::ReadPasswordJob>(serviceName()), key,
        [done = std::move(done)](QKeychain::Job *job, const QString &error) {
            Answer answer{{}, error};
            if (job)
                answer.secret.emplace(static_cast<QKeychain::ReadPasswordJob *>(job)->binaryData());
            done(answer);
        });
}

void SecretStore::write(const QString &key, const Secret &secret,
                        std::function<void(const QString &error)> done)
{
    auto job = std::make_unique<QKeychain::WritePasswordJob>(serviceName());
    // As text, so that the desktop's own tools show and edit the same entry.
    job->setTextData(QString::fromUtf8(secret.reveal()));
    run(std::move(job), key,
        [done = std::move(done)](QKeychain::Job *, const QString &error) { done(error); });
}

void SecretStore::remove(const QString &key, std::function<void(const QString &error)> done)
{
    run(std::make_unique<QKeychain::DeletePasswordJob>(serviceName()), key,
        [done = std::move(done)](QKeychain::Job *, const QString &error) { done(error); });
}

} // namespace Switchyard
