// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/instancelock.h"
#include "app/rowfeed.h"

#include <QJsonObject>
#include <QLocalServer>
#include <QLocalSocket>
#include <QObject>
#include <QTimer>

#include <memory>
#include <unordered_map>

namespace Switchyard {

class ProxyService;

// The running instance's end of the control channel. Only the user's own processes are let in; what
// they send is bounded and checked, and one that reads slowly or not at all holds up nobody.
class ControlServer : public QObject
{
    Q_OBJECT

public:
    ControlServer(ProxyService *service, QObject *parent = nullptr);
    ~ControlServer() override;

    // The error is one sentence; empty on success. The instance lock must be held: what stands at
    // that path is then left over from a process that died.
    QString listen(const InstancePlace &place);

    // With a window, a second start brings it to the front; without one it is told so.
    void setHasWindow(bool hasWindow) { m_hasWindow = hasWindow; }

    static constexpr int maxConnections = 64;
    static constexpr int requestTimeoutMs = 10'000;

Q_SIGNALS:
    void windowRequested();
    void quitRequested();

private:
    struct Peer;

    void accept();
    void read(QLocalSocket *socket);
    void answer(Peer &peer, QByteArrayView line);
    void refuse(QLocalSocket *socket, int exitCode, const QString &sentence);
    void startFeed(Peer &peer, bool follow);
    void pump(Peer &peer);
    QByteArray dispatch(const QString &command, const QJsonObject &request);
    QByteArray status() const;
    QByteArray useBackend(const QString &name);
    QByteArray models(const QString &name) const;

    ProxyService *m_service;
    QLocalServer m_server;
    std::unordered_map<QLocalSocket *, std::unique_ptr<Peer>> m_peers;
    bool m_hasWindow = false;
};

} // namespace Switchyard
