// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/emptypage.h"

#include "ui/tones.h"

#include <QEvent>
#include <QFontDatabase>
#include <QFrame>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

using namespace Qt::StringLiterals;

namespace Switchyard {

EmptyPage::EmptyPage(QWidget *parent)
    : QWidget(parent), m_heading(new QLabel(this)), m_intro(new QLabel(this))
{
    QFont large = font();
    large.setPointSizeF(large.pointSizeF() * 1.35);
    large.setBold(true);
    m_heading->setFont(large);
    m_intro->setWordWrap(true);

    auto *column = new QWidget(this);
    column->setMaximumWidth(760);
    auto *blocks = new QVBoxLayout(column);
    blocks->setContentsMargins(28, 32, 28, 32);
    blocks->setSpacing(8);
    blocks->addWidget(m_heading);
    blocks->addWidget(m_intro);
    blocks->addSpacing(14);

    auto *outer = new QHBoxLayout(this);
    outer->setContentsMargins(0, 0, 0, 0);
    outer->addStretch(1);
    outer->addWidget(column, 100);
    outer->addStretch(1);

    m_claude = addBlock(tr("Claude Code, in a terminal"), tr("Copy the lines for Claude Code"),
                        &EmptyPage::copyVariablesRequested);
    blocks->addSpacing(14);
    m_request = addBlock(tr("Or one request by hand"), tr("Copy the request"),
                         &EmptyPage::copyRequestRequested);
    blocks->addStretch(1);

    setOffline(false);
    setLines({});
    setAutoFillBackground(true);
    setBackgroundRole(QPalette::Base);
    applyTones();
}

EmptyPage::Block EmptyPage::addBlock(const QString &title, const QString &copyName,
                                     void (EmptyPage::*copy)())
{
    QWidget *column = m_heading->parentWidget();
    auto *blocks = static_cast<QVBoxLayout *>(column->layout());

    auto *heading = new QLabel(title, column);
    QFont bold = font();
    bold.setBold(true);
    heading->setFont(bold);

    auto *frame = new QFrame(column);
    frame->setAutoFillBackground(true);
    frame->setBackgroundRole(QPalette::Window);
    auto *text = new QLabel(frame);
    text->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    text->setTextFormat(Qt::PlainText);
    text->setWordWrap(true);
    text->setAccessibleName(title);
    auto *button = new QPushButton(tr("Copy"), frame);
    button->setAccessibleName(copyName);
    connect(button, &QPushButton::clicked, this, copy);

    auto *inside = new QHBoxLayout(frame);
    inside->setContentsMargins(12, 10, 10, 10);
    inside->setSpacing(12);
    inside->addWidget(text, 1);
    inside->addWidget(button, 0, Qt::AlignTop);

    blocks->addWidget(heading);
    blocks->addWidget(frame);
    return {heading, text, frame};
}

void EmptyPage::setLines(const ClientLines &lines)
{
    m_claude.text->setText(lines.variablesShown + u"claude"_s);
    m_request.text->setText(lines.requestShown);
    for (const Block &block : {m_claude, m_request}) {
        block.title->setVisible(!lines.variables.isEmpty());
        block.frame->setVisible(!lines.variables.isEmpty());
    }
    m_intro->setVisible(!lines.variables.isEmpty());
    m_heading->setText(lines.variables.isEmpty() ? tr("Switchyard is not listening")
                                                 : tr("No requests yet"));
}

void EmptyPage::setOffline(bool offline)
{
    m_intro->setText(
        offline
            ? tr("Switchyard is running and answers by itself, offline. Send it something: each "
                 "request appears here the moment it arrives.")
            : tr("Switchyard is running. Send it something: each request appears here the "
                 "moment it arrives."));
}

void EmptyPage::changeEvent(QEvent *event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange)
        applyTones();
}

void EmptyPage::applyTones()
{
    const Tones tones = tonesOf(palette());
    QPalette quiet;
    quiet.setColor(QPalette::Text, tones.muted);
    m_intro->setPalette(quiet);
    QPalette framed;
    framed.setColor(QPalette::Window, mixed(tones.ground, tones.ink, 0.03));
    m_claude.frame->setPalette(framed);
    m_request.frame->setPalette(framed);
}

} // namespace Switchyard
