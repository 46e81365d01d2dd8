// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What the program ends with.
namespace Switchyard::ExitCode {

inline constexpr int Done = 0;
inline constexpr int Failed = 1;
inline constexpr int UsageError = 2; // usage or configuration; stderr names the setting
inline constexpr int NotRunning = 3; // no instance uses that configuration folder

} // namespace Switchyard::ExitCode
