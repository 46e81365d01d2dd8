// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/backendactions.h"

#include "ui/format.h"

#include <QAction>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace Switchyard {

QString backendLine(const BackendStatus &backend)
{
    const QString title = QString::fromUtf8(backend.title);
    if (backend.offline)
        return BackendActions::tr("%1 (offline)").arg(title);
    if (!backend.configured)
        return BackendActions::tr("%1 (no key yet)").arg(title);
    if (!backend.lastLatencyMs)
        return title;
    return u"%1 · %2"_s.arg(title, durationText(backend.lastLatencyMs));
}

BackendActions::BackendActions(QObject *parent) : QObject(parent), m_group(this)
{
    m_group.setExclusionPolicy(QActionGroup::ExclusionPolicy::Exclusive);
    connect(&m_group, &QActionGroup::triggered, this,
            [this](QAction *action) { Q_EMIT chosen(action->data().toByteArray()); });
}

void BackendActions::update(const std::vector<BackendStatus> &backends)
{
    const QList<QAction *> present = m_group.actions();
    const bool same = std::equal(present.begin(), present.end(), backends.begin(), backends.end(),
                                 [](QAction *action, const BackendStatus &backend) {
                                     return action->data().toByteArray() == backend.name;
                                 });
    if (!same)
        rebuild(backends);

    const QList<QAction *> actions = m_group.actions();
    for (qsizetype i = 0; i < actions.size(); ++i) {
        const BackendStatus &backend = backends[std::size_t(i)];
        // An ampersand in a name is a letter here, not a mnemonic.
        actions[i]->setText(backendLine(backend).replace(u'&', u"&&"_s));
        if (backend.active)
            actions[i]->setChecked(true);
    }
}

void BackendActions::rebuild(const std::vector<BackendStatus> &backends)
{
    const QList<QAction *> old = m_group.actions();
    qDeleteAll(old);
    for (const BackendStatus &backend : backends) {
        auto *action = new QAction(&m_group);
        action->setCheckable(true);
        action->setData(backend.name);
    }
    Q_EMIT actionsChanged();
}

} // namespace Switchyard
