// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/svgicon.h"

#include <QColor>
#include <QFile>
#include <QIconEngine>
#include <QPainter>
#include <QPixmapCache>
#include <QSvgRenderer>

#include <cmath>

using namespace Qt::StringLiterals;

// The drawings are in a static library: without this the linker drops them. It has to stand
// outside of a namespace.
static void initIcons()
{
    Q_INIT_RESOURCE(icons);
}

namespace Switchyard {

namespace {

QByteArray drawing(const QString &name, const QColor &color)
{
    static const bool ready = (initIcons(), true);
    Q_UNUSED(ready)
    QFile file(u":/switchyard/icons/%1.svg"_s.arg(name));
    if (!file.open(QIODevice::ReadOnly))
        qFatal("There is no icon named %s", qPrintable(name));
    QByteArray svg = file.readAll();
    if (color.isValid())
        svg.replace("currentColor", color.name().toLatin1());
    return svg;
}

QPixmap svgPixmap(const QString &name, const QColor &color, const QSize &deviceSize)
{
    const QString key = u"switchyard/%1/%2/%3x%4"_s.arg(name, color.name())
                            .arg(deviceSize.width())
                            .arg(deviceSize.height());
    QPixmap pixmap;
    if (QPixmapCache::find(key, &pixmap))
        return pixmap;

    pixmap = QPixmap(deviceSize);
    pixmap.fill(Qt::transparent);
    QSvgRenderer renderer(drawing(name, color));
    renderer.setAspectRatioMode(Qt::KeepAspectRatio);
    QPainter painter(&pixmap);
    renderer.render(&painter);
    painter.end();
    QPixmapCache::insert(key, pixmap);
    return pixmap;
}

class SvgEngine : public QIconEngine
{
public:
    SvgEngine(const QString &name, const QColor &color) : m_name(name), m_color(color) { }

    void paint(QPainter *painter, const QRect &rect, QIcon::Mode mode, QIcon::State) override
    {
        if (mode == QIcon::Disabled)
            painter->setOpacity(painter->opacity() * 0.5);
        paintSvg(painter, rect, m_name, m_color);
    }

    QPixmap pixmap(const QSize &size, QIcon::Mode mode, QIcon::State state) override
    {
        QPixmap result(size);
        result.fill(Qt::transparent);
        QPainter painter(&result);
        paint(&painter, QRect(QPoint(), size), mode, state);
        return result;
    }

    // A panel that asks over D-Bus gets these; others name the size they want.
    QList<QSize> availableSizes(QIcon::Mode, QIcon::State) override
    {
        QList<QSize> sizes;
        for (const int side : {16, 22, 24, 32, 44, 48, 64, 128})
            sizes.append(QSize(side, side));
        return sizes;
    }

    QSize actualSize(const QSize &size, QIcon::Mode, QIcon::State) override { return size; }
    QIconEngine *clone() const override { return new SvgEngine(m_name, m_color); }
    bool isNull() override { return false; }

private:
    QString m_name;
    QColor m_color;
};

} // namespace

QIcon svgIcon(const QString &name)
{
    return svgIcon(name, QColor());
}

QIcon svgIcon(const QString &name, const QColor &color)
{
    return QIcon(new SvgEngine(name, color));
}

void paintSvg(QPainter *painter, const QRectF &where, const QString &name, const QColor &color)
{
    const qreal ratio = painter->device()->devicePixelRatioF();
    const QSize deviceSize(int(std::lround(where.width() * ratio)),
                           int(std::lround(where.height() * ratio)));
    if (deviceSize.isEmpty())
        return;
    QPixmap pixmap = svgPixmap(name, color, deviceSize);
    pixmap.setDevicePixelRatio(ratio);
    // On whole pixels, or the drawing is sharp for nothing.
    const auto whole = [ratio](qreal place) { return std::round(place * ratio) / ratio; };
    painter->drawPixmap(QPointF(whole(where.left()), whole(where.top())), pixmap);
}

} // namespace Switchyard
