// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

namespace Switchyard {

// The name of a kind of failure: 12 hex digits of a SHA-256 over component, error class and the
// message without what changes from case to case (numbers, ids, hosts). Equal across runs, machines
// and builds.
QByteArray fingerprint(QByteArrayView component, QByteArrayView errorClass, QByteArrayView message);

// The message as the fingerprint sees it: lower case, URLs, addresses and host names → <host>, ids
// and hashes → <id>, numbers → <n>.
QByteArray normalisedMessage(QByteArrayView message);

} // namespace Switchyard
