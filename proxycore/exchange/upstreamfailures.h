// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/protocol/apierror.h"
#include "proxycore/routing/retrypolicy.h"
#include "proxycore/upstream/upstreamclient.h"

namespace Switchyard {

// What the client is told when an upstream call ended without a usable answer. `backend` is the
// title a person knows, e.g. OpenRouter.
ApiError errorForFailure(const UpstreamOutcome &outcome, const QByteArray &backend);

// The same for the retry policy.
AttemptFailure attemptFailure(const UpstreamOutcome &outcome);

// 200 with a body that is no answer of an API, e.g. a login page.
ApiError notAnApiAnswer(QByteArrayView body, QByteArrayView contentType, const QByteArray &backend);

} // namespace Switchyard
