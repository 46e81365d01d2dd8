// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QColor>

class QPalette;

namespace Switchyard {

// The few colours of the window, made from the palette in use: ink, muted ink and lines follow the
// platform; accent, look and failed are fixed for light and for dark. Ask again after
// QEvent::PaletteChange.
struct Tones
{
    QColor ink;
    QColor muted; // what is normal; still readable (contrast 4.5 on the base)
    QColor line;
    QColor bar;
    QColor selection;
    QColor accent; // live
    QColor look; // asks for a look
    QColor failed;
    QColor ground; // of the frame around the table
};

Tones tonesOf(const QPalette &palette);
bool isDark(const QPalette &palette);
// 0 gives `from`, 1 gives `to`.
QColor mixed(const QColor &from, const QColor &to, qreal share);
// As WCAG 2 defines it: 1 to 21.
qreal contrast(const QColor &one, const QColor &other);

} // namespace Switchyard
