// Gates: whether a plan may run now. Each gate fails closed: what it cannot know means no.
#pragma once

#include "engine/state.hpp"
#include "model/run.hpp"

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::engine {

// What one gate says, worst last.
struct GateFinding {
    enum class Verdict : std::uint8_t {
        Pass,
        AskPerson,  // not by itself: a person may say yes
        Refuse,
        Void,  // the plan is not for what is so now
    };

    std::string_view gate;  // "cooldown"
    Verdict verdict = Verdict::Pass;
    model::Reason reason = model::Reason::None;
    std::string text;  // what was found: "the last run ended 3m ago, the cooldown is 10m"
};

inline constexpr std::string_view kGateVerdictNames[] = {"pass", "ask_person", "refuse", "void"};

// Looks, changes nothing. Lives for one question.
class Gates {
   public:
    Gates(const State& state, const model::Run& run);

    // What every gate says, in the order in which the documentation lists them.
    std::vector<GateFinding> all() const;
    // The first of the worst; Pass, with an empty gate, when all let it through.
    GateFinding decide() const;

    // Whether one action of a run that goes on may leave now: the stop switch, frozen nodes.
    static GateFinding hold(const State& state, const std::string& node);

   private:
    using Finding = GateFinding;

    Finding stop() const;
    Finding freeze() const;
    Finding shape() const;
    Finding capability() const;
    Finding nodes() const;
    Finding incident() const;
    Finding preconditions() const;
    Finding mode() const;
    Finding proposer() const;
    Finding confidence() const;
    Finding novelty() const;
    Finding cooldown() const;
    Finding rate() const;
    Finding concurrency() const;
    Finding blast_radius() const;
    Finding healthy_siblings() const;
    Finding dependents() const;
    Finding circuit_breaker() const;
    Finding recurrence() const;
    Finding error_budget() const;
    Finding loop() const;
    Finding maintenance() const;

    const model::Incident* find_incident() const;
    std::set<topology::NodeIndex> touched_lately() const;
    std::set<topology::NodeIndex> hurt_siblings() const;

    struct Group {
        topology::NodeIndex node;
        std::vector<topology::NodeIndex> siblings;  // with the node itself
    };

    const State& state_;
    const model::Run& run_;
    const model::PlaybookSettings& settings_;
    const topology::Graph& graph_;
    const std::string target_;               // by its main name
    std::set<topology::NodeIndex> mine_;     // what the plan would touch, as far as it is known
    std::set<topology::NodeIndex> touched_;  // by other runs within the blast window
    std::vector<Group> groups_;              // of `mine_`
};

// The node's name in the graph, whichever alias `name` is; an unknown one stays as it is.
std::string main_name(const topology::Graph& graph, const std::string& name);

// As far as configuration lets a playbook go that asks for `asked` on this plan.
model::RunMode mode_allowed(const State& state, const model::Plan& plan, model::RunMode asked);

// The run's limits as configuration makes them.
model::RunLimits limits_allowed(const model::PlaybookSettings& settings,
                                const model::RunLimits& asked, model::Risk risk);

}  // namespace nocturne::engine
