// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/statussentence.h"

#include <QCoreApplication>
#include <QLocale>
#include <QStringList>
#include <QUrl>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace Switchyard {

namespace {

struct Words
{
    Q_DECLARE_TR_FUNCTIONS(Switchyard::StatusSentence)
};

} // namespace

QString streamsText(int count)
{
    return count == 1 ? Words::tr("1 stream") : Words::tr("%1 streams").arg(count);
}

QString requestsText(quint64 count)
{
    return count == 1 ? Words::tr("1 request")
                      : Words::tr("%1 requests").arg(QLocale().toString(count));
}

const BackendStatus *activeBackend(const std::vector<BackendStatus> &backends)
{
    const auto found = std::find_if(backends.begin(), backends.end(),
                                    [](const BackendStatus &backend) { return backend.active; });
    return found == backends.end() ? nullptr : &*found;
}

QString addressText(const ServiceStatus &status)
{
    return QUrl(QString::fromLatin1(status.url)).authority();
}

QString statusSentence(const ServiceStatus &status, const std::vector<BackendStatus> &backends)
{
    switch (status.state) {
    case ServiceState::Stopped:
        return Words::tr("Stopped");
    case ServiceState::Starting:
        return Words::tr("Starting");
    case ServiceState::Failed:
        return Words::tr("Not running");
    case ServiceState::Stopping:
        return status.openStreams > 0
            ? Words::tr("Stopping · %1 still open").arg(streamsText(status.openStreams))
            : Words::tr("Stopping");
    case ServiceState::Running:
        break;
    }
    QStringList parts{Words::tr("Running")};
    if (const BackendStatus *backend = activeBackend(backends)) {
        const QString title = QString::fromUtf8(backend->title);
        parts << (backend->offline ? Words::tr("%1 (offline)").arg(title) : title);
    }
    if (status.openStreams > 0)
        parts << streamsText(status.openStreams);
    return parts.join(u" · "_s);
}

} // namespace Switchyard
