// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/service/proxyservice.h"

#include <QString>

#include <vector>

namespace Switchyard {

// "Running · OpenRouter · 2 streams".
QString statusSentence(const ServiceStatus &status, const std::vector<BackendStatus> &backends);
// "1 stream", "2 streams".
QString streamsText(int count);
// "1 request", "214 requests".
QString requestsText(quint64 count);
// Null when no backend is active.
const BackendStatus *activeBackend(const std::vector<BackendStatus> &backends);
// "127.0.0.1:4000"; empty while nothing is served.
QString addressText(const ServiceStatus &status);

} // namespace Switchyard
