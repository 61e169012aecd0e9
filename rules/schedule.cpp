#include "rules/schedule.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cctype>
#include <charconv>
#include <optional>
#include <string>
#include <vector>

namespace nocturne::rules {

namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::year_month_day;
using LocalDays = std::chrono::local_days;
using LocalMinutes = std::chrono::local_time<minutes>;
using LocalTime = std::chrono::local_time<model::Duration>;

constexpr std::chrono::years kReach{8};  // 29 February is at most so far away
// No zone is ever further from UTC than half of this, so nothing further away can matter.
constexpr days kOffsetsSpan{2};
// Beyond these dates nobody plans anything, and the calendar's arithmetic would overflow.
constexpr model::Time kFirst = std::chrono::sys_days(std::chrono::year(1) / 1 / 1);
constexpr model::Time kEnd = std::chrono::sys_days(std::chrono::year(9999) / 1 / 1);

// ---- reading ----

struct CronField {
    std::string_view name;
    unsigned min;
    unsigned max;
    std::string_view example;
    std::array<std::string_view, 12> words;  // for min, min + 1, ...; empty: none
};

constexpr std::array<CronField, 5> kFields{{
    {"minute", 0, 59, "*/15", {}},
    {"hour", 0, 23, "22-23", {}},
    {"day of month", 1, 31, "1,15", {}},
    {"month",
     1,
     12,
     "jan-mar",
     {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}},
    {"day of week", 0, 7, "mon-fri", {"sun", "mon", "tue", "wed", "thu", "fri", "sat"}},
}};

constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kNicknames{{
    {"@hourly", "0 * * * *"},
    {"@daily", "0 0 * * *"},
    {"@midnight", "0 0 * * *"},
    {"@weekly", "0 0 * * 0"},
    {"@monthly", "0 0 1 * *"},
    {"@yearly", "0 0 1 1 *"},
    {"@annually", "0 0 1 1 *"},
}};

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
    std::vector<std::string_view> parts;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find_first_of(separators), text.size());
        if (end > 0 || separators == ",") {
            parts.push_back(text.substr(0, end));
        }
        if (end + 1 == text.size() && separators == ",") {
            parts.emplace_back();  // what follows the last comma
        }
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parts;
}

std::optional<unsigned> parse_number(std::string_view text) {
    unsigned number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return !text.empty() && error == std::errc() && end == text.data() + text.size()
               ? std::optional(number)
               : std::nullopt;
}

bool equal_ignoring_case(std::string_view text, std::string_view lower) {
    return std::equal(text.begin(), text.end(), lower.begin(), lower.end(), [](char a, char b) {
        return std::tolower(static_cast<unsigned char>(a)) == b;
    });
}

class CronReader {
   public:
    explicit CronReader(std::string_view text) : text_(text) {}

    // The field's bits.
    Result<std::uint64_t> read(const CronField& field, std::string_view text) const {
        std::uint64_t bits = 0;
        for (const std::string_view item : split(text, ",")) {
            NOCTURNE_TRY(const std::uint64_t more, read_item(field, item));
            bits |= more;
        }
        return bits;
    }

    tl::unexpected<Error> wrong(const std::string& what) const {
        return fail(ErrorCode::Invalid,
                    "cron \"" + std::string(text_.substr(0, 64)) + "\": " + what);
    }

   private:
    // "*", "5", "1-5", each perhaps with "/2".
    Result<std::uint64_t> read_item(const CronField& field, std::string_view item) const {
        const std::size_t slash = item.find('/');
        const std::string_view range = item.substr(0, slash);
        unsigned step = 1;
        if (slash != std::string_view::npos) {
            const std::optional<unsigned> number = parse_number(item.substr(slash + 1));
            if (!number || *number == 0 || *number > field.max) {
                return wrong(said(field, item) + " has no step after the /; expected e.g. */5");
            }
            step = *number;
        }
        unsigned first = field.min;
        unsigned last = field.max;
        if (range != "*") {
            const std::size_t dash = range.find('-');
            NOCTURNE_TRY(first, read_value(field, range.substr(0, dash)));
            last = first;
            if (dash != std::string_view::npos) {
                NOCTURNE_TRY(last, read_value(field, range.substr(dash + 1)));
            } else if (slash != std::string_view::npos) {
                return wrong(said(field, item) + " has a step but no range; expected e.g. " +
                             std::string(range) + "-" + std::to_string(field.max) +
                             std::string(item.substr(slash)));
            }
            if (first > last) {
                return wrong(said(field, item) + " runs backwards; expected e.g. " +
                             std::to_string(first) + "-" + std::to_string(field.max) + "," +
                             std::to_string(field.min) + "-" + std::to_string(last));
            }
        }
        std::uint64_t bits = 0;
        for (unsigned value = first; value <= last; value += step) {
            bits |= std::uint64_t{1} << value;
        }
        return bits;
    }

