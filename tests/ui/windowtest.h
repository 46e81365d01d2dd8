// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QApplication>
#include <QFile>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTest>

namespace Switchyard {

// For init() of a test that shows windows: every warning fails the test, but for what the
// "offscreen" platform says about itself when a window is raised or a menu opens.
inline void failOnWarnings()
{
    QTest::failOnWarning(QRegularExpression(QStringLiteral("^(?!This plugin does not support )")));
}

// A home and a session of its own: the test sees nothing of the desktop it runs on.
class OwnDesktop
{
public:
    OwnDesktop()
    {
        const QByteArray folder = QFile::encodeName(m_folder.path());
        for (const char *name :
             {"HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"})
            qputenv(name, folder);
        qunsetenv("DBUS_SESSION_BUS_ADDRESS");
        // It knows no exceptions; failOnWarnings() stands in for it.
        qunsetenv("QT_FATAL_WARNINGS");
    }

private:
    QTemporaryDir m_folder;
};

} // namespace Switchyard

// QTEST_MAIN for a test that shows windows.
#define SWITCHYARD_WINDOW_TEST_MAIN(TestClass)                                                     \
    int main(int argc, char **argv)                                                                \
    {                                                                                              \
        const Switchyard::OwnDesktop desktop;                                                      \
        QApplication app(argc, argv);                                                              \
        TestClass test;                                                                            \
        return QTest::qExec(&test, argc, argv);                                                    \
    }
