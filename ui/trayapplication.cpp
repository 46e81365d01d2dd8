// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/trayapplication.h"

#include "proxycore/service/proxyservice.h"
#include "ui/clientlines.h"
#include "ui/statussentence.h"

#include <QApplication>
#include <QClipboard>
#include <QSystemTrayIcon>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace Switchyard {

namespace {

bool asksForALook(ExchangeState state)
{
    return state == ExchangeState::Error || state == ExchangeState::Truncated
        || state == ExchangeState::Blocked;
}

} // namespace

TrayApplication::TrayApplication(ProxyService *service, QObject *parent)
    : QObject(parent), m_service(service), m_window(&m_model)
{
    QApplication::setQuitOnLastWindowClosed(false);

    connect(service, &ProxyService::statusChanged, this, [this] {
        refresh();
        // A proxy that does not run is worth more than a change of the icon.
        const bool failed = m_service->status().state == ServiceState::Failed;
        if (m_shown && failed && !m_failed)
            raiseWindow();
        m_failed = failed;
    });
    connect(service, &ProxyService::recordsChanged, this, &TrayApplication::takeRecords);

    connect(&m_menu, &QMenu::aboutToShow, this, &TrayApplication::refresh);
    connect(&m_menu, &TrayMenu::openRequested, this, &TrayApplication::raiseWindow);
    connect(&m_menu, &TrayMenu::backendChosen, this, &TrayApplication::useBackend);
    connect(&m_menu, &TrayMenu::copyVariablesRequested, this, &TrayApplication::copyVariables);
    connect(&m_menu, &TrayMenu::quitRequested, this, &TrayApplication::quitRequested);

    connect(&m_window, &MainWindow::backendChosen, this, &TrayApplication::useBackend);
    connect(&m_window, &MainWindow::copyAddressRequested, this, &TrayApplication::copyAddress);
    connect(&m_window, &MainWindow::copyVariablesRequested, this, &TrayApplication::copyVariables);
    connect(&m_window, &MainWindow::copyRequestRequested, this, &TrayApplication::copyRequest);
    connect(&m_window, &MainWindow::quitRequested, this, &TrayApplication::quitRequested);
    connect(&m_window, &MainWindow::closeRequested, this, &TrayApplication::closeWindow);
    connect(&m_window, &MainWindow::hideRequested, this, &TrayApplication::hideWindow);
    connect(&m_window, &MainWindow::looked, this, [this] {
        m_failureUnseen = false;
        takeTray();
        refresh();
    });

    connect(&m_finder, &TrayFinder::appeared, this, [this] {
        takeTray();
        refresh();
    });

    m_model.apply(service->records());
    refresh();
}

TrayApplication::~TrayApplication() = default;

void TrayApplication::setStateFolder(const QString &folder)
{
    m_window.setGeometryFile(folder + u"/window.ini"_s);
}

void TrayApplication::show()
{
    m_shown = true;
    if (!takeTray()) {
        m_finder.waitForTray();
        raiseWindow();
    }
    refresh();
}

bool TrayApplication::takeTray()
{
    if (!m_shown || !m_finder.isAvailable())
        return false;
    if (m_tray)
        return true;
    m_tray = new QSystemTrayIcon(this);
    m_tray->setContextMenu(&m_menu);
    connect(m_tray, &QSystemTrayIcon::activated, this,
            [this](QSystemTrayIcon::ActivationReason reason) {
                // Of two quick clicks the second is a double click, also when the window was
                // closed between them.
                if (reason == QSystemTrayIcon::Trigger || reason == QSystemTrayIcon::DoubleClick)
                    raiseWindow();
            });
    refreshTray();
    m_tray->show();
    return true;
}

void TrayApplication::raiseWindow()
{
    if (m_window.isMinimized())
        m_window.showNormal();
    else
        m_window.show();
    m_window.raise();
    m_window.activateWindow();
}

void TrayApplication::closeWindow()
{
    if (takeTray()) {
        m_window.hide();
        return;
    }
    Q_EMIT quitRequested();
}

