// Points in time and spans of it, in milliseconds, and their texts.
#pragma once

#include "model/result.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace nocturne::model {

using Duration = std::chrono::milliseconds;
using Time = std::chrono::sys_time<Duration>;

// "No time given" (an event without `time`, an alert not yet resolved).
inline constexpr Time kNoTime = Time::min();

inline constexpr Time from_unix_ms(std::int64_t unix_ms) {
    return Time(Duration(unix_ms));
}

inline constexpr std::int64_t to_unix_ms(Time time) {
    return time.time_since_epoch().count();
}

// Parses RFC 3339 with fraction and zone ("2026-11-21T02:13:05.250Z", "...+01:00"); what is finer
// than a millisecond is cut. Years 1970 to 9999; everything else is an error that says why.
Result<Time> parse_time(std::string_view text);

// "2026-11-21T02:13:05.250Z"; "" for kNoTime.
std::string format_time(Time time);

// Appends what format_time returns, without a temporary.
void append_time(std::string& out, Time time);

// Parses "250ms", "30s", "5m", "1h30m", "2d", "1w".
Result<Duration> parse_duration(std::string_view text);

// "250ms", "47s", "2m13s", "1h05m", "3d04h": at most two units, for people.
std::string format_duration(Duration duration);

}  // namespace nocturne::model
