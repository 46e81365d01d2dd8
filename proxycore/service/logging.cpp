// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/service/logging.h"

#include "proxycore/service/logformat.h"
#include "proxycore/service/rotatingfile.h"

#include <QDateTime>
#include <QLoggingCategory>

#include <cstdio>
#include <memory>
#include <mutex>

#ifdef Q_OS_UNIX
#include <cerrno>
#include <climits>
#include <poll.h>
#include <unistd.h>
#endif

namespace Switchyard {

using namespace Qt::StringLiterals;

namespace {

constexpr qint64 maxFileBytes = 10'000'000;
constexpr int files = 5;

// A pipe nobody reads and a terminal that was stopped must not stop the proxy: what does not fit
// at once is left out here and is in the file.
void writeToStandardError(QByteArrayView bytes)
{
#ifdef Q_OS_UNIX
    while (!bytes.isEmpty()) {
        pollfd ready{STDERR_FILENO, POLLOUT, 0};
        if (::poll(&ready, 1, 0) != 1 || !(ready.revents & POLLOUT))
            return;
        // A pipe that is ready takes PIPE_BUF bytes without blocking.
        const ssize_t written =
            ::write(STDERR_FILENO, bytes.data(), std::min<qsizetype>(bytes.size(), PIPE_BUF));
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return;
        bytes = bytes.sliced(written);
    }
#else
    std::fwrite(bytes.data(), 1, size_t(bytes.size()), stderr);
#endif
}

class LogSink
{
public:
    explicit LogSink(LogOptions options)
        : m_options(std::move(options)), m_file(m_options.file, maxFileBytes, files)
    {
    }

    QString openFile() { return m_options.file.isEmpty() ? QString() : m_file.open(); }

    void message(LogLevel level, QByteArrayView category, QByteArrayView text)
    {
        if (level < m_options.level)
            return;
        LogEntry entry;
        entry.timeMs = QDateTime::currentMSecsSinceEpoch();
        entry.level = level;
        entry.category = category;
        entry.message = text;
        entry.instance = m_options.instance;
        QByteArray line;
        appendLogLine(line, entry, m_options.format);
        write(line);
    }

    void exchanges(std::span<const ExchangeRecord *const> ended)
    {
        QByteArray lines;
        LogEntry entry;
        entry.timeMs = QDateTime::currentMSecsSinceEpoch();
        entry.category = "switchyard.request";
        entry.instance = m_options.instance;
        for (const ExchangeRecord *record : ended) {
            const bool failed =
                record->state == ExchangeState::Error || record->state == ExchangeState::Truncated;
            entry.level = failed ? LogLevel::Warning : LogLevel::Info;
            if (entry.level < m_options.level)
                continue;
            const QByteArray summary = exchangeSummary(*record);
            entry.message = summary;
            QByteArray json;
            if (m_options.format == LogFormat::Json)
                json = toJsonLine(*record);
            entry.exchangeJson = json;
            appendLogLine(lines, entry, m_options.format);
        }
        if (!lines.isEmpty())
            write(lines);
    }

private:
    void write(QByteArrayView lines)
    {
        const std::scoped_lock lock(m_mutex);
        writeToStandardError(lines);
        m_file.write(lines);
    }

    const LogOptions m_options;
    std::mutex m_mutex;
    RotatingFile m_file;
};

// Qt's message handler is a plain function of the process; this is what it writes to. It is never
// destroyed, for messages may come from any thread until the very end.
LogSink *sink = nullptr;

LogLevel levelOf(QtMsgType type)
{
    switch (type) {
    case QtDebugMsg:
        return LogLevel::Debug;
    case QtInfoMsg:
        return LogLevel::Info;
    case QtWarningMsg:
        return LogLevel::Warning;
    case QtCriticalMsg:
    case QtFatalMsg:
        break;
    }
    return LogLevel::Error;
}

void handleMessage(QtMsgType type, const QMessageLogContext &context, const QString &text)
{
    sink->message(levelOf(type), context.category ? context.category : "default", text.toUtf8());
}

} // namespace

void installLogging(const LogOptions &options)
{
    const LogSink *before = sink;
    auto next = std::make_unique<LogSink>(options);
    const QString problem = next->openFile();
    sink = next.release();
    qInstallMessageHandler(handleMessage);
    delete before;
    QLoggingCategory::setFilterRules(options.level == LogLevel::Debug
                                         ? u"switchyard.*.debug=true"_s
                                         : u"switchyard.*.debug=false"_s);
    if (!problem.isEmpty()) {
        logLine(LogLevel::Warning, "switchyard.log",
                "The log goes to standard error alone: " + problem.toUtf8());
    }
}

void logLine(LogLevel level, QByteArrayView category, QByteArrayView sentence)
{
    if (sink) {
        sink->message(level, category, sentence);
        return;
    }
    QByteArray line;
    appendLogLine(line, {QDateTime::currentMSecsSinceEpoch(), level, category, sentence, {}, {}},
                  LogFormat::Text);
    writeToStandardError(line);
}

void logExchanges(std::span<const ExchangeRecord *const> ended)
{
    if (sink && !ended.empty())
        sink->exchanges(ended);
}

QString logFilePath(const QString &dataDir)
{
    return dataDir + u"/logs/switchyard.log"_s;
}

} // namespace Switchyard
