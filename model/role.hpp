// Role: what somebody may do. Reading and acting are separate; ingest is for tools that send.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace nocturne::model {

// Each of the people's roles may do what those before it may. Ingest stands beside them: it may
// send events, and nothing else.
enum class Role : std::uint8_t { None, Ingest, Viewer, Responder, Approver, Admin };

inline constexpr std::array<std::string_view, 6> kRoleNames{"none",      "ingest",   "viewer",
                                                            "responder", "approver", "admin"};

inline constexpr std::size_t count_of(Role) {
    return kRoleNames.size();
}

inline constexpr std::string_view name_of(Role role) {
    return kRoleNames[static_cast<std::size_t>(role)];
}

// Whether somebody with role `has` may do what `needed` may.
inline constexpr bool includes(Role has, Role needed) {
    if (has == Role::Ingest || needed == Role::Ingest) {
        return has == needed || has == Role::Admin;
    }
    return has >= needed;
}

}  // namespace nocturne::model
