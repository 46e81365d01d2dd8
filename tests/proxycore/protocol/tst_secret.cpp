// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/protocol/secret.h"

#include <QTest>

#include <concepts>

using namespace Switchyard;

// A secret must not become text by accident.
static_assert(!std::convertible_to<Secret, QByteArray>);
static_assert(!std::convertible_to<Secret, QByteArrayView>);
static_assert(!std::convertible_to<QByteArray, Secret>);
static_assert(!std::equality_comparable<Secret>);

class TestSecret : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void onlyTheSameBytesMatch_data();
    void onlyTheSameBytesMatch();
};

void TestSecret::onlyTheSameBytesMatch_data()
{
    QTest::addColumn<QByteArray>("secret");
    QTest::addColumn<QByteArray>("other");
    QTest::addColumn<bool>("matches");
    QTest::newRow("the same") << QByteArray("placeholder") << QByteArray("placeholder") << true;
    QTest::newRow("another case") << QByteArray("placeholder") << QByteArray("Placeholder")
                                  << false;
    QTest::newRow("another end") << QByteArray("placeholder") << QByteArray("placeholdex") << false;
    QTest::newRow("a part") << QByteArray("placeholder") << QByteArray("placeholde") << false;
    QTest::newRow("more") << QByteArray("placeholder") << QByteArray("placeholder2") << false;
    QTest::newRow("nothing") << QByteArray("placeholder") << QByteArray() << false;
    QTest::newRow("bytes above 127")
        << QByteArray("\xFF\x80") << QByteArray("\x7F\x00", 2) << false;
    QTest::newRow("a NUL inside") << QByteArray("a\0b", 3) << QByteArray("a\0c", 3) << false;
}

void TestSecret::onlyTheSameBytesMatch()
{
    QFETCH(QByteArray, secret);
    QFETCH(QByteArray, other);
    QFETCH(bool, matches);
    QCOMPARE(Secret(secret).matches(other), matches);
}

QTEST_APPLESS_MAIN(TestSecret)
#include "tst_secret.moc"
