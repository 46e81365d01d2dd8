// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/mainwindow.h"

#include "ui/exchangedetail.h"
#include "ui/exchangemodel.h"
#include "ui/exchangeview.h"
#include "ui/headerbar.h"
#include "ui/statussentence.h"
#include "ui/svgicon.h"
#include "ui/switcherbutton.h"
#include "ui/tones.h"

#include <QApplication>
#include <QCheckBox>
#include <QClipboard>
#include <QCloseEvent>
#include <QFrame>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLocale>
#include <QMenu>
#include <QSettings>
#include <QStackedLayout>
#include <QVBoxLayout>

using namespace Qt::StringLiterals;

namespace Switchyard {

namespace {

constexpr int tickMs = 1'000;
constexpr int messageMs = 4'000;

QFrame *makeLine(QWidget *parent)
{
    auto *line = new QFrame(parent);
    line->setObjectName(u"line"_s);
    line->setFixedHeight(1);
    line->setAutoFillBackground(true);
    return line;
}

} // namespace

MainWindow::MainWindow(ExchangeModel *model, QWidget *parent)
    : QWidget(parent), m_model(model), m_header(new HeaderBar(this)),
      m_noticeBar(new NoticeBar(this)), m_empty(new EmptyPage(this)),
      m_view(new ExchangeView(model, this)), m_detail(new ExchangeDetail(this))
{
    setWindowTitle(tr("Switchyard"));
    setWindowIcon(svgIcon(u"switchyard"_s));
    resize(1120, 680);
    setMinimumHeight(320);

    auto *pages = new QWidget(this);
    m_pages = new QStackedLayout(pages);
    m_pages->addWidget(m_empty);
    m_pages->addWidget(m_view);

    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(m_header);
    layout->addWidget(m_noticeBar);
    layout->addWidget(makeLine(this));
    layout->addWidget(pages, 1);
    layout->addWidget(makeLine(this));
    layout->addWidget(m_detail);
    layout->addWidget(makeStatusLine());

    m_view->setContextMenuPolicy(Qt::CustomContextMenu);
    connect(m_view, &QWidget::customContextMenuRequested, this, &MainWindow::showContextMenu);
    connect(m_view, &ExchangeView::copyRequested, this, &MainWindow::copySelected);
    connect(m_view->selectionModel(), &QItemSelectionModel::selectionChanged, this,
            &MainWindow::showSelected);
    connect(m_view, &ExchangeView::followingChanged, m_follow, &QCheckBox::setChecked);
    connect(m_follow, &QCheckBox::clicked, m_view, &ExchangeView::setFollowing);

    connect(model, &QAbstractItemModel::rowsInserted, this, &MainWindow::updatePage);
    connect(model, &QAbstractItemModel::rowsRemoved, this, &MainWindow::updatePage);
    connect(model, &QAbstractItemModel::dataChanged, this,
            [this](const QModelIndex &first, const QModelIndex &last) {
                const int row = selectedRow();
                if (row >= first.row() && row <= last.row())
                    showSelected();
            });
    connect(model, &ExchangeModel::liveCountChanged, this, &MainWindow::updateTicking);
    m_tick.setInterval(tickMs);
    connect(&m_tick, &QTimer::timeout, model, &ExchangeModel::tick);

    m_messageEnd.setSingleShot(true);
    m_messageEnd.setInterval(messageMs);
    connect(&m_messageEnd, &QTimer::timeout, this,
            [this] { m_sentence->setText(m_statusSentence); });

    connect(m_header, &HeaderBar::backendChosen, this, &MainWindow::backendChosen);
    connect(m_header, &HeaderBar::copyAddressRequested, this, &MainWindow::copyAddressRequested);
    connect(m_header, &HeaderBar::copyVariablesRequested, this,
            &MainWindow::copyVariablesRequested);
    connect(m_header, &HeaderBar::hideRequested, this, &MainWindow::hideRequested);
    connect(m_header, &HeaderBar::quitRequested, this, &MainWindow::quitRequested);
    connect(m_empty, &EmptyPage::copyVariablesRequested, this, &MainWindow::copyVariablesRequested);
    connect(m_empty, &EmptyPage::copyRequestRequested, this, &MainWindow::copyRequestRequested);

    setTabOrder(m_header, m_empty);
    setTabOrder(m_empty, m_view);
    setTabOrder(m_view, m_follow);
    m_header->switcher()->setFocus();

    updatePage();
    applyTones();
}

QWidget *MainWindow::makeStatusLine()
{
    auto *line = new QWidget(this);
    line->setMinimumHeight(32);
    m_sentence = new QLabel(line);
    m_sentence->setTextFormat(Qt::PlainText);
    m_sentence->setAccessibleName(tr("Status"));
    m_rows = new QLabel(line);
    m_rows->setAccessibleName(tr("Rows in the table"));
    m_follow = new QCheckBox(tr("Follow"), line);
    m_follow->setChecked(true);
    m_follow->setToolTip(tr("Keep the newest request in view (End)"));
    m_follow->setAccessibleName(tr("Keep the newest request in view"));

    auto *layout = new QHBoxLayout(line);
    layout->setContentsMargins(14, 4, 8, 4);
    layout->setSpacing(10);
    layout->addWidget(m_sentence, 1);
    layout->addWidget(m_rows);
    layout->addWidget(m_follow);
    return line;
}

void MainWindow::setStatus(const ServiceStatus &status, const std::vector<BackendStatus> &backends)
{
    m_status = status;
    m_header->setStatus(status, backends);
    for (const BackendStatus &backend : backends)
        m_model->setBackendTitle(backend.name, QString::fromUtf8(backend.title));
    const BackendStatus *active = activeBackend(backends);
    m_empty->setOffline(active && active->offline);

    m_statusSentence = statusSentence(status, backends);
    if (!m_messageEnd.isActive())
        m_sentence->setText(m_statusSentence);
    updateNotices();
    updatePage();
}

void MainWindow::setClientLines(const ClientLines &lines)
{
    m_empty->setLines(lines);
}

void MainWindow::setNotices(const std::vector<Notice> &notices)
{
    m_notices = notices;
    updateNotices();
}

void MainWindow::updateNotices()
{
    std::vector<Notice> all;
    if (m_status.state == ServiceState::Failed)
        all.push_back({Notice::Tone::Failed, QString::fromUtf8(m_status.failure)});
    all.insert(all.end(), m_notices.begin(), m_notices.end());
    m_noticeBar->setNotices(all);
}

void MainWindow::showMessage(const QString &message)
{
    m_sentence->setText(message);
    m_messageEnd.start();
}

void MainWindow::updatePage()
{
    const bool empty = m_model->rowCount() == 0;
    QWidget *page = empty ? static_cast<QWidget *>(m_empty) : m_view;
    if (m_pages->currentWidget() != page)
        m_pages->setCurrentWidget(page);
    m_follow->setVisible(!empty);
    const auto rows = quint64(m_model->rowCount());
    m_rows->setText(rows < m_status.requests && rows > 0
                        ? tr("the latest %1").arg(QLocale().toString(rows))
                        : QString());
}

int MainWindow::selectedRow() const
{
    const QModelIndexList selected = m_view->selectionModel()->selectedRows();
    return selected.isEmpty() ? -1 : selected.first().row();
}

void MainWindow::showSelected()
{
    const int row = selectedRow();
    if (row < 0) {
        m_detail->hide();
        return;
    }
    const ExchangeRecord &record = m_model->record(row);
    m_detail->showRecord(record, m_model->backendTitle(record.backend));
}

void MainWindow::copySelected()
{
    const int row = selectedRow();
    if (row < 0)
        return;
    QApplication::clipboard()->setText(QString::fromUtf8(toJsonLine(m_model->record(row))));
    showMessage(tr("The row was copied as JSON."));
}

void MainWindow::showContextMenu(const QPoint &position)
{
    const int row = selectedRow();
    if (row < 0)
        return;
    const QByteArray requestId = m_model->record(row).requestId;
    auto *menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    menu->addAction(tr("&Copy the row as JSON"), this, &MainWindow::copySelected);
    QAction *copyId = menu->addAction(tr("Copy the request &id"), this, [this, requestId] {
        QApplication::clipboard()->setText(QString::fromUtf8(requestId));
        showMessage(tr("The request id was copied."));
    });
    copyId->setEnabled(!requestId.isEmpty());
    menu->popup(m_view->viewport()->mapToGlobal(position));
}

void MainWindow::closeEvent(QCloseEvent *event)
{
    // Whether this hides the window or ends the application is not the window's to know; and the
    // application ends after its requests, which the window shows until then.
    event->ignore();
    Q_EMIT closeRequested();
}

void MainWindow::showEvent(QShowEvent *event)
{
    QWidget::showEvent(event);
    updateTicking();
}

void MainWindow::hideEvent(QHideEvent *event)
{
    QWidget::hideEvent(event);
    updateTicking();
    saveGeometryFile();
}

void MainWindow::changeEvent(QEvent *event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange)
        applyTones();
    if (event->type() == QEvent::WindowStateChange)
        updateTicking();
    if (event->type() == QEvent::ActivationChange && isActiveWindow())
        Q_EMIT looked();
}