    Result<unsigned> read_value(const CronField& field, std::string_view text) const {
        for (std::size_t i = 0; i < field.words.size(); ++i) {
            if (!field.words[i].empty() && equal_ignoring_case(text, field.words[i])) {
                return field.min + static_cast<unsigned>(i);
            }
        }
        const std::optional<unsigned> number = parse_number(text);
        if (!number || *number < field.min || *number > field.max) {
            const bool has_words = !field.words.front().empty();
            return wrong(said(field, text) + " is not one of " + std::to_string(field.min) +
                         " to " + std::to_string(field.max) +
                         (has_words ? ", " + std::string(field.words.front()) + " to " +
                                          std::string(last_word(field))
                                    : "") +
                         "; expected e.g. " + std::string(field.example));
        }
        return *number;
    }

    static std::string_view last_word(const CronField& field) {
        return *std::find_if(field.words.rbegin(), field.words.rend(),
                             [](std::string_view word) { return !word.empty(); });
    }

    static std::string said(const CronField& field, std::string_view text) {
        return std::string(field.name) + " \"" + std::string(text.substr(0, 32)) + "\"";
    }

    std::string_view text_;
};

// ---- finding ----

template <typename Bits>
bool is_set(Bits bits, unsigned place) {
    return ((static_cast<std::uint64_t>(bits) >> place) & 1U) != 0;
}

// The lowest bit that is not below `from`.
std::optional<unsigned> lowest(std::uint64_t bits, unsigned from) {
    const std::uint64_t left = from < 64 ? bits >> from << from : 0;
    return left != 0 ? std::optional(static_cast<unsigned>(std::countr_zero(left))) : std::nullopt;
}

// The highest bit that is not above `to`.
std::optional<unsigned> highest(std::uint64_t bits, unsigned to) {
    const std::uint64_t left = to < 63 ? bits & ((std::uint64_t{2} << to) - 1) : bits;
    return left != 0 ? std::optional(63U - static_cast<unsigned>(std::countl_zero(left)))
                     : std::nullopt;
}

// The place in zone.offsets of the period that `time` lies in.
std::size_t period_at(model::Time time, const model::ZoneTable& zone) {
    const auto after = std::upper_bound(
        zone.offsets.begin(), zone.offsets.end(), time,
        [](model::Time t, const model::ZoneOffset& entry) { return t < entry.at; });
    return after == zone.offsets.begin()
               ? 0
               : static_cast<std::size_t>(after - zone.offsets.begin()) - 1;
}

LocalTime local_of(model::Time time, std::chrono::seconds offset) {
    return LocalTime((time + offset).time_since_epoch());
}

// The latest local time that the clocks have shown up to `until`: before a second hour in autumn
// they were already further.
LocalTime latest_local(model::Time until, const model::ZoneTable& zone) {
    LocalTime latest = local_of(until, offset_at(until, zone));
    for (std::size_t i = zone.offsets.empty() ? 0 : period_at(until, zone);
         i > 0 && until - zone.offsets[i].at < kOffsetsSpan; --i) {
        const LocalTime end = local_of(zone.offsets[i].at, zone.offsets[i - 1].offset);
        latest = std::max(latest, end - model::Duration(1));
    }
    return latest;
}

}  // namespace

Result<Schedule> Schedule::parse_cron(std::string_view text) {
    const CronReader reader(text);
    std::vector<std::string_view> fields = split(text, " \t");
    if (fields.size() == 1 && fields.front().starts_with('@')) {
        const auto* known =
            std::find_if(kNicknames.begin(), kNicknames.end(), [&](const auto& nickname) {
                return equal_ignoring_case(fields.front(), nickname.first);
            });
        if (known == kNicknames.end()) {
            return reader.wrong(
                "not one of @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually");
        }
        return parse_cron(known->second);
    }
    if (fields.size() != kFields.size()) {
        return reader.wrong("expected five fields (minute, hour, day of month, month, day of "
                            "week), found " +
                            std::to_string(fields.size()));
    }
    std::array<std::uint64_t, kFields.size()> bits{};
    for (std::size_t i = 0; i < kFields.size(); ++i) {
        NOCTURNE_TRY(bits[i], reader.read(kFields[i], fields[i]));
    }
    Schedule schedule;
    schedule.minutes_ = bits[0];
    schedule.hours_ = static_cast<std::uint32_t>(bits[1]);
    schedule.days_ = static_cast<std::uint32_t>(bits[2]);
    schedule.months_ = static_cast<std::uint16_t>(bits[3]);
    const bool sunday_is_seven = is_set(bits[4], 7);
    schedule.weekdays_ = static_cast<std::uint8_t>((bits[4] | (sunday_is_seven ? 1U : 0U)) & 0x7F);
    // As cron has it: "*/2" is a star too.
    schedule.any_day_ = fields[2].starts_with('*');
    schedule.any_weekday_ = fields[4].starts_with('*');
    return schedule;
}

