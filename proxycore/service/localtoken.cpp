// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/service/localtoken.h"

#include <QRandomGenerator>

#include <array>

namespace Switchyard {

Secret generateLocalToken()
{
    std::array<quint32, 8> random;
    QRandomGenerator::system()->fillRange(random.data(), random.size());
    const QByteArray bytes =
        QByteArray::fromRawData(reinterpret_cast<const char *>(random.data()), sizeof random);
    return Secret("sy-"
                  + bytes.toBase64(QByteArray::Base64UrlEncoding | QByteArray::OmitTrailingEquals));
}

} // namespace Switchyard
