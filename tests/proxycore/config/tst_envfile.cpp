// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/config/envfile.h"

#include <QTemporaryDir>
#include <QTest>

using namespace Switchyard;
using namespace Qt::StringLiterals;

namespace {

using Values = QMap<QString, QString>;

} // namespace

class TestEnvFile : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void values_data();
    void values();
    void problems_data();
    void problems();
    void allProblemsAreNamedAtOnce();
    void aFaultyLineDoesNotHideTheOthers();
    void noProblemRepeatsAValue();
    void unreadableFiles_data();
    void unreadableFiles();
    void aFileIsRead();
};

void TestEnvFile::values_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<Values>("values");

    const auto row = [](const char *name, const QByteArray &text, const Values &values) {
        QTest::newRow(name) << text << values;
    };
    row("an empty file has no values", "", {});
    row("a plain assignment", "PORT=4000\n", {{u"PORT"_s, u"4000"_s}});
    row("the last line needs no line end", "PORT=4000", {{u"PORT"_s, u"4000"_s}});
    row("several lines", "A=1\nB=2\n", {{u"A"_s, u"1"_s}, {u"B"_s, u"2"_s}});
    row("of a name given twice the last value counts", "A=1\nA=2\n", {{u"A"_s, u"2"_s}});
    row("the word export is skipped", "export A=1\n", {{u"A"_s, u"1"_s}});
    row("a variable may be called export", "export=1\n", {{u"export"_s, u"1"_s}});
    row("a variable called export may be assigned with blanks", "export =1\n",
        {{u"export"_s, u"1"_s}});
    row("a name may begin with export", "exported=1\n", {{u"exported"_s, u"1"_s}});
    row("blanks around the parts are dropped", " \tA \t= \t1 \t\n", {{u"A"_s, u"1"_s}});
    row("an empty value is a value", "A=\n", {{u"A"_s, QString()}});
    row("empty quotes are an empty value", "A=\"\"\n", {{u"A"_s, QString()}});
    row("empty lines and comments are skipped", "\n  \n# A=0\n  # B=0\nC=1\n", {{u"C"_s, u"1"_s}});
    row("a comment may follow a value", "A=1 # one\n", {{u"A"_s, u"1"_s}});
    row("a comment may stand in place of a value", "A= # none\n", {{u"A"_s, QString()}});
    row("a number sign inside a value belongs to it", "A=one#two\n", {{u"A"_s, u"one#two"_s}});
    row("a number sign inside quotes belongs to the value", "A=\"one # two\"\n",
        {{u"A"_s, u"one # two"_s}});
    row("a comment may follow a quoted value", "A='1' # one\n", {{u"A"_s, u"1"_s}});
    row("a value may hold equals signs", "A=b=c==\n", {{u"A"_s, u"b=c=="_s}});
    row("a value may hold blanks", "A=one two\n", {{u"A"_s, u"one two"_s}});
    row("quotes inside a bare value belong to it", "A=it's \"so\"\n", {{u"A"_s, u"it's \"so\""_s}});
    row("double quotes keep outer blanks", "A=\" 1 \"\n", {{u"A"_s, u" 1 "_s}});
    row("double quotes know escapes", R"(A="1\n2\r3\t4\\5\"6\$7")",
        {{u"A"_s, u"1\n2\r3\t4\\5\"6$7"_s}});
    row("an unknown escape stays as it is", R"(A="C:\folder\x")", {{u"A"_s, u"C:\\folder\\x"_s}});
    row("single quotes know no escapes", R"(A='1\n"2"')", {{u"A"_s, u"1\\n\"2\""_s}});
    row("a dollar sign is not expanded", "A=$HOME/${B}\n", {{u"A"_s, u"$HOME/${B}"_s}});
    row("double quotes may span lines", "A=\"one\ntwo\"\nB=3\n",
        {{u"A"_s, u"one\ntwo"_s}, {u"B"_s, u"3"_s}});
    row("single quotes may span lines", "A='one\ntwo'\nB=3\n",
        {{u"A"_s, u"one\ntwo"_s}, {u"B"_s, u"3"_s}});
    row("Windows line ends are line ends", "A=1\r\n\r\n# c\r\nB='2'\r\nC=\"3\"\r\n",
        {{u"A"_s, u"1"_s}, {u"B"_s, u"2"_s}, {u"C"_s, u"3"_s}});
    row("a byte order mark is skipped",
        "\xef\xbb\xbf"
        "A=1\n",
        {{u"A"_s, u"1"_s}});
    row("values are UTF-8",
        "A=Gr\xc3\xbc\xc3\x9f"
        "e\n",
        {{u"A"_s, u"Grüße"_s}});
    row("names may hold digits, dots and hyphens", "_A1.b-c=1\n", {{u"_A1.b-c"_s, u"1"_s}});
}

void TestEnvFile::values()
{
    QFETCH(QByteArray, text);
    QFETCH(Values, values);

    const EnvFile file = parseEnvFile(text);
    QVERIFY2(file.problems.empty(),
             qPrintable(file.problems.empty() ? QString() : file.problems.front().sentence));
    QCOMPARE(file.values, values);
}

