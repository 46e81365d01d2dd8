// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/service/logformat.h"
#include "proxycore/service/rotatingfile.h"

#include <QDir>
#include <QFileInfo>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTemporaryDir>
#include <QTest>

using namespace Switchyard;
using namespace Qt::StringLiterals;

class TestLogging : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void timesAreRfc3339InUtcWithMilliseconds_data();
    void timesAreRfc3339InUtcWithMilliseconds();
    void aTextLineHasTimeLevelCategoryMessageAndInstance();
    void aJsonLineHasTheSameMembersAndStaysOneLine();
    void whatAClientSendsCannotForgeALine();
    void theRequestLineNamesTheFactsAndADashForWhatIsUnknown();
    void aFullFileIsRotatedAndTheOldestGoes();
    void theFileIsForItsOwnerAlone();
    void aFileThatAnotherProcessRotatedIsOpenedAgain();
    void aFolderThatCannotBeMadeIsOneSentence();
};

void TestLogging::timesAreRfc3339InUtcWithMilliseconds_data()
{
    QTest::addColumn<qint64>("ms");
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("the epoch") << qint64(0) << QByteArray("1970-01-01T00:00:00.000Z");
    QTest::newRow("the last millisecond of a leap day")
        << qint64(1709251199999) << QByteArray("2024-02-29T23:59:59.999Z");
    QTest::newRow("a later year") << qint64(4102444800001)
                                  << QByteArray("2100-01-01T00:00:00.001Z");
}

void TestLogging::timesAreRfc3339InUtcWithMilliseconds()
{
    QFETCH(qint64, ms);
    QByteArray text;
    appendRfc3339(text, ms);
    QTEST(text, "text");
}

void TestLogging::aTextLineHasTimeLevelCategoryMessageAndInstance()
{
    QByteArray line;
    appendLogLine(line, {0, LogLevel::Warning, "switchyard.service", "Größe", "abc", {}},
                  LogFormat::Text);
    QCOMPARE(
        line,
        QByteArray("1970-01-01T00:00:00.000Z warning switchyard.service: Größe instance=abc\n"));
}

void TestLogging::aJsonLineHasTheSameMembersAndStaysOneLine()
{
    QByteArray line;
    appendLogLine(line, {0, LogLevel::Error, "a", "two\nlines \"quoted\" ü", "abc", R"({"id":1})"},
                  LogFormat::Json);
    QCOMPARE(line.count('\n'), 1);
    const QJsonObject object = QJsonDocument::fromJson(line).object();
    QCOMPARE(object[u"time"_s].toString(), u"1970-01-01T00:00:00.000Z"_s);
    QCOMPARE(object[u"level"_s].toString(), u"error"_s);
    QCOMPARE(object[u"category"_s].toString(), u"a"_s);
    QCOMPARE(object[u"message"_s].toString(), u"two\nlines \"quoted\" ü"_s);
    QCOMPARE(object[u"instance"_s].toString(), u"abc"_s);
    QCOMPARE(object[u"exchange"_s].toObject()[u"id"_s].toInt(), 1);
}

void TestLogging::whatAClientSendsCannotForgeALine()
{
    QByteArray line;
    appendLogLine(
        line, {0, LogLevel::Info, "a", "model=x\n1970 error forged \x1b[31m\r\x7f end", "i", {}},
        LogFormat::Text);
    QCOMPARE(line.count('\n'), 1);
    QVERIFY(line.contains("x\\n1970 error forged \\x1b[31m\\x0d\\x7f end"));
}

void TestLogging::theRequestLineNamesTheFactsAndADashForWhatIsUnknown()
{
    ExchangeRecord record;
    record.id = 7;
    record.state = ExchangeState::Error;
    record.model = "big";
    record.upstreamModel = "anthropic/claude-sonnet-4";
    record.backend = "OPENROUTER";
    record.lane = Lane::Chat;
    record.status = 429;
    record.attempts = 2;
    record.durationMs = 1234;
    record.usage.inputTokens = 5;
    record.fingerprint = "0123456789ab";
    record.errorMessage = "words of the upstream";
    const QByteArray line = exchangeSummary(record);
    QCOMPARE(line,
             QByteArray("#7 error model=big -> anthropic/claude-sonnet-4 backend=OPENROUTER "
                        "lane=chat status=429 attempts=2 ttfb_ms=- duration_ms=1234 in=5 "
                        "cache_read=- cache_write=- out=- fingerprint=0123456789ab"));
}

void TestLogging::aFullFileIsRotatedAndTheOldestGoes()
{
    QTemporaryDir folder;
    const QString path = folder.filePath(u"logs/a.log"_s);
    RotatingFile file(path, 10, 3);
    QCOMPARE(file.open(), QString());
    for (const char *text : {"1111111\n", "2222222\n", "3333333\n", "4444444\n"})
        file.write(text);
    const auto content = [](const QString &name) {
        QFile read(name);
        return read.open(QIODevice::ReadOnly) ? read.readAll() : QByteArray("none");
    };
    QCOMPARE(content(path), QByteArray("4444444\n"));
    QCOMPARE(content(path + u".1"_s), QByteArray("3333333\n"));
    QCOMPARE(content(path + u".2"_s), QByteArray("2222222\n"));
    QCOMPARE(content(path + u".3"_s), QByteArray("none"));
}

void TestLogging::theFileIsForItsOwnerAlone()
{
    QTemporaryDir folder;
    const QString path = folder.filePath(u"logs/a.log"_s);
    RotatingFile file(path, 1000, 2);
    QCOMPARE(file.open(), QString());
    const auto others = QFileDevice::ReadGroup | QFileDevice::WriteGroup | QFileDevice::ExeGroup
        | QFileDevice::ReadOther | QFileDevice::WriteOther | QFileDevice::ExeOther;
    QCOMPARE(QFileInfo(path).permissions() & others, QFileDevice::Permissions());
    QCOMPARE(QFileInfo(folder.filePath(u"logs"_s)).permissions() & others,
             QFileDevice::Permissions());
}

void TestLogging::aFileThatAnotherProcessRotatedIsOpenedAgain()
{
    QTemporaryDir folder;
    const QString path = folder.filePath(u"a.log"_s);
    RotatingFile ours(path, 10, 3);
    QCOMPARE(ours.open(), QString());
    ours.write("11111111\n");
    QVERIFY(QFile::rename(path, path + u".1"_s));
    QFile theirs(path);
    QVERIFY(theirs.open(QIODevice::WriteOnly));
    theirs.write("2\n");
    theirs.flush();

    ours.write("33333\n");
    QVERIFY(!QFile::exists(path + u".2"_s));
    QFile read(path);
    QVERIFY(read.open(QIODevice::ReadOnly));
    QCOMPARE(read.readAll(), QByteArray("2\n33333\n"));
}

void TestLogging::aFolderThatCannotBeMadeIsOneSentence()
{
    QTemporaryDir folder;
    QFile obstacle(folder.filePath(u"logs"_s));
    QVERIFY(obstacle.open(QIODevice::WriteOnly));
    RotatingFile file(folder.filePath(u"logs/a.log"_s), 10, 2);
    QVERIFY(file.open().contains(folder.filePath(u"logs"_s)));
    file.write("goes nowhere\n");
}

QTEST_GUILESS_MAIN(TestLogging)
#include "tst_logging.moc"