// Without a tray a hidden window could not be found again.
void TrayApplication::hideWindow()
{
    if (takeTray())
        m_window.hide();
    else
        m_window.showMinimized();
}

void TrayApplication::refresh()
{
    const ServiceStatus status = m_service->status();
    const std::vector<BackendStatus> backends = m_service->backends();
    const auto wanted =
        std::find_if(backends.begin(), backends.end(),
                     [this](const BackendStatus &backend) { return backend.name == m_keyless; });
    if (wanted == backends.end() || wanted->configured || wanted->active)
        m_keyless.clear();

    m_menu.setStatus(status, backends);
    m_window.setStatus(status, backends);
    m_window.setClientLines(lines());
    m_window.setNotices(notices(backends));
    refreshTray();
}

void TrayApplication::refreshTray()
{
    if (!m_tray)
        return;
    const ServiceStatus status = m_service->status();
    const TrayState state = trayState(status, m_failureUnseen);
    if (m_shownState != state) {
        m_tray->setIcon(trayIcon(state));
        m_shownState = state;
    }
    const QString toolTip = trayToolTip(status, m_service->backends());
    if (m_tray->toolTip() != toolTip)
        m_tray->setToolTip(toolTip);
}

std::vector<Notice> TrayApplication::notices(const std::vector<BackendStatus> &backends) const
{
    std::vector<Notice> list;
    for (const BackendStatus &backend : backends) {
        const bool waitsForKey = backend.active && !backend.configured && !backend.offline;
        if (backend.name != m_keyless && !waitsForKey)
            continue;
        list.push_back(
            {Notice::Tone::Look,
             tr("%1 has no key yet. Give it one in a terminal: switchyard secret set %2")
                 .arg(QString::fromUtf8(backend.title), QString::fromUtf8(backend.name))});
    }
    if (!m_service->keychainProblem().isEmpty())
        list.push_back({Notice::Tone::Look, m_service->keychainProblem()});
    if (m_shown && !m_tray) {
        list.push_back(
            {Notice::Tone::Quiet,
             tr("This desktop has no system tray, so Switchyard lives in this window.")});
    }
    return list;
}

void TrayApplication::takeRecords(const std::vector<ExchangeRecord> &batch)
{
    m_model.apply(batch);
    for (const ExchangeRecord &record : batch) {
        if (asksForALook(record.state))
            m_failureUnseen = !m_window.isActiveWindow();
        else if (record.state == ExchangeState::Done)
            m_failureUnseen = false;
    }
    refresh();
}

void TrayApplication::useBackend(const QByteArray &name)
{
    const std::vector<BackendStatus> backends = m_service->backends();
    const auto chosen =
        std::find_if(backends.begin(), backends.end(),
                     [&name](const BackendStatus &backend) { return backend.name == name; });
    if (chosen == backends.end())
        return;
    if (!chosen->configured && !chosen->offline && !chosen->active) {
        // Every request would fail. What works stays, the window says what is missing, and a key
        // that was stored meanwhile is found.
        m_keyless = name;
        m_service->reloadSecrets();
        refresh();
        raiseWindow();
        return;
    }
    m_keyless.clear();
    m_service->useBackend(name);
    refresh();
}

ClientLines TrayApplication::lines() const
{
    const ServiceStatus status = m_service->status();
    if (status.state != ServiceState::Running)
        return {};
    return clientLines(status.url, m_service->clientToken(), usualShell());
}

void TrayApplication::copyAddress()
{
    copy(QString::fromLatin1(m_service->status().url), tr("The address was copied."));
}

void TrayApplication::copyVariables()
{
    copy(lines().variables,
         tr("The variables were copied, the token with them; paste them into a terminal."));
}

void TrayApplication::copyRequest()
{
    copy(lines().request,
         tr("The request was copied, the token with it; paste it into a terminal."));
}

void TrayApplication::copy(const QString &text, const QString &message)
{
    if (text.isEmpty())
        return;
    QApplication::clipboard()->setText(text);
    m_window.showMessage(message);
}

} // namespace Switchyard
