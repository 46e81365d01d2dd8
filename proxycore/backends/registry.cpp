// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxycore/backends/registry.h"

namespace Switchyard {

const std::vector<const Backend *> &allBackends()
{
    static const std::vector<const Backend *> backends{
        &openRouterBackend(),
        &echoBackend(),
    };
    return backends;
}

const Backend *findBackend(QByteArrayView name)
{
    for (const Backend *const backend : allBackends()) {
        if (backend->traits().name == name)
            return backend;
    }
    return nullptr;
}

} // namespace Switchyard
