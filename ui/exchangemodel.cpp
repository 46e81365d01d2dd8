// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/exchangemodel.h"

#include "ui/format.h"

#include <QDateTime>
#include <QLocale>

#include <algorithm>
#include <map>

using namespace Qt::StringLiterals;

namespace Switchyard {

namespace {

std::optional<qint64> sumOfKnown(const Usage &usage)
{
    if (!usage.inputTokens)
        return std::nullopt;
    return *usage.inputTokens + usage.cacheReadTokens.value_or(0)
        + usage.cacheWriteTokens.value_or(0);
}

// Calls `each(first, last)` for every run of neighbours in a sorted list.
template <typename Each> void forEachRange(const std::vector<int> &sortedRows, Each each)
{
    for (std::size_t from = 0; from < sortedRows.size();) {
        std::size_t to = from;
        while (to + 1 < sortedRows.size() && sortedRows[to + 1] == sortedRows[to] + 1)
            ++to;
        each(sortedRows[from], sortedRows[to]);
        from = to + 1;
    }
}

} // namespace

QString stateWord(ExchangeState state)
{
    switch (state) {
    case ExchangeState::Waiting:
        return ExchangeModel::tr("waiting");
    case ExchangeState::Streaming:
        return ExchangeModel::tr("streaming");
    case ExchangeState::Done:
        return ExchangeModel::tr("done");
    case ExchangeState::Error:
        return ExchangeModel::tr("error");
    case ExchangeState::Cancelled:
        return ExchangeModel::tr("cancelled");
    case ExchangeState::Truncated:
        return ExchangeModel::tr("truncated");
    case ExchangeState::Blocked:
        break;
    }
    return ExchangeModel::tr("blocked");
}

ExchangeModel::ExchangeModel(QObject *parent, std::size_t maxRows)
    : QAbstractTableModel(parent), m_maxRows(maxRows), m_clock(&QDateTime::currentMSecsSinceEpoch)
{
}

int ExchangeModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : int(m_records.size());
}

int ExchangeModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : int(ColumnCount);
}

QVariant ExchangeModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole) {
        const bool isNumber = section >= StatusColumn;
        return int(Qt::AlignVCenter | (isNumber ? Qt::AlignRight : Qt::AlignLeft));
    }
    if (role == Qt::ToolTipRole) {
        switch (section) {
        case FirstEventColumn:
            return tr("From the complete request to the first byte of the answer");
        case InputColumn:
            return tr("Input tokens, those of the cache included");
        case CachedColumn:
            return tr("Input tokens read from the cache");
        case OutputColumn:
            return tr("Output tokens");
        default:
            return {};
        }
    }
    if (role != Qt::DisplayRole)
        return {};
    switch (section) {
    case StateColumn:
        return tr("State");
    case TimeColumn:
        return tr("Time");
    case ModelColumn:
        return tr("Model asked → used");
    case BackendColumn:
        return tr("Backend");
    case StatusColumn:
        return tr("Status");
    case FirstEventColumn:
        return tr("First event");
    case DurationColumn:
        return tr("Duration");
    case InputColumn:
        return tr("In");
    case CachedColumn:
        return tr("Cached");
    case OutputColumn:
        return tr("Out");
    default:
        return {};
    }
}

QVariant ExchangeModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid))
        return {};
    const ExchangeRecord &shown = record(index.row());
    switch (role) {
    case Qt::DisplayRole:
        return text(shown, index.column());
    case Qt::ToolTipRole:
        return toolTip(shown, index.column());
    case Qt::AccessibleTextRole: {
        const QString display = text(shown, index.column());
        return display == unknownText() ? tr("unknown") : display;
    }
    case Qt::TextAlignmentRole:
        return headerData(index.column(), Qt::Horizontal, Qt::TextAlignmentRole);
    default:
        return {};
    }
}

QString ExchangeModel::text(const ExchangeRecord &shown, int column) const
{
    switch (column) {
    case StateColumn:
        return shown.attempts > 1 ? tr("%1 ×%2").arg(stateWord(shown.state)).arg(shown.attempts)
                                  : stateWord(shown.state);
    case TimeColumn:
        return timeText(QDateTime::fromMSecsSinceEpoch(shown.startedMs),
                        QDateTime::fromMSecsSinceEpoch(m_clock()));
    case ModelColumn:
        if (shown.model.isEmpty())
            return QString::fromUtf8(shown.method + ' ' + shown.path).trimmed();
        if (shown.upstreamModel.isEmpty() || shown.upstreamModel == shown.model)
            return QString::fromUtf8(shown.model);
        return QString::fromUtf8(shown.model) + u" → "_s + QString::fromUtf8(shown.upstreamModel);
    case BackendColumn:
        return shown.backend.isEmpty() ? unknownText() : backendTitle(shown.backend);
    case StatusColumn:
        return shown.status ? QString::number(*shown.status) : unknownText();
    case FirstEventColumn:
        return durationText(shown.ttfbMs);
    case DurationColumn:
        return durationText(duration(shown));
    case InputColumn:
        return countText(sumOfKnown(shown.usage));
    case CachedColumn:
        return countText(shown.usage.cacheReadTokens);
    case OutputColumn:
        return countText(shown.usage.outputTokens);
    default:
        return {};
    }
}

