// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/config/settings.h"
#include "proxycore/config/settingvalues.h"

#include <QByteArray>
#include <QString>

#include <map>
#include <vector>

namespace Switchyard {

// The settings while the sources are laid over each other, weakest first.
struct LoadedLayers
{
    LoadedSettings loaded;
    // How a sentence names the values that are judged together, once all sources are known.
    std::map<QByteArray, QString> baseUrlNames; // by backend, where one was given
    QString tokenRequiredName;

    void refuse(const QString &name, const QString &predicate)
    {
        loaded.problems.push_back({name + u' ' + predicate});
    }

    // Puts a parsed value where it belongs; a faulty one is a problem and leaves the weaker value.
    template <typename T>
    bool take(Setting<T> &setting, ParsedValue<T> parsed, Origin origin, const QString &name)
    {
        if (!parsed) {
            refuse(name, parsed.error().predicate());
            return false;
        }
        setting = {std::move(parsed).value(), origin};
        return true;
    }
};

} // namespace Switchyard
