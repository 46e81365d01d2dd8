// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/instancelock.h"

#include <QByteArray>
#include <QJsonObject>
#include <QLocalSocket>
#include <QString>

#include <functional>
#include <optional>

namespace Switchyard {

// The end of an answer: a result, or a sentence with the exit code it means.
struct ControlAnswer
{
    int exitCode = 0;
    QString error;
    QJsonObject result;
};

// The command line's end of the control channel; it waits, for it has nothing else to do.
class ControlClient
{
public:
    // False when no instance answers there.
    bool connectTo(const InstancePlace &place);

    static constexpr int answerTimeoutMs = 10'000;
    ControlAnswer ask(const QString &command, const QJsonObject &arguments = {});

    // Rows come one by one; false from `row` ends the conversation.
    using RowHandler = std::function<bool(QByteArrayView rowJson)>;
    ControlAnswer askForRows(bool follow, const RowHandler &row);

    // Until the other side has closed the connection, however long that takes.
    void waitForEnd();

private:
    std::optional<QByteArray> readLine(int timeoutMs);
    ControlAnswer readAnswer(QByteArrayView line) const;

    QLocalSocket m_socket;
    QByteArray m_received;
};

} // namespace Switchyard
