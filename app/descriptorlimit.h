// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace Switchyard {

// Allows this process as many open files as the system permits. The usual limit of 1,024 is used up
// by 500 streams, each of which has a connection on both sides.
void raiseDescriptorLimit();

} // namespace Switchyard
