// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/headerbar.h"

#include "ui/format.h"
#include "ui/statussentence.h"
#include "ui/svgicon.h"
#include "ui/switcherbutton.h"
#include "ui/tones.h"

#include <QEvent>
#include <QFontDatabase>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QMenu>
#include <QToolButton>

using namespace Qt::StringLiterals;

namespace Switchyard {

HeaderBar::HeaderBar(QWidget *parent)
    : QWidget(parent), m_switcher(new SwitcherButton(this)), m_address(new QLabel(this)),
      m_copy(new QToolButton(this)), m_totals(new QLabel(this)), m_menu(new QToolButton(this))
{
    m_address->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    m_address->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_address->setAccessibleName(tr("Address of the proxy"));

    m_copy->setAutoRaise(true);
    m_copy->setFocusPolicy(Qt::StrongFocus);
    m_copy->setToolTip(tr("Copy the address"));
    m_copy->setAccessibleName(tr("Copy the address"));
    connect(m_copy, &QToolButton::clicked, this, &HeaderBar::copyAddressRequested);

    m_totals->setAccessibleName(tr("Since the start"));

    m_menu->setAutoRaise(true);
    m_menu->setFocusPolicy(Qt::StrongFocus);
    m_menu->setShortcut(QKeySequence(Qt::Key_F10));
    m_menu->setToolTip(tr("Menu (F10)"));
    m_menu->setAccessibleName(tr("Menu"));
    m_menu->setObjectName(u"menu"_s);
    auto *menu = new QMenu(m_menu);
    m_copyVariables =
        menu->addAction(tr("&Copy client variables"), this, &HeaderBar::copyVariablesRequested);
    m_copyVariables->setShortcut(QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_C));
    menu->addSeparator();
    QAction *hide = menu->addAction(tr("&Hide this window"), this, &HeaderBar::hideRequested);
    hide->setShortcut(QKeySequence(Qt::CTRL | Qt::Key_W));
    QAction *quit = menu->addAction(tr("&Quit Switchyard"), this, &HeaderBar::quitRequested);
    quit->setShortcut(QKeySequence(Qt::CTRL | Qt::Key_Q));
    // The menu is a popup of its own: the keys work in the whole window only when it has them too.
    addActions({m_copyVariables, hide, quit});
    connect(m_menu, &QToolButton::clicked, menu, [this, menu] {
        menu->popup(m_menu->mapToGlobal(
            QPoint(m_menu->width() - menu->sizeHint().width(), m_menu->height())));
    });

    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(12, 8, 8, 8);
    layout->setSpacing(4);
    layout->addWidget(m_switcher);
    layout->addSpacing(10);
    layout->addWidget(m_address);
    layout->addWidget(m_copy);
    layout->addStretch(1);
    layout->addWidget(m_totals);
    layout->addSpacing(6);
    layout->addWidget(m_menu);

    connect(m_switcher, &SwitcherButton::backendChosen, this, &HeaderBar::backendChosen);
    applyTones();
}

void HeaderBar::setStatus(const ServiceStatus &status, const std::vector<BackendStatus> &backends)
{
    m_switcher->setStatus(status, backends);

    const bool running = status.state == ServiceState::Running;
    // A text that can be selected paints itself anew even when it stays the same.
    const QString address = running ? addressText(status) : tr("not listening");
    if (m_address->text() != address)
        m_address->setText(address);
    m_copy->setVisible(running);
    m_copyVariables->setEnabled(running);

    QStringList totals;
    if (status.requests > 0)
        totals << requestsText(status.requests);
    if (status.errors > 0)
        totals << tr("%1 failed").arg(QLocale().toString(status.errors));
    if (status.totalTokens > 0)
        totals << tr("%1 tokens").arg(countText(status.totalTokens));
    m_totals->setText(totals.join(u"  ·  "_s));
}

void HeaderBar::changeEvent(QEvent *event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange)
        applyTones();
}

void HeaderBar::applyTones()
{
    const Tones tones = tonesOf(palette());
    QPalette quiet;
    quiet.setColor(QPalette::WindowText, tones.muted);
    m_address->setPalette(quiet);
    m_totals->setPalette(quiet);
    m_copy->setIcon(svgIcon(u"sign-copy"_s, tones.muted));
    m_menu->setIcon(svgIcon(u"sign-menu"_s, tones.ink));
}

} // namespace Switchyard
