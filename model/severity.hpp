// The small words of an event: severity, status, kind; each with its text in the contract.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace nocturne::model {

enum class Severity : std::uint8_t { Ok, Info, Warning, Minor, Major, Critical };
enum class EventStatus : std::uint8_t { Firing, Resolved };
enum class Kind : std::uint8_t { Alert, Change, Metric, Heartbeat };

inline constexpr std::array<std::string_view, 6> kSeverityNames{"ok",    "info",  "warning",
                                                                "minor", "major", "critical"};
inline constexpr std::array<std::string_view, 2> kStatusNames{"firing", "resolved"};
inline constexpr std::array<std::string_view, 4> kKindNames{"alert", "change", "metric",
                                                            "heartbeat"};

inline constexpr std::string_view name_of(Severity severity) {
    return kSeverityNames[static_cast<std::size_t>(severity)];
}

inline constexpr std::string_view name_of(EventStatus status) {
    return kStatusNames[static_cast<std::size_t>(status)];
}

inline constexpr std::string_view name_of(Kind kind) {
    return kKindNames[static_cast<std::size_t>(kind)];
}

// The enumerator with that name, or nothing.
template <typename Enum, std::size_t N>
constexpr std::optional<Enum> find_name(const std::array<std::string_view, N>& names,
                                        std::string_view name) {
    for (std::size_t i = 0; i < N; ++i) {
        if (names[i] == name) {
            return static_cast<Enum>(i);
        }
    }
    return std::nullopt;
}

}  // namespace nocturne::model
