// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/exchangedelegate.h"

#include "ui/exchangemodel.h"
#include "ui/format.h"
#include "ui/svgicon.h"
#include "ui/tones.h"

#include <QApplication>
#include <QPainter>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace Switchyard {

namespace {

QString signOf(ExchangeState state)
{
    switch (state) {
    case ExchangeState::Waiting:
        return u"sign-waiting"_s;
    case ExchangeState::Streaming:
        return u"sign-streaming"_s;
    case ExchangeState::Done:
        return u"sign-done"_s;
    case ExchangeState::Error:
        return u"sign-error"_s;
    case ExchangeState::Cancelled:
        return u"sign-cancelled"_s;
    case ExchangeState::Truncated:
        return u"sign-truncated"_s;
    case ExchangeState::Blocked:
        break;
    }
    return u"sign-blocked"_s;
}

QColor colorOf(ExchangeState state, const Tones &tones)
{
    switch (state) {
    case ExchangeState::Streaming:
        return tones.accent;
    case ExchangeState::Error:
        return tones.failed;
    case ExchangeState::Truncated:
    case ExchangeState::Blocked:
        return tones.look;
    case ExchangeState::Waiting:
    case ExchangeState::Done:
    case ExchangeState::Cancelled:
        break;
    }
    return tones.muted;
}

// Draws pieces of text one after the other, each in its colour, and elides at the end of the room.
class TextRun
{
public:
    TextRun(QPainter *painter, const QRect &room)
        : m_painter(painter), m_room(room), m_metrics(painter->fontMetrics())
    {
    }

    void add(const QString &text, const QColor &color)
    {
        if (m_room.width() <= 0 || text.isEmpty())
            return;
        m_painter->setPen(color);
        const int width = m_metrics.horizontalAdvance(text);
        const bool fits = width <= m_room.width();
        m_painter->drawText(m_room, Qt::AlignVCenter | Qt::AlignLeft | Qt::TextSingleLine,
                            fits ? text
                                 : m_metrics.elidedText(text, Qt::ElideRight, m_room.width()));
        m_room.setLeft(fits ? m_room.left() + width : m_room.right() + 1);
    }

private:
    QPainter *m_painter;
    QRect m_room;
    QFontMetrics m_metrics;
};

void paintDurationBar(QPainter *painter, const QRect &content, qint64 milliseconds,
                      const QColor &color)
{
    const qreal share =
        std::min<qreal>(1, qreal(milliseconds) / qreal(ExchangeDelegate::barFullMs));
    const QRectF bar(content.left(), content.center().y() - 2.0,
                     std::max<qreal>(2, ExchangeDelegate::barWidth * share), 5);
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(Qt::NoPen);
    painter->setBrush(color);
    painter->drawRoundedRect(bar, 1.5, 1.5);
}

} // namespace

ExchangeDelegate::ExchangeDelegate(const ExchangeModel *model, QObject *parent)
    : QStyledItemDelegate(parent), m_model(model)
{
}

QSize ExchangeDelegate::sizeHint(const QStyleOptionViewItem &option, const QModelIndex &) const
{
    return {option.fontMetrics.averageCharWidth() * 10, option.fontMetrics.height() + 10};
}

void ExchangeDelegate::paint(QPainter *painter, const QStyleOptionViewItem &option,
                             const QModelIndex &index) const
{
    const Tones tones = tonesOf(option.palette);
    const ExchangeRecord &record = m_model->record(index.row());
    const bool selected = option.state.testFlag(QStyle::State_Selected);

    painter->save();
    painter->setFont(option.font);
    painter->fillRect(option.rect,
                      selected ? tones.selection : option.palette.color(QPalette::Base));
    painter->fillRect(QRect(option.rect.bottomLeft(), QSize(option.rect.width(), 1)), tones.line);
    // Where the keyboard is.
    if (selected && index.column() == 0 && option.state.testFlag(QStyle::State_Active)
        && option.widget && option.widget->hasFocus()) {
        painter->fillRect(QRect(option.rect.topLeft(), QSize(3, option.rect.height())),
                          tones.accent);
    }

    QRect content = option.rect.adjusted(padding, 0, -padding, -1);
    switch (index.column()) {
    case ExchangeModel::StateColumn: {
        const QColor color = colorOf(record.state, tones);
        paintSvg(painter,
                 QRectF(content.left(), content.top() + (content.height() - signSize) / 2.0,
                        signSize, signSize),
                 signOf(record.state), color);
        TextRun run(painter, content.adjusted(signSize + 6, 0, 0, 0));
        run.add(stateWord(record.state), color);
        if (record.attempts > 1)
            run.add(u" ×%1"_s.arg(record.attempts), tones.muted);
        break;
    }
    case ExchangeModel::ModelColumn: {
        TextRun run(painter, content);
        if (record.model.isEmpty()) {
            run.add(index.data().toString(), tones.muted);
            break;
        }
        const QString asked = QString::fromUtf8(record.model);
        run.add(asked, tones.ink);
        run.add(index.data().toString().mid(asked.size()), tones.muted);
        break;
    }
    case ExchangeModel::TimeColumn:
    case ExchangeModel::BackendColumn:
        TextRun(painter, content).add(index.data().toString(), tones.muted);
        break;
    default: {
        const QString text = index.data().toString();
        if (index.column() == ExchangeModel::DurationColumn) {
            if (const std::optional<qint64> duration = m_model->duration(record))
                paintDurationBar(painter, content, *duration,
                                 isFinal(record.state) ? tones.bar : tones.accent);
        }
        const bool failed =
            index.column() == ExchangeModel::StatusColumn && record.status && *record.status >= 400;
        const bool quiet =
            text == unknownText() || (index.column() == ExchangeModel::StatusColumn && !failed);
        painter->setPen(failed ? colorOf(record.state, tones) : quiet ? tones.muted : tones.ink);
        painter->drawText(content, Qt::AlignVCenter | Qt::AlignRight | Qt::TextSingleLine, text);
        break;
    }
    }
    painter->restore();
}

} // namespace Switchyard
