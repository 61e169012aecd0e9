// The time zones of this machine, by Howard Hinnant's date library. See
// docs/decisions/0009-time-zones-and-tokens.md.
#include "model/suggestion.hpp"
#include "rules/schedule.hpp"

#include <date/tz.h>

// Version 3.0.1 of ptz.h uses a name that C++20 has as well; under another one it compiles.
namespace date {
template <typename Duration>
using clock_of = hh_mm_ss<Duration>;
}  // namespace date

#define hh_mm_ss clock_of
#include <date/ptz.h>
#undef hh_mm_ss

#include <exception>
#include <fstream>
#include <string>
#include <vector>

namespace nocturne::rules {

namespace {

using std::chrono::seconds;

constexpr date::sys_seconds kFirst{seconds{0}};
constexpr date::sys_seconds kEnd = date::sys_days(date::year(2100) / 1 / 1);
constexpr const char* kZoneFolder = "/usr/share/zoneinfo/";

model::Time time_of(date::sys_seconds time) {
    return model::Time(time.time_since_epoch());
}

void add(std::vector<model::ZoneOffset>& offsets, date::sys_seconds at, seconds offset) {
    if (offsets.empty() || offsets.back().offset != offset) {
        offsets.push_back({time_of(at), offset});
    }
}

// Compiled zones end with a rule for all time after their last change, which the library leaves
// unread: "CET-1CEST,M3.5.0,M10.5.0/3" (RFC 8536, 3.3). Empty when there is none.
std::string closing_rule(const std::string& name) {
    std::ifstream file(kZoneFolder + name, std::ios::binary);
    std::string line;
    std::string last;
    while (std::getline(file, line)) {
        last = line;
    }
    return last.starts_with("TZif") ? "" : last;
}

std::vector<model::ZoneOffset> read_offsets(const date::time_zone& zone) {
    std::vector<model::ZoneOffset> offsets;
    date::sys_seconds at = kFirst;
    date::sys_info info = zone.get_info(at);
    add(offsets, at, info.offset);
    while (info.end > at && info.end < kEnd) {
        at = info.end;
        info = zone.get_info(at);
        add(offsets, at, info.offset);
    }
    const std::string rule = closing_rule(zone.name());
    if (rule.empty()) {
        return offsets;
    }
    const Posix::time_zone closing{rule};
    info = closing.get_info(at);
    while (info.end > at && info.end < kEnd) {
        at = info.end;
        info = closing.get_info(at);
        add(offsets, at, info.offset);
    }
    return offsets;
}

std::string nearest_names(std::string_view name) {
    std::vector<std::string_view> names;
    for (const date::time_zone& zone : date::get_tzdb().zones) {
        names.emplace_back(zone.name());
    }
    const std::string nearest = names.empty() ? "" : model::suggest(name, names);
    return nearest.starts_with("did you mean") ? nearest : "expected e.g. Europe/Berlin";
}

}  // namespace

Result<model::ZoneTable> read_zone(std::string_view name) {
    if (name == "UTC") {
        return model::ZoneTable{"UTC", {{time_of(kFirst), seconds(0)}}};
    }
    try {
        for (const date::time_zone& zone : date::get_tzdb().zones) {
            if (zone.name() == name) {
                return model::ZoneTable{std::string(name), read_offsets(zone)};
            }
        }
        return fail(ErrorCode::NotFound, "time zone \"" + std::string(name.substr(0, 64)) +
                                             "\" is not known; " + nearest_names(name));
    } catch (const std::exception& error) {
        return fail(ErrorCode::Unavailable,
                    "time zone \"" + std::string(name.substr(0, 64)) +
                        "\" cannot be read (is tzdata installed?): " + error.what());
    }
}

}  // namespace nocturne::rules
