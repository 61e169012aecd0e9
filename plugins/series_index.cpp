#include "plugins/series_index.hpp"

namespace nocturne::plugins {

SeriesIndex::Slot SeriesIndex::find(const model::Fingerprint& identity) {
    const auto found = slots_.find(identity);
    if (found == slots_.end()) {
        return kNone;
    }
    if (found->second != latest_) {
        unlink(found->second);
        link_latest(found->second);
    }
    return found->second;
}

SeriesIndex::Slot SeriesIndex::add(const model::Fingerprint& identity) {
    Slot slot = static_cast<Slot>(series_.size());
    if (free_.empty()) {
        series_.emplace_back();
    } else {
        slot = free_.back();
        free_.pop_back();
    }
    series_[slot] = Series{};
    series_[slot].identity = identity;
    slots_.emplace(identity, slot);
    link_latest(slot);
    return slot;
}

void SeriesIndex::remove(Slot slot) {
    unlink(slot);
    slots_.erase(series_[slot].identity);
    free_.push_back(slot);
}

void SeriesIndex::unlink(Slot slot) {
    const Series& series = series_[slot];
    (series.older == kNone ? oldest_ : series_[series.older].newer) = series.newer;
    (series.newer == kNone ? latest_ : series_[series.newer].older) = series.older;
}

void SeriesIndex::link_latest(Slot slot) {
    series_[slot].older = latest_;
    series_[slot].newer = kNone;
    (latest_ == kNone ? oldest_ : series_[latest_].newer) = slot;
    latest_ = slot;
}

}  // namespace nocturne::plugins
