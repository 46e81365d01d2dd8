// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDir>
#include <QElapsedTimer>
#include <QFile>
#include <QHostAddress>
#include <QProcess>
#include <QStandardPaths>
#include <QTcpServer>
#include <QTcpSocket>
#include <QTemporaryDir>
#include <QTest>

// A private certificate authority and real servers that use it.

namespace Switchyard::Testing {

inline QString programPath(const QString &name)
{
    QString path = QStandardPaths::findExecutable(name);
    // Servers are installed where a user's search path may not lead.
    if (path.isEmpty())
        path = QStandardPaths::findExecutable(
            name, {QStringLiteral("/usr/sbin"), QStringLiteral("/usr/local/sbin")});
    if (path.isEmpty())
        qFatal("the test needs the program \"%s\"; install it", qPrintable(name));
    return path;
}

inline void run(const QString &folder, const QString &program, const QStringList &arguments)
{
    QProcess process;
    process.setWorkingDirectory(folder);
    process.setProcessChannelMode(QProcess::MergedChannels);
    process.start(programPath(program), arguments);
    if (!process.waitForFinished(30'000) || process.exitCode() != 0)
        qFatal("%s failed: %s", qPrintable(program), process.readAll().constData());
}

inline void writeFile(const QString &path, const QByteArray &contents)
{
    QFile file(path);
    if (!file.open(QIODevice::WriteOnly) || file.write(contents) != contents.size())
        qFatal("%s cannot be written", qPrintable(path));
}

inline QByteArray readFile(const QString &path)
{
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly))
        qFatal("%s cannot be read", qPrintable(path));
    return file.readAll();
}

class CertificateAuthority
{
public:
    explicit CertificateAuthority(const QString &name)
    {
        run(m_folder.path(), QStringLiteral("openssl"),
            {QStringLiteral("req"), QStringLiteral("-x509"), QStringLiteral("-newkey"),
             QStringLiteral("ec"), QStringLiteral("-pkeyopt"),
             QStringLiteral("ec_paramgen_curve:prime256v1"), QStringLiteral("-nodes"),
             QStringLiteral("-keyout"), QStringLiteral("ca.key"), QStringLiteral("-out"),
             QStringLiteral("ca.pem"), QStringLiteral("-days"), QStringLiteral("2"),
             QStringLiteral("-subj"), QStringLiteral("/CN=") + name});
    }

    QByteArray file() const
    {
        return QFile::encodeName(m_folder.filePath(QStringLiteral("ca.pem")));
    }

    // A folder as OpenSSL reads one: a file per authority under the hash of its subject.
    QByteArray hashedFolder() const
    {
        const QString path = m_folder.filePath(QStringLiteral("hashed"));
        QDir().mkpath(path);
        QFile::copy(m_folder.filePath(QStringLiteral("ca.pem")), path + QStringLiteral("/ca.pem"));
        run(path, QStringLiteral("openssl"), {QStringLiteral("rehash"), QStringLiteral(".")});
        return QFile::encodeName(path);
    }

    // Makes <folder>/server.pem and server.key for the names.
    void issue(const QString &folder, const QByteArray &alternativeNames) const
    {
        writeFile(folder + QStringLiteral("/ext"), "subjectAltName=" + alternativeNames + '\n');
        run(folder, QStringLiteral("openssl"),
            {QStringLiteral("req"), QStringLiteral("-newkey"), QStringLiteral("ec"),
             QStringLiteral("-pkeyopt"), QStringLiteral("ec_paramgen_curve:prime256v1"),
             QStringLiteral("-nodes"), QStringLiteral("-keyout"), QStringLiteral("server.key"),
             QStringLiteral("-out"), QStringLiteral("server.csr"), QStringLiteral("-subj"),
             QStringLiteral("/CN=server")});
        run(folder, QStringLiteral("openssl"),
            {QStringLiteral("x509"), QStringLiteral("-req"), QStringLiteral("-in"),
             QStringLiteral("server.csr"), QStringLiteral("-CA"),
             m_folder.filePath(QStringLiteral("ca.pem")), QStringLiteral("-CAkey"),
             m_folder.filePath(QStringLiteral("ca.key")), QStringLiteral("-CAcreateserial"),
             QStringLiteral("-days"), QStringLiteral("2"), QStringLiteral("-extfile"),
             QStringLiteral("ext"), QStringLiteral("-out"), QStringLiteral("server.pem")});
    }

private:
    QTemporaryDir m_folder;
};

// A real server on a free port of loopback with a certificate of the authority.
class TlsServer
{
public:
    enum class Program {
        // Answers itself: 200, the protocol in x-protocol, the connection's number in x-connection.
        Nginx,
        // The same, without HTTP/2.
        NginxHttp1,
        // Hands everything on to the plain server at `behind`, which finds the protocol spoken
        // here in `via`: "2 nghttpx".
        Nghttpx,
    };
    struct Options
    {
        Program program = Program::Nginx;
        quint16 behind = 0;
        QByteArray names = "IP:127.0.0.1,DNS:localhost,DNS:upstream.test";
    };

