// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/service/proxyservice.h"

#include <QActionGroup>
#include <QObject>

#include <vector>

namespace Switchyard {

// The backends as radio items, for the tray's menu and the window's switcher. The check mark shows
// what the service says is active, not what was clicked last.
class BackendActions : public QObject
{
    Q_OBJECT

public:
    explicit BackendActions(QObject *parent = nullptr);

    void update(const std::vector<BackendStatus> &backends);
    QList<QAction *> actions() const { return m_group.actions(); }

Q_SIGNALS:
    void chosen(const QByteArray &name);
    // There are other actions than before: a menu has to take them in.
    void actionsChanged();

private:
    void rebuild(const std::vector<BackendStatus> &backends);

    QActionGroup m_group;
};

// "OpenRouter · 0.9 s", "Echo (offline)", "OpenRouter (no key yet)".
QString backendLine(const BackendStatus &backend);

} // namespace Switchyard
