// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/exchangeview.h"

#include "ui/exchangedelegate.h"
#include "ui/exchangemodel.h"
#include "ui/tableheader.h"

#include <QEvent>
#include <QHeaderView>
#include <QKeyEvent>
#include <QScrollBar>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace Switchyard {

ExchangeView::ExchangeView(ExchangeModel *model, QWidget *parent) : QTableView(parent)
{
    setHorizontalHeader(new TableHeader(this));
    setModel(model);
    setItemDelegate(new ExchangeDelegate(model, this));
    setAccessibleName(tr("Requests"));
    setSelectionBehavior(SelectRows);
    setSelectionMode(SingleSelection);
    setEditTriggers(NoEditTriggers);
    setShowGrid(false);
    setFrameShape(NoFrame);
    setWordWrap(false);
    setTabKeyNavigation(false);
    setVerticalScrollMode(ScrollPerPixel);
    setHorizontalScrollMode(ScrollPerPixel);

    verticalHeader()->hide();
    verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    horizontalHeader()->setSectionResizeMode(ExchangeModel::ModelColumn, QHeaderView::Stretch);
    measure();

    // A value that changes without the range is the user's doing, or a range that became shorter
    // than the place in it; both tell where the user is.
    connect(verticalScrollBar(), &QScrollBar::valueChanged, this, [this](int value) {
        const bool atEnd = value >= verticalScrollBar()->maximum();
        if (m_following == atEnd)
            return;
        m_following = atEnd;
        Q_EMIT followingChanged(m_following);
    });
    connect(verticalScrollBar(), &QScrollBar::rangeChanged, this, [this](int, int maximum) {
        if (m_following)
            verticalScrollBar()->setValue(maximum);
    });
    connect(model, &QAbstractItemModel::rowsRemoved, this,
            [this](const QModelIndex &, int first, int last) {
                if (first == 0 && !m_following)
                    keepPlace(last - first + 1);
            });
}

void ExchangeView::setFollowing(bool following)
{
    if (m_following == following)
        return;
    m_following = following;
    if (following)
        verticalScrollBar()->setValue(verticalScrollBar()->maximum());
    Q_EMIT followingChanged(m_following);
}

// The oldest rows have left: what the user reads stays where it is.
void ExchangeView::keepPlace(int removedRows)
{
    QScrollBar *bar = verticalScrollBar();
    const int height = verticalHeader()->defaultSectionSize();
    bar->setValue(std::max(bar->minimum(), bar->value() - removedRows * height));
}

void ExchangeView::measure()
{
    const QFontMetrics metrics = fontMetrics();
    verticalHeader()->setDefaultSectionSize(std::max(rowHeight, metrics.height() + 8));
    verticalHeader()->setMinimumSectionSize(verticalHeader()->defaultSectionSize());

    const auto width = [&metrics](const QString &sample) {
        return metrics.horizontalAdvance(sample) + 2 * ExchangeDelegate::padding;
    };
    QHeaderView *header = horizontalHeader();
    const auto set = [&](int column, int samples) {
        const QString title = model()->headerData(column, Qt::Horizontal).toString();
        header->resizeSection(column, std::max(samples, width(title) + 4));
    };
    const QString longestState = stateWord(ExchangeState::Truncated) + u" ×2"_s;
    set(ExchangeModel::StateColumn, width(longestState) + ExchangeDelegate::signSize + 6);
    set(ExchangeModel::TimeColumn, width(u"00:00:00 "_s));
    set(ExchangeModel::BackendColumn, width(u"OpenRouter  "_s));
    set(ExchangeModel::StatusColumn, width(u"000"_s));
    set(ExchangeModel::FirstEventColumn, width(u"00.0 s"_s));
    set(ExchangeModel::DurationColumn,
        width(u"00:00 min"_s) + ExchangeDelegate::barWidth + ExchangeDelegate::padding);
    for (const int column :
         {ExchangeModel::InputColumn, ExchangeModel::CachedColumn, ExchangeModel::OutputColumn})
        set(column, width(u"000.0k"_s));
    header->setMinimumSectionSize(width(u"000"_s));
}

// The model's names get the room that is left; when that is little, the table scrolls sideways.
void ExchangeView::resizeEvent(QResizeEvent *event)
{
    QTableView::resizeEvent(event);
    const QHeaderView *header = horizontalHeader();
    const int others = header->length() - header->sectionSize(ExchangeModel::ModelColumn);
    const int least = fontMetrics().averageCharWidth() * 30;
    const bool narrow = viewport()->width() - others < least;
    horizontalHeader()->setSectionResizeMode(
        ExchangeModel::ModelColumn, narrow ? QHeaderView::Interactive : QHeaderView::Stretch);
    if (narrow)
        horizontalHeader()->resizeSection(ExchangeModel::ModelColumn, least);
}

// Qt would go to the row after a removed current one, away from what the user reads.
void ExchangeView::rowsAboutToBeRemoved(const QModelIndex &parent, int first, int last)
{
    const int current = currentIndex().row();
    if (current >= first && current <= last)
        selectionModel()->clearCurrentIndex();
    QTableView::rowsAboutToBeRemoved(parent, first, last);
}

// Where the keyboard starts when nothing is chosen: in what can be seen, not at the first row.
bool ExchangeView::chooseVisibleRow(int key)
{
    const bool moves = key == Qt::Key_Up || key == Qt::Key_Down || key == Qt::Key_PageUp
        || key == Qt::Key_PageDown;
    if (!moves || selectionModel()->hasSelection() || model()->rowCount() == 0)
        return false;
    const int top = rowAt(0);
    setCurrentIndex(model()->index(m_following || top < 0 ? model()->rowCount() - 1 : top, 0));
    return true;
}

void ExchangeView::keyPressEvent(QKeyEvent *event)
{
    if (chooseVisibleRow(event->key()))
        return;
    if (event->matches(QKeySequence::Copy)) {
        Q_EMIT copyRequested();
        return;
    }
    if (event->key() == Qt::Key_Escape && selectionModel()->hasSelection()) {
        clearSelection();
        setCurrentIndex({});
        return;
    }
    // In a table these two mean the first and the last row, not the first and the last column.
    const bool first = event->key() == Qt::Key_Home;
    const bool last = event->key() == Qt::Key_End;
    if ((first || last) && model()->rowCount() > 0) {
        setCurrentIndex(model()->index(first ? 0 : model()->rowCount() - 1, 0));
        if (first)
            scrollToTop();
        else
            setFollowing(true);
        return;
    }
    QTableView::keyPressEvent(event);
}

void ExchangeView::changeEvent(QEvent *event)
{
    QTableView::changeEvent(event);
    if (event->type() == QEvent::FontChange && model())
        measure();
}

} // namespace Switchyard
