// Order statistics of the last n samples: quantiles, median, MAD, and the IQR fence.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace nocturne::plugins {

// Keeps the last `window` samples in order of age and in order of size. Cost of `add`: a binary
// search and a move of at most 8 * window bytes; of a question: O(log window). Memory: 16 bytes a
// sample. NaN and infinite samples are ignored.
class SortedWindow {
   public:
    // A window of 0 is taken as 1, more than 4096 as 4096.
    explicit SortedWindow(std::size_t window = 1);

    bool add(double sample);

    std::size_t count() const { return sorted_.size(); }

    bool is_full() const { return sorted_.size() == samples_.size(); }

    // The share's quantile, linear between neighbours (Hyndman and Fan 1996, type 7); 0 without
    // samples. Shares outside 0..1 are cut to it.
    double quantile(double share) const;

    double median() const { return quantile(0.5); }

    // Median of |x - median|, the lower one of the two when the count is even. Multiply by 1.4826
    // for the deviation of a normal distribution (Hampel 1974).
    double median_absolute_deviation() const;

    // How far beyond Tukey's fences [q25 - k iqr, q75 + k iqr] a sample lies, in IQRs (Tukey 1977);
    // 0 inside them. An IQR below `floor` counts as `floor`.
    double beyond_fence(double sample, double k, double floor) const;

    template <class Archive>
    void fields(Archive& archive) {
        std::size_t count = sorted_.size();
        archive(next_, count);
        archive.ring(samples_, count, kWindowMax);
        archive.check(next_ < samples_.size() && (count == samples_.size() || count == next_));
        archive.weigh(sorted_);
        if constexpr (Archive::kReads) {
            sort_anew(next_ < samples_.size() ? std::min(count, samples_.size()) : 0);
        }
    }

   private:
    static constexpr std::size_t kWindowMax = 4096;

    void sort_anew(std::size_t count);

    std::vector<double> samples_;  // a ring in order of age
    std::size_t next_ = 0;
    std::vector<double> sorted_;
};

}  // namespace nocturne::plugins
