#include "model/time.hpp"

#include <array>
#include <charconv>
#include <cstdio>
#include <optional>

namespace nocturne::model {

namespace {

constexpr std::string_view kTimeExample =
    "expected e.g. 2026-11-21T02:13:05.250Z or milliseconds since 1970";

tl::unexpected<Error> bad_time(std::string_view text, std::string_view what) {
    return fail(ErrorCode::Invalid, "\"" + std::string(text.substr(0, 64)) + "\" " +
                                        std::string(what) + "; " + std::string(kTimeExample));
}

// Takes `digits` decimal digits off the front; -1 when they are not there.
int take_number(std::string_view& text, std::size_t digits) {
    if (text.size() < digits) {
        return -1;
    }
    int value = 0;
    for (const char digit : text.substr(0, digits)) {
        if (digit < '0' || digit > '9') {
            return -1;
        }
        value = value * 10 + (digit - '0');
    }
    text.remove_prefix(digits);
    return value;
}

bool take_byte(std::string_view& text, std::string_view any_of) {
    if (text.empty() || any_of.find(text.front()) == std::string_view::npos) {
        return false;
    }
    text.remove_prefix(1);
    return true;
}

// Milliseconds of ".25" and the like; -1 for a point without digits.
int take_fraction(std::string_view& text) {
    if (!take_byte(text, ".,")) {
        return 0;
    }
    int value = 0;
    int scale = 100;
    std::size_t digits = 0;
    while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
        value += (text[digits] - '0') * scale;
        scale /= 10;
        ++digits;
    }
    text.remove_prefix(digits);
    return digits > 0 ? value : -1;
}

// Minutes east of UTC.
std::optional<int> take_zone(std::string_view& text) {
    if (take_byte(text, "Zz")) {
        return 0;
    }
    const int sign = text.starts_with('-') ? -1 : 1;
    if (!take_byte(text, "+-")) {
        return std::nullopt;
    }
    const int hours = take_number(text, 2);
    take_byte(text, ":");
    const int minutes = take_number(text, 2);
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) {
        return std::nullopt;
    }
    return sign * (hours * 60 + minutes);
}

struct Unit {
    std::string_view name;
    std::int64_t ms;
};

constexpr std::array<Unit, 6> kUnits{{{"ms", 1},
                                      {"s", 1000},
                                      {"m", 60'000},
                                      {"h", 3'600'000},
                                      {"d", 86'400'000},
                                      {"w", 604'800'000}}};

}  // namespace

Result<Time> parse_time(std::string_view text) {
    std::string_view rest = text;
    const int year = take_number(rest, 4);
    const bool dashed = take_byte(rest, "-");
    const int month = take_number(rest, 2);
    const bool dashed_again = take_byte(rest, "-");
    const int day = take_number(rest, 2);
    const bool parted = take_byte(rest, "Tt ");
    const int hour = take_number(rest, 2);
    const bool colon = take_byte(rest, ":");
    const int minute = take_number(rest, 2);
    const bool colon_again = take_byte(rest, ":");
    const int second = take_number(rest, 2);
    if (year < 0 || month < 0 || day < 0 || hour < 0 || minute < 0 || second < 0 || !dashed ||
        !dashed_again || !parted || !colon || !colon_again) {
        return bad_time(text, "is not a time");
    }
    const int fraction_ms = take_fraction(rest);
    const std::optional<int> zone_minutes = take_zone(rest);
    if (fraction_ms < 0 || !zone_minutes || !rest.empty()) {
        return bad_time(text, zone_minutes ? "is not a time" : "has no zone");
    }
    const std::chrono::year_month_day date{std::chrono::year(year),
                                           std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day))};
    if (!date.ok() || hour > 23 || minute > 59 || second > 60) {
        return bad_time(text, "is no day or hour of the calendar");
    }
    const Time time = Time(std::chrono::sys_days(date)) + std::chrono::hours(hour) +
                      std::chrono::minutes(minute - *zone_minutes) + std::chrono::seconds(second) +
                      Duration(fraction_ms);
    if (time < from_unix_ms(0)) {
        return bad_time(text, "is before 1970");
    }
    return time;
}

void append_time(std::string& out, Time time) {
    if (time == kNoTime) {
        return;
    }
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const auto of_day = static_cast<int>((time - day).count());
    const auto put = [&](int value, int digits) {
        char text[8];
        for (int i = digits - 1; i >= 0; --i) {
            text[i] = static_cast<char>('0' + value % 10);
            value /= 10;
        }
        out.append(text, static_cast<std::size_t>(digits));
    };
    put(int(date.year()), 4);
    out += '-';
    put(static_cast<int>(unsigned(date.month())), 2);
    out += '-';
    put(static_cast<int>(unsigned(date.day())), 2);
    out += 'T';
    put(of_day / 3'600'000, 2);
    out += ':';
    put(of_day / 60'000 % 60, 2);
    out += ':';
    put(of_day / 1000 % 60, 2);
    out += '.';
    put(of_day % 1000, 3);
    out += 'Z';
}

std::string format_time(Time time) {
    std::string text;
    append_time(text, time);
    return text;
}

Result<Duration> parse_duration(std::string_view text) {
    const auto bad = [&] {
        return fail(ErrorCode::Invalid,
                    "\"" + std::string(text.substr(0, 64)) +
                        "\" is not a duration; expected e.g. 30s, 5m, 1h30m, 2d");
    };
    std::int64_t total_ms = 0;
    std::string_view rest = text;
    if (rest.empty()) {
        return bad();
    }
    while (!rest.empty()) {
        std::int64_t amount = 0;
        const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), amount);
        if (error != std::errc() || amount < 0) {
            return bad();
        }
        rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
        const std::size_t letters = std::min(rest.find_first_of("0123456789"), rest.size());
        const Unit* unit = nullptr;
        for (const Unit& candidate : kUnits) {
            unit = candidate.name == rest.substr(0, letters) ? &candidate : unit;
        }
        std::int64_t part_ms = 0;
        if (unit == nullptr || __builtin_mul_overflow(amount, unit->ms, &part_ms) ||
            __builtin_add_overflow(total_ms, part_ms, &total_ms)) {
            return bad();
        }
        rest.remove_prefix(letters);
    }
    return Duration(total_ms);
}

std::string format_duration(Duration duration) {
    const std::int64_t ms = duration.count() < 0 ? -duration.count() : duration.count();
    const std::int64_t s = ms / 1000;
    char text[48];
    const char* sign = duration.count() < 0 ? "-" : "";
    const auto put = [&](const char* format, std::int64_t a, std::int64_t b) {
        std::snprintf(text, sizeof(text), format, sign, static_cast<long long>(a),
                      static_cast<long long>(b));
    };
    if (s == 0) {
        put("%s%lldms", ms, 0);
    } else if (s < 60) {
        put("%s%llds", s, 0);
    } else if (s < 3600) {
        put("%s%lldm%02llds", s / 60, s % 60);
    } else if (s < 86'400) {
        put("%s%lldh%02lldm", s / 3600, s / 60 % 60);
    } else {
        put("%s%lldd%02lldh", s / 86'400, s / 3600 % 24);
    }
    return text;
}

}  // namespace nocturne::model
