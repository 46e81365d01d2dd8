// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/service/recordlist.h"

#include <QByteArray>

#include <map>
#include <set>

namespace Switchyard {

// What one reader of the exchanges still has to get: first the rows that are there, then, when it
// follows, each row again whenever its state changed. It remembers ids and not rows, so a reader
// that is slow costs nothing; it then gets the newest state of a row and not the ones between.
class RowFeed
{
public:
    RowFeed(const RecordList &records, bool follow);

    void rowsChanged(const std::vector<ExchangeRecord> &batch);
    // The next rows as protocol lines, at most about `bytes` of them; empty when there is none now.
    QByteArray take(qsizetype bytes);
    bool isAtEnd() const { return m_waiting.empty(); }

private:
    const RecordList &m_records;
    bool m_follow;
    std::set<quint64> m_waiting;
    // States already sent of rows that have not ended.
    std::map<quint64, ExchangeState> m_sent;
};

} // namespace Switchyard
