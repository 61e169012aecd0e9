// Deadlines: what becomes due as time passes.
#pragma once

#include "model/codec.hpp"
#include "model/time.hpp"

#include <compare>
#include <cstdint>
#include <vector>

namespace nocturne::engine {

struct Deadline {
    enum class Kind : std::uint8_t {
        Alert,
        Incident,
        Silence,
        Maintenance,
        ChangeWindow,
        Flapping,
        Storm,
        Pattern,
        Heartbeat,
        Route,
        Tombstone,
        Topology,
        Plugin,
    };

    model::Time due;
    Kind kind = Kind::Alert;
    std::uint32_t slot = 0;

    friend auto operator<=>(const Deadline&, const Deadline&) = default;
};

// A deadline is a reminder to look: the one who looks decides whether something is really due, and
// adds the next reminder. So an event only ever writes a time, never moves an entry.
class Deadlines {
   public:
    void add(model::Time due, Deadline::Kind kind, std::uint32_t slot);
    // Time::max() when there is none.
    model::Time next() const;
    // The earliest one that is due; ties in the order of kind and slot.
    bool take_due(model::Time now, Deadline& out);

    std::size_t size() const { return heap_.size(); }

    void encode(model::Writer& out) const;
    void decode(model::Reader& in);

   private:
    std::vector<Deadline> heap_;
};

}  // namespace nocturne::engine
