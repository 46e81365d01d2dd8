// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/controlclient.h"

#include "app/controlprotocol.h"
#include "app/exitcode.h"

namespace Switchyard {

using namespace Qt::StringLiterals;

namespace {

constexpr int connectTimeoutMs = 3'000;

ControlAnswer noAnswer()
{
    return {ExitCode::Failed,
            u"The running Switchyard closed the connection or does not answer."_s,
            {}};
}

} // namespace

bool ControlClient::connectTo(const InstancePlace &place)
{
    m_socket.connectToServer(place.socket);
    return m_socket.waitForConnected(connectTimeoutMs);
}

std::optional<QByteArray> ControlClient::readLine(int timeoutMs)
{
    for (;;) {
        const qsizetype end = m_received.indexOf('\n');
        if (end >= 0) {
            const QByteArray line = m_received.first(end);
            m_received.remove(0, end + 1);
            return line;
        }
        if (m_socket.bytesAvailable() == 0 && !m_socket.waitForReadyRead(timeoutMs))
            return std::nullopt;
        m_received += m_socket.readAll();
    }
}

ControlAnswer ControlClient::readAnswer(QByteArrayView line) const
{
    const auto object = parseControlLine(line);
    if (!object) {
        return {
            ExitCode::Failed,
            u"The running Switchyard speaks another version of the control protocol; end it and "
            "start this one."_s,
            {}};
    }
    if (object->value(u"ok"_s).toBool())
        return {ExitCode::Done, {}, object->value(u"result"_s).toObject()};
    return {
        object->value(u"code"_s).toInt(ExitCode::Failed), object->value(u"error"_s).toString(), {}};
}

ControlAnswer ControlClient::ask(const QString &command, const QJsonObject &arguments)
{
    m_socket.write(controlRequest(command, arguments));
    const auto line = readLine(answerTimeoutMs);
    return line ? readAnswer(*line) : noAnswer();
}

ControlAnswer ControlClient::askForRows(bool follow, const RowHandler &row)
{
    m_socket.write(controlRequest(u"logs"_s, {{u"follow"_s, follow}}));
    for (;;) {
        const auto line = readLine(follow ? -1 : answerTimeoutMs);
        if (!line) {
            // Whoever follows sees the instance end: that is the end of the rows, not a failure.
            return follow ? ControlAnswer() : noAnswer();
        }
        const QByteArrayView json = rowOfControlLine(*line);
        if (json.isEmpty())
            return readAnswer(*line);
        if (!row(json))
            return {};
    }
}

void ControlClient::waitForEnd()
{
    while (m_socket.state() != QLocalSocket::UnconnectedState) {
        m_socket.waitForDisconnected(-1);
        m_socket.readAll();
    }
}

} // namespace Switchyard
