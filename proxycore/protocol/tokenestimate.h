// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArrayView>
#include <QtGlobal>

namespace Switchyard {

// A rough count of the input tokens of a Messages API request: its text by bytes, each image and
// each document at a flat price, base64 data not at all. Never 0. Errs by some ten per cent on
// English and code, more on other scripts; say so wherever the number is shown.
qint64 estimateInputTokens(QByteArrayView body);

} // namespace Switchyard
