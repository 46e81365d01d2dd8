// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/journal/fingerprint.h"

#include <QCryptographicHash>
#include <QRegularExpression>
#include <QString>

namespace Switchyard {

QByteArray normalisedMessage(QByteArrayView message)
{
    struct Replacement
    {
        QRegularExpression what;
        QString by;
    };
    const auto expression = [](const char *pattern) {
        return QRegularExpression(QString::fromLatin1(pattern));
    };
    // Order matters: a host holds numbers, an id may hold digits.
    static const Replacement replacements[] = {
        {expression(R"([a-z][a-z0-9+.-]*://[^\s"'<>,;)]+)"), QStringLiteral("<host>")},
        {expression(R"(\[[0-9a-f:]*:[0-9a-f:]+\](:\d+)?)"), QStringLiteral("<host>")},
        {expression(R"(\b\d{1,3}(\.\d{1,3}){3}(:\d+)?\b)"), QStringLiteral("<host>")},
        {expression(R"(\b([a-z0-9-]+\.)+[a-z]{2,}(:\d+)?\b)"), QStringLiteral("<host>")},
        {expression(R"(\blocalhost(:\d+)?\b)"), QStringLiteral("<host>")},
        {expression(R"(\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b)"), QStringLiteral("<id>")},
        {expression(R"(\b(req|msg|toolu|gen|call|chatcmpl|srvtoolu)[_-][a-z0-9_-]+)"),
         QStringLiteral("<id>")},
        {expression(R"(\b(?=[a-z0-9_-]*\d)(?=[a-z0-9_-]*[a-z])[a-z0-9_-]{16,}\b)"),
         QStringLiteral("<id>")},
        {expression(R"(\d+([.,]\d+)*)"), QStringLiteral("<n>")},
        {expression(R"(\s+)"), QStringLiteral(" ")},
    };
    QString text = QString::fromUtf8(message).toLower().trimmed();
    for (const Replacement &replacement : replacements)
        text.replace(replacement.what, replacement.by);
    return text.toUtf8();
}

QByteArray fingerprint(QByteArrayView component, QByteArrayView errorClass, QByteArrayView message)
{
    constexpr qsizetype digits = 12;
    QCryptographicHash hash(QCryptographicHash::Sha256);
    hash.addData(component.toByteArray() + '\n' + errorClass.toByteArray() + '\n'
                 + normalisedMessage(message));
    return hash.result().toHex().first(digits);
}

} // namespace Switchyard
