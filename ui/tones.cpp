// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/tones.h"

#include <QPalette>

#include <algorithm>
#include <cmath>

namespace Switchyard {

namespace {

// The least contrast at which WCAG 2 calls a text of usual size readable.
constexpr qreal readable = 4.5;

qreal luminance(const QColor &color)
{
    const auto linear = [](qreal value) {
        return value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
    };
    return 0.2126 * linear(color.redF()) + 0.7152 * linear(color.greenF())
        + 0.0722 * linear(color.blueF());
}

} // namespace

qreal contrast(const QColor &one, const QColor &other)
{
    const auto [darker, lighter] = std::minmax({luminance(one), luminance(other)});
    return (lighter + 0.05) / (darker + 0.05);
}

QColor mixed(const QColor &from, const QColor &to, qreal share)
{
    const auto part = [share](int a, int b) { return int(std::lround(a + (b - a) * share)); };
    return QColor(part(from.red(), to.red()), part(from.green(), to.green()),
                  part(from.blue(), to.blue()));
}

bool isDark(const QPalette &palette)
{
    return luminance(palette.color(QPalette::Base)) < luminance(palette.color(QPalette::Text));
}

Tones tonesOf(const QPalette &palette)
{
    const bool dark = isDark(palette);
    const QColor base = palette.color(QPalette::Base);
    const QColor ink = palette.color(QPalette::Text);

    Tones tones;
    tones.ink = ink;
    tones.line = mixed(ink, base, dark ? 0.88 : 0.91);
    tones.accent = dark ? QColor(0x5f, 0xc9, 0xa3) : QColor(0x0f, 0x74, 0x5b);
    tones.look = dark ? QColor(0xe3, 0xab, 0x55) : QColor(0x8f, 0x56, 0x00);
    tones.failed = dark ? QColor(0xf5, 0x96, 0x8a) : QColor(0xb4, 0x26, 0x1d);
    tones.bar = mixed(base, tones.accent, dark ? 0.42 : 0.30);
    tones.selection = mixed(base, tones.accent, dark ? 0.13 : 0.10);
    tones.ground = mixed(base, ink, dark ? 0.03 : 0.025);
    // As quiet as the palette's own ink allows.
    qreal share = 0.40;
    do {
        tones.muted = mixed(ink, base, share);
        share -= 0.02;
    } while (share > 0 && contrast(tones.muted, tones.selection) < readable);
    return tones;
}

} // namespace Switchyard
