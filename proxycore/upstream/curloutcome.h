// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/upstream/upstreamclient.h"

#include <curl/curl.h>

namespace Switchyard {

// What is known when a transfer ended.
struct TransferEnd
{
    CURLcode code = CURLE_OK;
    QByteArray origin; // "openrouter.ai:443"
    QByteArray proxy; // "proxy.example:3128", empty when none is used
    QByteArray extraCaFile; // as in the settings
    QByteArray curlMessage; // libcurl's own words, may be empty
    int connectTimeoutMs = 0;
    int osError = 0; // errno of a failed connect
    int proxyStatus = 0; // the proxy's answer to CONNECT, 0 when there was none
    bool nameResolved = false;
    bool requestStarted = false; // a connection was there and the request was begun
    bool headReceived = false;
};

// The class of failure and one sentence that names the place and what helps. None for CURLE_OK.
UpstreamOutcome outcomeOf(const TransferEnd &end);

// Sentences for the limits this client watches by itself.
QByteArray connectTimeoutDetail(const QByteArray &origin, const QByteArray &proxy, int limitMs);
QByteArray firstByteTimeoutDetail(const QByteArray &origin, int limitMs);
QByteArray silenceTimeoutDetail(const QByteArray &origin, int limitMs);
// `location` is the header's value; only its origin is shown.
QByteArray redirectDetail(const QByteArray &origin, int status, QByteArrayView location);

} // namespace Switchyard
