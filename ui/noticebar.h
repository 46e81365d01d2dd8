// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QWidget>

#include <vector>

namespace Switchyard {

struct Notice
{
    enum class Tone { Quiet, Look, Failed };

    Tone tone = Tone::Quiet;
    QString sentence;

    bool operator==(const Notice &) const = default;
};

// Sentences under the header that hold as long as their cause; takes no room without one.
class NoticeBar : public QWidget
{
    Q_OBJECT

public:
    explicit NoticeBar(QWidget *parent = nullptr);

    void setNotices(const std::vector<Notice> &notices);
    const std::vector<Notice> &notices() const { return m_notices; }

protected:
    void changeEvent(QEvent *event) override;

private:
    void rebuild();

    std::vector<Notice> m_notices;
};

} // namespace Switchyard
