// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/service/portholder.h"

#include <QCoreApplication>
#include <QTcpServer>
#include <QTest>

using namespace Switchyard;
using namespace Qt::StringLiterals;

class TestPortHolder : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void theHolderOfAPortIsFound_data();
    void theHolderOfAPortIsFound();
    void aPortHeldAtAnotherAddressIsFree();
    void aFreePortHasNoHolder();
};

void TestPortHolder::theHolderOfAPortIsFound_data()
{
    QTest::addColumn<QHostAddress>("held");
    QTest::addColumn<QHostAddress>("wanted");
    const QHostAddress loopback(QHostAddress::LocalHost);
    const QHostAddress any(QHostAddress::AnyIPv4);
    QTest::newRow("at the same address") << loopback << loopback;
    QTest::newRow("at all addresses, one is wanted") << any << loopback;
    QTest::newRow("at one address, all are wanted") << loopback << any;
}

void TestPortHolder::theHolderOfAPortIsFound()
{
    QFETCH(QHostAddress, held);
    QFETCH(QHostAddress, wanted);
    QTcpServer server;
    QVERIFY2(server.listen(held), qPrintable(server.errorString()));
    const auto holder = findPortHolder(wanted, server.serverPort());
    QVERIFY(holder);
    QCOMPARE(holder->pid, QCoreApplication::applicationPid());
    // The system keeps 15 characters of a name.
    QVERIFY(!holder->name.isEmpty());
    QVERIFY(QByteArray("tst_portholder").startsWith(holder->name));
}

void TestPortHolder::aPortHeldAtAnotherAddressIsFree()
{
    QTcpServer server;
    QVERIFY(server.listen(QHostAddress(u"127.0.0.2"_s)));
    QVERIFY(!findPortHolder(QHostAddress(QHostAddress::LocalHost), server.serverPort()));
}

void TestPortHolder::aFreePortHasNoHolder()
{
    QTcpServer server;
    QVERIFY(server.listen(QHostAddress::LocalHost));
    const quint16 port = server.serverPort();
    server.close();
    QVERIFY(!findPortHolder(QHostAddress(QHostAddress::LocalHost), port));
}

QTEST_GUILESS_MAIN(TestPortHolder)
#include "tst_portholder.moc"
