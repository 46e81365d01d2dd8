// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/trayicon.h"

#include "ui/statussentence.h"
#include "ui/svgicon.h"

#include <QCoreApplication>
#include <QLocale>
#include <QStringList>

using namespace Qt::StringLiterals;

namespace Switchyard {

namespace {

struct Words
{
    Q_DECLARE_TR_FUNCTIONS(Switchyard::TrayIcon)
};

} // namespace

TrayState trayState(const ServiceStatus &status, bool failureUnseen)
{
    switch (status.state) {
    case ServiceState::Failed:
        return TrayState::Trouble;
    case ServiceState::Running:
        break;
    case ServiceState::Stopped:
    case ServiceState::Starting:
    case ServiceState::Stopping:
        return TrayState::Stopped;
    }
    if (failureUnseen)
        return TrayState::Trouble;
    return status.openStreams > 0 ? TrayState::Active : TrayState::Idle;
}

QIcon trayIcon(TrayState state)
{
    switch (state) {
    case TrayState::Idle:
        return svgIcon(u"tray-idle"_s);
    case TrayState::Active:
        return svgIcon(u"tray-active"_s);
    case TrayState::Trouble:
        return svgIcon(u"tray-trouble"_s);
    case TrayState::Stopped:
        break;
    }
    return svgIcon(u"tray-stopped"_s);
}

QString trayToolTip(const ServiceStatus &status, const std::vector<BackendStatus> &backends)
{
    QStringList lines{u"Switchyard · "_s + statusSentence(status, backends)};
    if (status.state == ServiceState::Failed && !status.failure.isEmpty())
        lines << QString::fromUtf8(status.failure);
    if (status.state == ServiceState::Running) {
        lines << Words::tr("Port %1").arg(status.port);
        const QString requests = requestsText(status.requests);
        lines
            << (status.errors == 0
                    ? requests
                    : Words::tr("%1, %2 failed").arg(requests, QLocale().toString(status.errors)));
    }
    return lines.join(u'\n');
}

} // namespace Switchyard
