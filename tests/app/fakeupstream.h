// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/app/httpclient.h"

#include <QJsonDocument>
#include <QJsonObject>

namespace Switchyard::Testing {

// The fake OpenRouter of tests/fakes as a process of its own.
class FakeUpstream
{
public:
    explicit FakeUpstream(const QByteArray &key)
    {
        m_process.setProcessChannelMode(QProcess::ForwardedErrorChannel);
        m_process.start(
            QStringLiteral("node"),
            {QDir::cleanPath(QStringLiteral(SWITCHYARD_TEST_DATA "/../../fakes/openrouter.mjs")),
             QStringLiteral("--with-parent"), QStringLiteral("--key"), QString::fromLatin1(key)});
        const QDeadlineTimer deadline(deadlineMs);
        while (!m_process.canReadLine() && !deadline.hasExpired()
               && m_process.state() != QProcess::NotRunning) {
            m_process.waitForReadyRead(int(deadline.remainingTime()));
        }
        const QJsonObject ready = QJsonDocument::fromJson(m_process.readLine()).object();
        m_port = quint16(ready[QLatin1StringView("port")].toInt());
        m_control = quint16(ready[QLatin1StringView("control")].toInt());
    }
    ~FakeUpstream()
    {
        m_process.closeWriteChannel();
        if (m_process.waitForFinished(deadlineMs))
            return;
        m_process.kill();
        m_process.waitForFinished();
    }
    Q_DISABLE_COPY(FakeUpstream)

    bool isRunning() const { return m_port != 0; }
    QString base() const { return QStringLiteral("http://127.0.0.1:%1/api/v1").arg(m_port); }

    // The next answers, in the terms of tests/fakes/openrouter/scripted.mjs.
    bool script(const QByteArray &answers) { return ok("POST", "/__script", answers); }
    bool openGate(const QByteArray &gate)
    {
        return ok("POST", "/__open", R"({"gate":")" + gate + R"("})");
    }
    // Waits until a request stands at the gate.
    bool waitForGate(const QByteArray &gate) { return ok("GET", "/__seen?gate=" + gate, {}); }

private:
    bool ok(const QByteArray &method, const QByteArray &path, const QByteArray &body)
    {
        HttpClient client(m_control, method, path, {}, body);
        return client.readAll().startsWith("HTTP/1.1 200");
    }

    QProcess m_process;
    quint16 m_port = 0;
    quint16 m_control = 0;
};

} // namespace Switchyard::Testing
