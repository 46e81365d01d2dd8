// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/protocol/randomid.h"

#include <QRandomGenerator>

namespace Switchyard {

QByteArray randomId(QByteArrayView prefix)
{
    constexpr QByteArrayView alphabet =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    constexpr int length = 24;
    // Ten characters per 64 random bits leave a bias of less than 2^-4 of one character in 62^10.
    constexpr int charactersPerDraw = 10;

    QByteArray id;
    id.reserve(prefix.size() + length);
    id.append(prefix);
    quint64 bits = 0;
    for (int i = 0; i < length; ++i) {
        if (i % charactersPerDraw == 0)
            bits = QRandomGenerator::global()->generate64();
        id.append(alphabet[qsizetype(bits % quint64(alphabet.size()))]);
        bits /= quint64(alphabet.size());
    }
    return id;
}

} // namespace Switchyard
