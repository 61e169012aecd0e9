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
        if constexpr (Archive::kWrites) {
            bring_to_front();
        }
        archive(window_, size_, now_);
        archive.check(window_ <= kWindowMax && size_ <= window_ + 1);
        archive.items(ring_, size_);
        if constexpr (Archive::kReads) {
            head_ = 0;
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

    void bring_to_front();
    void make_room();
    bool is_queue() const;

    std::vector<Entry> ring_;  // grows up to one more than the window
    std::uint64_t window_;
    std::size_t head_ = 0;
    std::size_t size_ = 0;
    std::uint64_t now_ = 0;
};

}  // namespace nocturne::plugins
