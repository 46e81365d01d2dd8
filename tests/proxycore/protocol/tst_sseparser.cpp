// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/protocol/sseparser.h"

#include <QByteArrayList>
#include <QElapsedTimer>
#include <QTest>

#include <vector>

using namespace Switchyard;

namespace {

struct Frame
{
    QByteArray event;
    QByteArray data;
    bool hasData = true;

    bool operator==(const Frame &) const = default;
};

using Frames = std::vector<Frame>;

struct Parsed
{
    Frames frames;
    QByteArrayList raws;
};

void drain(SseParser &parser, Parsed &parsed)
{
    while (const auto frame = parser.next()) {
        parsed.frames.push_back(
            {frame->event.toByteArray(), frame->data.toByteArray(), frame->hasData});
        parsed.raws.append(frame->raw.toByteArray());
    }
}

void end(SseParser &parser, Parsed &parsed)
{
    if (const auto frame = parser.finish()) {
        parsed.frames.push_back(
            {frame->event.toByteArray(), frame->data.toByteArray(), frame->hasData});
        parsed.raws.append(frame->raw.toByteArray());
    }
}

Parsed parseInPieces(const QByteArrayList &pieces)
{
    SseParser parser;
    Parsed parsed;
    for (const QByteArray &piece : pieces) {
        parser.append(piece);
        drain(parser, parsed);
    }
    end(parser, parsed);
    return parsed;
}

QByteArrayList bytewise(const QByteArray &stream)
{
    QByteArrayList pieces;
    for (const char byte : stream)
        pieces.append(QByteArray(1, byte));
    return pieces;
}

QByteArray describe(const Frames &frames)
{
    QByteArray text;
    for (const Frame &frame : frames) {
        text +=
            '[' + frame.event + '|' + frame.data + '|' + (frame.hasData ? "data" : "none") + "] ";
    }
    return text;
}

} // namespace

Q_DECLARE_METATYPE(Frames)

class TestSseParser : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void framesAreTheSameAtEverySplit_data();
    void framesAreTheSameAtEverySplit();
    void rawBytesOfUnsplitFramesJoinToTheStream_data();
    void rawBytesOfUnsplitFramesJoinToTheStream();
    void aFrameIsHandedOutWithItsBlankLine();
    void aBlankLineEndedByCrIsHandedOutAtOnce();
    void nothingIsLeftAfterTheLastBlankLine();
    void aFrameOfTheLimitPasses();
    void aFrameAboveTheLimitOverflows_data();
    void aFrameAboveTheLimitOverflows();
    void manyFramesTogetherMayExceedTheLimit();
    void aBigFrameInSingleBytesTakesLinearTime();
    void aBigStreamOfCrLinesTakesLinearTime();
};

