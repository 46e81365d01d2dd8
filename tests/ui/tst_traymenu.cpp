// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/madeupdata.h"
#include "tests/ui/windowtest.h"
#include "ui/traymenu.h"

#include <QScreen>
#include <QSignalSpy>
#include <QTest>

using namespace Qt::StringLiterals;
using namespace Switchyard;

namespace {

QStringList textsOf(const QMenu &menu)
{
    QStringList texts;
    const QList<QAction *> actions = menu.actions();
    for (const QAction *action : actions)
        texts << (action->isSeparator() ? u"-"_s : action->text());
    return texts;
}

QAction *actionNamed(const QMenu &menu, const QString &text)
{
    const QList<QAction *> actions = menu.actions();
    for (QAction *action : actions) {
        if (action->text() == text)
            return action;
    }
    return nullptr;
}

QStringList checkedIn(const QMenu &menu)
{
    QStringList texts;
    const QList<QAction *> actions = menu.actions();
    for (const QAction *action : actions) {
        if (action->isChecked())
            texts << action->text();
    }
    return texts;
}

} // namespace

class TrayMenuTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init() { failOnWarnings(); }

    void everythingIsThereBeforeTheMenuOpens()
    {
        TrayMenu menu;
        menu.setStatus(MadeUpData::running(), MadeUpData::backends("OPENROUTER"));
        QCOMPARE(
            textsOf(menu),
            (QStringList{u"Running · OpenRouter · 2 streams"_s, u"-"_s, u"OpenRouter · 0.9 s"_s,
                         u"LiteLLM (no key yet)"_s, u"Echo (offline)"_s, u"-"_s,
                         u"&Open Switchyard"_s, u"&Copy client variables"_s, u"-"_s, u"&Quit"_s}));
        QCOMPARE(checkedIn(menu), QStringList{u"OpenRouter · 0.9 s"_s});
    }

    void aNewStatusChangesTheItemsThatAreThere()
    {
        TrayMenu menu;
        menu.setStatus(MadeUpData::running(), MadeUpData::backends("OPENROUTER"));
        const QList<QAction *> before = menu.actions();
        menu.setStatus(MadeUpData::offline(), MadeUpData::backends("ECHO"));
        QCOMPARE(menu.actions(), before);
        QCOMPARE(before.first()->text(), u"Running · Echo (offline)"_s);
        QCOMPARE(checkedIn(menu), QStringList{u"Echo (offline)"_s});
    }

    void aBackendThatGoesAwayLeavesNoStaleItem()
    {
        TrayMenu menu;
        menu.setStatus(MadeUpData::running(), MadeUpData::backends("OPENROUTER"));
        std::vector<BackendStatus> fewer = MadeUpData::backends("OPENROUTER");
        fewer.erase(fewer.begin() + 1);
        menu.setStatus(MadeUpData::running(), fewer);
        QVERIFY(!actionNamed(menu, u"LiteLLM (no key yet)"_s));
        QCOMPARE(menu.actions().size(), 9);
        QCOMPARE(menu.actions().at(2)->text(), u"OpenRouter · 0.9 s"_s);
    }

    void aClickChoosesTheBackend()
    {
        TrayMenu menu;
        menu.setStatus(MadeUpData::running(), MadeUpData::backends("OPENROUTER"));
        QSignalSpy chosen(&menu, &TrayMenu::backendChosen);
        menu.popup(QPoint(0, 0));
        QVERIFY(QTest::qWaitForWindowExposed(&menu));
        const QRect item = menu.actionGeometry(actionNamed(menu, u"Echo (offline)"_s));
        QTest::mouseClick(&menu, Qt::LeftButton, {}, item.center());
        QCOMPARE(chosen.size(), 1);
        QCOMPARE(chosen[0][0].toByteArray(), QByteArray("ECHO"));
        QVERIFY(!menu.isVisible());
    }

    void theKeyboardReachesEverything_data()
    {
        QTest::addColumn<int>("downs");
        QTest::addColumn<QString>("signal");
        QTest::newRow("the status sentence opens the window") << 1 << u"open"_s;
        QTest::newRow("the first backend") << 2 << u"OPENROUTER"_s;
        QTest::newRow("a backend without a key") << 3 << u"LITELLM"_s;
        QTest::newRow("the offline backend") << 4 << u"ECHO"_s;
        QTest::newRow("the window") << 5 << u"open"_s;
        QTest::newRow("the client variables") << 6 << u"copy"_s;
        QTest::newRow("the end") << 7 << u"quit"_s;
    }
    void theKeyboardReachesEverything()
    {
        QFETCH(int, downs);
        TrayMenu menu;
        menu.setStatus(MadeUpData::running(), MadeUpData::backends("OPENROUTER"));
        QStringList heard;
        connect(&menu, &TrayMenu::openRequested, this, [&] { heard << u"open"_s; });
        connect(&menu, &TrayMenu::copyVariablesRequested, this, [&] { heard << u"copy"_s; });
        connect(&menu, &TrayMenu::quitRequested, this, [&] { heard << u"quit"_s; });
        connect(&menu, &TrayMenu::backendChosen, this,
                [&](const QByteArray &name) { heard << QString::fromLatin1(name); });
        menu.popup(QPoint(0, 0));
        QVERIFY(QTest::qWaitForWindowExposed(&menu));
        for (int i = 0; i < downs; ++i)
            QTest::keyClick(&menu, Qt::Key_Down);
        QTest::keyClick(&menu, Qt::Key_Return);
        QFETCH(QString, signal);
        QCOMPARE(heard, QStringList{signal});
    }

    void theCheckMarkIsTheServicesAndNotTheClicks()
    {
        TrayMenu menu;
        menu.setStatus(MadeUpData::running(), MadeUpData::backends("OPENROUTER"));
        actionNamed(menu, u"Echo (offline)"_s)->trigger();
        // The service did not follow.
        menu.setStatus(MadeUpData::running(), MadeUpData::backends("OPENROUTER"));
        QCOMPARE(checkedIn(menu), QStringList{u"OpenRouter · 0.9 s"_s});
    }

    void aTextThatGrowsWhileTheMenuIsOpenStaysOnTheScreen()
    {
        TrayMenu menu;
        menu.setStatus(MadeUpData::offline(), MadeUpData::backends("ECHO"));
        const QRect screen = menu.screen()->geometry();
        menu.popup(screen.bottomRight());
        QVERIFY(QTest::qWaitForWindowExposed(&menu));
        const int before = menu.width();
        std::vector<BackendStatus> backends = MadeUpData::backends("OPENROUTER");
        backends[0].title = "A backend with a name that is longer than the others";
        backends.push_back(backends[1]);
        menu.setStatus(MadeUpData::running(), backends);
        QTRY_VERIFY(menu.width() > before);
        QVERIFY(screen.contains(menu.geometry()));
    }

    void thereIsNothingToCopyWhenNothingIsServed()
    {
        TrayMenu menu;
        menu.setStatus(MadeUpData::failed(), MadeUpData::backends("OPENROUTER"));
        QCOMPARE(menu.actions().first()->text(), u"Not running"_s);
        QVERIFY(!actionNamed(menu, u"&Copy client variables"_s)->isEnabled());
        QVERIFY(actionNamed(menu, u"&Quit"_s)->isEnabled());
    }

    void anAmpersandInANameIsALetter()
    {
        TrayMenu menu;
        std::vector<BackendStatus> backends = MadeUpData::backends("ECHO");
        backends[0].title = "Rail & Road";
        menu.setStatus(MadeUpData::offline(), backends);
        QVERIFY(actionNamed(menu, u"Rail && Road · 0.9 s"_s));
    }
};

SWITCHYARD_WINDOW_TEST_MAIN(TrayMenuTest)
#include "tst_traymenu.moc"
