// Position in the journal, and the ids that are made of it.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nocturne::model {

// The number of a journal row, from 1; 0 means none.
using Position = std::uint64_t;

// Names an alert, an incident or a silence after the input that brought it: the row in the journal
// and the index in that row. Never random, so a replay gives the same ids.
struct Id {
    Position position = 0;
    std::uint32_t index = 0;

    friend constexpr auto operator<=>(const Id&, const Id&) = default;
};

inline constexpr Id kNoId{};

inline constexpr char kAlertPrefix = 'A';
inline constexpr char kIncidentPrefix = 'I';
inline constexpr char kSilencePrefix = 'S';

// "I1042-3".
std::string format_id(char prefix, Id id);

// The id in "I1042-3" (the prefix in either case, or left out), or nothing.
std::optional<Id> parse_id(char prefix, std::string_view text);

}  // namespace nocturne::model
