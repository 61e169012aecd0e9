#include "plugins/statistics/repeats.hpp"

#include <algorithm>

namespace nocturne::plugins {

NewHighs::NewHighs(std::size_t window)
    : ring_(std::min(window, kWindowMax) + 1), window_(ring_.size() - 1) {}

// Rising times of the window, in front of the ring.
bool NewHighs::is_queue() const {
    std::uint64_t at_least = now_ > window_ + 1 ? now_ - window_ - 1 : 0;
    for (std::size_t i = 0; i < std::min(size_, ring_.size()); ++i) {
        if (ring_[i].at < at_least || ring_[i].at >= now_) {
            return false;
        }
        at_least = ring_[i].at + 1;
    }
    return true;
}

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
