// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QTimer>

namespace Switchyard {

// Whether this desktop has a tray. A panel may come seconds after us when both start at login, so
// its coming is waited for during the first minute; after that it is seen when somebody asks.
class TrayFinder : public QObject
{
    Q_OBJECT

public:
    explicit TrayFinder(QObject *parent = nullptr);

    bool isAvailable() const;
    void waitForTray();

Q_SIGNALS:
    void appeared();

private:
    QTimer m_next;
    int m_tries = 0;
};

} // namespace Switchyard
