// MessageWindow: which messages were seen lately, so that one sent twice is one.
#pragma once

#include "model/codec.hpp"
#include "model/event.hpp"
#include "model/fingerprint.hpp"

#include <boost/unordered/unordered_flat_set.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace nocturne::engine {

// Remembers the last `size_max` (source, id) pairs; the oldest is forgotten for a new one.
class MessageWindow {
   public:
    // True the first time.
    bool remember(const model::Fingerprint& message, std::uint64_t size_max);

    // A hint that changes nothing: what remember() reads for these events is brought into the
    // processor's cache, the waits beside one another. How many lookups found something is of no
    // use but to keep the compiler from leaving them out.
    std::size_t fetch(std::span<const model::EventView> events) const;

    std::size_t size() const { return known_.size(); }

    std::size_t bytes() const;

    void encode(model::Writer& out) const;
    void decode(model::Reader& in);

   private:
    std::vector<model::Fingerprint> ring_;
    std::size_t oldest_ = 0;
    boost::unordered_flat_set<model::Fingerprint, model::FingerprintHash> known_;
};

}  // namespace nocturne::engine
