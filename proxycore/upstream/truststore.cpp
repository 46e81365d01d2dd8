// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/upstream/truststore.h"

#include <QDir>
#include <QFile>

#include <curl/curl.h>

using namespace Qt::StringLiterals;

namespace Switchyard {

namespace {

// Files that OpenSSL finds are named by the hash of their subject: "4f06f81d.0".
bool isHashedFolder(const QByteArray &path)
{
    if (path.isEmpty())
        return false;
    const QDir folder(QFile::decodeName(path));
    return !folder.entryList({u"????????.0"_s}, QDir::Files).isEmpty();
}

QByteArray contents(const QByteArray &path)
{
    QFile file(QFile::decodeName(path));
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

} // namespace

TrustStore TrustStore::withExtra(const QByteArray &extraFile)
{
    TrustStore store;
#if defined(Q_OS_WIN) || defined(Q_OS_MACOS)
    store.native = true;
    store.file = extraFile;
    return store;
#else
    const curl_version_info_data *built = curl_version_info(CURLVERSION_NOW);

    store.folder = qgetenv("SSL_CERT_DIR");
    if (store.folder.isEmpty())
        store.folder = built->capath;
    if (!isHashedFolder(store.folder))
        store.folder.clear();

    QByteArray bundle = qgetenv("SSL_CERT_FILE");
    if (bundle.isEmpty() && store.folder.isEmpty())
        bundle = built->cainfo;

    if (extraFile.isEmpty()) {
        store.file = bundle;
        return store;
    }
    if (!bundle.isEmpty()) {
        const QByteArray extra = contents(extraFile);
        const QByteArray base = contents(bundle);
        if (!extra.isEmpty() && !base.isEmpty()) {
            store.pem = base + '\n' + extra;
            return store;
        }
    }
    store.file = extraFile;
    return store;
#endif
}

} // namespace Switchyard
