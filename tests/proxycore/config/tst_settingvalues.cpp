// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/config/settingvalues.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

using namespace Switchyard;
using namespace Qt::StringLiterals;

namespace {

// The value as text, or the sentence of its fault behind "!".
template <typename T, typename Show> QString outcome(const ParsedValue<T> &parsed, Show show)
{
    return parsed ? show(parsed.value()) : u"! "_s + parsed.error().predicate();
}

QString parsedAs(const QString &kind, const QString &text)
{
    const auto number = [](auto value) { return QString::number(value); };
    if (kind == u"port")
        return outcome(parsePort(text), number);
    if (kind == u"retries")
        return outcome(parseRetries(text), number);
    if (kind == u"timeout")
        return outcome(parseTimeout(text), number);
    if (kind == u"address")
        return outcome(parseListenAddress(text), [](const QString &value) { return value; });
    if (kind == u"switch")
        return outcome(parseSwitch(text), [](bool on) { return on ? u"on"_s : u"off"_s; });
    if (kind == u"level")
        return outcome(parseLogLevel(text),
                       [&number](LogLevel level) { return number(int(level)); });
    if (kind == u"format")
        return outcome(parseLogFormat(text), [](LogFormat format) {
            return format == LogFormat::Json ? u"json"_s : u"text"_s;
        });
    if (kind == u"backend")
        return outcome(parseBackendName(text),
                       [](const QByteArray &name) { return QString::fromLatin1(name); });
    if (kind == u"lane")
        return outcome(parseLane(text, findBackend("OPENROUTER")->traits()),
                       [](Lane lane) { return QString::fromLatin1(laneName(lane)); });
    if (kind == u"offline lane")
        return outcome(parseLane(text, findBackend("ECHO")->traits()),
                       [](Lane lane) { return QString::fromLatin1(laneName(lane)); });
    if (kind == u"unknown")
        return outcome(parseUnknownModel(text),
                       [&number](UnknownModel rule) { return number(int(rule)); });
    if (kind == u"line")
        return outcome(parseLine(text),
                       [](const QByteArray &line) { return QString::fromUtf8(line); });
    if (kind == u"secret")
        return outcome(parseSecret(text),
                       [](const Secret &secret) { return QString::fromLatin1(secret.reveal()); });
    qFatal("no such kind of value");
}

} // namespace

class TestSettingValues : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void accepted_data();
    void accepted();
    void refused_data();
    void refused();
    void theBackendsAreListedWhenOneIsRefused();
    void aRefusedSecretIsNotRepeated();
    void quotedValues_data();
    void quotedValues();
    void caFiles_data();
    void caFiles();
};

