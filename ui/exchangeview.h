// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QTableView>

namespace Switchyard {

class ExchangeModel;

// The request table. It follows its tail, where the newest rows are, until the user scrolls away,
// and follows again once the user is back at the end.
class ExchangeView : public QTableView
{
    Q_OBJECT

public:
    explicit ExchangeView(ExchangeModel *model, QWidget *parent = nullptr);

    bool isFollowing() const { return m_following; }
    void setFollowing(bool following);

    static constexpr int rowHeight = 28; // at 100 %, with a font of usual size

Q_SIGNALS:
    void followingChanged(bool following);
    void copyRequested();

protected:
    void keyPressEvent(QKeyEvent *event) override;
    void changeEvent(QEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;

protected Q_SLOTS:
    void rowsAboutToBeRemoved(const QModelIndex &parent, int first, int last) override;

private:
    void measure();
    void keepPlace(int removedRows);
    bool chooseVisibleRow(int key);

    bool m_following = true;
};

} // namespace Switchyard
