// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/config/settings.h"
#include "tests/ui/windowtest.h"
#include "ui/exchangeview.h"
#include "ui/noticebar.h"
#include "ui/trayapplication.h"

#include <QClipboard>
#include <QNetworkAccessManager>
#include <QNetworkReply>
#include <QSignalSpy>
#include <QTcpServer>
#include <QTemporaryDir>
#include <QTest>

using namespace Qt::StringLiterals;
using namespace Switchyard;

namespace {

const QByteArray token = "local-token-placeholder-5e1d";

Settings settingsIn(const QTemporaryDir &folder, bool withKey, quint16 port = 0)
{
    SettingsSources sources;
    sources.configDir = folder.filePath(u"config"_s);
    sources.dataDir = folder.filePath(u"data"_s);
    if (withKey)
        sources.environment.insert(u"OPENROUTER_API_KEY"_s, u"sk-or-v1-placeholder"_s);
    sources.commandLine.port = QString::number(port);
    sources.commandLine.token = QString::fromLatin1(token);
    sources.commandLine.backend = u"ECHO"_s;
    const LoadedSettings loaded = loadSettings(sources);
    Q_ASSERT(loaded.problems.empty());
    return loaded.settings;
}

// The application in front of a real service, on a desktop without a tray.
struct Running
{
    explicit Running(bool withKey = true, quint16 port = 0) : application(&service)
    {
        application.setStateFolder(folder.path());
        service.start(settingsIn(folder, withKey, port));
        application.show();
    }

    ~Running()
    {
        QSignalSpy stopped(&service, &ProxyService::stopped);
        service.stop(0);
        stopped.wait();
    }

    bool isIn(ServiceState state)
    {
        return QTest::qWaitFor([this, state] { return service.status().state == state; }, 10'000);
    }

    QStringList notices()
    {
        QStringList sentences;
        for (const Notice &notice : application.window()->findChild<NoticeBar *>()->notices())
            sentences << notice.sentence;
        return sentences;
    }

    // The status of the answer to a request like a client's.
    int ask()
    {
        QNetworkRequest request(
            QUrl(QString::fromLatin1(service.status().url) + u"/v1/messages"_s));
        request.setHeader(QNetworkRequest::ContentTypeHeader, u"application/json"_s);
        request.setRawHeader("authorization", "Bearer " + token);
        QNetworkReply *reply = network.post(request,
                                            R"({"model":"claude-haiku-5-5","max_tokens":50,)"
                                            R"("messages":[{"role":"user","content":"Hello"}]})");
        QSignalSpy finished(reply, &QNetworkReply::finished);
        finished.wait(10'000);
        reply->deleteLater();
        return reply->attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt();
    }

    QAction *menuAction(const QString &text)
    {
        const QList<QAction *> actions = application.menu()->actions();
        for (QAction *action : actions) {
            if (action->text() == text)
                return action;
        }
        return nullptr;
    }

    QTemporaryDir folder;
    QNetworkAccessManager network;
    ProxyService service;
    TrayApplication application;
};

const QString noTray = u"This desktop has no system tray, so Switchyard lives in this window."_s;

} // namespace

class TrayApplicationTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init() { failOnWarnings(); }

    void withoutATrayTheWindowOpensAndSaysWhy()
    {
        Running running;
        QVERIFY(running.application.window()->isVisible());
        QVERIFY(running.notices().contains(noTray));
        QVERIFY(running.isIn(ServiceState::Running));
        QVERIFY(running.notices().contains(noTray));
    }

    void withoutATrayClosingTheWindowEndsTheApplication()
    {
        Running running;
        QSignalSpy quit(&running.application, &TrayApplication::quitRequested);
        running.application.window()->close();
        QCOMPARE(quit.size(), 1);
        // The window stays until the streams have ended.
        QVERIFY(running.application.window()->isVisible());
    }

    void withoutATrayAHiddenWindowCanBeFoundAgain()
    {
        Running running;
        QVERIFY(QTest::qWaitForWindowActive(running.application.window()));
        QTest::keyClick(running.application.window(), Qt::Key_W, Qt::ControlModifier);
        QVERIFY(running.application.window()->isMinimized());
        QVERIFY(running.application.window()->isVisible());
        running.application.raiseWindow();
        QVERIFY(!running.application.window()->isMinimized());
    }

