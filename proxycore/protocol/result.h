// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "proxycore/protocol/apierror.h"

#include <utility>
#include <variant>

namespace Switchyard {

// A value or the error that stands in its place. Errors of the pure rings are values.
template <typename T, typename E = ApiError> class [[nodiscard]] Result
{
public:
    Result(T value) : m_state(std::in_place_index<0>, std::move(value)) { }
    Result(E error) : m_state(std::in_place_index<1>, std::move(error)) { }

    bool ok() const { return m_state.index() == 0; }
    explicit operator bool() const { return ok(); }

    T &value() & { return std::get<0>(m_state); }
    const T &value() const & { return std::get<0>(m_state); }
    T &&value() && { return std::get<0>(std::move(m_state)); }
    const E &error() const { return std::get<1>(m_state); }

private:
    std::variant<T, E> m_state;
};

} // namespace Switchyard
