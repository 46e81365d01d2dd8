// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QIcon>
#include <QString>

class QColor;
class QPainter;
class QRectF;

namespace Switchyard {

// A drawing of resources/icons by its file name without ".svg". It is drawn again for every size
// and device pixel ratio, so it is sharp on any panel; `currentColor` in the file is the given
// colour.
QIcon svgIcon(const QString &name);
QIcon svgIcon(const QString &name, const QColor &color);
void paintSvg(QPainter *painter, const QRectF &where, const QString &name, const QColor &color);

} // namespace Switchyard