void MainWindow::updateTicking()
{
    const bool seen = isVisible() && !isMinimized();
    if (!seen || m_model->liveCount() == 0) {
        m_tick.stop();
        return;
    }
    if (!m_tick.isActive())
        m_tick.start();
}

void MainWindow::applyTones()
{
    const Tones tones = tonesOf(palette());
    if (palette().color(QPalette::Window) != tones.ground) {
        QPalette own;
        own.setColor(QPalette::Window, tones.ground);
        setPalette(own);
    }

    QPalette quiet;
    quiet.setColor(QPalette::WindowText, tones.muted);
    m_sentence->setPalette(quiet);
    m_rows->setPalette(quiet);
    m_follow->setPalette(quiet);

    QPalette drawn;
    drawn.setColor(QPalette::Window, tones.line);
    const QList<QFrame *> lines = findChildren<QFrame *>(u"line"_s);
    for (QFrame *line : lines)
        line->setPalette(drawn);
}

void MainWindow::setGeometryFile(const QString &path)
{
    m_geometryFile = path;
    const QSettings file(path, QSettings::IniFormat);
    restoreGeometry(file.value(u"window/geometry"_s).toByteArray());
}

void MainWindow::saveGeometryFile() const
{
    if (m_geometryFile.isEmpty())
        return;
    QSettings file(m_geometryFile, QSettings::IniFormat);
    file.setValue(u"window/geometry"_s, saveGeometry());
}

} // namespace Switchyard
