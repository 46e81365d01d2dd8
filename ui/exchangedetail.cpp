// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/exchangedetail.h"

#include "ui/tones.h"

#include <QEvent>
#include <QLabel>
#include <QVBoxLayout>

using namespace Qt::StringLiterals;

namespace Switchyard {

namespace {

constexpr qsizetype maxAdjustments = 4;

QString factsOf(const ExchangeRecord &record)
{
    QStringList facts;
    for (const Adjustment &adjustment : record.adjustments) {
        if (facts.size() == maxAdjustments) {
            facts << ExchangeDetail::tr("and %1 more adjustments")
                         .arg(record.adjustments.size() - maxAdjustments);
            break;
        }
        facts << ExchangeDetail::tr("Adjusted %1: %2")
                     .arg(QString::fromUtf8(adjustment.field),
                          QString::fromUtf8(adjustment.reason));
    }
    QStringList ids;
    if (!record.stopReason.isEmpty())
        ids << ExchangeDetail::tr("stop reason %1").arg(QString::fromUtf8(record.stopReason));
    if (!record.requestId.isEmpty())
        ids << ExchangeDetail::tr("request %1").arg(QString::fromUtf8(record.requestId));
    if (!record.session.isEmpty())
        ids << ExchangeDetail::tr("session %1").arg(QString::fromUtf8(record.session));
    if (!record.fingerprint.isEmpty())
        ids << ExchangeDetail::tr("fingerprint %1").arg(QString::fromUtf8(record.fingerprint));
    if (!ids.isEmpty())
        facts << ids.join(u"  ·  "_s);
    return facts.join(u'\n');
}

QString withReason(const QString &what, const ExchangeRecord &record)
{
    if (record.errorMessage.isEmpty())
        return what + u'.';
    return what + u": "_s + QString::fromUtf8(record.errorMessage);
}

} // namespace

QString whatHappened(const ExchangeRecord &record, const QString &backendTitle)
{
    switch (record.state) {
    case ExchangeState::Waiting:
        return record.backend.isEmpty()
            ? ExchangeDetail::tr("The request has arrived.")
            : ExchangeDetail::tr("Waiting for the first event of %1.").arg(backendTitle);
    case ExchangeState::Streaming:
        return ExchangeDetail::tr("%1 is answering.").arg(backendTitle);
    case ExchangeState::Done:
        return record.attempts > 1
            ? ExchangeDetail::tr("%1 answered on try %2.").arg(backendTitle).arg(record.attempts)
            : ExchangeDetail::tr("%1 answered.").arg(backendTitle);
    case ExchangeState::Error:
        return withReason(record.backend.isEmpty()
                              ? ExchangeDetail::tr("The request failed")
                              : ExchangeDetail::tr("%1 failed").arg(backendTitle),
                          record);
    case ExchangeState::Cancelled:
        return ExchangeDetail::tr("The client left before the answer was complete.");
    case ExchangeState::Truncated:
        return withReason(
            ExchangeDetail::tr("%1 ended in the middle of its answer").arg(backendTitle), record);
    case ExchangeState::Blocked:
        break;
    }
    return withReason(ExchangeDetail::tr("Refused before it reached a backend"), record);
}

ExchangeDetail::ExchangeDetail(QWidget *parent)
    : QFrame(parent), m_sentence(new QLabel(this)), m_facts(new QLabel(this))
{
    setAccessibleName(tr("The chosen request"));
    for (QLabel *label : {m_sentence, m_facts}) {
        // What comes from a client or an upstream is text, never markup.
        label->setTextFormat(Qt::PlainText);
        label->setWordWrap(true);
        label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    }
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(14, 10, 14, 8);
    layout->setSpacing(4);
    layout->addWidget(m_sentence);
    layout->addWidget(m_facts);
    applyTones();
    hide();
}

void ExchangeDetail::showRecord(const ExchangeRecord &record, const QString &backendTitle)
{
    const QString sentence = whatHappened(record, backendTitle);
    const QString facts = factsOf(record);
    // A text that can be selected paints itself anew, and loses the selection, even when it stays.
    if (m_sentence->text() != sentence)
        m_sentence->setText(sentence);
    if (m_facts->text() != facts)
        m_facts->setText(facts);
    m_facts->setVisible(!facts.isEmpty());
    show();
}

void ExchangeDetail::changeEvent(QEvent *event)
{
    QFrame::changeEvent(event);
    if (event->type() == QEvent::PaletteChange)
        applyTones();
}

void ExchangeDetail::applyTones()
{
    QPalette quiet;
    quiet.setColor(QPalette::WindowText, tonesOf(palette()).muted);
    m_facts->setPalette(quiet);
}

} // namespace Switchyard
