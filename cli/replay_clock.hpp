// ReplayClock: the time at which recorded events arrive, when nobody wrote down when they did.
#pragma once

#include "model/time.hpp"

#include <chrono>
#include <span>

namespace nocturne::cli {

// The clock is the running maximum of the events' own times: it never goes back. A leap of more
// than an hour could be a source whose clock is wrong, and is believed only when the next event is
// there too; at the end of the input, where nothing can confirm or contradict, a leap of up to a
// day is believed. An event without a time arrives when the clock says.
class ReplayClock {
   public:
    static constexpr model::Duration kLeapMax = std::chrono::hours(1);
    static constexpr model::Duration kLastLeapMax = std::chrono::days(1);

    // `beginning`: the times of the first events that have one; three are enough. The clock starts
    // with the first of them, unless that leaps ahead of their median.
    explicit ReplayClock(std::span<const model::Time> beginning);

    // When an event of this time arrives; `next` is the time of the next event that has one.
    // kNoTime: none.
    model::Time arrive(model::Time time, model::Time next);

    model::Time now() const { return now_; }

   private:
    model::Time now_;
};

}  // namespace nocturne::cli
