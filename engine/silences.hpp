// Silences: what operators have asked to hear nothing of, for a time.
#pragma once

#include "engine/alert_subject.hpp"
#include "engine/deadlines.hpp"
#include "engine/mute.hpp"
#include "model/codec.hpp"
#include "model/command.hpp"

#include <cstdint>
#include <map>
#include <vector>

namespace nocturne::engine {

struct Silence {
    model::Id id;
    model::AddSilence spec;
    rules::Condition condition;
    bool active = false;       // has begun and has not ended
    std::uint64_t hidden = 0;  // raisings that it hid
    std::uint64_t hiding = 0;  // alerts that it hides now
    model::Time last_hid = model::kNoTime;
};

class Silences {
   public:
    static constexpr std::size_t kSilencesMax = 10'000;  // beyond it an ended one makes room; none:
                                                         // refused

    // kNoSlot when it is refused (no room, ends before it starts). Otherwise its place; it begins
    // at once or by a deadline, which names the place.
    Slot add(const model::AddSilence& spec, model::Id id, model::Time now, Deadlines& deadlines);
    // Ends it early; its place, or kNoSlot when it is not known or over.
    Slot expire(model::Id id, model::Time now);

    // What time has made of the silence at that place.
    enum class Turn : std::uint8_t { None, Begins, Ends };
    Turn look_at(Slot place, model::Time now);

    Mute mutes(const AlertSubject& subject);

    // One of the alerts that it hid is hidden by it no more. True when the silence was to last
    // until the last of them clears, and has ended by that.
    bool let_go(model::Id id, model::Time now);
    void took(model::Id id, model::Time now);

    const std::vector<Silence>& all() const { return silences_; }

    bool has_room(model::Time now) const { return find_place(now) != kNoSlot; }

    // Silences that were refused for want of room, since the start.
    std::uint64_t refused() const { return refused_; }

    bool is_active(model::Id id) const;

    const Silence& operator[](Slot place) const { return silences_[place]; }

    void encode(model::Writer& out) const;
    void decode(model::Reader& in);

   private:
    Slot find_place(model::Time now) const;
    Silence* find(model::Id id);
    void index();

    std::vector<Silence> silences_;  // ended ones stay until their place is needed
    std::map<model::Id, Slot> by_id_;
    rules::MatchIndex index_;   // of the active ones
    std::vector<Slot> places_;  // in silences_, of what index_ numbers
    bool is_indexed_ = true;
    std::uint64_t refused_ = 0;
};

}  // namespace nocturne::engine
