// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/journal/exchangerecord.h"

#include <QFrame>

class QLabel;

namespace Switchyard {

// What the table has no column for: why the chosen request ended as it did, what was changed in it,
// and its id. Takes no room when nothing is chosen.
class ExchangeDetail : public QFrame
{
    Q_OBJECT

public:
    explicit ExchangeDetail(QWidget *parent = nullptr);

    void showRecord(const ExchangeRecord &record, const QString &backendTitle);

protected:
    void changeEvent(QEvent *event) override;

private:
    void applyTones();

    QLabel *m_sentence;
    QLabel *m_facts;
};

// One sentence that says what happened, e.g. "OpenRouter answered on try 2."
QString whatHappened(const ExchangeRecord &record, const QString &backendTitle);

} // namespace Switchyard
