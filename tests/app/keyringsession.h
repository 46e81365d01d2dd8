// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/app/program.h"

#include <QCoreApplication>

#include <cstdio>
#include <unistd.h>
#include <vector>

namespace Switchyard::Testing {

// Runs the test inside of tests/support/with-keyring.sh: beside a real gnome-keyring of its own, to
// which each test function gives other entries or none.
template <typename Test> int runBesideKeyring(int argc, char **argv)
{
    if (!qEnvironmentVariableIsSet("PRIVATE_KEYRING")) {
        const QByteArray wrapper = QFile::encodeName(
            QDir::cleanPath(QStringLiteral(SWITCHYARD_TEST_DATA "/../../support/with-keyring.sh")));
        std::vector<char *> command{const_cast<char *>(wrapper.constData())};
        command.insert(command.end(), argv, argv + argc);
        command.push_back(nullptr);
        ::execv(wrapper.constData(), command.data());
        std::perror(wrapper.constData());
        return 1;
    }
    const QCoreApplication application(argc, argv);
    Test test;
    return QTest::qExec(&test, argc, argv);
}

// A home whose programs reach the keyring of this session.
inline Home homeWithKeyring()
{
    Home home;
    home.environment.insert(QStringLiteral("DBUS_SESSION_BUS_ADDRESS"),
                            qEnvironmentVariable("DBUS_SESSION_BUS_ADDRESS"));
    return home;
}

// What the desktop's own tool, which shares no code with us, finds in the keyring.
inline QByteArray keyringEntry(const QString &key)
{
    QProcess tool;
    tool.start(QStringLiteral("secret-tool"),
               {QStringLiteral("lookup"), QStringLiteral("server"), QStringLiteral("switchyard"),
                QStringLiteral("user"), key});
    tool.waitForFinished(deadlineMs);
    return tool.readAllStandardOutput();
}

inline void clearKeyring()
{
    for (const QString &key : {QStringLiteral("OPENROUTER"), QStringLiteral("local-token")}) {
        QProcess tool;
        tool.start(QStringLiteral("secret-tool"),
                   {QStringLiteral("clear"), QStringLiteral("server"), QStringLiteral("switchyard"),
                    QStringLiteral("user"), key});
        tool.waitForFinished(deadlineMs);
    }
}

} // namespace Switchyard::Testing
