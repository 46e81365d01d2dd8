// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDeadlineTimer>
#include <QElapsedTimer>
#include <QFile>
#include <QProcess>
#include <QProcessEnvironment>
#include <QTemporaryDir>
#include <QTest>

#include <csignal>
#include <memory>

// The real program in a home of its own, for tests that look at it from outside.
namespace Switchyard::Testing {

constexpr int deadlineMs = 30'000;

// Folders and variables of one user who has nothing yet, and no keychain.
class Home
{
public:
    Home()
    {
        using namespace Qt::StringLiterals;
        for (const QString &name : {u"home"_s, u"run"_s, u"tmp"_s}) {
            QDir(m_folder->path()).mkdir(name);
            QFile::setPermissions(m_folder->filePath(name),
                                  QFileDevice::ReadOwner | QFileDevice::WriteOwner
                                      | QFileDevice::ExeOwner);
        }
        const QProcessEnvironment system = QProcessEnvironment::systemEnvironment();
        for (const QString &name :
             {u"ASAN_OPTIONS"_s, u"UBSAN_OPTIONS"_s, u"LSAN_OPTIONS"_s, u"LD_LIBRARY_PATH"_s}) {
            if (system.contains(name))
                environment.insert(name, system.value(name));
        }
        environment.insert(u"PATH"_s, u"/usr/bin:/bin"_s);
        environment.insert(u"LANG"_s, u"C.UTF-8"_s);
        environment.insert(u"HOME"_s, m_folder->filePath(u"home"_s));
        environment.insert(u"TMPDIR"_s, m_folder->filePath(u"tmp"_s));
        environment.insert(u"XDG_RUNTIME_DIR"_s, m_folder->filePath(u"run"_s));
        // A warning of Qt ends the program: it is a defect.
        environment.insert(u"QT_FATAL_WARNINGS"_s, u"1"_s);
    }

    QString path() const { return m_folder->path(); }
    QString runtimeDir() const { return m_folder->filePath(QStringLiteral("run")); }
    QString configDir() const
    {
        return m_folder->filePath(QStringLiteral("home/.config/switchyard"));
    }
    QString logFile() const
    {
        return m_folder->filePath(
            QStringLiteral("home/.local/share/switchyard/logs/switchyard.log"));
    }

    QProcessEnvironment environment;

private:
    std::unique_ptr<QTemporaryDir> m_folder = std::make_unique<QTemporaryDir>();
};

struct RunResult
{
    int exitCode = -1;
    QByteArray out;
    QByteArray error;
};

// Runs the program to its end.
inline RunResult run(const Home &home, const QStringList &arguments, const QByteArray &input = {})
{
    QProcess process;
    process.setProcessEnvironment(home.environment);
    process.setWorkingDirectory(home.path());
    process.start(QStringLiteral(SWITCHYARD_PROGRAM), arguments);
    process.write(input);
    process.closeWriteChannel();
    RunResult result;
    if (!process.waitForFinished(deadlineMs) || process.exitStatus() != QProcess::NormalExit) {
        result.error = "did not end by itself: " + process.readAllStandardError();
        process.kill();
        process.waitForFinished();
        return result;
    }
    result.exitCode = process.exitCode();
    result.out = process.readAllStandardOutput();
    result.error = process.readAllStandardError();
    return result;
}

// The program while it runs.
class Program
{
public:
    Program(const Home &home, const QStringList &arguments)
    {
        m_process.setProcessEnvironment(home.environment);
        m_process.setWorkingDirectory(home.path());
        m_clock.start();
        m_process.start(QStringLiteral(SWITCHYARD_PROGRAM), arguments);
    }
    ~Program()
    {
        if (m_process.state() == QProcess::NotRunning)
            return;
        m_process.kill();
        m_process.waitForFinished();
    }
    Q_DISABLE_COPY(Program)

    // The next line of standard output without its end; empty when none came in time.
    QByteArray readLine()
    {
        const QDeadlineTimer deadline(deadlineMs);
        while (!m_process.canReadLine()) {
            if (deadline.hasExpired() || !m_process.waitForReadyRead(int(deadline.remainingTime())))
                return {};
        }
        return m_process.readLine().chopped(1);
    }

    // Waits for the line every `serve` begins with. The port, or 0 with what went wrong printed.
    quint16 waitUntilReady()
    {
        const QByteArray line = readLine();
        m_readyMs = m_clock.elapsed();
        const QByteArray start = "listening on http://127.0.0.1:";
        if (!line.startsWith(start)) {
            qDebug("no ready line but \"%s\": %s", line.constData(), error().constData());
            return 0;
        }
        m_port = line.mid(start.size()).toUShort();
        return m_port;
    }
    qint64 readyMs() const { return m_readyMs; }
    quint16 port() const { return m_port; }

    void sendSignal(int number) { ::kill(pid_t(m_process.processId()), number); }
    qint64 pid() const { return m_process.processId(); }
    bool isRunning() const { return m_process.state() == QProcess::Running; }

    // The exit code, or -1 when it crashed or did not end in time.
    int waitForEnd()
    {
        if (m_process.state() != QProcess::NotRunning && !m_process.waitForFinished(deadlineMs))
            return -1;
        return m_process.exitStatus() == QProcess::NormalExit ? m_process.exitCode() : -1;
    }

    QByteArray restOfOut() { return m_process.readAllStandardOutput(); }
    const QByteArray &error()
    {
        m_error += m_process.readAllStandardError();
        return m_error;
    }
    // Whether the text comes on standard error in time.
    bool waitForError(QByteArrayView text)
    {
        return QTest::qWaitFor([&] { return error().contains(text); }, deadlineMs);
    }

private:
    QProcess m_process;
    QElapsedTimer m_clock;
    qint64 m_readyMs = -1;
    quint16 m_port = 0;
    QByteArray m_error;
};

// What a file in /proc says about a process, e.g. "status" or "cmdline".
inline QByteArray procFile(qint64 pid, const char *name)
{
    QFile file(QStringLiteral("/proc/%1/%2").arg(pid).arg(QLatin1StringView(name)));
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

} // namespace Switchyard::Testing
