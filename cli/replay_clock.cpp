#include "cli/replay_clock.hpp"

#include <algorithm>
#include <vector>

namespace nocturne::cli {

using model::kNoTime;
using model::Time;

ReplayClock::ReplayClock(std::span<const Time> beginning) : now_(model::from_unix_ms(0)) {
    if (beginning.empty()) {
        return;
    }
    std::vector<Time> sorted(beginning.begin(), beginning.end());
    const auto median = sorted.begin() + static_cast<std::ptrdiff_t>((sorted.size() - 1) / 2);
    std::nth_element(sorted.begin(), median, sorted.end());
    now_ = beginning.front() > *median + kLeapMax ? *median : beginning.front();
}

Time ReplayClock::arrive(Time time, Time next) {
    if (time == kNoTime || time <= now_) {
        return now_;
    }
    const model::Duration leap = time - now_;
    // The next one must have leapt too, and about as far.
    const bool is_there_too = next > now_ + kLeapMax && next + kLeapMax >= time;
    const bool is_confirmed = next == kNoTime ? leap <= kLastLeapMax : is_there_too;
    if (leap <= kLeapMax || is_confirmed) {
        now_ = time;
    }
    return now_;
}

}  // namespace nocturne::cli
