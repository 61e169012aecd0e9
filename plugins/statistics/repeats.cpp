#include "plugins/statistics/repeats.hpp"

#include <algorithm>

namespace nocturne::plugins {

NewHighs::NewHighs(std::size_t window) : ring_(1), window_(std::min(window, kWindowMax)) {}

void NewHighs::bring_to_front() {
    std::rotate(ring_.begin(), ring_.begin() + static_cast<std::ptrdiff_t>(head_), ring_.end());
    head_ = 0;
}

// For one score more.
void NewHighs::make_room() {
    if (size_ < ring_.size()) {
        return;
    }
    bring_to_front();
    ring_.resize(std::min<std::size_t>(2 * ring_.size(), window_ + 1));
}

// Rising times of the window, in front of the ring.
bool NewHighs::is_queue() const {
    std::uint64_t at_least = now_ > window_ + 1 ? now_ - window_ - 1 : 0;
    if (size_ > ring_.size()) {
        return false;
    }
    for (std::size_t i = 0; i < size_; ++i) {
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
    while (size_ > 0 && ring_[(head_ + size_ - 1) % ring_.size()].score <= score) {
        --size_;
    }
    make_room();
    ring_[(head_ + size_) % ring_.size()] = {score, now_};
    ++size_;
    ++now_;
    return score > highest ? score : 0;
}

}  // namespace nocturne::plugins
