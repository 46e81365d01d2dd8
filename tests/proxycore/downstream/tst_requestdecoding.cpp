// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/downstream/requestdecoding.h"

#include <QTest>

#include <zlib.h>

using namespace Switchyard;

namespace {

QByteArray gzip(const QByteArray &plain)
{
    z_stream stream{};
    deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    QByteArray packed(qsizetype(deflateBound(&stream, uLong(plain.size()))), '\0');
    stream.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(plain.constData()));
    stream.avail_in = uInt(plain.size());
    stream.next_out = reinterpret_cast<Bytef *>(packed.data());
    stream.avail_out = uInt(packed.size());
    deflate(&stream, Z_FINISH);
    packed.truncate(qsizetype(stream.total_out));
    deflateEnd(&stream);
    return packed;
}

constexpr qsizetype limit = 1024 * 1024;

} // namespace

class TestRequestDecoding : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void leavesAPlainBodyAlone();
    void inflatesGzip_data();
    void inflatesGzip();
    void refusesWhatIsNotGzip_data();
    void refusesWhatIsNotGzip();
    void refusesOtherEncodings();
    void holdsTheInflatedBodyToTheLimit();
};

void TestRequestDecoding::leavesAPlainBodyAlone()
{
    QCOMPARE(decodeRequestBody("{}", "", limit).value(), QByteArray("{}"));
    QCOMPARE(decodeRequestBody("{}", "Identity", limit).value(), QByteArray("{}"));
}

void TestRequestDecoding::inflatesGzip_data()
{
    QTest::addColumn<QByteArray>("plain");
    QTest::newRow("nothing") << QByteArray();
    QTest::newRow("a few bytes") << QByteArray("{\"a\":1}");
    QTest::newRow("more than one buffer") << QByteArray(300'000, 'x');
}

void TestRequestDecoding::inflatesGzip()
{
    QFETCH(QByteArray, plain);
    const auto decoded = decodeRequestBody(gzip(plain), "GZIP", limit);
    QVERIFY(decoded.ok());
    QCOMPARE(decoded.value(), plain);
}

void TestRequestDecoding::refusesWhatIsNotGzip_data()
{
    QTest::addColumn<QByteArray>("body");
    const QByteArray packed = gzip("{\"a\":1}");
    QTest::newRow("plain text") << QByteArray("{\"a\":1}");
    QTest::newRow("an empty body") << QByteArray();
    QTest::newRow("bytes behind the end") << packed + "x";
    for (qsizetype length = 1; length < packed.size(); ++length)
        QTest::addRow("cut off after %d bytes", int(length)) << packed.first(length);
}

void TestRequestDecoding::refusesWhatIsNotGzip()
{
    QFETCH(QByteArray, body);
    const auto decoded = decodeRequestBody(body, "gzip", limit);
    QVERIFY(!decoded.ok());
    QCOMPARE(decoded.error().status, 400);
}

void TestRequestDecoding::refusesOtherEncodings()
{
    const auto decoded = decodeRequestBody("x", "br", limit);
    QVERIFY(!decoded.ok());
    QCOMPARE(decoded.error().status, 415);
    QVERIFY(decoded.error().message.contains("'br'"));
}

void TestRequestDecoding::holdsTheInflatedBodyToTheLimit()
{
    QVERIFY(decodeRequestBody(gzip(QByteArray(limit, 'x')), "gzip", limit).ok());
    const auto onePast = decodeRequestBody(gzip(QByteArray(limit + 1, 'x')), "gzip", limit);
    QVERIFY(!onePast.ok());
    QCOMPARE(onePast.error().status, 413);
}

QTEST_GUILESS_MAIN(TestRequestDecoding)
#include "tst_requestdecoding.moc"
