// Suppress: decides whether an alert's raising is hidden, and by what. Never hides a resolution,
// and what still burns when nothing hides it any more is released once.
#pragma once

#include "engine/dedup.hpp"
#include "engine/state.hpp"
#include "model/event.hpp"

#include <utility>
#include <vector>

namespace nocturne::engine {

class Suppress {
   public:
    explicit Suppress(State& state) : state_(state) {}

    // The alert is raised: None, or why that is hidden; the alert carries what hides it.
    model::Reason suppress(Slot slot);
    // The alert goes on burning with another severity.
    void changed(Slot slot);
    // The alert has ended; nothing hides that.
    void ended(const Transition& transition);

    // From its start on the silence counts. Hides what burns already.
    void add(const model::AddSilence& spec, model::Id id);
    void expire(model::Id silence);
    // A deploy or the like may open a window.
    void note_change(const model::EventView& change);
    // Begins and ends what time begins and ends.
    void look_at(const Deadline& deadline);

    // The rules are others: all that burns is looked at again. `before`: the rules until now, still
    // alive for the call.
    void reload();
    // After a snapshot was read, which has the answers already.
    static void restore(State& state);
    // After a change of the graph.
    void find_nodes();

    // What the calls above did to alerts beside the one that they were about, in order. Clears it.
    struct Turned {
        std::vector<Slot> hidden;
        std::vector<std::pair<Slot, model::Reason>> released;
    };

    Turned take_turned() { return std::exchange(turned_, {}); }

   private:
    enum class Ask { Raise, Again };

    Mute find_mute(Slot slot, Ask ask);
    void hide(Slot slot, const Mute& mute);
    // Looks again whether anything hides the alert, which burns.
    void reconsider(Slot slot);
    void reconsider(std::vector<Slot> slots);
    // All that burns and is hidden for this reason, by this rule or silence.
    void reconsider_hidden(model::Reason reason);
    void reconsider_all();
    void end_silence(Slot place);

    State& state_;
    Turned turned_;
};

}  // namespace nocturne::engine
