// What is usual at this time of the day (or week), learned online.
#pragma once

#include <cstdint>
#include <vector>

namespace nocturne::plugins {

// Where a time falls in a repeating period. Times are epoch seconds, periods begin at 0 UTC of the
// epoch (a week therefore on a Thursday).
struct Season {
    double period_s = 86400;  // at least 1
    int slots = 24;           // at most 10080, a week of minutes

    int slot_of(double time_s) const;
    std::int64_t number_of(double time_s) const;  // which day, which week

    template <class Archive>
    void fields(Archive& archive) {
        archive(period_s, slots);
        archive.check(period_s >= kPeriodMin && slots >= 1 && slots <= kSlotsMax);
    }

    static constexpr int kSlotsMax = 10080;
    static constexpr double kPeriodMin = 1;  // seconds
};

// One mean a slot, over the periods seen: the slot's average of one period moves the slot's mean by
// max(alpha, 1 / periods), i.e. exponential smoothing of each season alone (as the seasonal term of
// Holt and Winters 1960, without trend). A slot takes what it saw when the next slot begins: its
// mean is that of earlier periods. Cost: O(1); memory: 32 bytes a slot.
class SeasonalProfile {
   public:
    explicit SeasonalProfile(Season season = {}, double alpha = 0.1);

    // False for a NaN or infinite sample or time.
    bool add(double time_s, double sample);

    // Was this slot seen in an earlier period?
    bool knows(double time_s) const;

    // The slot's mean of earlier periods, 0 when unknown.
    double expected(double time_s) const;

    template <class Archive>
    void fields(Archive& archive) {
        archive(season_, alpha_, slot_);
        archive.check(slot_ >= -1 && slot_ < season_.slots);
        archive.size_of(slots_, static_cast<std::size_t>(season_.slots));
        archive.each(slots_);
    }

   private:
    struct Slot {
        double mean = 0;
        double sum = 0;
        std::uint32_t count = 0;    // samples of the period now
        std::uint32_t periods = 0;  // that the mean has taken

        template <class Archive>
        void fields(Archive& archive) {
            archive(mean, sum, count, periods);
        }
    };

    void close(Slot& slot) const;

    Season season_;
    double alpha_;
    int slot_ = -1;
    std::vector<Slot> slots_;
};

// The range ever seen in each slot, and how far outside of the ranges of a slot and its neighbours
// a sample is. With each new period a slot's range shrinks by the share `shrink` to its middle.
// Cost: O(neighbours); memory: 32 bytes a slot.
class SeasonalRange {
   public:
    // Neighbours: so many slots on either side count too, since no day runs to the minute.
    explicit SeasonalRange(Season season = {}, double shrink = 0, int neighbours = 0);

    bool add(double time_s, double sample);

    // Do samples of the period now widen the ranges? When they do, what lasts is told less often;
    // when they do not, the absence of what every day has is seen although it began hours ago.
    enum class Today : std::uint8_t { Counts, DoesNotCount };

    // How far outside, in the sample's unit; 0 inside, and negative (-1) while any of the slots was
    // seen in fewer than `periods_min` periods, the one now included.
    double excess(double time_s, double sample, std::uint32_t periods_min,
                  Today today = Today::Counts) const;

    template <class Archive>
    void fields(Archive& archive) {
        archive(season_, shrink_, neighbours_);
        archive.check(neighbours_ >= 0 && neighbours_ <= season_.slots / 2);
        archive.size_of(slots_, static_cast<std::size_t>(season_.slots));
        archive.each(slots_);
    }

   private:
    static constexpr std::int64_t kNoPeriod = INT64_MIN;

    struct Slot {
        double low = 0;  // of the periods before
        double high = 0;
        double low_now = 0;  // of the period now
        double high_now = 0;
        std::int64_t period = kNoPeriod;
        std::uint32_t periods = 0;

        template <class Archive>
        void fields(Archive& archive) {
            archive(low, high, low_now, high_now, period, periods);
        }
    };

    void close(Slot& slot) const;

    Season season_;
    double shrink_;
    int neighbours_;
    std::vector<Slot> slots_;
};

}  // namespace nocturne::plugins
