// Lets a score through only when it is a new high, so that one anomaly is told once.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace nocturne::plugins {

// A score passes when it is above all scores of the last `window` samples, otherwise 0 comes out:
// a lasting anomaly alerts when it begins and whenever it gets worse. The highest score of the
// window is the front of a queue of falling scores (Lemire 2006). Cost: O(1) amortised; memory: 16
// bytes a sample of the window, at most 100,000 samples.
class NewHighs {
   public:
    explicit NewHighs(std::size_t window = 0);

    // NaN counts as 0.
    double pass(double score);

    template <class Archive>
    void fields(Archive& archive) {
        std::rotate(ring_.begin(), ring_.begin() + static_cast<std::ptrdiff_t>(head_),
                    ring_.end());  // the queue comes first
        head_ = 0;
        archive(size_, now_);
        archive.ring(ring_, size_, kWindowMax + 1);
        window_ = ring_.size() - 1;
        archive.check(size_ <= ring_.size());
        if constexpr (Archive::kReads) {
            archive.check(is_queue());
        }
    }

   private:
    static constexpr std::size_t kWindowMax = 100'000;

    struct Entry {
        double score = 0;
        std::uint64_t at = 0;

        template <class Archive>
        void fields(Archive& archive) {
            archive(score, at);
        }
    };

    bool is_queue() const;

    std::vector<Entry> ring_;  // one more than the window
    std::uint64_t window_;
    std::size_t head_ = 0;
    std::size_t size_ = 0;
    std::uint64_t now_ = 0;
};

}  // namespace nocturne::plugins
