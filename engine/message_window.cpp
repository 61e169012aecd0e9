#include "engine/message_window.hpp"

#include <algorithm>

namespace nocturne::engine {

bool MessageWindow::remember(const model::Fingerprint& message, std::uint64_t size_max) {
    if (!known_.insert(message).second) {
        return false;
    }
    if (ring_.size() != size_max && oldest_ != 0) {  // the limit was changed: oldest first again
        std::rotate(ring_.begin(), ring_.begin() + static_cast<std::ptrdiff_t>(oldest_),
                    ring_.end());
        oldest_ = 0;
    }
    if (ring_.size() > size_max) {
        const auto surplus = static_cast<std::ptrdiff_t>(ring_.size() - size_max);
        std::for_each(ring_.begin(), ring_.begin() + surplus,
                      [&](const auto& old) { known_.erase(old); });
        ring_.erase(ring_.begin(), ring_.begin() + surplus);
    }
    if (ring_.size() < size_max) {
        ring_.push_back(message);
        return true;
    }
    if (ring_.empty()) {
        known_.erase(message);
        return true;
    }
    known_.erase(ring_[oldest_]);
    ring_[oldest_] = message;
    oldest_ = oldest_ + 1 == ring_.size() ? 0 : oldest_ + 1;
    return true;
}

std::size_t MessageWindow::fetch(std::span<const model::EventView> events) const {
    std::size_t found = 0;
    for (std::size_t i = 0; i < events.size(); ++i) {
        found += known_.count(events[i].message);
        if (oldest_ + i < ring_.size()) {  // those that will be forgotten for them
            found += known_.count(ring_[oldest_ + i]);
        }
    }
    return found;
}

std::size_t MessageWindow::bytes() const {
    return ring_.capacity() * sizeof(model::Fingerprint) +
           known_.bucket_count() * (sizeof(model::Fingerprint) + 1);
}

void MessageWindow::encode(model::Writer& out) const {
    out.varint(ring_.size());
    for (std::size_t i = 0; i < ring_.size(); ++i) {
        const model::Fingerprint& message = ring_[(oldest_ + i) % ring_.size()];
        out.u64(message.high);
        out.u64(message.low);
    }
}

void MessageWindow::decode(model::Reader& in) {
    ring_.resize(in.count());
    oldest_ = 0;
    known_.reserve(ring_.size());
    for (model::Fingerprint& message : ring_) {
        message.high = in.u64();
        message.low = in.u64();
        known_.insert(message);
    }
}

}  // namespace nocturne::engine