bool Schedule::is_on(LocalDays day) const {
    const year_month_day date(day);
    const bool day_fits = is_set(days_, static_cast<unsigned>(date.day()));
    const bool weekday_fits = is_set(weekdays_, std::chrono::weekday(day).c_encoding());
    return is_set(months_, static_cast<unsigned>(date.month())) &&
           (any_day_ || any_weekday_ ? day_fits && weekday_fits : day_fits || weekday_fits);
}

std::optional<LocalMinutes> Schedule::first_from(LocalMinutes from) const {
    auto day = floor<days>(from);
    const auto last_day = day + kReach;
    minutes minute = from - day;
    while (day <= last_day) {
        if (!is_on(day)) {
            // A month that is not meant is left in one step.
            const year_month_day date(day);
            day = is_set(months_, static_cast<unsigned>(date.month()))
                      ? day + days(1)
                      : LocalDays((date.year() / date.month() + std::chrono::months(1)) / 1);
            minute = minutes(0);
            continue;
        }
        const auto hour = static_cast<unsigned>(minute / hours(1));
        if (is_set(hours_, hour)) {
            if (const auto found =
                    lowest(minutes_, static_cast<unsigned>((minute % hours(1)).count()))) {
                return day + hours(hour) + minutes(*found);
            }
        }
        if (const auto found = lowest(hours_, hour + 1)) {
            return day + hours(*found) + minutes(*lowest(minutes_, 0));
        }
        day += days(1);
        minute = minutes(0);
    }
    return std::nullopt;
}

std::optional<LocalMinutes> Schedule::last_to(LocalMinutes to) const {
    constexpr minutes kLastOfDay = hours(24) - minutes(1);
    auto day = floor<days>(to);
    const auto first_day = day - kReach;
    minutes minute = to - day;
    while (day >= first_day) {
        if (!is_on(day)) {
            const year_month_day date(day);
            day = is_set(months_, static_cast<unsigned>(date.month()))
                      ? day - days(1)
                      : LocalDays(date.year() / date.month() / 1) - days(1);
            minute = kLastOfDay;
            continue;
        }
        const auto hour = static_cast<unsigned>(minute / hours(1));
        if (is_set(hours_, hour)) {
            if (const auto found =
                    highest(minutes_, static_cast<unsigned>((minute % hours(1)).count()))) {
                return day + hours(hour) + minutes(*found);
            }
        }
        if (const auto found = hour == 0 ? std::nullopt : highest(hours_, hour - 1)) {
            return day + hours(*found) + minutes(*highest(minutes_, 59));
        }
        day -= days(1);
        minute = kLastOfDay;
    }
    return std::nullopt;
}

model::Time Schedule::next(model::Time after, const model::ZoneTable& zone) const {
    if (minutes_ == 0 || after >= kEnd) {
        return model::Time::max();
    }
    after = std::max(after, kFirst);
    // Up to the local time of `after` everything has been; in a second hour of autumn, also a bit
    // that comes after it on the clock.
    LocalMinutes from = floor<minutes>(latest_local(after, zone)) + minutes(1);
    const std::optional<LocalMinutes> found = first_from(from);
    return found ? from_local(*found, zone) : model::Time::max();
}

model::Time Schedule::last(model::Time until, const model::ZoneTable& zone) const {
    if (minutes_ == 0 || until < kFirst) {
        return model::kNoTime;
    }
    until = std::min(until, kEnd);
    const std::optional<LocalMinutes> found = last_to(floor<minutes>(latest_local(until, zone)));
    return found ? from_local(*found, zone) : model::kNoTime;
}

std::chrono::seconds offset_at(model::Time time, const model::ZoneTable& zone) {
    return zone.offsets.empty() ? std::chrono::seconds(0)
                                : zone.offsets[period_at(time, zone)].offset;
}

// The first moment at which the clocks show `local` or later.
model::Time from_local(LocalTime local, const model::ZoneTable& zone) {
    const model::Time as_utc(local.time_since_epoch());
    if (zone.offsets.empty()) {
        return as_utc;
    }
    std::size_t i = period_at(as_utc - kOffsetsSpan, zone);
    while (i + 1 < zone.offsets.size() &&
           local_of(zone.offsets[i + 1].at, zone.offsets[i].offset) <= local) {
        ++i;
    }
    const model::Time time = as_utc - zone.offsets[i].offset;
    return i == 0 ? time : std::max(time, zone.offsets[i].at);
}

}  // namespace nocturne::rules
