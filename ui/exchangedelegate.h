// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QStyledItemDelegate>

namespace Switchyard {

class ExchangeModel;
struct ExchangeRecord;
struct Tones;

// Paints the cells of the request table: the state as a shape and a word, what was asked for in ink
// and what was used in muted ink, a thin bar beside the duration. What is normal is muted; only
// what asks for a look has a colour.
class ExchangeDelegate : public QStyledItemDelegate
{
    Q_OBJECT

public:
    explicit ExchangeDelegate(const ExchangeModel *model, QObject *parent = nullptr);

    void paint(QPainter *painter, const QStyleOptionViewItem &option,
               const QModelIndex &index) const override;
    QSize sizeHint(const QStyleOptionViewItem &option, const QModelIndex &index) const override;

    static constexpr int padding = 10; // left and right of a cell's content
    static constexpr int signSize = 14; // the shape of the state
    static constexpr int barWidth = 44; // at barFullMs
    static constexpr int barFullMs = 30'000;

private:
    const ExchangeModel *m_model;
};

} // namespace Switchyard
