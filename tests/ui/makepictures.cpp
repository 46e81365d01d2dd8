// SPDX-License-Identifier: GPL-3.0-or-later

// Draws the pictures of docs/images with made-up data: `switchyard-pictures FOLDER`. With --all it
// draws the other states of the window too, to be looked at.
#include "tests/ui/madeupdata.h"
#include "ui/exchangemodel.h"
#include "ui/exchangeview.h"
#include "ui/mainwindow.h"
#include "ui/trayicon.h"
#include "ui/traymenu.h"

#include <QApplication>
#include <QDir>
#include <QPainter>
#include <QStyleFactory>

#include <cstdio>

using namespace Qt::StringLiterals;
using namespace Switchyard;

namespace {

QPalette darkPalette()
{
    QPalette palette;
    const QColor ink(0xe6, 0xe6, 0xe3);
    palette.setColor(QPalette::Window, QColor(0x24, 0x26, 0x25));
    palette.setColor(QPalette::Base, QColor(0x1f, 0x21, 0x20));
    palette.setColor(QPalette::AlternateBase, QColor(0x28, 0x2a, 0x29));
    palette.setColor(QPalette::Button, QColor(0x2c, 0x2f, 0x2d));
    palette.setColor(QPalette::ToolTipBase, QColor(0x2c, 0x2f, 0x2d));
    palette.setColor(QPalette::Highlight, QColor(0x1f, 0x6b, 0x55));
    palette.setColor(QPalette::HighlightedText, ink);
    for (const QPalette::ColorRole role :
         {QPalette::WindowText, QPalette::Text, QPalette::ButtonText, QPalette::ToolTipText})
        palette.setColor(role, ink);
    return palette;
}

struct Scene
{
    ServiceStatus status;
    std::vector<BackendStatus> backends;
    int rows = 0;
    int selectedFromEnd = -1;
    std::vector<Notice> notices;
    QSize size;
};

bool save(const QPixmap &picture, const QDir &folder, const QString &name)
{
    constexpr int smallest = 0;
    if (picture.save(folder.filePath(name), "PNG", smallest))
        return true;
    std::fprintf(stderr, "The picture %s could not be written.\n",
                 qPrintable(folder.filePath(name)));
    return false;
}

bool drawWindow(const Scene &scene, const QDir &folder, const QString &name)
{
    ExchangeModel model;
    model.setClock(&MadeUpData::now);
    MainWindow window(&model);
    window.setStatus(scene.status, scene.backends);
    window.setClientLines(clientLines(scene.status.url, "placeholder", Shell::Sh));
    window.setNotices(scene.notices);
    model.apply(MadeUpData::records(scene.rows));
    if (scene.size.isValid())
        window.resize(scene.size);
    window.show();
    QCoreApplication::processEvents();
    if (scene.selectedFromEnd >= 0) {
        auto *view = window.findChild<ExchangeView *>();
        view->selectRow(model.rowCount() - 1 - scene.selectedFromEnd);
        view->setFocus();
        QCoreApplication::processEvents();
    }
    return save(window.grab(), folder, name);
}

// The four shapes of the icon beside the menu, as they sit at the edge of a panel.
bool drawTray(const QDir &folder, const QString &name)
{
    constexpr int margin = 20;
    constexpr int panel = 32;
    constexpr int step = 76;
    TrayMenu menu;
    menu.setStatus(MadeUpData::running(), MadeUpData::backends("OPENROUTER"));
    menu.popup(QPoint(0, 0));
    QCoreApplication::processEvents();
    const QPixmap open = menu.grab();
    const QSize menuSize = open.deviceIndependentSize().toSize();

    const qreal ratio = qApp->devicePixelRatio();
    const QSize size(4 * step + menuSize.width() + 3 * margin, panel + menuSize.height() + margin);
    QPixmap picture(size * ratio);
    picture.setDevicePixelRatio(ratio);
    picture.fill(QColor(0x3d, 0x5a, 0x63));
    QPainter painter(&picture);
    painter.fillRect(QRect(0, 0, size.width(), panel), QColor(0x22, 0x24, 0x26));
    painter.drawPixmap(QPoint(size.width() - margin - menuSize.width(), panel), open);
    trayIcon(TrayState::Active).paint(&painter, QRect(size.width() - margin - 24, 4, 24, 24));

    painter.setPen(Qt::white);
    int x = margin;
    for (const auto &[state, word] :
         {std::pair(TrayState::Idle, u"idle"_s), std::pair(TrayState::Active, u"active"_s),
          std::pair(TrayState::Trouble, u"trouble"_s),
          std::pair(TrayState::Stopped, u"stopped"_s)}) {
        trayIcon(state).paint(&painter, QRect(x + (step - 44) / 2, panel + 50, 44, 44));
        painter.drawText(QRect(x, panel + 100, step, 20), Qt::AlignHCenter, word);
        x += step;
    }
    painter.end();
    return save(picture, folder, name);
}

} // namespace

int main(int argc, char **argv)
{
    QApplication app(argc, argv);
    const QStringList arguments = app.arguments();
    const bool all = arguments.size() == 3 && arguments.at(2) == u"--all"_s;
    if ((arguments.size() != 2 && !all) || !QDir().mkpath(arguments.at(1))) {
        std::fprintf(stderr, "usage: switchyard-pictures FOLDER [--all]\n");
        return 2;
    }
    const QDir folder(arguments.at(1));
    app.setStyle(QStyleFactory::create(u"Fusion"_s));

    const Scene busy{MadeUpData::running(), MadeUpData::backends("OPENROUTER"), 40, 5, {}, {}};
    const Scene first{MadeUpData::offline(), MadeUpData::backends("ECHO"), 1, -1, {}, {}};
    const Scene empty{MadeUpData::offline(),
                      MadeUpData::backends("ECHO"),
                      0,
                      -1,
                      {{Notice::Tone::Quiet,
                        u"This desktop has no system tray, so Switchyard lives in this window."_s}},
                      {}};
    Scene narrow = busy;
    narrow.size = QSize(600, 420);
    const Scene failed{MadeUpData::failed(), MadeUpData::backends("OPENROUTER"), 0, -1, {}, {}};

    bool fine = drawWindow(busy, folder, u"window-light.png"_s);
    fine = drawWindow(empty, folder, u"window-empty.png"_s) && fine;
    fine = drawTray(folder, u"tray-menu.png"_s) && fine;
    if (all) {
        fine = drawWindow(first, folder, u"window-first.png"_s) && fine;
        fine = drawWindow(failed, folder, u"window-failed.png"_s) && fine;
    }

    QApplication::setPalette(darkPalette());
    fine = drawWindow(busy, folder, u"window-dark.png"_s) && fine;
    if (all) {
        fine = drawWindow(empty, folder, u"window-empty-dark.png"_s) && fine;
        fine = drawWindow(narrow, folder, u"window-narrow-dark.png"_s) && fine;
        fine = drawTray(folder, u"tray-menu-dark.png"_s) && fine;
    }
    return fine ? 0 : 1;
}
