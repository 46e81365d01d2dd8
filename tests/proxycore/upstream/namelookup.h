// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QMutex>
#include <QSemaphore>

#include <atomic>
#include <cstring>

#include <dlfcn.h>
#include <netdb.h>

// Names for tests, without a name server: a program's own getaddrinfo stands before the system's.
//   upstream.test  is 127.0.0.1
//   slow.test      does not answer before releaseSlowName()
//   other names    do not exist; addresses are read as ever

namespace Switchyard::Testing {

inline QSemaphore slowNameReleased;
inline std::atomic<int> slowNameAsked = 0;
inline std::atomic<int> upstreamNameAsked = 0;

inline void releaseSlowName()
{
    slowNameReleased.release();
}

} // namespace Switchyard::Testing

extern "C" int getaddrinfo(const char *node, const char *service, const addrinfo *hints,
                           addrinfo **result)
{
    using namespace Switchyard::Testing;
    using Function = int (*)(const char *, const char *, const addrinfo *, addrinfo **);
    static const auto system = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "getaddrinfo"));
    if (node && std::strcmp(node, "slow.test") == 0) {
        ++slowNameAsked;
        slowNameReleased.acquire();
        return EAI_NONAME;
    }
    if (node && std::strcmp(node, "upstream.test") == 0) {
        ++upstreamNameAsked;
        node = "127.0.0.1";
    }
    addrinfo numeric = hints ? *hints : addrinfo{};
    numeric.ai_flags |= AI_NUMERICHOST;
    return system(node, service, &numeric, result);
}
