// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/journal/exchangerecord.h"

#include <QAbstractTableModel>
#include <QHash>

#include <deque>
#include <functional>
#include <vector>

namespace Switchyard {

// The exchanges of this run, oldest first, at most maxRows of them: the oldest leave when newer
// ones come. It is fed in batches, as the core sends them, and tells its views about ranges.
class ExchangeModel : public QAbstractTableModel
{
    Q_OBJECT

public:
    enum Column {
        StateColumn,
        TimeColumn,
        ModelColumn,
        BackendColumn,
        StatusColumn,
        FirstEventColumn,
        DurationColumn,
        InputColumn,
        CachedColumn,
        OutputColumn,
        ColumnCount
    };

    static constexpr std::size_t defaultMaxRows = 20'000;

    explicit ExchangeModel(QObject *parent = nullptr, std::size_t maxRows = defaultMaxRows);

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

    // New rows and newer values of rows, in any order; a row that has left already stays away.
    void apply(const std::vector<ExchangeRecord> &batch);
    // The names under which backends are shown.
    void setBackendTitle(const QByteArray &name, const QString &title);

    const ExchangeRecord &record(int row) const { return m_records[std::size_t(row)]; }
    // -1 when there is no such row.
    int rowOf(quint64 id) const;
    QString backendTitle(const QByteArray &name) const;

    // Rows that are not final.
    int liveCount() const { return m_liveCount; }
    // The time since the start for a live row, the measured one for a final row.
    std::optional<qint64> duration(const ExchangeRecord &record) const;
    // The running time of the live rows has moved on.
    void tick();

    // For pictures and tests: milliseconds since the epoch. The system's clock otherwise.
    void setClock(std::function<qint64()> clock) { m_clock = std::move(clock); }

Q_SIGNALS:
    void liveCountChanged(int liveCount);

private:
    using Records = std::vector<const ExchangeRecord *>;

    int lowerBound(quint64 id) const;
    void updateRows(const Records &records);
    void addRows(const Records &records);
    void makeRoomFor(std::size_t count);
    QString text(const ExchangeRecord &record, int column) const;
    QString toolTip(const ExchangeRecord &record, int column) const;

    std::size_t m_maxRows;
    std::deque<ExchangeRecord> m_records; // by id
    quint64 m_newestRemoved = 0;
    int m_liveCount = 0;
    QHash<QByteArray, QString> m_backendTitles;
    std::function<qint64()> m_clock;
};

// The word for a state, as it is shown.
QString stateWord(ExchangeState state);

} // namespace Switchyard
