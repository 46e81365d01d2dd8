// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/madeupdata.h"
#include "tests/ui/windowtest.h"
#include "ui/exchangedetail.h"
#include "ui/exchangemodel.h"
#include "ui/exchangeview.h"
#include "ui/mainwindow.h"
#include "ui/switcherbutton.h"
#include "ui/tones.h"

#include <QCheckBox>
#include <QClipboard>
#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QScrollBar>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>

using namespace Qt::StringLiterals;
using namespace Switchyard;

namespace {

// A model in its window, shown and active.
struct Shown
{
    explicit Shown(int rows = 0) : window(&model)
    {
        model.setClock(&MadeUpData::now);
        window.setStatus(MadeUpData::running(), MadeUpData::backends("OPENROUTER"));
        window.setClientLines(clientLines("http://127.0.0.1:4000", "placeholder", Shell::Sh));
        model.apply(MadeUpData::records(rows));
        window.show();
        window.activateWindow();
    }

    bool isReady() { return QTest::qWaitForWindowActive(&window); }
    ExchangeView *view() { return window.findChild<ExchangeView *>(); }
    QScrollBar *bar() { return view()->verticalScrollBar(); }

    ExchangeModel model;
    MainWindow window;
};

QStringList visibleTexts(const QWidget &window)
{
    QStringList texts;
    const QList<QLabel *> labels = window.findChildren<QLabel *>();
    for (const QLabel *label : labels) {
        if (label->isVisible())
            texts << label->text();
    }
    return texts;
}

QAbstractButton *buttonNamed(const QWidget &window, const QString &accessibleName)
{
    const QList<QAbstractButton *> buttons = window.findChildren<QAbstractButton *>();
    for (QAbstractButton *button : buttons) {
        if (button->accessibleName() == accessibleName)
            return button;
    }
    return nullptr;
}

// Counts what a widget and all in it are asked to paint.
class PaintCounter : public QObject
{
public:
    explicit PaintCounter(QWidget *window)
    {
        window->installEventFilter(this);
        const QList<QWidget *> inside = window->findChildren<QWidget *>();
        for (QWidget *widget : inside)
            widget->installEventFilter(this);
    }
    bool eventFilter(QObject *, QEvent *event) override
    {
        paints += event->type() == QEvent::Paint;
        return false;
    }
    // One turn of the event loop painted nothing.
    bool hasSettled()
    {
        paints = 0;
        QCoreApplication::processEvents();
        return paints == 0;
    }

    int paints = 0;
};

bool hasActiveTimer(const QWidget &window)
{
    const QList<QTimer *> timers = window.findChildren<QTimer *>();
    return std::any_of(timers.begin(), timers.end(),
                       [](const QTimer *timer) { return timer->isActive(); });
}

} // namespace

class MainWindowTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { QLocale::setDefault(QLocale::c()); }
    void init() { failOnWarnings(); }

    void theEmptyWindowSaysHowToGetARequest()
    {
        Shown shown;
        QVERIFY(shown.isReady());
        QVERIFY(!shown.view()->isVisible());
        const QString all = visibleTexts(shown.window).join(u'\n');
        QVERIFY(all.contains(u"No requests yet"_s));
        QVERIFY(all.contains(u"export ANTHROPIC_BASE_URL='http://127.0.0.1:4000'"_s));
        QVERIFY(all.contains(u"curl -sS http://127.0.0.1:4000/v1/messages"_s));
        QVERIFY2(!all.contains(u"placeholder"_s), "the token is shown");
    }

    void theEmptyWindowCopiesWhatItShows()
    {
        Shown shown;
        QVERIFY(shown.isReady());
        QSignalSpy variables(&shown.window, &MainWindow::copyVariablesRequested);
        QSignalSpy request(&shown.window, &MainWindow::copyRequestRequested);
        QTest::mouseClick(buttonNamed(shown.window, u"Copy the lines for Claude Code"_s),
                          Qt::LeftButton);
        QCOMPARE(variables.size(), 1);
        QTest::mouseClick(buttonNamed(shown.window, u"Copy the request"_s), Qt::LeftButton);
        QCOMPARE(request.size(), 1);
    }

    void theFirstRequestReplacesTheExplanationByTheTable()
    {
        Shown shown;
        QVERIFY(shown.isReady());
        shown.model.apply(MadeUpData::records(1));
        QVERIFY(shown.view()->isVisible());
        QVERIFY(!visibleTexts(shown.window).contains(u"No requests yet"_s));
    }

    void aFailedStartSaysWhyAndOffersNothingToTry()
    {
        Shown shown;
        QVERIFY(shown.isReady());
        shown.window.setStatus(MadeUpData::failed(), MadeUpData::backends("OPENROUTER"));
        shown.window.setClientLines({});
        const QStringList texts = visibleTexts(shown.window);
        QVERIFY(texts.contains(QString::fromUtf8(MadeUpData::failed().failure)));
        QVERIFY(texts.contains(u"Not running"_s));
        QVERIFY(texts.contains(u"not listening"_s));
        QVERIFY(!texts.join(u'\n').contains(u"ANTHROPIC_BASE_URL"_s));
    }

    void theHeaderShowsBackendLaneAddressAndTotals()
    {
        Shown shown(3);
        QVERIFY(shown.isReady());
        const QStringList texts = visibleTexts(shown.window);
        QVERIFY(texts.contains(u"127.0.0.1:4000"_s));
        QVERIFY(texts.contains(u"40 requests  ·  3 failed  ·  1.4M tokens"_s));
        QVERIFY(texts.contains(u"Running · OpenRouter · 2 streams"_s));
        QCOMPARE(shown.window.findChild<SwitcherButton *>()->accessibleName(),
                 u"Backend: OpenRouter, native. Running · 2 streams"_s);
    }

    void theKeyboardSwitchesTheBackend()
    {
        Shown shown(3);
        QVERIFY(shown.isReady());
        QSignalSpy chosen(&shown.window, &MainWindow::backendChosen);
        auto *switcher = shown.window.findChild<SwitcherButton *>();
        QVERIFY(switcher->hasFocus());
        QMenu *menu = switcher->menu();
        // The menu runs a loop of its own inside the key press.
        connect(menu, &QMenu::aboutToShow, this, [menu] {
            QMetaObject::invokeMethod(
                menu,
                [menu] {
                    QTest::keyClick(menu, Qt::Key_Up);
                    QTest::keyClick(menu, Qt::Key_Return);
                },
                Qt::QueuedConnection);
        });
        QTest::keyClick(&shown.window, Qt::Key_B, Qt::ControlModifier);
        QTRY_COMPARE(chosen.size(), 1);
        QCOMPARE(chosen[0][0].toByteArray(), QByteArray("ECHO"));
    }

    void theKeysOfTheWindow_data()
    {
        QTest::addColumn<int>("key");
        QTest::addColumn<Qt::KeyboardModifiers>("modifiers");
        QTest::addColumn<QByteArray>("signal");
        const auto shift = Qt::KeyboardModifiers(Qt::ControlModifier | Qt::ShiftModifier);
        QTest::newRow("Ctrl+Q ends the application")
            << int(Qt::Key_Q) << Qt::KeyboardModifiers(Qt::ControlModifier)
            << QByteArray(SIGNAL(quitRequested()));
        QTest::newRow("Ctrl+W hides the window")
            << int(Qt::Key_W) << Qt::KeyboardModifiers(Qt::ControlModifier)
            << QByteArray(SIGNAL(hideRequested()));
        QTest::newRow("Ctrl+Shift+C copies the client variables")
            << int(Qt::Key_C) << shift << QByteArray(SIGNAL(copyVariablesRequested()));
    }
    void theKeysOfTheWindow()
    {
        QFETCH(int, key);
        QFETCH(Qt::KeyboardModifiers, modifiers);
        QFETCH(QByteArray, signal);
        Shown shown(5);
        QVERIFY(shown.isReady());
        shown.view()->setFocus();
        QSignalSpy spy(&shown.window, signal.constData());
        QTest::keyClick(shown.view(), Qt::Key(key), modifiers);
        QCOMPARE(spy.size(), 1);
    }

    void closingAsksAndDoesNotDecide()
    {
        Shown shown(1);
        QVERIFY(shown.isReady());
        QSignalSpy asked(&shown.window, &MainWindow::closeRequested);
        QVERIFY(!shown.window.close());
        QCOMPARE(asked.size(), 1);
        QVERIFY(shown.window.isVisible());
    }

    void theFocusGoesThroughTheWindowInReadingOrder()
    {
        Shown shown(5);
        QVERIFY(shown.isReady());
        QStringList order;
        for (int i = 0; i < 5; ++i) {
            order << QApplication::focusWidget()->accessibleName();
            QTest::keyClick(QApplication::focusWidget(), Qt::Key_Tab);
        }
        QCOMPARE(order,
                 (QStringList{u"Backend: OpenRouter, native. Running · 2 streams"_s,
                              u"Copy the address"_s, u"Menu"_s, u"Requests"_s,
                              u"Keep the newest request in view"_s}));
        QCOMPARE(QApplication::focusWidget()->accessibleName(), order.first());
    }

    void everythingThatTakesTheFocusHasAName()
    {
        Shown shown;
        QVERIFY(shown.isReady());
        const QList<QWidget *> widgets = shown.window.findChildren<QWidget *>();
        int named = 0;
        for (const QWidget *widget : widgets) {
            if (!(widget->focusPolicy() & Qt::TabFocus) || !widget->isVisible())
                continue;
            QVERIFY2(!widget->accessibleName().isEmpty(), widget->metaObject()->className());
            ++named;
        }
        QVERIFY(named >= 4);
    }

    void theTableFollowsItsTail()
    {
        Shown shown(100);
        QVERIFY(shown.isReady());
        QTRY_VERIFY(shown.bar()->maximum() > 0);
        QTRY_COMPARE(shown.bar()->value(), shown.bar()->maximum());
        const int before = shown.bar()->maximum();
        shown.model.apply({MadeUpData::record(101, ExchangeState::Waiting)});
        QTRY_VERIFY(shown.bar()->maximum() > before);
        QCOMPARE(shown.bar()->value(), shown.bar()->maximum());
    }

    void theTableStaysWhereTheUserScrolledTo()
    {
        Shown shown(100);
        QVERIFY(shown.isReady());
        QTRY_VERIFY(shown.bar()->maximum() > 0);
        auto *follow = shown.window.findChild<QCheckBox *>();
        QVERIFY(follow->isChecked());
        QTest::keyClick(shown.view(), Qt::Key_Home);
        QCOMPARE(shown.bar()->value(), 0);
        QVERIFY(!follow->isChecked());
        const int before = shown.bar()->maximum();
        shown.model.apply({MadeUpData::record(101, ExchangeState::Waiting)});
        QTRY_VERIFY(shown.bar()->maximum() > before);
        QCOMPARE(shown.bar()->value(), 0);

        QTest::keyClick(shown.view(), Qt::Key_End);
        QVERIFY(follow->isChecked());
        QCOMPARE(shown.bar()->value(), shown.bar()->maximum());
        QCOMPARE(shown.view()->currentIndex().row(), 100);
    }

    void aClickOnFollowGoesToTheTail()
    {
        Shown shown(100);
        QVERIFY(shown.isReady());
        QTRY_VERIFY(shown.bar()->maximum() > 0);
        shown.bar()->setValue(10);
        auto *follow = shown.window.findChild<QCheckBox *>();
        QVERIFY(!follow->isChecked());
        QTest::mouseClick(follow, Qt::LeftButton, {}, QPoint(8, follow->height() / 2));
        QVERIFY(follow->isChecked());
        QCOMPARE(shown.bar()->value(), shown.bar()->maximum());
    }

    void whatTheUserReadsStaysWhenTheOldestRowsLeave()
    {
        ExchangeModel model(nullptr, 100);
        model.apply(MadeUpData::records(100));
        ExchangeView view(&model);
        view.resize(900, 400);
        view.show();
        QVERIFY(QTest::qWaitForWindowExposed(&view));
        QTRY_VERIFY(view.verticalScrollBar()->maximum() > 0);
        view.setCurrentIndex(model.index(0, 0));
        view.verticalScrollBar()->setValue(50 * ExchangeView::rowHeight);
        QCOMPARE(model.record(view.rowAt(5)).id, 51u);
        model.apply({MadeUpData::record(101, ExchangeState::Waiting),
                     MadeUpData::record(102, ExchangeState::Waiting),
                     MadeUpData::record(103, ExchangeState::Waiting)});
        QCOMPARE(model.record(view.rowAt(5)).id, 51u);
        QCoreApplication::processEvents();
        QCOMPARE(model.record(view.rowAt(5)).id, 51u);
    }

    void theKeyboardStartsInWhatCanBeSeen()
    {
        Shown shown(100);
        QVERIFY(shown.isReady());
        QTRY_VERIFY(shown.bar()->maximum() > 0);
        shown.view()->setFocus();
        QTest::keyClick(shown.view(), Qt::Key_Up);
        QCOMPARE(shown.view()->currentIndex().row(), 99);
        QVERIFY(shown.view()->isFollowing());
        QTest::keyClick(shown.view(), Qt::Key_Up);
        QCOMPARE(shown.view()->currentIndex().row(), 98);

        QTest::keyClick(shown.view(), Qt::Key_Escape);
        shown.bar()->setValue(20 * ExchangeView::rowHeight);
        QTest::keyClick(shown.view(), Qt::Key_Down);
        QCOMPARE(shown.view()->currentIndex().row(), 20);
        QCOMPARE(shown.bar()->value(), 20 * ExchangeView::rowHeight);
    }

    void theChosenRowSaysWhatHappened()
    {
        Shown shown(40);
        QVERIFY(shown.isReady());
        auto *detail = shown.window.findChild<ExchangeDetail *>();
        QVERIFY(!detail->isVisible());
        shown.view()->selectRow(34);
        QVERIFY(detail->isVisible());
        const QStringList texts = visibleTexts(*detail);
        QCOMPARE(
            texts.first(),
            u"OpenRouter failed: The upstream allows 20 requests a minute; try again in 12 s."_s);
        QVERIFY(texts.last().contains(u"fingerprint 5f1c09ab77e2"_s));
        QTest::keyClick(shown.view(), Qt::Key_Escape);
        QVERIFY(!detail->isVisible());
    }

    void theChosenRowFollowsItsRequest()
    {
        Shown shown;
        QVERIFY(shown.isReady());
        shown.model.apply({MadeUpData::record(1, ExchangeState::Waiting)});
        shown.view()->selectRow(0);
        auto *detail = shown.window.findChild<ExchangeDetail *>();
        QCOMPARE(visibleTexts(*detail).first(), u"Waiting for the first event of OpenRouter."_s);
        shown.model.apply({MadeUpData::record(1, ExchangeState::Streaming)});
        QCOMPARE(visibleTexts(*detail).first(), u"OpenRouter is answering."_s);
        shown.model.apply({MadeUpData::record(1, ExchangeState::Done)});
        QCOMPARE(visibleTexts(*detail).first(), u"OpenRouter answered."_s);
    }

    void aRowIsCopiedAsJson()
    {
        Shown shown(5);
        QVERIFY(shown.isReady());
        shown.view()->selectRow(2);
        QTest::keyClick(shown.view(), Qt::Key_C, Qt::ControlModifier);
        QCOMPARE(QApplication::clipboard()->text(),
                 QString::fromUtf8(toJsonLine(shown.model.record(2))));
    }

    void theContextMenuSpeaksOfTheChosenRow()
    {
        Shown shown(5);
        QVERIFY(shown.isReady());
        const QPoint onRow = shown.view()->visualRect(shown.model.index(1, 2)).center();
        QTest::mouseClick(shown.view()->viewport(), Qt::LeftButton, {}, onRow);
        Q_EMIT shown.view()->customContextMenuRequested(onRow);
        const QList<QMenu *> menus =
            shown.window.findChildren<QMenu *>(QString(), Qt::FindDirectChildrenOnly);
        QCOMPARE(menus.size(), 1);
        QTest::keyClick(menus.first(), Qt::Key_Down);
        QTest::keyClick(menus.first(), Qt::Key_Down);
        QTest::keyClick(menus.first(), Qt::Key_Return);
        QCOMPARE(QApplication::clipboard()->text(), u"req_00000002"_s);
    }

    void textOfAnUpstreamIsNeverMarkup()
    {
        Shown shown;
        QVERIFY(shown.isReady());
        ExchangeRecord record = MadeUpData::record(1, ExchangeState::Error);
        record.errorMessage = "<img src='file:///etc/hostname'><b>bold</b>";
        shown.model.apply({record});
        shown.view()->selectRow(0);
        const QList<QLabel *> labels =
            shown.window.findChild<ExchangeDetail *>()->findChildren<QLabel *>();
        for (const QLabel *label : labels)
            QCOMPARE(label->textFormat(), Qt::PlainText);
    }

    void theClockRunsOnlyWhileARequestIsOpenAndSeen()
    {
        Shown shown;
        QVERIFY(shown.isReady());
        QVERIFY(!hasActiveTimer(*shown.view()));
        QSignalSpy changed(&shown.model, &QAbstractItemModel::dataChanged);

        shown.model.apply({MadeUpData::record(1, ExchangeState::Streaming)});
        QVERIFY(changed.wait(3'000));
        QCOMPARE(changed[0][0].toModelIndex().column(), int(ExchangeModel::DurationColumn));
        QVERIFY(shown.window.isTicking());

        shown.window.hide();
        QVERIFY(!shown.window.isTicking());
        shown.window.show();
        QVERIFY(shown.window.isTicking());
        shown.model.apply({MadeUpData::record(1, ExchangeState::Done)});
        QVERIFY(!shown.window.isTicking());
    }

    void nothingIsPaintedWhenNothingChanges()
    {
        Shown shown(40);
        QVERIFY(shown.isReady());
        QTRY_COMPARE(shown.bar()->value(), shown.bar()->maximum());
        PaintCounter counter(&shown.window);
        QTRY_VERIFY(counter.hasSettled());
        // The service repeats what is known; the window has no reason to paint.
        for (int i = 0; i < 20; ++i) {
            shown.window.setStatus(MadeUpData::running(), MadeUpData::backends("OPENROUTER"));
            shown.window.setClientLines(
                clientLines("http://127.0.0.1:4000", "placeholder", Shell::Sh));
            shown.window.setNotices({});
            QCoreApplication::processEvents();
        }
        QCOMPARE(counter.paints, 0);
    }

    void aHiddenWindowPaintsNothing()
    {
        Shown shown(40);
        QVERIFY(shown.isReady());
        shown.window.hide();
        PaintCounter counter(&shown.window);
        for (quint64 id = 41; id < 80; ++id) {
            shown.model.apply({MadeUpData::record(id, ExchangeState::Streaming)});
            QCoreApplication::processEvents();
        }
        QCOMPARE(counter.paints, 0);
        QCOMPARE(shown.model.rowCount(), 79);
    }

    void theColoursFollowThePalette()
    {
        const QPalette before = QApplication::palette();
        Shown shown(5);
        QVERIFY(shown.isReady());
        const QImage light = shown.window.grab().toImage();
        QPalette dark = before;
        dark.setColor(QPalette::Base, QColor(0x1f, 0x21, 0x20));
        dark.setColor(QPalette::Window, QColor(0x24, 0x26, 0x25));
        for (const auto role : {QPalette::Text, QPalette::WindowText, QPalette::ButtonText})
            dark.setColor(role, QColor(0xe6, 0xe6, 0xe3));
        QApplication::setPalette(dark);
        QCoreApplication::processEvents();
        const QImage changed = shown.window.grab().toImage();
        const QColor corner = changed.pixelColor(changed.width() / 2, 4);
        const QColor table = changed.pixelColor(changed.width() / 2, changed.height() - 60);
        const QColor status = changed.pixelColor(changed.width() / 2, changed.height() - 4);
        QApplication::setPalette(before);
        QCoreApplication::processEvents();
        for (const QColor &color : {corner, table, status})
            QVERIFY2(color.lightness() < 80, qPrintable(color.name()));
        // And back again, without a trace.
        QCOMPARE(shown.window.grab().toImage(), light);
    }

    void sizeAndPlaceAreKept()
    {
        QTemporaryDir folder;
        const QString file = folder.filePath(u"window.ini"_s);
        QRect before;
        {
            Shown shown(1);
            QVERIFY(shown.isReady());
            shown.window.setGeometryFile(file);
            shown.window.setGeometry(60, 40, 700, 444);
            before = shown.window.geometry();
            shown.window.hide();
        }
        ExchangeModel model;
        MainWindow again(&model);
        again.setGeometryFile(file);
        QCOMPARE(again.geometry(), before);
    }

    void aBrokenGeometryFileDoesNoHarm()
    {
        QTemporaryDir folder;
        QFile file(folder.filePath(u"window.ini"_s));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write("[window]\ngeometry=@ByteArray(nonsense)\n\x01\x02");
        file.close();
        ExchangeModel model;
        MainWindow window(&model);
        const QSize usual = window.size();
        window.setGeometryFile(file.fileName());
        QCOMPARE(window.size(), usual);
    }

    void lookingIsTold()
    {
        ExchangeModel model;
        MainWindow window(&model);
        QSignalSpy looked(&window, &MainWindow::looked);
        window.show();
        window.activateWindow();
        QTRY_VERIFY(looked.size() > 0);
    }

    void aNarrowWindowKeepsTheModelsReadable()
    {
        Shown shown(5);
        QVERIFY(shown.isReady());
        shown.window.resize(shown.window.minimumSizeHint());
        const int column = shown.view()->columnWidth(ExchangeModel::ModelColumn);
        QTRY_VERIFY(shown.view()->columnWidth(ExchangeModel::ModelColumn)
                    >= shown.view()->fontMetrics().averageCharWidth() * 30);
        QTRY_VERIFY(shown.view()->horizontalScrollBar()->maximum() > 0);
        shown.window.resize(1400, 600);
        QTRY_VERIFY(shown.view()->columnWidth(ExchangeModel::ModelColumn) > column);
        QTRY_COMPARE(shown.view()->horizontalScrollBar()->maximum(), 0);
    }
};

SWITCHYARD_WINDOW_TEST_MAIN(MainWindowTest)
#include "tst_mainwindow.moc"
