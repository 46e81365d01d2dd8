// SPDX-License-Identifier: GPL-3.0-or-later

// A panel that shows tray icons over D-Bus, as KDE's and GNOME's do, seen from its protocol: it
// takes items in and says as JSON lines what it would draw. Commands are lines on standard input:
//   properties   what the icon shows
//   menu         the entries of its menu, as they are before it is opened
//   open-menu    the same after the item was told that its menu opens
//   click ID     an entry of the menu is chosen
//   activate     the icon is clicked
#include <QCoreApplication>
#include <QDBusArgument>
#include <QDBusConnection>
#include <QDBusConnectionInterface>
#include <QDBusInterface>
#include <QDBusMessage>
#include <QDBusObjectPath>
#include <QDBusReply>
#include <QDBusVariant>
#include <QDateTime>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QSocketNotifier>

#include <cstdio>
#include <unistd.h>

using namespace Qt::StringLiterals;

namespace {

void say(const QJsonObject &object)
{
    const QByteArray line = QJsonDocument(object).toJson(QJsonDocument::Compact) + '\n';
    std::fwrite(line.constData(), 1, std::size_t(line.size()), stdout);
    std::fflush(stdout);
}

// One entry and all below it: (ia{sv}av).
QJsonObject entryFrom(const QDBusArgument &argument)
{
    int id = 0;
    QVariantMap properties;
    QJsonArray below;
    argument.beginStructure();
    argument >> id >> properties;
    argument.beginArray();
    while (!argument.atEnd()) {
        QDBusVariant child;
        argument >> child;
        below.append(entryFrom(child.variant().value<QDBusArgument>()));
    }
    argument.endArray();
    argument.endStructure();
    return {{u"id"_s, id},
            {u"properties"_s, QJsonObject::fromVariantMap(properties)},
            {u"entries"_s, below}};
}

} // namespace

class Panel : public QObject
{
    Q_OBJECT
    Q_CLASSINFO("D-Bus Interface", "org.kde.StatusNotifierWatcher")
    Q_PROPERTY(bool IsStatusNotifierHostRegistered READ isHostRegistered)
    Q_PROPERTY(int ProtocolVersion READ protocolVersion)
    Q_PROPERTY(QStringList RegisteredStatusNotifierItems READ items)

public:
    bool isHostRegistered() const { return true; }
    int protocolVersion() const { return 0; }
    QStringList items() const { return {m_service}; }

    void obey(const QByteArray &command)
    {
        if (command == "properties")
            say({{u"properties"_s, properties()}});
        else if (command == "menu")
            say({{u"menu"_s, menu()}});
        else if (command == "open-menu") {
            menuCall(u"AboutToShow"_s, {0});
            say({{u"menu"_s, menu()}});
        } else if (command.startsWith("click "))
            menuCall(u"Event"_s,
                     {command.mid(6).toInt(), u"clicked"_s,
                      QVariant::fromValue(QDBusVariant(QString())),
                      uint(QDateTime::currentSecsSinceEpoch())});
        else if (command == "activate")
            item().call(u"Activate"_s, 0, 0);
    }

public Q_SLOTS:
    void RegisterStatusNotifierItem(const QString &service)
    {
        m_service = service;
        say({{u"item"_s, service}});
        Q_EMIT StatusNotifierItemRegistered(service);
    }
    void RegisterStatusNotifierHost(const QString &) { }

Q_SIGNALS:
    void StatusNotifierItemRegistered(const QString &service);
    void StatusNotifierItemUnregistered(const QString &service);
    void StatusNotifierHostRegistered();

private:
    QDBusInterface item() const
    {
        return QDBusInterface(m_service, u"/StatusNotifierItem"_s, u"org.kde.StatusNotifierItem"_s);
    }

    QVariant property(const QString &name) const
    {
        QDBusMessage question = QDBusMessage::createMethodCall(
            m_service, u"/StatusNotifierItem"_s, u"org.freedesktop.DBus.Properties"_s, u"Get"_s);
        question << u"org.kde.StatusNotifierItem"_s << name;
        const QDBusMessage answer = QDBusConnection::sessionBus().call(question);
        return answer.arguments().value(0).value<QDBusVariant>().variant();
    }

    QJsonObject properties() const
    {
        QJsonArray sides;
        const auto pixmaps = property(u"IconPixmap"_s).value<QDBusArgument>();
        pixmaps.beginArray();
        while (!pixmaps.atEnd()) {
            int width = 0;
            int height = 0;
            QByteArray bytes;
            pixmaps.beginStructure();
            pixmaps >> width >> height >> bytes;
            pixmaps.endStructure();
            if (bytes.count('\xff') > width)
                sides.append(width);
        }
        pixmaps.endArray();

        QString title;
        QString text;
        QString icon;
        const auto toolTip = property(u"ToolTip"_s).value<QDBusArgument>();
        toolTip.beginStructure();
        toolTip >> icon;
        toolTip.beginArray();
        toolTip.endArray();
        toolTip >> title >> text;
        toolTip.endStructure();
        return {{u"sides"_s, sides}, {u"toolTip"_s, title}};
    }

    QVariantList menuCall(const QString &method, const QVariantList &arguments) const
    {
        const auto path = property(u"Menu"_s).value<QDBusObjectPath>();
        QDBusMessage call = QDBusMessage::createMethodCall(m_service, path.path(),
                                                           u"com.canonical.dbusmenu"_s, method);
        call.setArguments(arguments);
        return QDBusConnection::sessionBus().call(call).arguments();
    }

    QJsonArray menu() const
    {
        const QVariantList answer = menuCall(u"GetLayout"_s, {0, -1, QStringList()});
        if (answer.size() < 2)
            return {};
        return entryFrom(answer.at(1).value<QDBusArgument>()).value(u"entries"_s).toArray();
    }

    QString m_service;
};

int main(int argc, char **argv)
{
    QCoreApplication app(argc, argv);
    Panel panel;
    QDBusConnection bus = QDBusConnection::sessionBus();
    if (!bus.registerObject(u"/StatusNotifierWatcher"_s, &panel, QDBusConnection::ExportAllContents)
        || !bus.registerService(u"org.kde.StatusNotifierWatcher"_s)) {
        std::fprintf(stderr, "no session bus to be a panel on: %s\n",
                     qPrintable(bus.lastError().message()));
        return 1;
    }
    say({{u"ready"_s, true}});

    QSocketNotifier input(STDIN_FILENO, QSocketNotifier::Read);
    QByteArray unread;
    QObject::connect(&input, &QSocketNotifier::activated, &app, [&] {
        char buffer[1024];
        const ssize_t count = ::read(STDIN_FILENO, buffer, sizeof buffer);
        if (count <= 0) {
            app.quit();
            return;
        }
        unread.append(buffer, count);
        for (qsizetype end = unread.indexOf('\n'); end >= 0; end = unread.indexOf('\n')) {
            panel.obey(unread.left(end));
            unread.remove(0, end + 1);
        }
    });
    return app.exec();
}

#include "statusnotifierpanel.moc"
