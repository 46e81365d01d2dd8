// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/tones.h"

#include <QPalette>
#include <QTest>

using namespace Switchyard;

class TonesTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void contrastIsThatOfTheGuidelines()
    {
        QCOMPARE(contrast(Qt::white, Qt::black), 21.0);
        QCOMPARE(contrast(Qt::black, Qt::white), 21.0);
        QCOMPARE(contrast(Qt::red, Qt::red), 1.0);
    }

    void everyWordIsReadable_data()
    {
        QTest::addColumn<QColor>("base");
        QTest::addColumn<QColor>("ink");
        QTest::newRow("black on white") << QColor(0xff, 0xff, 0xff) << QColor(0, 0, 0);
        QTest::newRow("grey ink on light grey")
            << QColor(0xfa, 0xfa, 0xf8) << QColor(0x23, 0x26, 0x29);
        QTest::newRow("light ink on dark grey")
            << QColor(0x1f, 0x21, 0x20) << QColor(0xe6, 0xe6, 0xe3);
        QTest::newRow("a dark desktop of the usual kind")
            << QColor(0x2a, 0x2e, 0x32) << QColor(0xfc, 0xfc, 0xfc);
        QTest::newRow("white on black") << QColor(0, 0, 0) << QColor(0xff, 0xff, 0xff);
    }
    void everyWordIsReadable()
    {
        QFETCH(QColor, base);
        QFETCH(QColor, ink);
        QPalette palette;
        palette.setColor(QPalette::Base, base);
        palette.setColor(QPalette::Text, ink);
        const Tones tones = tonesOf(palette);
        for (const QColor &ground : {base, tones.ground, tones.selection}) {
            for (const QColor &word :
                 {tones.ink, tones.muted, tones.accent, tones.look, tones.failed}) {
                QVERIFY2(contrast(word, ground) >= 4.5,
                         qPrintable(QStringLiteral("%1 on %2: %3")
                                        .arg(word.name(), ground.name())
                                        .arg(contrast(word, ground))));
            }
        }
        // A line divides and does not shout.
        QVERIFY(contrast(tones.line, base) > 1.1);
        QVERIFY(contrast(tones.line, base) < 2.0);
    }
};

QTEST_GUILESS_MAIN(TonesTest)
#include "tst_tones.moc"
