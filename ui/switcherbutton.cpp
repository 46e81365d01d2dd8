// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/switcherbutton.h"

#include "ui/statussentence.h"
#include "ui/svgicon.h"
#include "ui/tones.h"

#include <QMenu>
#include <QPaintEvent>
#include <QStyleOptionToolButton>
#include <QStylePainter>

using namespace Qt::StringLiterals;

namespace Switchyard {

namespace {

constexpr int margin = 10;
constexpr int gap = 7;
constexpr int signSize = 14;

QString signOf(ServiceState state)
{
    switch (state) {
    case ServiceState::Running:
        return u"sign-running"_s;
    case ServiceState::Failed:
        return u"sign-error"_s;
    case ServiceState::Stopped:
    case ServiceState::Starting:
    case ServiceState::Stopping:
        break;
    }
    return u"sign-stopped"_s;
}

QColor colorOf(ServiceState state, const Tones &tones)
{
    switch (state) {
    case ServiceState::Running:
        return tones.accent;
    case ServiceState::Failed:
        return tones.failed;
    case ServiceState::Stopped:
    case ServiceState::Starting:
    case ServiceState::Stopping:
        break;
    }
    return tones.muted;
}

} // namespace

SwitcherButton::SwitcherButton(QWidget *parent) : QToolButton(parent)
{
    setPopupMode(InstantPopup);
    setFocusPolicy(Qt::StrongFocus);
    setShortcut(QKeySequence(Qt::CTRL | Qt::Key_B));
    setToolTip(tr("Choose where the next requests go (Ctrl+B)"));
    auto *menu = new QMenu(this);
    setMenu(menu);
    connect(&m_backends, &BackendActions::actionsChanged, this,
            [this, menu] { menu->addActions(m_backends.actions()); });
    connect(&m_backends, &BackendActions::chosen, this, &SwitcherButton::backendChosen);
}

void SwitcherButton::setStatus(const ServiceStatus &status,
                               const std::vector<BackendStatus> &backends)
{
    m_backends.update(backends);
    const BackendStatus *active = activeBackend(backends);
    const QString title = active ? QString::fromUtf8(active->title) : tr("No backend");
    const QString lane = !active ? QString()
        : active->offline        ? tr("offline")
                                 : QString::fromLatin1(status.lane);
    if (m_state == status.state && m_title == title && m_lane == lane)
        return;
    m_state = status.state;
    m_title = title;
    m_lane = lane;
    setAccessibleName(tr("Backend: %1, %2. %3").arg(title, lane, statusSentence(status, {})));
    updateGeometry();
    update();
}

QFont SwitcherButton::titleFont() const
{
    QFont bold = font();
    bold.setBold(true);
    return bold;
}

QSize SwitcherButton::sizeHint() const
{
    const int title = QFontMetrics(titleFont()).horizontalAdvance(m_title);
    const int lane = fontMetrics().horizontalAdvance(m_lane);
    return {margin + signSize + gap + title + gap + lane + gap + signSize + margin,
            std::max(30, fontMetrics().height() + 12)};
}

void SwitcherButton::paintEvent(QPaintEvent *)
{
    QStylePainter painter(this);
    QStyleOptionToolButton option;
    initStyleOption(&option);
    option.text.clear();
    option.icon = {};
    // The frame is the style's; its menu arrow is replaced by ours, which has room.
    option.features &= ~QStyleOptionToolButton::HasMenu;
    option.state.setFlag(QStyle::State_AutoRaise, false);
    painter.drawComplexControl(QStyle::CC_ToolButton, option);

    const Tones tones = tonesOf(palette());
    const qreal signTop = (height() - signSize) / 2.0;
    int x = margin;
    paintSvg(&painter, QRectF(x, signTop, signSize, signSize), signOf(m_state),
             colorOf(m_state, tones));
    x += signSize + gap;

    painter.setFont(titleFont());
    painter.setPen(palette().color(QPalette::ButtonText));
    painter.drawText(QRect(x, 0, width() - x, height()), Qt::AlignVCenter, m_title);
    x += painter.fontMetrics().horizontalAdvance(m_title) + gap;

    painter.setFont(font());
    painter.setPen(tones.muted);
    painter.drawText(QRect(x, 0, width() - x, height()), Qt::AlignVCenter, m_lane);
    paintSvg(&painter, QRectF(width() - margin - signSize, signTop, signSize, signSize),
             u"sign-down"_s, tones.muted);
}

} // namespace Switchyard
