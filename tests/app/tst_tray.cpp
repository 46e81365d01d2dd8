// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/app/httpclient.h"

#include <QJsonDocument>
#include <QJsonObject>

using namespace Switchyard::Testing;
using namespace Qt::StringLiterals;

#ifdef SWITCHYARD_UI
namespace {

const QStringList anyPort{u"--port"_s, u"0"_s};

// A screen nobody sees. Its plugin warns about what it cannot do, which is no defect of ours.
Home homeWithScreen()
{
    Home home;
    home.environment.insert(u"QT_QPA_PLATFORM"_s, u"offscreen"_s);
    home.environment.remove(u"QT_FATAL_WARNINGS"_s);
    return home;
}

QJsonObject status(const Home &home)
{
    return QJsonDocument::fromJson(run(home, {u"status"_s, u"--json"_s}).out).object();
}

} // namespace
#endif

// `switchyard` without a subcommand, seen from outside.
class TestTray : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void withoutADisplayItRecommendsServe_data();
    void withoutADisplayItRecommendsServe();
#ifdef SWITCHYARD_UI
    void itServesAndCanBeEnded_data();
    void itServesAndCanBeEnded();
    void aSecondStartIsDoneAtOnce();
    void serveBesideItIsRefused();
    void besideServeItSaysWhoRunsAndOpensNoWindow();
    void aWrongSettingIsRefusedBeforeAWindowOpens();
#endif
};

void TestTray::withoutADisplayItRecommendsServe_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("value");
    QTest::newRow("no display is named") << QString() << QString();
    QTest::newRow("the named display does not answer") << u"DISPLAY"_s << u":65000"_s;
}

void TestTray::withoutADisplayItRecommendsServe()
{
    QFETCH(QString, name);
    QFETCH(QString, value);
    Home home;
    // Qt warns before it gives up.
    home.environment.remove(u"QT_FATAL_WARNINGS"_s);
    if (!name.isEmpty())
        home.environment.insert(name, value);
    const RunResult result = run(home, {});
    QCOMPARE(result.exitCode, 2);
    QVERIFY2(result.error.contains("`switchyard serve`"), result.error.constData());
    QCOMPARE(result.error.count('\n'), 1);
    QCOMPARE(result.out, QByteArray());
}

#ifdef SWITCHYARD_UI
void TestTray::itServesAndCanBeEnded_data()
{
    QTest::addColumn<bool>("bySignal");
    QTest::newRow("by `switchyard quit`") << false;
    QTest::newRow("by the end of the session") << true;
}

void TestTray::itServesAndCanBeEnded()
{
    QFETCH(bool, bySignal);
    Home home = homeWithScreen();
    home.environment.insert(u"SWITCHYARD_TOKEN"_s, u"placeholder-token"_s);
    Program program(home, anyPort);
    QVERIFY(QTest::qWaitFor([&] { return status(home)[u"state"_s].toString() == u"running"_s; },
                            deadlineMs));
    QCOMPARE(status(home)[u"window"_s].toBool(), true);
    QCOMPARE(status(home)[u"pid"_s].toInteger(), program.pid());
    const auto port = quint16(status(home)[u"port"_s].toInt());
    QVERIFY(HttpClient(port, "POST", "/v1/messages", "placeholder-token", messagesBody(true))
                .readAll()
                .contains("message_stop"));
    if (bySignal)
        program.sendSignal(SIGTERM);
    else
        QCOMPARE(run(home, {u"quit"_s}).exitCode, 0);
    QCOMPARE(program.waitForEnd(), 0);
}

void TestTray::aSecondStartIsDoneAtOnce()
{
    Home home = homeWithScreen();
    Program program(home, anyPort);
    QVERIFY(QTest::qWaitFor([&] { return status(home)[u"state"_s].toString() == u"running"_s; },
                            deadlineMs));
    const RunResult second = run(home, {});
    QVERIFY2(second.exitCode == 0, second.error.constData());
    QCOMPARE(status(home)[u"pid"_s].toInteger(), program.pid());
}

void TestTray::serveBesideItIsRefused()
{
    Home home = homeWithScreen();
    Program program(home, anyPort);
    QVERIFY(QTest::qWaitFor([&] { return status(home)[u"state"_s].toString() == u"running"_s; },
                            deadlineMs));
    const RunResult second = run(home, QStringList{u"serve"_s} + anyPort);
    QCOMPARE(second.exitCode, 1);
    QVERIFY2(second.error.contains(QByteArray::number(program.pid())), second.error.constData());
}

void TestTray::besideServeItSaysWhoRunsAndOpensNoWindow()
{
    Home home = homeWithScreen();
    Program server(home, QStringList{u"serve"_s} + anyPort);
    QVERIFY(server.waitUntilReady());
    const RunResult tray = run(home, {});
    QCOMPARE(tray.exitCode, 1);
    QVERIFY2(tray.error.contains(QByteArray::number(server.pid())), tray.error.constData());
    QVERIFY2(tray.error.contains("switchyard quit"), tray.error.constData());
    QVERIFY(server.isRunning());
}

void TestTray::aWrongSettingIsRefusedBeforeAWindowOpens()
{
    Home home = homeWithScreen();
    const RunResult result = run(home, {u"--port"_s, u"many"_s});
    QCOMPARE(result.exitCode, 2);
    QVERIFY2(result.error.contains("many"), result.error.constData());
}
#endif

QTEST_GUILESS_MAIN(TestTray)
#include "tst_tray.moc"