void TestSettingValues::accepted_data()
{
    QTest::addColumn<QString>("kind");
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("value");

    const auto row = [](const char *name, const QString &kind, const QString &text,
                        const QString &value) { QTest::newRow(name) << kind << text << value; };
    row("port 0 is any free port", u"port"_s, u"0"_s, u"0"_s);
    row("port 1", u"port"_s, u"1"_s, u"1"_s);
    row("the last port", u"port"_s, u"65535"_s, u"65535"_s);
    row("a port with blanks around it", u"port"_s, u" 4000\n"_s, u"4000"_s);
    row("no retries", u"retries"_s, u"0"_s, u"0"_s);
    row("the most retries", u"retries"_s, u"10"_s, u"10"_s);
    row("a time-out in seconds", u"timeout"_s, u"300"_s, u"300000"_s);
    row("a time-out with decimals", u"timeout"_s, u"0.25"_s, u"250"_s);
    row("the shortest time-out", u"timeout"_s, u"0.05"_s, u"50"_s);
    row("the longest time-out", u"timeout"_s, u"86400"_s, u"86400000"_s);
    row("an IPv4 address", u"address"_s, u"192.0.2.7"_s, u"192.0.2.7"_s);
    row("all IPv4 addresses", u"address"_s, u"0.0.0.0"_s, u"0.0.0.0"_s);
    row("an IPv6 address", u"address"_s, u"::1"_s, u"::1"_s);
    row("an IPv6 address in brackets", u"address"_s, u"[::1]"_s, u"::1"_s);
    row("localhost", u"address"_s, u"localhost"_s, u"localhost"_s);
    row("localhost in capitals", u"address"_s, u"LOCALHOST"_s, u"localhost"_s);
    row("true switches on", u"switch"_s, u"true"_s, u"on"_s);
    row("True switches on, as Python writes it", u"switch"_s, u"True"_s, u"on"_s);
    row("1 switches on", u"switch"_s, u"1"_s, u"on"_s);
    row("yes switches on", u"switch"_s, u"yes"_s, u"on"_s);
    row("on switches on", u"switch"_s, u"on"_s, u"on"_s);
    row("false switches off", u"switch"_s, u"false"_s, u"off"_s);
    row("0 switches off", u"switch"_s, u"0"_s, u"off"_s);
    row("no switches off", u"switch"_s, u"no"_s, u"off"_s);
    row("off switches off", u"switch"_s, u"off"_s, u"off"_s);
    row("log level debug", u"level"_s, u"debug"_s, u"0"_s);
    row("log level INFO", u"level"_s, u"INFO"_s, u"1"_s);
    row("log level warning", u"level"_s, u"warning"_s, u"2"_s);
    row("log level warn is warning", u"level"_s, u"warn"_s, u"2"_s);
    row("log level error", u"level"_s, u"error"_s, u"3"_s);
    row("log level CRITICAL is error", u"level"_s, u"CRITICAL"_s, u"3"_s);
    row("log format text", u"format"_s, u"text"_s, u"text"_s);
    row("log format JSON", u"format"_s, u"JSON"_s, u"json"_s);
    row("a backend", u"backend"_s, u"OPENROUTER"_s, u"OPENROUTER"_s);
    row("a backend in small letters", u"backend"_s, u"echo"_s, u"ECHO"_s);
    row("the native lane", u"lane"_s, u"native"_s, u"native"_s);
    row("the chat lane in capitals", u"lane"_s, u"CHAT"_s, u"chat"_s);
    row("unknown models pass", u"unknown"_s, u"pass"_s, u"0"_s);
    row("unknown models become the default", u"unknown"_s, u"default"_s, u"1"_s);
    row("unknown models are refused", u"unknown"_s, u"refuse"_s, u"2"_s);
    row("a line of text", u"line"_s, u" Grüße "_s, u"Grüße"_s);
    row("a line may be empty", u"line"_s, QString(), QString());
    row("a secret", u"secret"_s, u"sk-or-v1-placeholder"_s, u"sk-or-v1-placeholder"_s);
    row("the line end behind a secret is dropped", u"secret"_s, u"placeholder\r\n"_s,
        u"placeholder"_s);
}

void TestSettingValues::accepted()
{
    QFETCH(QString, kind);
    QFETCH(QString, text);
    QTEST(parsedAs(kind, text), "value");
}

