// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/protocol/tokenestimate.h"

#include <QTest>

using namespace Switchyard;

namespace {

QByteArray request(const QByteArray &content, const QByteArray &more = {})
{
    return "{\"model\":\"m\",\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":"
        + content + "}]" + more + '}';
}

QByteArray text(qsizetype bytes)
{
    return '"' + QByteArray(bytes, 'x') + '"';
}

QByteArray image(qsizetype bytes)
{
    return "[{\"type\":\"image\",\"source\":{\"type\":\"base64\",\"media_type\":\"image/"
           "png\",\"data\":"
        + text(bytes) + "}}]";
}

} // namespace

class TestTokenEstimate : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void textCountsByItsBytes();
    void systemAndToolsCount();
    void otherMembersDoNotCount();
    void anImageHasAFlatPrice();
    void aPdfHasAFlatPrice();
    void aTextDocumentCountsByItsText();
    void marksAndSignaturesDoNotCount();
    void theEstimateIsNeverZero_data();
    void theEstimateIsNeverZero();
};

void TestTokenEstimate::textCountsByItsBytes()
{
    const qint64 small = estimateInputTokens(request(text(4)));
    QVERIFY(small > 1 && small < 20);
    QCOMPARE(estimateInputTokens(request(text(40'004))), small + 10'000);
}

void TestTokenEstimate::systemAndToolsCount()
{
    const qint64 plain = estimateInputTokens(request(text(4)));
    QCOMPARE(estimateInputTokens(request(text(4), ",\"system\":" + text(4'000))), plain + 1'000);
    const qint64 tool = estimateInputTokens(
        request(text(4), ",\"tools\":[{\"name\":\"n\",\"description\":" + text(4'000) + "}]"));
    QVERIFY(tool >= plain + 1'000 && tool < plain + 1'020);
}

void TestTokenEstimate::otherMembersDoNotCount()
{
    QCOMPARE(
        estimateInputTokens(request(text(4), ",\"metadata\":{\"user_id\":" + text(4'000) + "}")),
        estimateInputTokens(request(text(4))));
}

void TestTokenEstimate::anImageHasAFlatPrice()
{
    const qint64 small = estimateInputTokens(request(image(100)));
    QVERIFY(small > 1'600 && small < 1'620);
    QCOMPARE(estimateInputTokens(request(image(1'000'000))), small);
}

void TestTokenEstimate::aPdfHasAFlatPrice()
{
    const qint64 pdf = estimateInputTokens(
        request("[{\"type\":\"document\",\"source\":{\"data\":" + text(100'000)
                + ",\"type\":\"base64\",\"media_type\":\"application/pdf\"}}]"));
    QVERIFY(pdf > 3'000 && pdf < 3'020);
}

void TestTokenEstimate::aTextDocumentCountsByItsText()
{
    const qint64 document =
        estimateInputTokens(request("[{\"type\":\"document\",\"source\":{\"type\":\"text\",\"media_"
                                    "type\":\"text/plain\",\"data\":"
                                    + text(4'000) + "}}]"));
    QVERIFY(document > 1'000 && document < 1'030);
}

void TestTokenEstimate::marksAndSignaturesDoNotCount()
{
    const QByteArray thinking = "[{\"type\":\"thinking\",\"thinking\":\"hm\"";
    QCOMPARE(estimateInputTokens(request(thinking + ",\"signature\":" + text(4'000) + "}]")),
             estimateInputTokens(request(thinking + "}]")));
    const QByteArray part = "[{\"type\":\"text\",\"text\":\"hm\"";
    QCOMPARE(estimateInputTokens(request(
                 part + ",\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":" + text(400) + "}}]")),
             estimateInputTokens(request(part + "}]")));
}

void TestTokenEstimate::theEstimateIsNeverZero_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::newRow("nothing to count") << QByteArray("{}");
    QTest::newRow("no JSON") << QByteArray("hello");
    QTest::newRow("nothing") << QByteArray();
    QTest::newRow("deep nesting") << request(QByteArray(100'000, '['));
}

void TestTokenEstimate::theEstimateIsNeverZero()
{
    QFETCH(QByteArray, body);
    QVERIFY(estimateInputTokens(body) > 0);
}

QTEST_APPLESS_MAIN(TestTokenEstimate)
#include "tst_tokenestimate.moc"
