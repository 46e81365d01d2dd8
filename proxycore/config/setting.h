// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

namespace Switchyard {

// Which source won, weakest first; the window shows it.
enum class Origin { Default, File, EnvFile, Environment, CommandLine };

// The code of an origin in machine-readable output.
inline QByteArray originCode(Origin origin)
{
    switch (origin) {
    case Origin::Default:
        return "default";
    case Origin::File:
        return "file";
    case Origin::EnvFile:
        return "env-file";
    case Origin::Environment:
        return "environment";
    case Origin::CommandLine:
        break;
    }
    return "command-line";
}

template <typename T> struct Setting
{
    T value{};
    Origin origin = Origin::Default;
};

} // namespace Switchyard