QString ExchangeModel::toolTip(const ExchangeRecord &shown, int column) const
{
    switch (column) {
    case StateColumn:
        return QString::fromUtf8(shown.errorMessage);
    case TimeColumn:
        return QLocale().toString(QDateTime::fromMSecsSinceEpoch(shown.startedMs),
                                  QLocale::LongFormat);
    case ModelColumn:
        return text(shown, ModelColumn);
    case BackendColumn:
        return shown.lane
            ? tr("%1, %2 lane")
                  .arg(backendTitle(shown.backend), QString::fromLatin1(laneName(*shown.lane)))
            : QString();
    case InputColumn:
        if (!shown.usage.inputTokens)
            return {};
        return tr("%1 new, %2 read from the cache, %3 written to it")
            .arg(countText(shown.usage.inputTokens), countText(shown.usage.cacheReadTokens),
                 countText(shown.usage.cacheWriteTokens));
    default:
        return {};
    }
}

std::optional<qint64> ExchangeModel::duration(const ExchangeRecord &shown) const
{
    if (shown.durationMs || isFinal(shown.state))
        return shown.durationMs;
    return std::max(qint64(0), m_clock() - shown.startedMs);
}

void ExchangeModel::setBackendTitle(const QByteArray &name, const QString &title)
{
    QString &known = m_backendTitles[name];
    if (known == title)
        return;
    known = title;
    if (!m_records.empty())
        Q_EMIT dataChanged(index(0, BackendColumn), index(rowCount() - 1, BackendColumn));
}

QString ExchangeModel::backendTitle(const QByteArray &name) const
{
    return m_backendTitles.value(name, QString::fromUtf8(name));
}

int ExchangeModel::lowerBound(quint64 id) const
{
    if (m_records.empty())
        return 0;
    // Ids count upwards without gaps, so the row is nearly always the distance to the first id.
    const quint64 first = m_records.front().id;
    if (id >= first && id - first < m_records.size() && m_records[id - first].id == id)
        return int(id - first);
    const auto found =
        std::lower_bound(m_records.begin(), m_records.end(), id,
                         [](const ExchangeRecord &record, quint64 key) { return record.id < key; });
    return int(found - m_records.begin());
}

int ExchangeModel::rowOf(quint64 id) const
{
    const int row = lowerBound(id);
    return row < rowCount() && record(row).id == id ? row : -1;
}

void ExchangeModel::apply(const std::vector<ExchangeRecord> &batch)
{
    // Sorted, and of two values of one row the later one.
    std::map<quint64, const ExchangeRecord *> newest;
    for (const ExchangeRecord &record : batch) {
        if (record.id > m_newestRemoved)
            newest[record.id] = &record;
    }

    Records known;
    Records added;
    for (const auto &[id, record] : newest)
        (rowOf(id) >= 0 ? known : added).push_back(record);
    if (added.size() > m_maxRows) {
        m_newestRemoved = added[added.size() - m_maxRows - 1]->id;
        added.erase(added.begin(), added.end() - std::ptrdiff_t(m_maxRows));
    }

    const int liveBefore = m_liveCount;
    updateRows(known);
    makeRoomFor(added.size());
    addRows(added);
    if (m_liveCount != liveBefore)
        Q_EMIT liveCountChanged(m_liveCount);
}

void ExchangeModel::updateRows(const Records &records)
{
    std::vector<int> rows;
    for (const ExchangeRecord *newer : records) {
        const int row = rowOf(newer->id);
        ExchangeRecord &current = m_records[std::size_t(row)];
        m_liveCount += int(!isFinal(newer->state)) - int(!isFinal(current.state));
        current = *newer;
        rows.push_back(row);
    }
    forEachRange(rows, [this](int first, int last) {
        Q_EMIT dataChanged(index(first, 0), index(last, ColumnCount - 1));
    });
}

void ExchangeModel::makeRoomFor(std::size_t count)
{
    if (m_records.size() + count <= m_maxRows)
        return;
    const auto surplus = std::ptrdiff_t(m_records.size() + count - m_maxRows);
    beginRemoveRows({}, 0, int(surplus) - 1);
    const auto end = m_records.begin() + surplus;
    m_liveCount -= int(std::count_if(m_records.begin(), end, [](const ExchangeRecord &record) {
        return !isFinal(record.state);
    }));
    m_newestRemoved = std::max(m_newestRemoved, std::prev(end)->id);
    m_records.erase(m_records.begin(), end);
    endRemoveRows();
}

void ExchangeModel::addRows(const Records &records)
{
    // Nearly always one run at the end; a row that arrives late goes to its place.
    for (std::size_t from = 0; from < records.size();) {
        const int row = lowerBound(records[from]->id);
        std::size_t to = from + 1;
        while (to < records.size() && lowerBound(records[to]->id) == row)
            ++to;
        beginInsertRows({}, row, row + int(to - from) - 1);
        std::deque<ExchangeRecord> run;
        for (std::size_t i = from; i < to; ++i) {
            m_liveCount += int(!isFinal(records[i]->state));
            run.push_back(*records[i]);
        }
        m_records.insert(m_records.begin() + row, std::make_move_iterator(run.begin()),
                         std::make_move_iterator(run.end()));
        endInsertRows();
        from = to;
    }
}

void ExchangeModel::tick()
{
    std::vector<int> rows;
    int left = m_liveCount;
    for (int row = rowCount() - 1; row >= 0 && left > 0; --row) {
        if (isFinal(record(row).state))
            continue;
        rows.push_back(row);
        --left;
    }
    std::reverse(rows.begin(), rows.end());
    forEachRange(rows, [this](int first, int last) {
        Q_EMIT dataChanged(index(first, DurationColumn), index(last, DurationColumn));
    });
}

} // namespace Switchyard
