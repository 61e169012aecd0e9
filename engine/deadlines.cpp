#include "engine/deadlines.hpp"

#include <algorithm>
#include <functional>

namespace nocturne::engine {

void Deadlines::add(model::Time due, Deadline::Kind kind, std::uint32_t slot) {
    heap_.push_back({due, kind, slot});
    std::push_heap(heap_.begin(), heap_.end(), std::greater<>());
}

model::Time Deadlines::next() const {
    return heap_.empty() ? model::Time::max() : heap_.front().due;
}

bool Deadlines::take_due(model::Time now, Deadline& out) {
    if (heap_.empty() || heap_.front().due > now) {
        return false;
    }
    std::pop_heap(heap_.begin(), heap_.end(), std::greater<>());
    out = heap_.back();
    heap_.pop_back();
    return true;
}

void Deadlines::encode(model::Writer& out) const {
    out.varint(heap_.size());
    for (const Deadline& deadline : heap_) {
        out.zigzag(model::to_unix_ms(deadline.due));
        out.u8(static_cast<std::uint8_t>(deadline.kind));
        out.varint(deadline.slot);
    }
}

void Deadlines::decode(model::Reader& in) {
    heap_.resize(in.count());
    for (Deadline& deadline : heap_) {
        deadline.due = model::from_unix_ms(in.zigzag());
        deadline.kind = static_cast<Deadline::Kind>(in.u8());
        deadline.slot = static_cast<std::uint32_t>(in.varint());
    }
}

}  // namespace nocturne::engine
