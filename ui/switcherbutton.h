// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/backendactions.h"

#include <QToolButton>

namespace Switchyard {

// The active backend with its lane and health; opens the list of backends.
class SwitcherButton : public QToolButton
{
    Q_OBJECT

public:
    explicit SwitcherButton(QWidget *parent = nullptr);

    void setStatus(const ServiceStatus &status, const std::vector<BackendStatus> &backends);
    QSize sizeHint() const override;

Q_SIGNALS:
    void backendChosen(const QByteArray &name);

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    QFont titleFont() const;

    BackendActions m_backends;
    ServiceState m_state = ServiceState::Stopped;
    QString m_title;
    QString m_lane;
};

} // namespace Switchyard