    TlsServer(const CertificateAuthority &authority, const Options &options)
    {
        authority.issue(m_folder.path(), options.names);
        m_process.setProcessChannelMode(QProcess::MergedChannels);
        // The port is free when it is looked for, but may be taken before the server binds it.
        for (int attempt = 0; attempt < 5; ++attempt) {
            {
                QTcpServer probe;
                probe.listen(QHostAddress::LocalHost);
                m_port = probe.serverPort();
            }
            if (options.program == Program::Nghttpx)
                startNghttpx(options);
            else
                startNginx(options);
            if (isReady())
                return;
        }
        qFatal("the TLS server did not start: %s", m_process.readAll().constData());
    }

    ~TlsServer()
    {
        m_process.terminate();
        if (!m_process.waitForFinished(5000))
            m_process.kill();
    }
    Q_DISABLE_COPY_MOVE(TlsServer)

    quint16 port() const { return m_port; }
    QByteArray label(const QByteArray &host = "127.0.0.1") const
    {
        return host + ':' + QByteArray::number(m_port);
    }
    QByteArray url(const QByteArray &path, const QByteArray &host = "127.0.0.1") const
    {
        return "https://" + label(host) + path;
    }

private:
    void startNginx(const Options &options)
    {
        const QByteArray folder = QFile::encodeName(m_folder.path());
        QByteArray config = "daemon off; master_process off; pid " + folder
            + "/pid;\n"
              "error_log stderr;\n"
              "events { worker_connections 600; }\n"
              "http {\n"
              "  access_log off;\n";
        for (const char *kind : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"})
            config += QByteArray("  ") + kind + "_temp_path " + folder + '/' + kind + ";\n";
        config += "  server {\n"
                  "    listen 127.0.0.1:"
            + QByteArray::number(m_port) + " ssl"
            + (options.program == Program::NginxHttp1 ? "" : " http2")
            + ";\n"
              "    ssl_certificate server.pem;\n"
              "    ssl_certificate_key server.key;\n"
              "    add_header x-protocol $server_protocol;\n"
              "    add_header x-connection $connection;\n"
              "    return 200 '{}';\n"
              "  }\n"
              "}\n";
        const QString path = m_folder.filePath(QStringLiteral("nginx.conf"));
        writeFile(path, config);
        m_process.start(
            programPath(QStringLiteral("nginx")),
            {QStringLiteral("-e"), QStringLiteral("stderr"), QStringLiteral("-c"), path});
    }

    void startNghttpx(const Options &options)
    {
        m_process.start(programPath(QStringLiteral("nghttpx")),
                        {QStringLiteral("--conf=/dev/null"), QStringLiteral("--single-process"),
                         QStringLiteral("--workers=1"), QStringLiteral("--no-ocsp"),
                         QStringLiteral("--frontend=127.0.0.1,%1").arg(m_port),
                         QStringLiteral("--backend=127.0.0.1,%1").arg(options.behind),
                         m_folder.filePath(QStringLiteral("server.key")),
                         m_folder.filePath(QStringLiteral("server.pem"))});
    }

    bool isReady()
    {
        if (!m_process.waitForStarted())
            return false;
        QElapsedTimer timer;
        timer.start();
        while (timer.elapsed() < 10'000) {
            QTcpSocket probe;
            probe.connectToHost(QHostAddress::LocalHost, m_port);
            if (probe.waitForConnected(1000))
                return m_process.state() == QProcess::Running;
            if (m_process.waitForFinished(20))
                return false;
        }
        return false;
    }

    QTemporaryDir m_folder;
    QProcess m_process;
    quint16 m_port = 0;
};

} // namespace Switchyard::Testing
