// Event and EventBatch: what sources say, decoded.
#pragma once

#include "model/codec.hpp"
#include "model/fingerprint.hpp"
#include "model/result.hpp"
#include "model/severity.hpp"
#include "model/time.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace nocturne::model {

// A label: part of an alert's identity. Borrows from the batch.
struct LabelView {
    std::string_view name;
    std::string_view value;
};

// An annotation: not identity. Borrows from the batch.
struct AnnotationView {
    enum class Type : std::uint8_t { Text, Number, Boolean, Json };

    std::string_view name;
    std::string_view value;  // numbers, booleans and nested values as JSON wrote them
    Type type = Type::Text;
};

// One message from a source. Borrows all its texts from the EventBatch that holds it, for as long
// as that lives.
struct EventView {
    Time time = kNoTime;  // kNoTime: the source gave none, arrival counts
    std::string_view source;
    std::string_view resource;
    std::string_view check;
    std::string_view summary;
    std::string_view id;                // the source's own; empty: none
    std::span<const LabelView> labels;  // sorted by name, names unique
    std::span<const AnnotationView> annotations;
    double value = 0;
    Fingerprint fingerprint;  // of resource, check and labels
    Fingerprint message;      // of source and id; all zero without id
    Kind kind = Kind::Alert;
    EventStatus status = EventStatus::Firing;
    Severity severity = Severity::Warning;
    bool has_value = false;
};

// The identity of an alert: labels are identity, and so are resource and check; source is not, so
// two tools that see one fault make one alert.
Fingerprint identity_of(std::string_view resource, std::string_view check,
                        std::span<const LabelView> labels);

// The identity of a message: what the same source sends twice under one id is one message.
Fingerprint message_of(std::string_view source, std::string_view id);

// Memory that only grows and whose addresses stay: what EventViews point into.
class Arena {
   public:
    // Room for `bytes`, aligned for any view; never null.
    char* allocate(std::size_t bytes);
    std::string_view copy(std::string_view text);

    // Keeps a block that views already point into.
    void adopt(std::unique_ptr<char[]> block) { adopted_.push_back(std::move(block)); }

    template <typename T>
    std::span<const T> copy(std::span<const T> values) {
        if (values.empty()) {
            return {};
        }
        T* copied = reinterpret_cast<T*>(allocate(values.size_bytes()));
        std::uninitialized_copy(values.begin(), values.end(), copied);
        return {copied, values.size()};
    }

   private:
    char* take(std::size_t bytes);

    std::vector<std::unique_ptr<char[]>> adopted_;
    std::vector<std::unique_ptr<char[]>> blocks_;
    std::size_t used_ = 0;
    std::size_t capacity_ = 0;
};

// Events that arrived together, with the memory that they borrow from. Moves keep views valid.
class EventBatch {
   public:
    std::span<const EventView> events() const { return events_; }

    bool empty() const { return events_.empty(); }

    std::size_t size() const { return events_.size(); }

    // Takes over a copy of the event and all that it borrows; sorts nothing, checks nothing.
    void add(const EventView& event);

    // For decoders that fill the arena themselves.
    Arena& arena() { return arena_; }

    void add_owned(const EventView& event) { events_.push_back(event); }

    // The new event's texts must be in the arena.
    void replace_owned(std::size_t index, const EventView& event) { events_[index] = event; }

   private:
    Arena arena_;
    std::vector<EventView> events_;
};

void encode(Writer& out, const EventBatch& batch);
// Borrows nothing from the Reader. Check in.ok() afterwards.
EventBatch decode_event_batch(Reader& in);

}  // namespace nocturne::model
