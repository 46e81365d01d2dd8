// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/protocol/result.h"

#include <QByteArray>
#include <QLockFile>
#include <QString>

#include <memory>

namespace Switchyard {

// Where the instance of one configuration folder is found: a folder only the user can enter, and in
// it a lock and a socket named after the folder, links resolved.
struct InstancePlace
{
    QString lockFile;
    QString socket; // a path; on Windows the name of a pipe
};

// The error is one sentence: the folder cannot be made, or others could enter it.
Result<InstancePlace, QString> instancePlace(const QString &configDir);

// Held while this process is the instance of its configuration folder.
class InstanceLock
{
public:
    explicit InstanceLock(const InstancePlace &place);

    // False when another process holds it; a lock whose process is gone is taken over.
    bool tryTake();
    // Process id of the holder, 0 when it is not known.
    qint64 holderPid() const;

private:
    QLockFile m_lock;
};

} // namespace Switchyard
