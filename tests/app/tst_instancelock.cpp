// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/instancelock.h"

#include <QCoreApplication>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QTemporaryDir>
#include <QTest>

using namespace Switchyard;
using namespace Qt::StringLiterals;

class TestInstanceLock : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void everySpellingOfAFolderIsTheSameInstance();
    void aFolderHasTheSamePlaceBeforeItExists();
    void otherFoldersAreOtherInstances();
    void thePlaceIsClosedToOthers();
    void aFolderThatIsNoFolderIsRefused();
    void aPathTooLongForASocketIsRefused();
    void oneHolderAtATime();

private:
    std::unique_ptr<QTemporaryDir> m_folder;
};

void TestInstanceLock::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    QVERIFY(m_folder->isValid());
    qputenv("XDG_RUNTIME_DIR", m_folder->path().toUtf8());
}

void TestInstanceLock::everySpellingOfAFolderIsTheSameInstance()
{
    QDir dir(m_folder->path());
    QVERIFY(dir.mkdir(u"config"_s));
    QVERIFY(QFile::link(m_folder->filePath(u"config"_s), m_folder->filePath(u"link"_s)));
    const auto plain = instancePlace(m_folder->filePath(u"config"_s));
    QVERIFY(plain.ok());
    for (const QString &spelling :
         {u"config/"_s, u"./config"_s, u"config/../config"_s, u"link"_s}) {
        const auto other = instancePlace(m_folder->filePath(spelling));
        QVERIFY(other.ok());
        QCOMPARE(other.value().socket, plain.value().socket);
    }
}

void TestInstanceLock::aFolderHasTheSamePlaceBeforeItExists()
{
    const QString path = m_folder->filePath(u"a/b/c"_s);
    const auto before = instancePlace(path);
    QVERIFY(QDir().mkpath(path));
    const auto after = instancePlace(path);
    QVERIFY(before.ok() && after.ok());
    QCOMPARE(before.value().socket, after.value().socket);
}

void TestInstanceLock::otherFoldersAreOtherInstances()
{
    const auto one = instancePlace(m_folder->filePath(u"one"_s));
    const auto two = instancePlace(m_folder->filePath(u"two"_s));
    QVERIFY(one.ok() && two.ok());
    QVERIFY(one.value().socket != two.value().socket);
    QVERIFY(one.value().lockFile != two.value().lockFile);
}

void TestInstanceLock::thePlaceIsClosedToOthers()
{
    const QString folder = m_folder->filePath(u"switchyard"_s);
    QVERIFY(QDir().mkdir(folder));
    QFile::setPermissions(folder, QFileDevice::Permissions(0x7777));
    QVERIFY(instancePlace(m_folder->path()).ok());
    const auto others = QFileDevice::ReadGroup | QFileDevice::WriteGroup | QFileDevice::ExeGroup
        | QFileDevice::ReadOther | QFileDevice::WriteOther | QFileDevice::ExeOther;
    QCOMPARE(QFileInfo(folder).permissions() & others, QFileDevice::Permissions());
}

void TestInstanceLock::aFolderThatIsNoFolderIsRefused()
{
    // Somebody else's link in a place others can write to must not be followed.
    const QString elsewhere = m_folder->filePath(u"elsewhere"_s);
    QVERIFY(QDir().mkdir(elsewhere));
    QVERIFY(QFile::link(elsewhere, m_folder->filePath(u"switchyard"_s)));
    const auto place = instancePlace(m_folder->path());
    QVERIFY(!place.ok());
    QVERIFY(place.error().contains(m_folder->filePath(u"switchyard"_s)));
}

void TestInstanceLock::aPathTooLongForASocketIsRefused()
{
    const QString deep = m_folder->filePath(QString(100, u'x'));
    QVERIFY(QDir().mkpath(deep));
    qputenv("XDG_RUNTIME_DIR", deep.toUtf8());
    const auto place = instancePlace(m_folder->path());
    QVERIFY(!place.ok());
    QVERIFY(place.error().contains(u"XDG_RUNTIME_DIR"_s));
}

void TestInstanceLock::oneHolderAtATime()
{
    const auto place = instancePlace(m_folder->path());
    QVERIFY(place.ok());
    InstanceLock second(place.value());
    {
        InstanceLock first(place.value());
        QVERIFY(first.tryTake());
        QVERIFY(!second.tryTake());
        QCOMPARE(second.holderPid(), QCoreApplication::applicationPid());
    }
    QVERIFY(second.tryTake());
}

QTEST_GUILESS_MAIN(TestInstanceLock)
#include "tst_instancelock.moc"
