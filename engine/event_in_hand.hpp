// EventInHand: an event that plugins work on, what they send besides, and what there is to tell of
// it once the event has found its alert.
#pragma once

#include "engine/plugin_rack.hpp"
#include "model/event.hpp"
#include "model/reason.hpp"
#include "plugins/plugin.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace nocturne::engine {

inline constexpr std::uint32_t kNoPlugin = UINT32_MAX;

// An event of our own: what a plugin sent, an anomaly that a detector found, what a pattern raised.
struct OwnEvent {
    model::EventView event;  // borrows from OwnEvents
    model::Reason reason = model::Reason::None;
    std::uint32_t plugin = kNoPlugin;  // number in the rack
    std::uint32_t rule = UINT32_MAX;   // of a pattern
    std::uint32_t depth = 0;           // 1: led to by an event of a source
};

// Those that wait for their turn, with the memory that they borrow from.
class OwnEvents {
   public:
    void add(OwnEvent event);

    bool empty() const { return next_ == events_.size(); }

    OwnEvent take() { return events_[next_++]; }

    // All that were added since the last reset().
    std::size_t size() const { return events_.size(); }

    void reset();

   private:
    model::EventBatch batch_;
    std::vector<OwnEvent> events_;
    std::size_t next_ = 0;
};

class EventInHand {
   public:
    static constexpr std::size_t kLabelsMax = 64;
    static constexpr std::size_t kAnnotationsMax = 128;
    static constexpr std::size_t kTextsKeptBytes = 24U << 10;

    // Borrows the event's texts, and holds its own until the next begin().
    void begin(const model::EventView& event, std::uint32_t depth);

    const model::EventView& event() const { return event_; }

    std::uint32_t depth() const { return depth_; }

    // Does it. False when it cannot be granted: too many, or no such severity.
    bool grant(const plugins::Wish& wish);

    // For the decisions of the event's alert.
    struct Deed {
        std::uint32_t plugin = kNoPlugin;
        model::Reason reason = model::Reason::None;
    };

    void note(std::uint32_t plugin, model::Reason reason) { deeds_.push_back({plugin, reason}); }

    const std::vector<Deed>& deeds() const { return deeds_; }

   private:
    bool annotate(const plugins::Wish& wish);
    std::size_t place_of(std::string_view annotation, std::uint64_t key) const;
    bool label(const plugins::Wish& wish);
    bool set_severity(std::string_view name);
    std::string_view keep(std::string_view text);
    void identify();

    model::EventView event_;
    std::uint32_t depth_ = 0;
    std::vector<model::LabelView> labels_;
    std::vector<model::AnnotationView> annotations_;
    std::vector<std::uint64_t> keys_;  // of their names; see key_of
    model::Arena texts_;
    std::size_t texts_bytes_ = 0;  // of this event and those before it
    std::vector<Deed> deeds_;
};

}  // namespace nocturne::engine
