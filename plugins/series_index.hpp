// SeriesIndex: which series of on_sample are kept, and in which place of the table of their states.
#pragma once

#include "model/fingerprint.hpp"

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

namespace nocturne::plugins {

class SeriesIndex {
   public:
    using Slot = std::uint32_t;
    static constexpr Slot kNone = UINT32_MAX;

    struct Series {
        model::Fingerprint identity;
        std::uint32_t nodes = 0;        // of its state, when it was last looked at
        std::uint32_t calls_since = 0;  // it was looked at
        Slot older = kNone;
        Slot newer = kNone;
    };

    std::size_t size() const { return slots_.size(); }

    // The series, which is now the latest seen; kNone: not kept.
    Slot find(const model::Fingerprint& identity);
    // A new one, the latest seen. Its place may have been another's.
    Slot add(const model::Fingerprint& identity);
    void remove(Slot slot);

    Slot oldest() const { return oldest_; }

    Series& at(Slot slot) { return series_[slot]; }

    const Series& at(Slot slot) const { return series_[slot]; }

    void clear() { *this = SeriesIndex(); }

   private:
    void unlink(Slot slot);
    void link_latest(Slot slot);

    std::unordered_map<model::Fingerprint, Slot, model::FingerprintHash> slots_;
    std::vector<Series> series_;
    std::vector<Slot> free_;
    Slot oldest_ = kNone;
    Slot latest_ = kNone;
};

}  // namespace nocturne::plugins
