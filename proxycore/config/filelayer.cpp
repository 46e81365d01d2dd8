// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/config/filelayer.h"

#include "proxycore/config/baseurl.h"

#include <QJsonArray>
#include <QSet>

#include <cmath>

namespace Switchyard {

using namespace Qt::StringLiterals;

namespace {

QString numberText(double number)
{
    return QString::number(number, 'g', QLocale::FloatingPointShortest);
}

// A value of the wrong type, as a sentence may show it.
QString described(const QJsonValue &value)
{
    switch (value.type()) {
    case QJsonValue::String:
        return u"the text %1"_s.arg(quotedValue(value.toString()));
    case QJsonValue::Double:
        return u"the number %1"_s.arg(numberText(value.toDouble()));
    case QJsonValue::Bool:
        return value.toBool() ? u"true"_s : u"false"_s;
    case QJsonValue::Array:
        return u"a list"_s;
    case QJsonValue::Object:
        return u"an object"_s;
    case QJsonValue::Null:
    case QJsonValue::Undefined:
        break;
    }
    return u"null"_s;
}

// The valid values of a setting, as its parser names them; a parser that takes everything has none.
template <typename Parse> QString adviceOf(Parse parse)
{
    const auto parsed = parse(QString());
    return parsed ? u"give a text, in quotes."_s : parsed.error().advice;
}

// One object of the file. Keys nobody asks for are reported at the end.
class Section
{
public:
    Section(QJsonObject object, QString prefix, const QString &path, LoadedLayers &layers)
        : m_object(std::move(object)), m_prefix(std::move(prefix)), m_path(path), m_layers(layers)
    {
    }
    ~Section()
    {
        for (auto it = m_object.begin(); it != m_object.end(); ++it)
            if (!m_known.contains(it.key()))
                m_layers.loaded.warnings.push_back(
                    u"%1 is not a setting of this version; it is kept and has no effect."_s.arg(
                        name(it.key())));
    }
    Q_DISABLE_COPY_MOVE(Section)

    // As sentences name it: "backends.OPENROUTER.lane" in /home/…/settings.json
    QString name(const QString &key) const
    {
        return u"\"%1%2\" in %3"_s.arg(m_prefix, key, m_path);
    }

    QStringList keys() const { return m_object.keys(); }
    void allow(const QString &key) { m_known += key; }

    template <typename T, typename Parse>
    bool text(const QString &key, Setting<T> &setting, Parse parse)
    {
        const std::optional<QJsonValue> value = ask(key, QJsonValue::String, adviceOf(parse));
        return value
            && m_layers.take<T>(setting, parse(value->toString()), Origin::File, name(key));
    }

    template <typename T, typename Parse>
    bool number(const QString &key, Setting<T> &setting, Parse parse)
    {
        const std::optional<QJsonValue> value = ask(key, QJsonValue::Double, adviceOf(parse));
        return value
            && m_layers.take<T>(setting, parse(numberText(value->toDouble())), Origin::File,
                                name(key));
    }

    bool boolean(const QString &key, Setting<bool> &setting)
    {
        const std::optional<QJsonValue> value =
            ask(key, QJsonValue::Bool, u"give true or false, without quotes."_s);
        if (value)
            setting = {value->toBool(), Origin::File};
        return value.has_value();
    }

    std::optional<QJsonObject> object(const QString &key)
    {
        const std::optional<QJsonValue> value =
            ask(key, QJsonValue::Object, u"give an object, in braces."_s);
        return value ? std::optional(value->toObject()) : std::nullopt;
    }

    std::optional<QJsonArray> list(const QString &key)
    {
        const std::optional<QJsonValue> value =
            ask(key, QJsonValue::Array, u"give a list, in square brackets."_s);
        return value ? std::optional(value->toArray()) : std::nullopt;
    }

private:
    // The value of a key that is there and of the right type.
    std::optional<QJsonValue> ask(const QString &key, QJsonValue::Type type, const QString &advice)
    {
        allow(key);
        const QJsonValue value = m_object.value(key);
        if (value.isUndefined())
            return {};
        if (value.type() != type) {
            m_layers.refuse(name(key), u"is %1; %2"_s.arg(described(value), advice));
            return {};
        }
        return value;
    }

