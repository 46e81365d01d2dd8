// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QApplication>
#include <QRegularExpression>
#include <QTest>

namespace Switchyard {

// For init() of a test that shows windows: every warning fails the test, but for what the
// "offscreen" platform says about itself when a window is raised or a menu opens.
inline void failOnWarnings()
{
    QTest::failOnWarning(QRegularExpression(QStringLiteral("^(?!This plugin does not support )")));
}

} // namespace Switchyard

// QTEST_MAIN for such a test: QT_FATAL_WARNINGS knows no exceptions, failOnWarnings() replaces it.
#define SWITCHYARD_WINDOW_TEST_MAIN(TestClass)                                                     \
    int main(int argc, char **argv)                                                                \
    {                                                                                              \
        qunsetenv("QT_FATAL_WARNINGS");                                                            \
        QApplication app(argc, argv);                                                              \
        TestClass test;                                                                            \
        return QTest::qExec(&test, argc, argv);                                                    \
    }