void TestSettingValues::refused_data()
{
    QTest::addColumn<QString>("kind");
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("sentence");

    const auto row = [](const char *name, const QString &kind, const QString &text,
                        const QString &sentence) {
        QTest::newRow(name) << kind << text << sentence;
    };
    const QString port = u"give a whole number from 0 to 65535 (0: any free port)."_s;
    row("a port below 0", u"port"_s, u"-1"_s, u"! is \"-1\"; "_s + port);
    row("a port above 65535", u"port"_s, u"65536"_s, u"! is \"65536\"; "_s + port);
    row("a port with decimals", u"port"_s, u"4000.5"_s, u"! is \"4000.5\"; "_s + port);
    row("a port that is a word", u"port"_s, u"http"_s, u"! is \"http\"; "_s + port);
    row("no port", u"port"_s, QString(), u"! is empty; "_s + port);
    const QString retries = u"give a whole number from 0 to 10."_s;
    row("retries below 0", u"retries"_s, u"-1"_s, u"! is \"-1\"; "_s + retries);
    row("too many retries", u"retries"_s, u"11"_s, u"! is \"11\"; "_s + retries);
    const QString seconds = u"give a number of seconds from 0.05 to 86400."_s;
    row("a time-out of 0", u"timeout"_s, u"0"_s, u"! is \"0\"; "_s + seconds);
    row("a negative time-out", u"timeout"_s, u"-5"_s, u"! is \"-5\"; "_s + seconds);
    row("a time-out below the shortest", u"timeout"_s, u"0.049"_s, u"! is \"0.049\"; "_s + seconds);
    row("a time-out above the longest", u"timeout"_s, u"86401"_s, u"! is \"86401\"; "_s + seconds);
    row("a time-out that is no number", u"timeout"_s, u"nan"_s, u"! is \"nan\"; "_s + seconds);
    row("an endless time-out", u"timeout"_s, u"inf"_s, u"! is \"inf\"; "_s + seconds);
    row("a time-out with a unit", u"timeout"_s, u"5s"_s, u"! is \"5s\"; "_s + seconds);
    const QString address =
        u"give the IP address to listen on (127.0.0.1 for this machine alone, ::1, or one of "
        "this machine's addresses) or localhost."_s;
    row("an address that is a name", u"address"_s, u"example.com"_s,
        u"! is \"example.com\"; "_s + address);
    row("an address with a port", u"address"_s, u"127.0.0.1:4000"_s,
        u"! is \"127.0.0.1:4000\"; "_s + address);
    row("a star for all addresses", u"address"_s, u"*"_s, u"! is \"*\"; "_s + address);
    row("no address", u"address"_s, QString(), u"! is empty; "_s + address);
    row("a switch that is neither", u"switch"_s, u"maybe"_s,
        u"! is \"maybe\"; give true or false."_s);
    row("a log level nobody knows", u"level"_s, u"loud"_s,
        u"! is \"loud\"; give debug, info, warning or error."_s);
    row("a log format nobody knows", u"format"_s, u"xml"_s, u"! is \"xml\"; give text or json."_s);
    row("a lane nobody knows", u"lane"_s, u"fast"_s, u"! is \"fast\"; give native or chat."_s);
    row("the lane of an offline backend for one that is not", u"lane"_s, u"local"_s,
        u"! is \"local\"; give native or chat."_s);
    row("a lane for a backend without lanes", u"offline lane"_s, u"chat"_s,
        u"! is \"chat\"; ECHO has no lane to choose, remove it."_s);
    row("a rule for unknown models nobody knows", u"unknown"_s, u"guess"_s,
        u"! is \"guess\"; give pass, default or refuse."_s);
    row("two lines of text", u"line"_s, u"a\nb"_s,
        u"! holds a line break or another control character; remove it."_s);
    row("an empty secret", u"secret"_s, u" \n"_s, u"! is empty; give the key or token itself."_s);
}

void TestSettingValues::refused()
{
    QFETCH(QString, kind);
    QFETCH(QString, text);
    QTEST(parsedAs(kind, text), "sentence");
}

void TestSettingValues::theBackendsAreListedWhenOneIsRefused()
{
    const QString sentence = parsedAs(u"backend"_s, u"NOWHERE"_s);
    QVERIFY2(sentence.startsWith(u"! is \"NOWHERE\"; the backends are "_s), qPrintable(sentence));
    QVERIFY(!allBackends().empty());
    for (const Backend *backend : allBackends())
        QVERIFY2(sentence.contains(QString::fromLatin1(backend->traits().name)),
                 qPrintable(sentence));
}

void TestSettingValues::aRefusedSecretIsNotRepeated()
{
    for (const QString &text :
         {u"marker secret"_s, u"marker\nsecret"_s, u"marker\u00e9"_s, u"marker\u0007"_s}) {
        const ParsedValue<Secret> parsed = parseSecret(text);
        QVERIFY(!parsed.ok());
        QVERIFY2(!parsed.error().predicate().contains(u"marker"_s),
                 qPrintable(parsed.error().predicate()));
    }
}

