// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QJsonObject>
#include <QString>

#include <optional>
#include <vector>

namespace Switchyard {

// The format of settings.json this version reads and writes.
inline constexpr int settingsFileVersion = 1;

QString settingsFilePath(const QString &configDir);

struct SettingsFile
{
    QJsonObject root; // empty when there is no file
    // Why nothing of the file can be used: unreadable, not JSON (with line and column), of a newer
    // version, or with a secret in it.
    std::vector<QString> problems;
};

// What the file means is read by applySettingsFile().
SettingsFile readSettingsFile(const QString &configDir);

// Writes `changes` over the file: objects are merged, null removes a key, everything else in the
// file stays as it is. Atomic; the file is readable for its owner alone, and so is the folder
// when it is made here. A file that cannot be read is left as it is. The error is one sentence.
std::optional<QString> changeSettingsFile(const QString &configDir, const QJsonObject &changes);

} // namespace Switchyard
