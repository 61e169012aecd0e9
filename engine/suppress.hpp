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
    // The alert goes on burning with another severity, or other facts that rules ask for.
    void changed(Slot slot);

    bool asks_for_facts() const {
        return state_.inhibitions.asks_for_facts() || state_.dependencies.asks_for_facts();
    }

    // The alert has ended; nothing hides that.
    void ended(const Transition& transition);

    // From its start on the silence counts. Hides what burns already.
    void add(const model::AddSilence& spec, model::Id id);
    void expire(model::Id silence);
    // A deploy or the like may open a window.
    void note_change(const model::EventView& change);
    // Begins and ends what time begins and ends. The alerts are looked at by settle(), once for all
    // silences and windows that turn in one instant.
    void look_at(const Deadline& deadline);
    void settle();

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

    Mute find_mute(Slot slot, const AlertSubject& subject, Ask ask);
    void hide(Slot slot, const Mute& mute);
    // Looks again whether anything hides the alert, which burns.
    void reconsider(Slot slot);
    void reconsider(std::vector<Slot> slots);
    // All that burns and is hidden for this reason.
    void reconsider_hidden(model::Reason reason);
    void reconsider_all();
    // Whether one of them that begins covers the alert, or one of them that ends has hidden it.
    bool is_concerned(Slot slot, const rules::MatchIndex& begun);

    State& state_;
    Turned turned_;
    std::vector<Slot> begun_silences_;  // since the last settle()
    bool silence_ended_ = false;
    bool window_begun_ = false;
    bool window_ended_ = false;
};

}  // namespace nocturne::engine