void TestSettingValues::quotedValues_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("quoted");

    QTest::newRow("a word is quoted") << u"abc"_s << u"\"abc\""_s;
    QTest::newRow("control characters are replaced") << u"a\n\x1b[31m"_s << u"\"a??[31m\""_s;
    QTest::newRow("80 characters are shown whole")
        << QString(80, u'x') << u'"' + QString(80, u'x') + u'"';
    QTest::newRow("81 characters are cut")
        << QString(81, u'x') << u'"' + QString(80, u'x') + u"…\""_s;
    QTest::newRow("an OpenRouter key is hidden")
        << u"sk-or-v1-placeholder"_s << u"something that looks like a key"_s;
    QTest::newRow("a Databricks token is hidden")
        << u" dapi0placeholder"_s << u"something that looks like a key"_s;
    QTest::newRow("an authorization value is hidden")
        << u"bearer placeholder"_s << u"something that looks like a key"_s;
}

void TestSettingValues::quotedValues()
{
    QFETCH(QString, text);
    QTEST(quotedValue(text), "quoted");
}

void TestSettingValues::caFiles_data()
{
    QTest::addColumn<QByteArray>("pem");
    QTest::addColumn<QString>("fault"); // empty: accepted

    QFile file(QStringLiteral(SWITCHYARD_TEST_DATA "/ca.pem"));
    QVERIFY2(file.open(QIODevice::ReadOnly), "the certificate data/ca.pem is missing");
    const QByteArray pem = file.readAll();
    QByteArray cut = pem;
    cut.remove(pem.indexOf('\n') + 1, 4);
    QByteArray noEnd = pem.left(pem.indexOf("-----END"));
    QByteArray wrong = pem;
    wrong[pem.indexOf('\n') + 5] = '*';
    QByteArray windows = pem;
    windows.replace("\n", "\r\n");

    const auto row = [](const char *name, const QByteArray &content, const QString &fault) {
        QTest::newRow(name) << content << fault;
    };
    row("one certificate", pem, {});
    row("two certificates with a comment between them", pem + "# second\n" + pem, {});
    row("Windows line ends", windows, {});
    row("an empty file", {}, u"there is no certificate in it"_s);
    row("a key in place of a certificate",
        "-----BEGIN PRIVATE KEY-----\nMC4=\n-----END PRIVATE KEY-----\n",
        u"there is no certificate in it"_s);
    row("a certificate without its first bytes", cut, u"a certificate in it is damaged"_s);
    row("a certificate that never ends", noEnd, u"a certificate in it is damaged"_s);
    row("a certificate with a foreign character", wrong, u"a certificate in it is damaged"_s);
    row("a good certificate before a damaged one", pem + cut, u"a certificate in it is damaged"_s);
    row("a certificate of no bytes", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
        u"a certificate in it is damaged"_s);
    row("a file above the bound of 8 MiB", QByteArray(8 * 1024 * 1024 + 1, '#'),
        u"larger than 8 MiB"_s);
}

void TestSettingValues::caFiles()
{
    QFETCH(QByteArray, pem);
    QFETCH(QString, fault);

    QTemporaryDir folder;
    QFile file(folder.filePath(u"ca.pem"_s));
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(pem);
    file.close();

    const ParsedValue<QByteArray> parsed = parseCaFile(file.fileName());
    if (fault.isEmpty()) {
        QVERIFY2(parsed.ok(), parsed ? "" : qPrintable(parsed.error().predicate()));
        QCOMPARE(parsed.value(), file.fileName().toLocal8Bit());
        return;
    }
    QVERIFY(!parsed.ok());
    QVERIFY2(parsed.error().predicate().contains(fault), qPrintable(parsed.error().predicate()));
}

QTEST_GUILESS_MAIN(TestSettingValues)
#include "tst_settingvalues.moc"