void TestEnvFile::problems_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<int>("line");
    QTest::addColumn<QString>("words");

    const auto row = [](const char *name, const QByteArray &text, int line, const QString &words) {
        QTest::newRow(name) << text << line << words;
    };
    row("a line without an equals sign", "A=1\nPORT 4000\n", 2, u"there is no = behind the name"_s);
    row("a name that ends the line", "A=1\n\nPORT", 3, u"write NAME=VALUE"_s);
    row("a line that begins with an equals sign", "=1\n", 1, u"a name must come first"_s);
    row("a name that begins with a digit", "1A=1\n", 1, u"a name must come first"_s);
    row("export without a name", "export =1=2\nexport 'A'=1\n", 2, u"a name must come first"_s);
    row("a double quote that is never closed", "A=1\nB=\"2\nC=3\n", 2,
        u"the value of B has no closing \""_s);
    row("a single quote that is never closed", "A='1", 1, u"the value of A has no closing '"_s);
    row("an escaped quote does not close", "A=\"1\\\"", 1, u"the value of A has no closing \""_s);
    row("text behind a closing quote", "A=\"1\"2\n", 1, u"text behind the closing quote of A"_s);
    row("the line after a value of two lines is counted right", "A='1\n2'\n?\n", 3, u"line 3"_s);
    row("bytes that are not UTF-8", "A=1\nB=\xff\n", 2, u"not UTF-8"_s);
    row("a NUL byte", QByteArray("A=1\nB=\0\n", 8), 2, u"NUL"_s);
    row("a UTF-16 file with the mark of little endian",
        QByteArray("\xff\xfe"
                   "A\0=\0",
                   6),
        1, u"UTF-16"_s);
    row("a UTF-16 file with the mark of big endian", QByteArray("\xfe\xff\0A\0=", 6), 1,
        u"UTF-16"_s);
}

void TestEnvFile::problems()
{
    QFETCH(QByteArray, text);
    QFETCH(int, line);
    QFETCH(QString, words);

    const EnvFile file = parseEnvFile(text);
    QCOMPARE(file.problems.size(), std::size_t(1));
    const EnvFileProblem problem = file.problems.front();
    QCOMPARE(problem.line, line);
    QVERIFY2(problem.sentence.startsWith(u"line %1: "_s.arg(line)), qPrintable(problem.sentence));
    QVERIFY2(problem.sentence.contains(words), qPrintable(problem.sentence));
}

void TestEnvFile::allProblemsAreNamedAtOnce()
{
    const EnvFile file = parseEnvFile("=1\nA=1\nB\n\nC='3' 4\n");
    QCOMPARE(file.problems.size(), std::size_t(3));
    QCOMPARE(file.problems[0].line, 1);
    QCOMPARE(file.problems[1].line, 3);
    QCOMPARE(file.problems[2].line, 5);
}

void TestEnvFile::aFaultyLineDoesNotHideTheOthers()
{
    const EnvFile file = parseEnvFile("A=1\nB=\"2\nC=3\n");
    QCOMPARE(file.problems.size(), std::size_t(1));
    QCOMPARE(file.values, (Values{{u"A"_s, u"1"_s}, {u"C"_s, u"3"_s}}));
}

void TestEnvFile::noProblemRepeatsAValue()
{
    const EnvFile file = parseEnvFile("A=\"marker-secret\"x\nB='marker-secret\n"
                                      "OPENROUTER_API_KEY marker-secret\n\"marker-secret\"\n"
                                      "marker-secret\nmarker secret\n");
    QCOMPARE(file.problems.size(), std::size_t(6));
    for (const EnvFileProblem &problem : file.problems)
        QVERIFY2(!problem.sentence.contains(u"marker"_s), qPrintable(problem.sentence));
}

void TestEnvFile::unreadableFiles_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("words");

    QTest::newRow("a file that is not there") << u"absent.env"_s << u"does not exist"_s;
    QTest::newRow("a folder") << u"."_s << u"folder"_s;
    QTest::newRow("a file above the bound of 1 MiB") << u"large.env"_s << u"larger than 1 MiB"_s;
}

void TestEnvFile::unreadableFiles()
{
    QFETCH(QString, name);
    QFETCH(QString, words);

    QTemporaryDir folder;
    QFile large(folder.filePath(u"large.env"_s));
    QVERIFY(large.open(QIODevice::WriteOnly));
    QVERIFY(large.resize(1024 * 1024 + 1));
    large.close();

    const EnvFile file = readEnvFile(folder.filePath(name));
    QVERIFY(file.values.isEmpty());
    QCOMPARE(file.problems.size(), std::size_t(1));
    QVERIFY2(file.problems.front().sentence.contains(words),
             qPrintable(file.problems.front().sentence));
}

void TestEnvFile::aFileIsRead()
{
    QTemporaryDir folder;
    QFile file(folder.filePath(u".env"_s));
    QVERIFY(file.open(QIODevice::WriteOnly));
    const QByteArray padding(1024 * 1024 - 4, '#');
    file.write("A=1\n" + padding); // exactly at the bound
    file.close();

    const EnvFile read = readEnvFile(file.fileName());
    QVERIFY(read.problems.empty());
    QCOMPARE(read.values, (Values{{u"A"_s, u"1"_s}}));
}

QTEST_GUILESS_MAIN(TestEnvFile)
#include "tst_envfile.moc"
