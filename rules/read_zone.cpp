// The time zones of this machine, as Abseil reads them. See
// docs/decisions/0009-time-zones-and-tokens.md.
#include "model/suggestion.hpp"
#include "rules/schedule.hpp"

#include <absl/time/time.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

namespace nocturne::rules {

namespace {

using std::chrono::seconds;
namespace fs = std::filesystem;

constexpr model::Time kFirst = model::from_unix_ms(0);
constexpr model::Time kEnd = std::chrono::sys_days(std::chrono::year(2100) / 1 / 1);
constexpr const char* kZoneFolder = "/usr/share/zoneinfo";
constexpr std::size_t kNamesMax = 5000;  // of the folder; there are about 600

// "Europe/Berlin": words of a path below the folder, which never leads out of it.
bool is_name(std::string_view name) {
    constexpr std::size_t kNameMax = 64;
    const auto is_letter = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-' || c == '+' || c == '/';
    };
    return !name.empty() && name.size() <= kNameMax && name.front() != '/' &&
           std::all_of(name.begin(), name.end(), is_letter);
}

std::vector<model::ZoneOffset> read_offsets(const absl::TimeZone& zone) {
    const auto offset_from = [&](absl::Time time) { return seconds(zone.At(time).offset); };
    absl::Time time = absl::UnixEpoch();
    std::vector<model::ZoneOffset> offsets{{kFirst, offset_from(time)}};
    for (absl::TimeZone::CivilTransition turn; zone.NextTransition(time, &turn);) {
        time = zone.At(turn.to).trans;
        const model::Time at = model::from_unix_ms(absl::ToUnixMillis(time));
        if (at >= kEnd || at <= offsets.back().at) {
            break;
        }
        offsets.push_back({at, offset_from(time)});
    }
    return offsets;
}

std::vector<std::string> known_names() {
    std::vector<std::string> names;
    std::error_code error;
    fs::recursive_directory_iterator entry(kZoneFolder, error);
    for (; !error && entry != fs::recursive_directory_iterator() && names.size() < kNamesMax;
         entry.increment(error)) {
        const std::string name = fs::path(entry->path()).lexically_relative(kZoneFolder).string();
        std::error_code unreadable;
        if (entry->is_regular_file(unreadable) && is_name(name) && name.front() >= 'A' &&
            name.front() <= 'Z') {
            names.push_back(name);
        }
    }
    std::sort(names.begin(), names.end());  // the folder has them in any order
    return names;
}

std::string hint_for(std::string_view name) {
    const std::vector<std::string> names = known_names();
    if (names.empty()) {
        return "this machine knows none; is the package tzdata installed?";
    }
    const std::vector<std::string_view> words(names.begin(), names.end());
    const std::string nearest = model::suggest(name, words);
    return nearest.starts_with("did you mean") ? nearest : "expected e.g. Europe/Berlin";
}

}  // namespace

Result<model::ZoneTable> read_zone(std::string_view name) {
    if (name == "UTC") {
        return model::ZoneTable{"UTC", {{kFirst, seconds(0)}}};
    }
    std::error_code error;
    absl::TimeZone zone;
    if (is_name(name) && fs::is_regular_file(fs::path(kZoneFolder) / name, error) &&
        absl::LoadTimeZone(std::string(name), &zone)) {
        return model::ZoneTable{std::string(name), read_offsets(zone)};
    }
    return fail(ErrorCode::NotFound, "time zone \"" + std::string(name.substr(0, 64)) +
                                         "\" is not known; " + hint_for(name));
}

}  // namespace nocturne::rules
