// Role: what somebody may do. Each role may do all that the ones before it may.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace nocturne::model {

enum class Role : std::uint8_t { None, Viewer, Responder, Approver, Admin };

inline constexpr std::array<std::string_view, 5> kRoleNames{"none", "viewer", "responder",
                                                            "approver", "admin"};

inline constexpr std::size_t count_of(Role) {
    return kRoleNames.size();
}

inline constexpr std::string_view name_of(Role role) {
    return kRoleNames[static_cast<std::size_t>(role)];
}

}  // namespace nocturne::model
