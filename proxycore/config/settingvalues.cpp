// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/config/settingvalues.h"

#include <QFile>
#include <QFileInfo>
#include <QHostAddress>

#include <algorithm>
#include <cmath>

namespace Switchyard {

using namespace Qt::StringLiterals;

namespace {

constexpr qint64 maxCaFileBytes = 8 << 20;

ValueFault wrongValue(const QString &text, const QString &advice)
{
    return {text.isEmpty() ? u"is empty"_s : u"is %1"_s.arg(quotedValue(text)), advice};
}

bool isOneLine(const QString &text)
{
    return std::none_of(text.cbegin(), text.cend(),
                        [](QChar c) { return c.unicode() < 0x20 || c.unicode() == 0x7f; });
}

// True for the DER length of one certificate that fills `der` exactly.
bool isDerSequence(const QByteArray &der)
{
    if (der.size() < 4 || der[0] != '\x30')
        return false;
    const auto first = static_cast<unsigned char>(der[1]);
    if (first < 0x80)
        return der.size() == 2 + first;
    const int lengthBytes = first & 0x7f;
    if (lengthBytes < 1 || lengthBytes > 4 || der.size() < 2 + lengthBytes)
        return false;
    qint64 length = 0;
    for (int i = 0; i < lengthBytes; ++i)
        length = length << 8 | static_cast<unsigned char>(der[2 + i]);
    return der.size() == 2 + lengthBytes + length;
}

enum class PemContent { Certificates, NoCertificate, Broken };

PemContent pemContent(const QByteArray &pem)
{
    static constexpr QByteArrayView begin = "-----BEGIN CERTIFICATE-----";
    static constexpr QByteArrayView end = "-----END CERTIFICATE-----";
    PemContent content = PemContent::NoCertificate;
    for (qsizetype at = pem.indexOf(begin); at >= 0; at = pem.indexOf(begin, at)) {
        at += begin.size();
        const qsizetype stop = pem.indexOf(end, at);
        if (stop < 0)
            return PemContent::Broken;
        QByteArray base64 = pem.mid(at, stop - at);
        base64.removeIf([](char c) { return c == '\n' || c == '\r' || c == ' ' || c == '\t'; });
        const auto decoded =
            QByteArray::fromBase64Encoding(base64, QByteArray::AbortOnBase64DecodingErrors);
        if (!decoded || !isDerSequence(*decoded))
            return PemContent::Broken;
        content = PemContent::Certificates;
        at = stop + end.size();
    }
    return content;
}

} // namespace

bool looksLikeKey(const QString &text)
{
    return text.startsWith(u"sk-"_s, Qt::CaseInsensitive) || text.startsWith("dapi"_L1)
        || text.startsWith("Bearer "_L1, Qt::CaseInsensitive);
}

QString quotedValue(const QString &text)
{
    if (looksLikeKey(text.trimmed()))
        return u"something that looks like a key"_s;
    QString shown = text.left(80);
    for (QChar &c : shown)
        if (!c.isPrint())
            c = u'?';
    if (text.size() > 80)
        shown += u'…';
    return u"\"%1\""_s.arg(shown);
}

QString validBackendNames()
{
    QStringList names;
    for (const Backend *backend : allBackends())
        names += QString::fromLatin1(backend->traits().name);
    return names.join(u", "_s);
}

ParsedValue<QString> parseListenAddress(const QString &text)
{
    QString address = text.trimmed();
    if (address.compare("localhost"_L1, Qt::CaseInsensitive) == 0)
        return u"localhost"_s;
    if (address.startsWith(u'[') && address.endsWith(u']'))
        address = address.mid(1, address.size() - 2);
    QHostAddress parsed;
    if (address.isEmpty() || !parsed.setAddress(address))
        return wrongValue(text,
                          u"give the IP address to listen on (127.0.0.1 for this machine alone, "
                          "::1, or one of this machine's addresses) or localhost."_s);
    return parsed.toString();
}

ParsedValue<quint16> parsePort(const QString &text)
{
    bool isNumber = false;
    const qlonglong number = text.trimmed().toLongLong(&isNumber);
    if (!isNumber || number < 0 || number > 65535)
        return wrongValue(text, u"give a whole number from 0 to 65535 (0: any free port)."_s);
    return quint16(number);
}

ParsedValue<int> parseRetries(const QString &text)
{
    bool isNumber = false;
    const qlonglong number = text.trimmed().toLongLong(&isNumber);
    if (!isNumber || number < 0 || number > maxRetries)
        return wrongValue(text, u"give a whole number from 0 to %1."_s.arg(maxRetries));
    return int(number);
}

ParsedValue<int> parseTimeout(const QString &text)
{
    bool isNumber = false;
    const double seconds = text.trimmed().toDouble(&isNumber);
    if (!isNumber || !std::isfinite(seconds) || seconds * 1000 < minTimeoutMs
        || seconds * 1000 > maxTimeoutMs)
        return wrongValue(text,
                          u"give a number of seconds from %1 to %2."_s.arg(minTimeoutMs / 1000.0)
                              .arg(maxTimeoutMs / 1000));
    return int(std::lround(seconds * 1000));
}

ParsedValue<bool> parseSwitch(const QString &text)
{
    const QString word = text.trimmed().toLower();
    if (word == u"true" || word == u"1" || word == u"yes" || word == u"on")
        return true;
    if (word == u"false" || word == u"0" || word == u"no" || word == u"off")
        return false;
    return wrongValue(text, u"give true or false."_s);
}

ParsedValue<LogLevel> parseLogLevel(const QString &text)
{
    const QString word = text.trimmed().toLower();
    if (word == u"debug")
        return LogLevel::Debug;
    if (word == u"info")
        return LogLevel::Info;
    if (word == u"warning" || word == u"warn")
        return LogLevel::Warning;
    if (word == u"error" || word == u"critical")
        return LogLevel::Error;
    return wrongValue(text, u"give debug, info, warning or error."_s);
}

ParsedValue<LogFormat> parseLogFormat(const QString &text)
{
    const QString word = text.trimmed().toLower();
    if (word == u"text")
        return LogFormat::Text;
    if (word == u"json")
        return LogFormat::Json;
    return wrongValue(text, u"give text or json."_s);
}

ParsedValue<QByteArray> parseBackendName(const QString &text)
{
    const QString name = text.trimmed();
    for (const Backend *backend : allBackends())
        if (name.compare(QLatin1StringView(backend->traits().name), Qt::CaseInsensitive) == 0)
            return backend->traits().name;
    return wrongValue(text, u"the backends are %1."_s.arg(validBackendNames()));
}

ParsedValue<Lane> parseLane(const QString &text, const BackendTraits &traits)
{
    const std::optional<Lane> lane = laneFromName(text.trimmed().toLower().toLatin1());
    if (lane && std::find(traits.lanes.begin(), traits.lanes.end(), *lane) != traits.lanes.end())
        return *lane;
    QStringList choices;
    for (const Lane choice : traits.lanes)
        if (choice != Lane::Local)
            choices += QString::fromLatin1(laneName(choice));
    if (choices.isEmpty())
        return wrongValue(
            text, u"%1 has no lane to choose, remove it."_s.arg(QString::fromLatin1(traits.name)));
    return wrongValue(text, u"give %1."_s.arg(choices.join(u" or "_s)));
}

ParsedValue<UnknownModel> parseUnknownModel(const QString &text)
{
    const QString word = text.trimmed().toLower();
    if (word == u"pass")
        return UnknownModel::PassThrough;
    if (word == u"default")
        return UnknownModel::UseDefault;
    if (word == u"refuse")
        return UnknownModel::Refuse;
    return wrongValue(text, u"give pass, default or refuse."_s);
}

ParsedValue<Secret> parseSecret(const QString &text)
{
    const QString secret = text.trimmed();
    if (secret.isEmpty())
        return ValueFault{u"is empty"_s, u"give the key or token itself."_s};
    const bool fits = std::all_of(secret.cbegin(), secret.cend(),
                                  [](QChar c) { return c.unicode() > 0x20 && c.unicode() < 0x7f; });
    if (!fits)
        return ValueFault{u"holds a space, a line break or a character outside ASCII, which no "
                          "key has"_s,
                          u"copy it again."_s};
    return Secret(secret.toLatin1());
}

ParsedValue<QByteArray> parseLine(const QString &text)
{
    const QString line = text.trimmed();
    if (!isOneLine(line))
        return ValueFault{u"holds a line break or another control character"_s, u"remove it."_s};
    return line.toUtf8();
}

ParsedValue<QByteArray> parseCaFile(const QString &text)
{
    const QFileInfo info(text);
    if (!info.exists())
        return wrongValue(text, u"there is no such file; give a PEM file with CA certificates."_s);
    QFile file(text);
    if (!info.isFile() || !file.open(QIODevice::ReadOnly))
        return wrongValue(text,
                          u"it cannot be read; give a readable PEM file with CA "
                          "certificates."_s);
    const QByteArray pem = file.read(maxCaFileBytes + 1);
    if (pem.size() > maxCaFileBytes)
        return wrongValue(text,
                          u"the file is larger than 8 MiB; give a PEM file with CA "
                          "certificates."_s);
    switch (pemContent(pem)) {
    case PemContent::Certificates:
        return QFile::encodeName(info.absoluteFilePath());
    case PemContent::NoCertificate:
        return wrongValue(text,
                          u"there is no certificate in it; give a PEM file that has "
                          "-----BEGIN CERTIFICATE----- lines."_s);
    case PemContent::Broken:
        break;
    }
    return wrongValue(text, u"a certificate in it is damaged; export the PEM file again."_s);
}

} // namespace Switchyard
