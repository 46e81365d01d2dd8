// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/clientlines.h"

#include <QWidget>

class QLabel;

namespace Switchyard {

// Stands where the table will be until the first request: says how to get one.
class EmptyPage : public QWidget
{
    Q_OBJECT

public:
    explicit EmptyPage(QWidget *parent = nullptr);

    // Empty lines: nothing is served, there is nothing to try.
    void setLines(const ClientLines &lines);
    void setOffline(bool offline);

Q_SIGNALS:
    void copyVariablesRequested();
    void copyRequestRequested();

protected:
    void changeEvent(QEvent *event) override;

private:
    struct Block
    {
        QLabel *title;
        QLabel *text;
        QWidget *frame;
    };

    Block addBlock(const QString &title, const QString &copyName, void (EmptyPage::*copy)());
    void applyTones();

    QLabel *m_heading;
    QLabel *m_intro;
    Block m_claude;
    Block m_request;
};

} // namespace Switchyard
