// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QString>

#include <functional>

// What QtKeychain does not tell about the Secret Service of the freedesktop.org desktops. On other
// systems nothing is missing and nothing is locked.
namespace Switchyard::SecretService {

enum class Obstacle {
    None,
    NoBus, // there is no session bus to ask on; asking would try to launch one
    NoLibrary, // libsecret cannot be loaded
};

// Reads the environment and the disk, asks nobody.
Obstacle obstacle();

// Whether an entry with this key lies in a locked collection. libsecret reports such an entry as
// absent, or as removed, when nobody answered its question for the password. `done` is called from
// the event loop unless the context is gone.
void isLocked(const QString &service, const QString &key, QObject *context,
              std::function<void(bool locked)> done);

} // namespace Switchyard::SecretService
