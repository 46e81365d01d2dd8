// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/config/settingsfile.h"

#include "proxycore/config/settingvalues.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QSaveFile>

#include <array>

namespace Switchyard {

using namespace Qt::StringLiterals;

namespace {

constexpr qint64 maxFileBytes = 1 << 20;
constexpr auto ownerOnly = QFileDevice::ReadOwner | QFileDevice::WriteOwner;

// "line 3, column 7" of a byte offset; the column counts characters.
QString positionOf(const QByteArray &text, qsizetype offset)
{
    const QByteArrayView before = QByteArrayView(text).first(qBound(0, offset, text.size()));
    const qsizetype lineStart = before.lastIndexOf('\n') + 1;
    return u"line %1, column %2"_s.arg(before.count('\n') + 1)
        .arg(QString::fromUtf8(before.sliced(lineStart)).size() + 1);
}

bool isNameOfSecret(const QString &key)
{
    static constexpr std::array words{"apikey"_L1,    "token"_L1,         "secret"_L1,
                                      "password"_L1,  "passwd"_L1,        "credential"_L1,
                                      "bearer"_L1,    "authorization"_L1, "masterkey"_L1,
                                      "accesskey"_L1, "privatekey"_L1};
    QString plain = key.toLower();
    plain.removeIf([](QChar c) { return c == u'_' || c == u'-' || c == u'.' || c == u' '; });
    if (plain == u"tokenrequired")
        return false;
    return plain == u"key"
        || std::any_of(words.begin(), words.end(),
                       [&plain](QLatin1StringView word) { return plain.contains(word); });
}

// A switch or a number (max_tokens) is no secret, whatever its name.
bool canHoldSecret(const QJsonValue &value)
{
    return value.isObject() || value.isArray() || !value.toString().isEmpty();
}

// `backend` is the keychain's key for what stands under `prefix`, empty where it is not known.
void findSecrets(const QJsonValue &value, const QString &name, const QString &backend,
                 std::vector<std::pair<QString, QString>> &found)
{
    if (looksLikeKey(value.toString())) {
        found.emplace_back(name, backend);
    } else if (value.isArray()) {
        const QJsonArray array = value.toArray();
        for (const auto &item : array)
            findSecrets(item, name, backend, found);
    } else if (value.isObject()) {
        const QJsonObject object = value.toObject();
        for (auto it = object.begin(); it != object.end(); ++it) {
            const QString full = name.isEmpty() ? it.key() : name + u'.' + it.key();
            const QString owner = name == u"backends" ? it.key() : backend;
            if (isNameOfSecret(it.key()) && canHoldSecret(it.value()))
                found.emplace_back(full, owner);
            else
                findSecrets(it.value(), full, owner, found);
        }
    }
}

std::vector<QString> secretProblems(const QJsonObject &root, const QString &path)
{
    std::vector<std::pair<QString, QString>> found;
    findSecrets(root, {}, {}, found);
    std::vector<QString> problems;
    for (const auto &[name, backend] : found) {
        QString key = backend;
        if (key.isEmpty())
            key = name.contains(u"token"_s, Qt::CaseInsensitive) ? u"local-token"_s : u"BACKEND"_s;
        problems.push_back(
            u"\"%1\" in %2 looks like a secret, and secrets are never kept in a file: remove it "
            "there and put it into the keychain with \"switchyard secret set %3\"."_s.arg(
                name, path, key));
    }
    return problems;
}

std::optional<QString> versionProblem(const QJsonObject &root, const QString &path)
{
    const QJsonValue version = root.value("version"_L1);
    if (version.isUndefined() || version.toDouble() == settingsFileVersion)
        return {};
    if (version.toDouble() > settingsFileVersion)
        return u"%1 has version %2, written by a newer Switchyard, and this one reads up to "
               "version %3: install the newer program, or start with another --config-dir."_s
                   .arg(path)
                   .arg(version.toDouble())
                   .arg(settingsFileVersion);
    return u"\"version\" in %1 is not a version of this file; give %2."_s.arg(path).arg(
        settingsFileVersion);
}

SettingsFile unusable(const QString &sentence)
{
    return {{}, {sentence}};
}

QJsonObject merged(QJsonObject target, const QJsonObject &changes)
{
    for (auto it = changes.begin(); it != changes.end(); ++it) {
        if (it.value().isNull())
            target.remove(it.key());
        else if (it.value().isObject())
            target[it.key()] = merged(target.value(it.key()).toObject(), it.value().toObject());
        else
            target[it.key()] = it.value();
    }
    return target;
}

// The folders above get the user's usual rights, the last one is the owner's alone. One that
// exists stays as it is: it may be a folder the user shares on purpose.
bool makeFolder(const QString &path)
{
    const QFileInfo info(path);
    if (info.isDir())
        return true;
    const QString absolute = QDir::cleanPath(info.absoluteFilePath());
    const QDir parent(QFileInfo(absolute).path());
    return parent.mkpath(u"."_s)
        && parent.mkdir(QFileInfo(absolute).fileName(), ownerOnly | QFileDevice::ExeOwner);
}

} // namespace

QString settingsFilePath(const QString &configDir)
{
    return QDir(configDir).filePath(u"settings.json"_s);
}

SettingsFile readSettingsFile(const QString &configDir)
{
    const QString path = settingsFilePath(configDir);
    const QFileInfo info(path);
    if (!info.exists() && !info.isSymLink())
        return {};
    QFile file(path);
    if (!info.isFile() || !file.open(QIODevice::ReadOnly))
        return unusable(u"%1 cannot be read; make it a file that you may read, or remove it to "
                        "start with the defaults."_s.arg(path));
    const QByteArray text = file.read(maxFileBytes + 1);
    if (text.size() > maxFileBytes)
        return unusable(u"%1 is larger than 1 MiB, so it is not a settings file; move it away to "
                        "start with the defaults."_s.arg(path));
    // Created and not yet written to, for example by "touch".
    if (text.trimmed().isEmpty())
        return {};

    QJsonParseError error;
    const QJsonDocument document = QJsonDocument::fromJson(text, &error);
    if (error.error != QJsonParseError::NoError)
        return unusable(u"%1 is not valid JSON at %2 (%3); correct it there, or move the file away "
                        "to start with the defaults."_s.arg(path, positionOf(text, error.offset),
                                                            error.errorString()));
    if (!document.isObject())
        return unusable(u"%1 must hold one JSON object, like {\"version\": 1}; correct it, or move "
                        "the file away to start with the defaults."_s.arg(path));

    const QJsonObject root = document.object();
    if (const std::optional<QString> problem = versionProblem(root, path))
        return unusable(*problem);
    return {root, secretProblems(root, path)};
}

std::optional<QString> changeSettingsFile(const QString &configDir, const QJsonObject &changes)
{
    const SettingsFile current = readSettingsFile(configDir);
    if (!current.problems.empty())
        return u"The settings were not saved: %1"_s.arg(current.problems.front());

    const QString path = settingsFilePath(configDir);
    QJsonObject root = merged(current.root, changes);
    root["version"_L1] = settingsFileVersion;
    if (const std::vector<QString> secrets = secretProblems(root, path); !secrets.empty())
        return u"The settings were not saved: %1"_s.arg(secrets.front());

    if (!makeFolder(configDir))
        return u"The settings were not saved: the folder %1 cannot be made; check the rights of "
               "the folders above it."_s.arg(configDir);
    QSaveFile file(path);
    const bool saved = file.open(QIODevice::WriteOnly) && file.setPermissions(ownerOnly)
        && file.write(QJsonDocument(root).toJson()) >= 0 && file.commit();
    if (!saved)
        return u"The settings were not saved: %1 cannot be written (%2); check the rights of its "
               "folder and the space on the disk."_s.arg(path, file.errorString());
    return {};
}

} // namespace Switchyard
