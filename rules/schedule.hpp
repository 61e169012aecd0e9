// Schedule: when something recurs, on a clock of the wall in some time zone.
#pragma once

#include "model/result.hpp"
#include "model/rules_revision.hpp"
#include "model/time.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace nocturne::rules {

// Minutes of the wall clock, as cron means them. A minute that the clock leaves out in spring
// happens at the jump; one that it shows twice in autumn happens the first time.
class Schedule {
   public:
    // Five fields: minute hour day-of-month month day-of-week ("*/5", "1-5", "mon,wed", "sun" is 0
    // and 7). When both days are given, either suffices, as in cron.
    static Result<Schedule> parse_cron(std::string_view text);

    // The first such minute after `after` in the zone; Time::max() when there is none within eight
    // years (31 February).
    model::Time next(model::Time after, const model::ZoneTable& zone) const;
    // The last one that is not after `until`; kNoTime when there is none within eight years.
    model::Time last(model::Time until, const model::ZoneTable& zone) const;

    friend bool operator==(const Schedule&, const Schedule&) = default;

   private:
    using LocalMinutes = std::chrono::local_time<std::chrono::minutes>;

    bool is_on(std::chrono::local_days day) const;
    // On the wall's clock alone: the first minute not before `from`, the last not after `to`.
    std::optional<LocalMinutes> first_from(LocalMinutes from) const;
    std::optional<LocalMinutes> last_to(LocalMinutes to) const;

    std::uint64_t minutes_ = 0;  // one bit each
    std::uint32_t hours_ = 0;
    std::uint32_t days_ = 0;
    std::uint16_t months_ = 0;
    std::uint8_t weekdays_ = 0;  // Sunday is 0
    bool any_day_ = true;
    bool any_weekday_ = true;
};

// Local time of the zone, and back. A local time that does not exist becomes the jump; one that
// exists twice the first.
std::chrono::seconds offset_at(model::Time time, const model::ZoneTable& zone);
model::Time from_local(std::chrono::local_time<model::Duration> local,
                       const model::ZoneTable& zone);

// The zone as this machine's tzdata has it, from 1970 to 2099. "UTC" needs no tzdata. NotFound
// with the nearest names when nobody knows it. Reads files: for the edge only.
Result<model::ZoneTable> read_zone(std::string_view name);

}  // namespace nocturne::rules
