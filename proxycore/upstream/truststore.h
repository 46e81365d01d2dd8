// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

namespace Switchyard {

// The certificate authorities a transfer trusts, in the terms of libcurl. Empty means: none of
// that form.
//
// The system's store is a folder with one file per authority (looked up by hash, so a handshake
// reads what it needs) or one bundle (read whole). SSL_CERT_DIR and SSL_CERT_FILE name others, as
// for every OpenSSL program. On Windows and macOS libcurl asks the system itself.
struct TrustStore
{
    QByteArray folder; // CURLOPT_CAPATH
    QByteArray file; // CURLOPT_CAINFO
    QByteArray pem; // CURLOPT_CAINFO_BLOB; instead of `file`
    bool native = false;

    // The system's store and, when named, the authorities in the PEM file beside it.
    static TrustStore withExtra(const QByteArray &extraFile);
};

} // namespace Switchyard
