// What speaks for and against each node of an incident being its cause, in points.
// docs/causal-ranking.md says what each part means.
#pragma once

#include "topology/calling_side.hpp"
#include "topology/incident_graph.hpp"
#include "topology/precedence_table.hpp"
#include "topology/walk_weights.hpp"

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nocturne::topology {

// In the order in which they are told.
enum class Part : std::uint8_t {
    Near,      // it alerts, or what depends on it: the same for all, and more than can be taken off
    Own,       // what its own alerts say
    Blamed,    // less what its dependencies explain of them
    Explains,  // of the storm elsewhere
    Forward,   // those it calls show trouble on the way to it
    OffPath,   // users suffer, and nothing leads from here to them
    Missing,   // dependents that should alert and do not
    Silent,    // no alert of its own
    First,     // it began before those that it explains
    Precedes,  // its alerts are known to come before those of its neighbours
    Change,    // a change to it just before
    Past,      // it caused an incident like this one
    Count,
};

inline constexpr std::size_t kParts = static_cast<std::size_t>(Part::Count);
inline constexpr std::array<std::string_view, kParts> kPartNames{
    "near",    "own",    "blamed", "explains", "forward", "off_path",
    "missing", "silent", "first",  "precedes", "change",  "past"};

using Points = std::array<double, kParts>;

// What a fault of one node reaches, against the arrows.
struct Reach {
    double share = 0;        // of the storm elsewhere that it explains, 0..1
    std::size_t alerts = 0;  // at other nodes
    std::size_t nodes = 0;   // that alert
    std::size_t before = 0;  // of them, those that began before it
    std::size_t after = 0;
    double slo = 0;  // how surely it reaches where users suffer, 0..1
    IncidentGraph::Missing missed;
    std::vector<std::vector<Local>> paths;  // from the node to an alerting one each
};

// A change to a node, and how well alerts follow it.
struct FollowedChange {
    const model::RecentChange* change = nullptr;  // null: no alert follows any
    double weight = 0;  // 0..1: the share of them that began after it, less the longer that took
    model::Duration delay{};  // to the first of them
};

// What is known to come before what, between a node and one next to it.
struct KnownOrder {
    const KnownPrecedence* known = nullptr;  // null: nothing is
    Local other = kNoLocal;
};

// Who explains most of a node's alert, and how.
struct Blame {
    enum class Way : std::uint8_t {
        Dependency,   // it depends on it
        Surge,        // a caller whose surge of calls came through
        CallingSide,  // a caller that is in trouble on the way to several
    };

    double share = 0;  // of the alert, 0..1
    Local on = kNoLocal;
    Way way = Way::Dependency;
};

class EvidenceWalk {
   public:
    // Borrows all.
    EvidenceWalk(const IncidentGraph& graph, const WalkLimits& limits, const WalkWeights& weights,
                 const PrecedenceTable& known);

    // Whether there is anything to say for it: it alerts, or several alert that depend on it.
    bool is_candidate(Local node) const;
    Points points_of(Local node);

    // The same in detail, for those that are told.
    Reach reach(Local node, bool with_paths);
    // Of its own alerts, the one of which others explain most; on kNoLocal when nobody explains
    // any.
    Blame blamed_on(Local node) const;
    FollowedChange change_before(Local node) const;
    // The strongest, of what alerts here before a neighbour, and of what alerts there before here.
    KnownOrder precedes(Local node) const;
    KnownOrder is_preceded(Local node) const;

   private:
    struct Own {
        double points = 0;
        double blamed = 0;
    };

    struct Step {
        Local node;
        std::uint32_t from;  // the step before, by its place
        std::uint8_t hop;
        double surely;
        bool over_silent;
    };

    // For the heap of open steps: the surest at the front, of equals the one of fewer hops, then
    // the one to the node of the smaller number.
    struct IsLessSure {
        bool operator()(const Step& a, const Step& b) const {
            if (a.surely != b.surely) {
                return a.surely < b.surely;
            }
            return a.hop != b.hop ? a.hop > b.hop : a.node > b.node;
        }
    };

    // The surest way to a node that a visit has found so far.
    struct Offer {
        double surely = 0;
        std::uint32_t visit = 0;
        std::uint8_t hop = 0;
        bool is_taken = false;
    };

    // How much of a storm had begun by then.
    struct Onset {
        model::Time at;
        double impact;
    };

    // What alerts in one part of the graph. What goes on in one part leaves the order of another's
    // suspects as it is.
    struct Storm {
        double impact = 0;
        std::uint32_t nodes = 0;
        std::array<bool, kCheckKinds> slo_kinds{};  // what users suffer from
        std::vector<Onset> onsets;                  // of its alerts, the earliest first
        boost::unordered_flat_map<std::uint32_t, std::uint32_t> nodes_with;  // by check
    };

    void weigh_storm();
    void weigh_silent();
    void weigh_links();
    double fit_of(const Storm& storm, CheckKind kind) const;
    double rarity_of(const Storm& storm, const WeighedSymptom& symptom) const;
    double impact_of(const WeighedSymptom& symptom) const;
    double share_begun_after(const Storm& storm, Local node, model::Time end) const;
    double persistence_of(const Storm& storm, Local node, const WeighedSymptom& symptom) const;
    double points_of(Local node, const WeighedSymptom& symptom) const;
    Own own_of(Local node) const;
    double share_explained(Local node, const WeighedSymptom& effect, Local cause) const;
    Blame blame_for(Local node, const WeighedSymptom& symptom) const;
    double explains(const Arc& to_dependent, Local cause) const;
    double share_silent_of(Local node, std::uint32_t alerting_above) const;
    double silent_link(Local node) const;
    double surge_at(Local node) const;
    double pushes(Local caller, Local called) const;
    KnownOrder strongest_order(Local node, bool node_first) const;
    void push_open(const Step& step);
    Step pop_open();

    bool is_taken(Local node) const {
        return offers_[node].visit == visit_ && offers_[node].is_taken;
    }

    void step_up(std::uint32_t from);
    void step_to(Local node, std::uint32_t from, double surely);
    void step_aside(Local start);
    void count_reached(Local start, std::uint32_t step, Reach& reached, bool with_path) const;

    const IncidentGraph& graph_;
    const WalkLimits& limits_;
    const WalkWeights& weights_;
    const PrecedenceTable& known_;
    const CallingSide calling_side_;
    std::vector<double> impact_;        // by node: what of the storm stands there
    std::vector<double> share_silent_;  // by node: of each above it; 0 where it alerts or < 2 do
    std::vector<double> links_;  // by arc to a dependent: how surely the fault below hurts it
    boost::unordered_flat_map<Local, Storm> storms_;  // by part of the graph
    bool users_suffer_ = false;

    std::vector<Step> steps_;    // of the last reach, the surest first
    std::vector<Step> open_;     // a heap of those to come
    std::vector<Offer> offers_;  // by node
    std::uint32_t visit_ = 0;
};

}  // namespace nocturne::topology
