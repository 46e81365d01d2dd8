// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/tableheader.h"

#include "ui/exchangedelegate.h"
#include "ui/tones.h"

#include <QAbstractItemModel>
#include <QPainter>

namespace Switchyard {

TableHeader::TableHeader(QWidget *parent) : QHeaderView(Qt::Horizontal, parent)
{
    setHighlightSections(false);
    setSectionsClickable(false);
    setSectionsMovable(false);
}

QSize TableHeader::sectionSizeFromContents(int section) const
{
    const int width =
        fontMetrics().horizontalAdvance(model()->headerData(section, Qt::Horizontal).toString());
    return {width + 2 * ExchangeDelegate::padding, fontMetrics().height() + 14};
}

// The room right of the last column belongs to the head as well.
void TableHeader::paintEvent(QPaintEvent *event)
{
    const Tones tones = tonesOf(palette());
    QPainter painter(viewport());
    const QRect all = viewport()->rect();
    painter.fillRect(all, tones.ground);
    painter.fillRect(QRect(all.left(), all.bottom(), all.width(), 1), tones.line);
    painter.end();
    QHeaderView::paintEvent(event);
}

void TableHeader::paintSection(QPainter *painter, const QRect &rect, int section) const
{
    const Tones tones = tonesOf(palette());
    painter->fillRect(rect, tones.ground);
    painter->fillRect(QRect(rect.left(), rect.bottom(), rect.width(), 1), tones.line);
    painter->setPen(tones.muted);
    const QRect room = rect.adjusted(ExchangeDelegate::padding, 0, -ExchangeDelegate::padding, -1);
    const QString text = model()->headerData(section, Qt::Horizontal).toString();
    const auto alignment =
        Qt::Alignment(model()->headerData(section, Qt::Horizontal, Qt::TextAlignmentRole).toInt());
    painter->drawText(room, int(alignment) | Qt::TextSingleLine,
                      fontMetrics().elidedText(text, Qt::ElideRight, room.width()));
}

} // namespace Switchyard