void TestSseParser::framesAreTheSameAtEverySplit_data()
{
    QTest::addColumn<QByteArray>("stream");
    QTest::addColumn<Frames>("frames");

    const Frames two{{"a", "1"}, {"b", "2"}};
    QTest::newRow("line ends are LF")
        << QByteArray("event: a\ndata: 1\n\nevent: b\ndata: 2\n\n") << two;
    QTest::newRow("line ends are CRLF")
        << QByteArray("event: a\r\ndata: 1\r\n\r\nevent: b\r\ndata: 2\r\n\r\n") << two;
    QTest::newRow("line ends are CR")
        << QByteArray("event: a\rdata: 1\r\revent: b\rdata: 2\r\r") << two;
    QTest::newRow("line ends are mixed")
        << QByteArray("event: a\r\ndata: 1\n\r\nevent: b\rdata: 2\r\n\r") << two;
    QTest::newRow("a byte order mark comes first")
        << QByteArray("\xEF\xBB\xBF"
                      "event: a\ndata: 1\n\nevent: b\ndata: 2\n\n")
        << two;
    QTest::newRow("a byte order mark is all there is") << QByteArray("\xEF\xBB\xBF") << Frames{};
    QTest::newRow("half a byte order mark is the start of a line")
        << QByteArray("\xEF\xBB") << Frames{{"", "", false}};
    QTest::newRow("a byte order mark later is text") << QByteArray("data: 1\n\n\xEF\xBB\xBF"
                                                                   "data: 2\n\n")
                                                     << Frames{{"", "1"}, {"", "", false}};
    QTest::newRow("a comment alone has no data")
        << QByteArray(": OPENROUTER PROCESSING\n\ndata: 1\n\n")
        << Frames{{"", "", false}, {"", "1"}};
    QTest::newRow("a comment between the lines is skipped")
        << QByteArray("event: a\n: hello: world\ndata: 1\n:\n\n") << Frames{{"a", "1"}};
    QTest::newRow("several data lines are joined")
        << QByteArray("data: 1\ndata: 2\nevent: a\ndata:\ndata: 4\n\n")
        << Frames{{"a", "1\n2\n\n4"}};
    QTest::newRow("several data lines do not leak into the next frame")
        << QByteArray("data: 1\ndata: 2\n\ndata: 3\n\n") << Frames{{"", "1\n2"}, {"", "3"}};
    QTest::newRow("no space follows the colon")
        << QByteArray("event:a\ndata:1\n\n") << Frames{{"a", "1"}};
    QTest::newRow("only one space is removed")
        << QByteArray("data:  1 \n\n") << Frames{{"", " 1 "}};
    QTest::newRow("a field without a colon has an empty value")
        << QByteArray("data\n\ndata:\n\n") << Frames{{"", ""}, {"", ""}};
    QTest::newRow("the last event line wins")
        << QByteArray("event: a\nevent: b\ndata: 1\n\n") << Frames{{"b", "1"}};
    QTest::newRow("id, retry and unknown fields are ignored")
        << QByteArray("id: 7\nretry: 10\ndatum: x\ndata: 1\nevents: y\n\n") << Frames{{"", "1"}};
    QTest::newRow("an event without data has no data")
        << QByteArray("event: a\n\ndata: 1\n\n") << Frames{{"a", "", false}, {"", "1"}};
    QTest::newRow("blank lines alone are frames without data")
        << QByteArray("\n\ndata: 1\n\n\n")
        << Frames{{"", "", false}, {"", "", false}, {"", "1"}, {"", "", false}};
    QTest::newRow("blank CRLF lines alone are frames without data")
        << QByteArray("data: 1\r\n\r\n\r\ndata: 2\r\n\r\n")
        << Frames{{"", "1"}, {"", "", false}, {"", "2"}};
    QTest::newRow("the final blank line is missing")
        << QByteArray("event: a\ndata: 1\n\nevent: b\ndata: 2\n") << two;
    QTest::newRow("the final line end is missing")
        << QByteArray("event: a\ndata: 1\n\nevent: b\ndata: 2") << two;
    QTest::newRow("the final CRLF blank line is missing")
        << QByteArray("event: a\r\ndata: 1\r\n\r\nevent: b\r\ndata: 2\r\n") << two;
    QTest::newRow("text is UTF-8 of two, three and four bytes")
        << QByteArray("data: ä€😀\n\ndata: ß\n\n") << Frames{{"", "ä€😀"}, {"", "ß"}};
    QTest::newRow("a NUL is text like any other")
        << QByteArray("data: a\0b\n\n", 11) << Frames{{"", QByteArray("a\0b", 3)}};
    QTest::newRow("a colon in the data stays")
        << QByteArray("data: {\"a\": \":b\"}\n\n") << Frames{{"", "{\"a\": \":b\"}"}};
    QTest::newRow("nothing comes") << QByteArray() << Frames{};
}

void TestSseParser::framesAreTheSameAtEverySplit()
{
    QFETCH(QByteArray, stream);
    QFETCH(Frames, frames);

    const QByteArray expected = describe(frames);
    QCOMPARE(describe(parseInPieces({stream}).frames), expected);
    for (qsizetype i = 0; i <= stream.size(); ++i)
        QCOMPARE(describe(parseInPieces({stream.first(i), stream.sliced(i)}).frames), expected);
    QCOMPARE(describe(parseInPieces(bytewise(stream)).frames), expected);
}

void TestSseParser::rawBytesOfUnsplitFramesJoinToTheStream_data()
{
    QTest::addColumn<QByteArray>("stream");

    QTest::newRow("line ends are LF") << QByteArray("event: a\ndata: 1\n\n: c\n\n\ndata: 2\n\n");
    QTest::newRow("line ends are CRLF")
        << QByteArray("event: a\r\ndata: 1\r\n\r\n: c\r\n\r\ndata: 2\r\n\r\n");
    QTest::newRow("line ends are CR") << QByteArray("event: a\rdata: 1\r\r: c\r\rdata: 2\r\r");
    QTest::newRow("the end is missing") << QByteArray("event: a\ndata: 1\n\ndata: 2");
}

void TestSseParser::rawBytesOfUnsplitFramesJoinToTheStream()
{
    QFETCH(QByteArray, stream);
    QCOMPARE(parseInPieces({stream}).raws.join(), stream);

    // A split may cost the LF of a CRLF that ends a blank line, and nothing else.
    for (qsizetype i = 0; i <= stream.size(); ++i) {
        QByteArray joined = parseInPieces({stream.first(i), stream.sliced(i)}).raws.join();
        const bool inBlankLine =
            stream.first(i).endsWith("\r\n\r") && stream.sliced(i).startsWith('\n');
        if (inBlankLine)
            joined.insert(i, '\n');
        QCOMPARE(joined, stream);
    }
}

