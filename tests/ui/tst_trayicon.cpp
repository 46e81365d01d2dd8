// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/madeupdata.h"
#include "tests/ui/windowtest.h"
#include "ui/tones.h"
#include "ui/trayicon.h"

#include <QImage>
#include <QTest>

using namespace Qt::StringLiterals;
using namespace Switchyard;

namespace {

const QList<TrayState> allStates{TrayState::Idle, TrayState::Active, TrayState::Trouble,
                                 TrayState::Stopped};

QImage drawn(TrayState state, int side, qreal ratio = 1)
{
    return trayIcon(state)
        .pixmap(QSize(side, side), ratio)
        .toImage()
        .convertToFormat(QImage::Format_ARGB32);
}

// Where the glyph is: the light pixels, whatever the colour of the ground.
QImage shapeOf(const QImage &image)
{
    QImage shape(image.size(), QImage::Format_Mono);
    for (int y = 0; y < image.height(); ++y) {
        for (int x = 0; x < image.width(); ++x)
            shape.setPixel(x, y, qGray(image.pixel(x, y)) > 170 ? 1 : 0);
    }
    return shape;
}

} // namespace

class TrayIconTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init() { failOnWarnings(); }

    void theStateFollowsTheService_data()
    {
        QTest::addColumn<ServiceState>("state");
        QTest::addColumn<int>("open");
        QTest::addColumn<bool>("failureUnseen");
        QTest::addColumn<TrayState>("shown");
        QTest::newRow("running and nothing to do is idle")
            << ServiceState::Running << 0 << false << TrayState::Idle;
        QTest::newRow("open requests are active")
            << ServiceState::Running << 2 << false << TrayState::Active;
        QTest::newRow("a failure nobody has seen is trouble")
            << ServiceState::Running << 0 << true << TrayState::Trouble;
        QTest::newRow("open requests do not hide a failure")
            << ServiceState::Running << 1 << true << TrayState::Trouble;
        QTest::newRow("a proxy that could not start is trouble")
            << ServiceState::Failed << 0 << false << TrayState::Trouble;
        QTest::newRow("stopped is stopped")
            << ServiceState::Stopped << 0 << true << TrayState::Stopped;
        QTest::newRow("nothing is served before the start is over")
            << ServiceState::Starting << 0 << false << TrayState::Stopped;
        QTest::newRow("no new request is taken while stopping")
            << ServiceState::Stopping << 3 << false << TrayState::Stopped;
    }
    void theStateFollowsTheService()
    {
        QFETCH(ServiceState, state);
        QFETCH(int, open);
        QFETCH(bool, failureUnseen);
        ServiceStatus status;
        status.state = state;
        status.openStreams = open;
        QTEST(trayState(status, failureUnseen), "shown");
    }

    void theShapesDifferAtEverySizeOfAPanel_data()
    {
        QTest::addColumn<int>("side");
        for (const int side : {16, 22, 24, 32, 48})
            QTest::addRow("an icon of %d pixels", side) << side;
    }
    void theShapesDifferAtEverySizeOfAPanel()
    {
        QFETCH(int, side);
        for (const TrayState one : allStates) {
            for (const TrayState other : allStates) {
                if (one >= other)
                    continue;
                const QImage a = shapeOf(drawn(one, side));
                const QImage b = shapeOf(drawn(other, side));
                int different = 0;
                for (int y = 0; y < side; ++y) {
                    for (int x = 0; x < side; ++x)
                        different += a.pixelIndex(x, y) != b.pixelIndex(x, y);
                }
                QVERIFY2(different * 100 >= side * side * 3,
                         qPrintable(u"states %1 and %2 differ in %3 pixels"_s.arg(int(one))
                                        .arg(int(other))
                                        .arg(different)));
            }
        }
    }

    void theGlyphStandsOutOnItsOwnGroundWhateverThePanel()
    {
        for (const TrayState state : allStates) {
            const QImage image = drawn(state, 44);
            QHash<QRgb, int> colors;
            for (int y = 0; y < image.height(); ++y) {
                for (int x = 0; x < image.width(); ++x)
                    ++colors[image.pixel(x, y)];
            }
            QRgb ground = 0;
            for (auto it = colors.cbegin(); it != colors.cend(); ++it) {
                if (qAlpha(it.key()) == 255 && it.key() != 0xffffffff
                    && it.value() > colors.value(ground))
                    ground = it.key();
            }
            QVERIFY(colors.value(0xffffffff) > 100);
            QVERIFY(colors.value(ground) > 500);
            QVERIFY(contrast(Qt::white, QColor(ground)) >= 4.5);
        }
    }

    void aDensePanelGetsItsPixels()
    {
        const QPixmap pixmap = trayIcon(TrayState::Idle).pixmap(QSize(22, 22), 2.0);
        QCOMPARE(pixmap.size(), QSize(44, 44));
        QCOMPARE(pixmap.devicePixelRatio(), 2.0);
        // Drawn at that size, not scaled up from the small one.
        QVERIFY(pixmap.toImage()
                != drawn(TrayState::Idle, 22)
                       .scaled(44, 44, Qt::IgnoreAspectRatio, Qt::SmoothTransformation));
    }

    void aPanelThatAsksForSizesGetsSome()
    {
        const QList<QSize> sizes = trayIcon(TrayState::Active).availableSizes();
        QVERIFY(sizes.contains(QSize(22, 22)));
        QVERIFY(sizes.contains(QSize(44, 44)));
    }

    void theToolTipNamesBackendPortAndRequests()
    {
        QCOMPARE(
            trayToolTip(MadeUpData::running(), MadeUpData::backends("OPENROUTER")),
            u"Switchyard · Running · OpenRouter · 2 streams\nPort 4000\n40 requests, 3 failed"_s);
        QCOMPARE(trayToolTip(MadeUpData::offline(), MadeUpData::backends("ECHO")),
                 u"Switchyard · Running · Echo (offline)\nPort 4000\n0 requests"_s);
        const QString failed =
            trayToolTip(MadeUpData::failed(), MadeUpData::backends("OPENROUTER"));
        QVERIFY(failed.startsWith(u"Switchyard · Not running\nPort 4000 is taken by nginx"_s));
    }
};

SWITCHYARD_WINDOW_TEST_MAIN(TrayIconTest)
#include "tst_trayicon.moc"