    void aRequestIsARow()
    {
        Running running;
        QVERIFY(running.isIn(ServiceState::Running));
        QCOMPARE(running.ask(), 200);
        const QAbstractItemModel *model =
            running.application.window()->findChild<ExchangeView *>()->model();
        QTRY_COMPARE(model->rowCount(), 1);
        QTRY_COMPARE(model->index(0, ExchangeModel::StateColumn).data().toString(), u"done"_s);
        QCOMPARE(model->index(0, ExchangeModel::ModelColumn).data().toString(),
                 u"claude-haiku-5-5"_s);
        QCOMPARE(model->index(0, ExchangeModel::BackendColumn).data().toString(), u"Echo"_s);
        QCOMPARE(model->index(0, ExchangeModel::StatusColumn).data().toString(), u"200"_s);
    }

    void aChoiceInTheMenuReachesTheServiceAndTheWindow()
    {
        Running running;
        QVERIFY(running.isIn(ServiceState::Running));
        QVERIFY(running.menuAction(u"Running · Echo (offline)"_s));
        running.menuAction(u"OpenRouter"_s)->trigger();
        QCOMPARE(running.service.status().backend, QByteArray("OPENROUTER"));
        QVERIFY(running.menuAction(u"Running · OpenRouter"_s));
        QVERIFY(running.menuAction(u"OpenRouter"_s)->isChecked());
        QVERIFY(!running.menuAction(u"Echo (offline)"_s)->isChecked());
    }

    void aChoiceMadeElsewhereReachesTheMenu()
    {
        Running running;
        QVERIFY(running.isIn(ServiceState::Running));
        running.service.useBackend("OPENROUTER");
        QVERIFY(running.menuAction(u"OpenRouter"_s)->isChecked());
    }

    void aBackendWithoutAKeyIsNotTakenAndTheRemedyIsNamed()
    {
        Running running(false);
        QVERIFY(running.isIn(ServiceState::Running));
        running.menuAction(u"OpenRouter (no key yet)"_s)->trigger();
        QCOMPARE(running.service.status().backend, QByteArray("ECHO"));
        QVERIFY(running.menuAction(u"Echo (offline)"_s)->isChecked());
        QVERIFY(!running.menuAction(u"OpenRouter (no key yet)"_s)->isChecked());
        const QString remedy = u"OpenRouter has no key yet. Give it one in a terminal: switchyard "
                               "secret set OPENROUTER"_s;
        QVERIFY(running.notices().contains(remedy));
        QVERIFY(running.application.window()->isVisible());
        // Gone with the next choice.
        running.menuAction(u"Echo (offline)"_s)->trigger();
        QVERIFY(!running.notices().contains(remedy));
    }

    void theVariablesAreCopiedAsAShellTakesThem()
    {
        Running running;
        QVERIFY(running.isIn(ServiceState::Running));
        running.menuAction(u"&Copy client variables"_s)->trigger();
        QCOMPARE(
            QApplication::clipboard()->text(),
            QString::fromUtf8(clientExports(running.service.status().url, token, usualShell())));
    }

    void quitInTheMenuAsksForTheEnd()
    {
        Running running;
        QSignalSpy quit(&running.application, &TrayApplication::quitRequested);
        running.menuAction(u"&Quit"_s)->trigger();
        QCOMPARE(quit.size(), 1);
    }

    void aPortThatIsTakenIsSaidInTheWindow()
    {
        QTcpServer other;
        QVERIFY(other.listen(QHostAddress::LocalHost));
        Running running(true, other.serverPort());
        QVERIFY(running.isIn(ServiceState::Failed));
        QVERIFY(running.application.window()->isVisible());
        const QString failure = QString::fromUtf8(running.service.status().failure);
        QVERIFY(failure.contains(QString::number(other.serverPort())));
        QVERIFY(running.notices().contains(failure));
        QVERIFY(running.menuAction(u"Not running"_s));
    }
};

SWITCHYARD_WINDOW_TEST_MAIN(TrayApplicationTest)
#include "tst_trayapplication.moc"