void TestSseParser::aFrameIsHandedOutWithItsBlankLine()
{
    SseParser parser;
    parser.append("data: 1\n");
    QVERIFY(!parser.next());
    parser.append("\n");
    const auto frame = parser.next();
    QVERIFY(frame);
    QCOMPARE(frame->data.toByteArray(), "1");
    QCOMPARE(frame->raw.toByteArray(), "data: 1\n\n");
    QVERIFY(!parser.next());
    QVERIFY(!parser.finish());
}

void TestSseParser::aBlankLineEndedByCrIsHandedOutAtOnce()
{
    SseParser parser;
    parser.append("data: 1\r\n\r");
    const auto frame = parser.next();
    QVERIFY(frame);
    QCOMPARE(frame->raw.toByteArray(), "data: 1\r\n\r");
    QVERIFY(!parser.next());
    parser.append("\ndata: 2\r\n\r\n");
    const auto second = parser.next();
    QVERIFY(second);
    QCOMPARE(second->raw.toByteArray(), "data: 2\r\n\r\n");
}

void TestSseParser::nothingIsLeftAfterTheLastBlankLine()
{
    SseParser parser;
    parser.append("data: 1\r\n\r");
    QVERIFY(parser.next());
    QVERIFY(!parser.next());
    parser.append("\n");
    QVERIFY(!parser.next());
    QVERIFY(!parser.finish());
}

void TestSseParser::aFrameOfTheLimitPasses()
{
    SseParser parser(20);
    parser.append("data: 123456789012\n\n");
    QVERIFY(parser.next());
    QVERIFY(!parser.overflowed());
}

void TestSseParser::aFrameAboveTheLimitOverflows_data()
{
    QTest::addColumn<QByteArray>("stream");
    QTest::newRow("the frame is complete") << QByteArray("data: 1234567890123\n\n");
    QTest::newRow("the frame is not complete") << QByteArray("data: 123456789012345");
    QTest::newRow("the frame has many lines") << QByteArray("data:1\ndata:1\ndata:1\n\n");
}

void TestSseParser::aFrameAboveTheLimitOverflows()
{
    QFETCH(QByteArray, stream);
    QVERIFY(stream.size() > 20);
    for (const QByteArrayList &pieces : {QByteArrayList{stream}, bytewise(stream)}) {
        SseParser parser(20);
        for (const QByteArray &piece : pieces) {
            parser.append(piece);
            QVERIFY(!parser.next());
        }
        QVERIFY(parser.overflowed());
        parser.append("\n\ndata: 1\n\n");
        QVERIFY(!parser.next());
        QVERIFY(!parser.finish());
    }
}

void TestSseParser::manyFramesTogetherMayExceedTheLimit()
{
    SseParser parser(20);
    Parsed parsed;
    parser.append(QByteArray("data: 1\n\n").repeated(10));
    drain(parser, parsed);
    QCOMPARE(parsed.frames.size(), std::size_t(10));
    QVERIFY(!parser.overflowed());
}

// Quadratic time would be hours here, not a matter of a slow machine.
void TestSseParser::aBigFrameInSingleBytesTakesLinearTime()
{
    const QByteArray text(8 * 1024 * 1024, 'x');
    QElapsedTimer timer;
    timer.start();
    SseParser parser;
    parser.append("data: 0\n\nevent: a\ndata: ");
    QVERIFY(parser.next());
    for (const char byte : text) {
        parser.append(QByteArrayView(&byte, 1));
        QVERIFY(!parser.next());
    }
    parser.append("\n\n");
    const auto frame = parser.next();
    QVERIFY(frame);
    QCOMPARE(frame->data.size(), text.size());
    QCOMPARE(frame->event.toByteArray(), "a");
    QVERIFY2(timer.elapsed() < 60'000, QByteArray::number(timer.elapsed()).constData());
}

void TestSseParser::aBigStreamOfCrLinesTakesLinearTime()
{
    const QByteArray stream = QByteArray("data: 1\r\r").repeated(1024 * 1024);
    QElapsedTimer timer;
    timer.start();
    SseParser parser;
    parser.append(stream);
    int count = 0;
    while (parser.next())
        ++count;
    QCOMPARE(count, 1024 * 1024);
    QVERIFY2(timer.elapsed() < 60'000, QByteArray::number(timer.elapsed()).constData());
}

QTEST_APPLESS_MAIN(TestSseParser)
#include "tst_sseparser.moc"