    const QJsonObject m_object;
    const QString m_prefix;
    const QString m_path;
    LoadedLayers &m_layers;
    QSet<QString> m_known;
};

void applyModels(const QJsonObject &object, const QString &path, LoadedLayers &layers)
{
    Settings &settings = layers.loaded.settings;
    ModelRules &models = settings.models.value;
    Section section(object, u"models."_s, path, layers);

    if (const std::optional<QJsonArray> rules = section.list(u"rules"_s)) {
        settings.models.origin = Origin::File;
        for (qsizetype i = 0; i < rules->size(); ++i) {
            const QJsonValue item = rules->at(i);
            const QString place = u"rules[%1]"_s.arg(i);
            if (!item.isObject()) {
                layers.refuse(section.name(place),
                              u"is %1; give an object like {\"match\": \"claude-*\", \"send\": "
                              "\"anthropic/claude-sonnet-4\"}."_s.arg(described(item)));
                continue;
            }
            Section rule(item.toObject(), u"models.%1."_s.arg(place), path, layers);
            Setting<QByteArray> match;
            Setting<QByteArray> send;
            if (!rule.text(u"match"_s, match, parseLine) || !rule.text(u"send"_s, send, parseLine)
                || match.value.isEmpty() || send.value.isEmpty())
                layers.refuse(section.name(place),
                              u"needs both texts, \"match\" (a model's name, with * and ?) and "
                              "\"send\" (the name sent instead)."_s);
            else
                models.rules.push_back({match.value, send.value});
        }
    }

    Setting<QByteArray> big{models.bigModel};
    if (section.text(u"big"_s, big, parseLine))
        settings.bigModelOrigin = Origin::File;
    models.bigModel = big.value;
    Setting<QByteArray> small{models.smallModel};
    if (section.text(u"small"_s, small, parseLine))
        settings.smallModelOrigin = Origin::File;
    models.smallModel = small.value;

    Setting<QByteArray> defaultModel;
    section.text(u"default"_s, defaultModel, parseLine);
    models.defaultModel = defaultModel.value;
    Setting<UnknownModel> unknown{models.unknown};
    if (section.text(u"unknown"_s, unknown, parseUnknownModel))
        settings.models.origin = Origin::File;
    if (unknown.value == UnknownModel::UseDefault && models.defaultModel.isEmpty()) {
        layers.refuse(section.name(u"unknown"_s),
                      u"is \"default\", but \"models.default\" names no model; add it, or give "
                      "pass or refuse."_s);
        return;
    }
    models.unknown = unknown.value;
}

void applyBackend(const Backend &backend, const QJsonObject &object, const QString &path,
                  LoadedLayers &layers)
{
    const BackendTraits &traits = backend.traits();
    Section section(object, u"backends.%1."_s.arg(QString::fromLatin1(traits.name)), path, layers);
    if (traits.offline)
        return;
    BackendSetup &setup = layers.loaded.settings.backends[traits.name];
    if (section.text(u"base_url"_s, setup.baseUrl, parseBaseUrl))
        layers.baseUrlNames[traits.name] = section.name(u"base_url"_s);
    section.text(u"lane"_s, setup.lane,
                 [&traits](const QString &text) { return parseLane(text, traits); });
    section.text(u"referer"_s, setup.referer, parseLine);
    section.text(u"title"_s, setup.title, parseLine);
    section.number(u"connect_timeout_s"_s, setup.connectTimeoutMs, parseTimeout);
    section.number(u"first_byte_timeout_s"_s, setup.firstByteTimeoutMs, parseTimeout);
    section.number(u"silence_timeout_s"_s, setup.silenceTimeoutMs, parseTimeout);
    section.number(u"retries"_s, setup.retries, parseRetries);
    section.boolean(u"http2"_s, setup.http2);
}

} // namespace

void applySettingsFile(const QJsonObject &root, const QString &path, LoadedLayers &layers)
{
    Settings &settings = layers.loaded.settings;
    Section section(root, {}, path, layers);
    section.allow(u"version"_s);
    section.text(u"listen"_s, settings.listenAddress, parseListenAddress);
    section.number(u"port"_s, settings.port, parsePort);
    section.text(u"backend"_s, settings.backend, parseBackendName);
    if (section.boolean(u"token_required"_s, settings.tokenRequired))
        layers.tokenRequiredName = section.name(u"token_required"_s);
    section.text(u"log_level"_s, settings.logLevel, parseLogLevel);
    section.text(u"log_format"_s, settings.logFormat, parseLogFormat);
    section.text(u"proxy"_s, settings.proxyUrl,
                 [](const QString &text) { return parseProxyUrl(text, UserInfo::Refused); });
    section.text(u"no_proxy"_s, settings.noProxy, parseLine);
    section.text(u"extra_ca_file"_s, settings.extraCaFile, parseCaFile);
    if (const std::optional<QJsonObject> models = section.object(u"models"_s))
        applyModels(*models, path, layers);
    if (const std::optional<QJsonObject> backends = section.object(u"backends"_s)) {
        Section names(*backends, u"backends."_s, path, layers);
        for (const Backend *backend : allBackends()) {
            const QString name = QString::fromLatin1(backend->traits().name);
            if (const std::optional<QJsonObject> object = names.object(name))
                applyBackend(*backend, *object, path, layers);
        }
    }
}

} // namespace Switchyard
