// ChangeWindows: the time after a change in which small trouble around it is expected.
#pragma once

#include "engine/alert_subject.hpp"
#include "engine/deadlines.hpp"
#include "engine/mute.hpp"
#include "engine/rule_book.hpp"
#include "model/codec.hpp"
#include "model/event.hpp"
#include "topology/graph.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace nocturne::engine {

class ChangeWindows {
   public:
    static constexpr std::size_t kOpenMax = 1000;  // beyond it a change opens none

    void load(const rules::RuleSet& rules);

    // A change event: opens a window for the first rule that matches.
    void note(const model::EventView& change, model::Time now, const topology::Graph& graph,
              RuleBook& book, Deadlines& deadlines);

    // Whether the question is about a new raising, which counts against the window's bound.
    enum class Count : bool { No, Yes };

    // What hides the alert. When it is one more than a change explains, the window closes, and
    // `closed` is set.
    Mute mutes(const AlertTable& alerts, Slot slot, const topology::Graph& graph, RuleBook& book,
               model::Time now, Count count, bool& closed);
    // Whether a window ended that lasted until now.
    bool look_at(Slot window, model::Time now);

    // Changes that opened no window for want of room, and windows that cover less than they should,
    // since the start.
    std::uint64_t refused() const { return refused_; }

    std::uint64_t cut() const { return cut_; }

    std::size_t open_count(model::Time now) const;

    void encode(model::Writer& out) const;
    void decode(model::Reader& in);

   private:
    struct Window {
        std::string resource;
        std::string what;
        std::uint32_t rule = 0;              // its place in RuleSet::change_windows
        model::Time until = model::kNoTime;  // kNoTime: the place is free
        std::uint64_t raised = 0;            // alerts that it hid
    };

    bool covers(const Window& window, topology::NodeIndex node, const topology::Graph& graph) const;

    const rules::RuleSet* rules_ = nullptr;  // lent by the RuleBook until the next load
    std::vector<Window> windows_;
    std::uint64_t refused_ = 0;
    std::uint64_t cut_ = 0;
};

}  // namespace nocturne::engine
