// SPDX-License-Identifier: GPL-3.0-or-later

// Draws the pictures of docs/images with made-up data: `switchyard-pictures FOLDER`.
#include "tests/ui/madeupdata.h"
#include "ui/exchangemodel.h"
#include "ui/exchangeview.h"
#include "ui/mainwindow.h"
#include "ui/traymenu.h"

#include <QApplication>
#include <QDir>
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
};

bool save(const QPixmap &picture, const QDir &folder, const QString &name)
{
    if (picture.save(folder.filePath(name)))
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

bool drawMenu(const QDir &folder, const QString &name)
{
    TrayMenu menu;
    menu.setStatus(MadeUpData::running(), MadeUpData::backends("OPENROUTER"));
    menu.popup(QPoint(0, 0));
    QCoreApplication::processEvents();
    return save(menu.grab(), folder, name);
}

} // namespace

int main(int argc, char **argv)
{
    QApplication app(argc, argv);
    const QStringList arguments = app.arguments();
    if (arguments.size() != 2 || !QDir().mkpath(arguments.at(1))) {
        std::fprintf(stderr, "usage: switchyard-pictures FOLDER\n");
        return 2;
    }
    const QDir folder(arguments.at(1));
    app.setStyle(QStyleFactory::create(u"Fusion"_s));

    const Scene busy{MadeUpData::running(), MadeUpData::backends("OPENROUTER"), 40, 5, {}};
    const Scene first{MadeUpData::offline(), MadeUpData::backends("ECHO"), 1, -1, {}};
    const Scene empty{
        MadeUpData::offline(),
        MadeUpData::backends("ECHO"),
        0,
        -1,
        {{Notice::Tone::Quiet,
          u"This desktop has no system tray, so Switchyard lives in this window."_s}}};
    const Scene failed{MadeUpData::failed(), MadeUpData::backends("OPENROUTER"), 0, -1, {}};

    bool fine = drawWindow(busy, folder, u"window-light.png"_s);
    fine = drawWindow(empty, folder, u"window-empty.png"_s) && fine;
    fine = drawWindow(first, folder, u"window-first.png"_s) && fine;
    fine = drawWindow(failed, folder, u"window-failed.png"_s) && fine;
    fine = drawMenu(folder, u"tray-menu.png"_s) && fine;

    QApplication::setPalette(darkPalette());
    fine = drawWindow(busy, folder, u"window-dark.png"_s) && fine;
    fine = drawWindow(empty, folder, u"window-empty-dark.png"_s) && fine;
    return fine ? 0 : 1;
}
