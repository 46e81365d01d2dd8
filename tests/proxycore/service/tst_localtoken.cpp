// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/service/localtoken.h"

#include <QRegularExpression>
#include <QSet>
#include <QTest>

using namespace Switchyard;
using namespace Qt::StringLiterals;

class TestLocalToken : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void tokensAreLongAndDiffer();
};

void TestLocalToken::tokensAreLongAndDiffer()
{
    // 32 bytes are 43 characters of base64url.
    const QRegularExpression form(u"^sy-[A-Za-z0-9_-]{43}$"_s);
    QSet<QByteArray> seen;
    for (int i = 0; i < 100; ++i) {
        const Secret token = generateLocalToken();
        QVERIFY(form.match(QString::fromLatin1(token.reveal())).hasMatch());
        seen.insert(token.reveal());
    }
    QCOMPARE(seen.size(), 100);
}

QTEST_GUILESS_MAIN(TestLocalToken)
#include "tst_localtoken.moc"
