// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/noticebar.h"

#include "ui/svgicon.h"
#include "ui/tones.h"

#include <QEvent>
#include <QGridLayout>
#include <QLabel>

using namespace Qt::StringLiterals;

namespace Switchyard {

namespace {

QColor colorOf(Notice::Tone tone, const Tones &tones)
{
    switch (tone) {
    case Notice::Tone::Quiet:
        return tones.muted;
    case Notice::Tone::Look:
        return tones.look;
    case Notice::Tone::Failed:
        break;
    }
    return tones.failed;
}

QString signOf(Notice::Tone tone)
{
    return tone == Notice::Tone::Failed ? u"sign-error"_s : u"sign-info"_s;
}

} // namespace

NoticeBar::NoticeBar(QWidget *parent) : QWidget(parent)
{
    auto *layout = new QGridLayout(this);
    layout->setContentsMargins(14, 2, 14, 10);
    layout->setHorizontalSpacing(8);
    layout->setVerticalSpacing(4);
    layout->setColumnStretch(1, 1);
    hide();
}

void NoticeBar::setNotices(const std::vector<Notice> &notices)
{
    if (m_notices == notices)
        return;
    m_notices = notices;
    rebuild();
}

void NoticeBar::rebuild()
{
    const QList<QLabel *> old = findChildren<QLabel *>(QString(), Qt::FindDirectChildrenOnly);
    qDeleteAll(old);
    auto *grid = static_cast<QGridLayout *>(layout());
    const Tones tones = tonesOf(palette());
    int row = 0;
    for (const Notice &notice : m_notices) {
        const QColor color = colorOf(notice.tone, tones);
        auto *sign = new QLabel(this);
        sign->setPixmap(
            svgIcon(signOf(notice.tone), color).pixmap(QSize(14, 14), devicePixelRatioF()));
        auto *sentence = new QLabel(notice.sentence, this);
        sentence->setTextFormat(Qt::PlainText);
        sentence->setWordWrap(true);
        sentence->setTextInteractionFlags(Qt::TextSelectableByMouse);
        QPalette toned;
        toned.setColor(QPalette::WindowText, color);
        sentence->setPalette(toned);
        grid->addWidget(sign, row, 0, Qt::AlignTop);
        grid->addWidget(sentence, row, 1);
        ++row;
    }
    setVisible(!m_notices.empty());
}

void NoticeBar::changeEvent(QEvent *event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange)
        rebuild();
}

} // namespace Switchyard
