// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/downstream/listenaddress.h"

#include <QNetworkInterface>
#include <QSysInfo>
#include <QTest>

using namespace Switchyard;
using namespace Qt::StringLiterals;

class TestListenAddress : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void loopbackHosts_data();
    void loopbackHosts();
    void leadsToUs_data();
    void leadsToUs();
    void leadsElsewhere_data();
    void leadsElsewhere();
    void everyAddressOfThisMachineIsOursWhenListeningOnAll();
    void clientsAreSentToLoopback();
};

void TestListenAddress::loopbackHosts_data()
{
    QTest::addColumn<QString>("host");
    QTest::addColumn<bool>("loopback");

    const auto row = [](const char *name, const QString &host, bool loopback) {
        QTest::newRow(name) << host << loopback;
    };
    row("localhost is", u"localhost"_s, true);
    row("LOCALHOST with a final dot is", u"LOCALHOST."_s, true);
    row("a name under localhost is", u"api.localhost"_s, true);
    row("127.0.0.1 is", u"127.0.0.1"_s, true);
    row("127.255.255.254 is", u"127.255.255.254"_s, true);
    row("the short spelling 127.1 is", u"127.1"_s, true);
    row("::1 is", u"::1"_s, true);
    row("[::1] in brackets is", u"[::1]"_s, true);
    row("::ffff:127.0.0.1 is", u"::ffff:127.0.0.1"_s, true);
    row("128.0.0.1 is not", u"128.0.0.1"_s, false);
    row("126.255.255.255 is not", u"126.255.255.255"_s, false);
    row("0.0.0.0 is not", u"0.0.0.0"_s, false);
    row(":: is not", u"::"_s, false);
    row("::ffff:10.0.0.1 is not", u"::ffff:10.0.0.1"_s, false);
    row("a name is not", u"example.com"_s, false);
    row("a name that ends like localhost is not", u"mylocalhost"_s, false);
    row("nothing is not", QString(), false);
}

void TestListenAddress::loopbackHosts()
{
    QFETCH(QString, host);
    QTEST(isLoopbackHost(host), "loopback");
}

void TestListenAddress::leadsToUs_data()
{
    QTest::addColumn<QByteArray>("url");
    QTest::addColumn<QString>("address");
    QTest::addColumn<quint16>("port");

    const auto row = [](const char *name, const QByteArray &url, const QString &address,
                        quint16 port = 4000) { QTest::newRow(name) << url << address << port; };
    row("the very address", "http://127.0.0.1:4000", u"127.0.0.1"_s);
    row("with a path", "http://127.0.0.1:4000/api/v1", u"127.0.0.1"_s);
    row("localhost", "http://localhost:4000", u"127.0.0.1"_s);
    row("localhost in capitals and with a dot", "http://LocalHost.:4000", u"127.0.0.1"_s);
    row("::1", "http://[::1]:4000", u"127.0.0.1"_s);
    row("the mapped address", "http://[::ffff:127.0.0.1]:4000", u"127.0.0.1"_s);
    row("the mapped address in hexadecimal", "http://[::ffff:7f00:1]:4000", u"127.0.0.1"_s);
    row("a short spelling", "http://127.1:4000", u"127.0.0.1"_s);
    row("a decimal spelling", "http://2130706433:4000", u"127.0.0.1"_s);
    row("a hexadecimal spelling", "http://0x7f.0.0.1:4000", u"127.0.0.1"_s);
    row("another address of the loopback net", "http://127.0.0.2:4000", u"127.0.0.1"_s);
    row("all addresses", "https://0.0.0.0:4000", u"127.0.0.1"_s);
    row("all IPv6 addresses", "https://[::]:4000", u"::1"_s);
    row("over https", "https://127.0.0.1:4000", u"127.0.0.1"_s);
    row("the default port of http", "http://127.0.0.1", u"127.0.0.1"_s, 80);
    row("the default port of https", "https://127.0.0.1", u"127.0.0.1"_s, 443);
    row("while listening on localhost", "http://127.0.0.1:4000", u"localhost"_s);
    row("while listening on ::1", "http://localhost:4000", u"::1"_s);
    row("loopback while listening on all addresses", "http://127.0.0.1:4000", u"0.0.0.0"_s);
    row("loopback while listening on all IPv6 addresses", "http://[::1]:4000", u"::"_s);
    row("the one address we listen on", "https://192.0.2.7:4000", u"192.0.2.7"_s);
    row("the machine's name while listening on all addresses",
        "https://" + QSysInfo::machineHostName().toUtf8() + ":4000", u"0.0.0.0"_s);
}

void TestListenAddress::leadsToUs()
{
    QFETCH(QByteArray, url);
    QFETCH(QString, address);
    QFETCH(quint16, port);
    QVERIFY(leadsToListener(url, listenHostAddress(address), port));
}

void TestListenAddress::leadsElsewhere_data()
{
    QTest::addColumn<QByteArray>("url");
    QTest::addColumn<QString>("address");
    QTest::addColumn<quint16>("port");

    const auto row = [](const char *name, const QByteArray &url, const QString &address,
                        quint16 port = 4000) { QTest::newRow(name) << url << address << port; };
    row("another port of this machine", "http://127.0.0.1:4001", u"127.0.0.1"_s);
    row("the same port of another machine", "https://192.0.2.8:4000", u"127.0.0.1"_s);
    row("the same port of a named machine", "https://example.com:4000", u"127.0.0.1"_s);
    row("another machine while listening on all addresses", "https://192.0.2.8:4000", u"0.0.0.0"_s);
    row("a named machine while listening on all addresses", "https://example.com:4000",
        u"0.0.0.0"_s);
    row("loopback while listening on one address of the network", "http://127.0.0.1:4000",
        u"192.0.2.7"_s);
    row("the default port is not ours", "https://127.0.0.1", u"127.0.0.1"_s);
    row("while the port is not known yet", "http://127.0.0.1:4000", u"127.0.0.1"_s, 0);
}

void TestListenAddress::leadsElsewhere()
{
    QFETCH(QByteArray, url);
    QFETCH(QString, address);
    QFETCH(quint16, port);
    QVERIFY(!leadsToListener(url, listenHostAddress(address), port));
}

void TestListenAddress::everyAddressOfThisMachineIsOursWhenListeningOnAll()
{
    const QList<QHostAddress> addresses = QNetworkInterface::allAddresses();
    QVERIFY(!addresses.isEmpty());
    for (QHostAddress address : addresses) {
        address.setScopeId({});
        const QString host = address.protocol() == QAbstractSocket::IPv6Protocol
            ? u"[%1]"_s.arg(address.toString())
            : address.toString();
        QVERIFY2(
            leadsToListener("https://" + host.toLatin1() + ":4000", QHostAddress::AnyIPv4, 4000),
            qPrintable(host));
    }
}

void TestListenAddress::clientsAreSentToLoopback()
{
    QCOMPARE(clientUrl(QHostAddress::LocalHost, 4000), QByteArray("http://127.0.0.1:4000"));
    QCOMPARE(clientUrl(QHostAddress::AnyIPv4, 4000), QByteArray("http://127.0.0.1:4000"));
    QCOMPARE(clientUrl(QHostAddress::AnyIPv6, 4000), QByteArray("http://[::1]:4000"));
    QCOMPARE(clientUrl(QHostAddress(u"192.0.2.7"_s), 4000), QByteArray("http://192.0.2.7:4000"));
}

QTEST_GUILESS_MAIN(TestListenAddress)
#include "tst_listenaddress.moc"
