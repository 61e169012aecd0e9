#include "plugins/statistics/repeats.hpp"

#include <algorithm>

namespace nocturne::plugins {

namespace {

constexpr std::size_t kWindowMax = 100'000;

}  // namespace

NewHighs::NewHighs(std::size_t window)
    : ring_(std::min(window, kWindowMax) + 1), window_(ring_.size() - 1) {}

double NewHighs::pass(double score) {
    score = score > 0 ? score : 0;
    while (size_ > 0 && ring_[head_].at + window_ < now_) {
        head_ = head_ + 1 == ring_.size() ? 0 : head_ + 1;
        --size_;
    }
    const double highest = size_ > 0 ? ring_[head_].score : 0;
    std::size_t last = head_ + size_;  // one behind the last entry
    while (size_ > 0) {
        const std::size_t place = (last - 1) % ring_.size();
        if (ring_[place].score > score) {
            break;
        }
        --size_;
        --last;
    }
    ring_[last % ring_.size()] = {score, now_};
    ++size_;
    ++now_;
    return score > highest ? score : 0;
}

}  // namespace nocturne::plugins
