#include "topology/evidence.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

namespace nocturne::topology {

using model::Symptom;

namespace {

constexpr std::size_t kMissedNamed = 3;
constexpr std::size_t kOrderedSymptoms = 3;  // the strongest of a node, for what precedes what
constexpr double kNearPoints = 3.0;
constexpr double kByChance = 0.8;  // that one more neighbour alerts for a reason of its own
constexpr auto kClocksOff = std::chrono::seconds(60);  // of those who make changes, and of checks
constexpr double kRounding = 1e-9;                     // what sums of impacts may be off
constexpr double kChangeFades = 10;                    // minutes after which a change counts half
constexpr auto kClockNoise = std::chrono::seconds(1);

// How much of an alert of one kind (rows) trouble of another kind at a dependency can explain.
// In the order of CheckKind.
constexpr std::array<std::array<double, kCheckKinds>, kCheckKinds> kCompatible{{
    // Resource Error Latency Traffic Transit Calling Other
    {0.1, 0.1, 0.1, 0.1, 0.1, 0.0, 0.1},  // Resource
    {1.0, 1.0, 0.5, 0.2, 0.6, 0.2, 0.5},  // Error
    {1.0, 0.3, 1.0, 0.2, 1.0, 0.2, 0.5},  // Latency
    {0.5, 0.5, 0.5, 0.5, 0.5, 0.2, 0.5},  // Traffic
    {0.1, 0.0, 0.0, 0.0, 0.3, 0.0, 0.0},  // Transit
    {1.0, 1.0, 1.0, 0.5, 1.0, 0.5, 0.7},  // Calling
    {0.3, 0.3, 0.3, 0.2, 0.3, 0.1, 0.5},  // Other
}};

// What was over before an alert began does not explain it.
bool may_explain(const WeighedSymptom& cause, const WeighedSymptom& effect) {
    const model::Time ended = cause.symptom->ended;
    return ended == model::kNoTime || effect.symptom->first_seen <= ended + kClocksOff;
}

}  // namespace

EvidenceWalk::EvidenceWalk(const IncidentGraph& graph, const WalkLimits& limits,
                           const WalkWeights& weights, const PrecedenceTable& known)
    : graph_(graph), limits_(limits), weights_(weights), known_(known),
      calling_side_(graph, weights) {
    weigh_storm();
    weigh_silent();
    weigh_links();
    offers_.resize(graph.size());
}

void EvidenceWalk::weigh_storm() {
    impact_.resize(graph_.size());
    for (Local node = 0; node < graph_.size(); ++node) {
        if (!graph_[node].alerts()) {
            continue;
        }
        Storm& storm = storms_[graph_[node].part];
        for (const WeighedSymptom& symptom : graph_.symptoms(node)) {
            impact_[node] = std::max(impact_[node], impact_of(symptom));
            storm.onsets.push_back({symptom.symptom->first_seen, impact_of(symptom)});
            if (symptom.symptom->slo) {
                storm.slo_kinds[index_of(symptom.kind)] = true;
                users_suffer_ = true;
            }
            if (symptom.is_first_of_check) {
                ++storm.nodes_with[symptom.check];
            }
        }
        storm.impact += impact_[node];
        ++storm.nodes;
    }
    for (auto& [part, storm] : storms_) {
        std::sort(storm.onsets.begin(), storm.onsets.end(), [](const Onset& a, const Onset& b) {
            return std::tie(a.at, a.impact) < std::tie(b.at, b.impact);
        });
        double begun = 0;
        for (Onset& onset : storm.onsets) {
            onset.impact = begun += onset.impact;
        }
    }
}

double EvidenceWalk::impact_of(const WeighedSymptom& symptom) const {
    return static_cast<double>(symptom.strength) *
           (symptom.symptom->slo ? weights_.slo_factor : 1.0);
}

void EvidenceWalk::weigh_silent() {
    std::vector<std::uint32_t> alerting_above(graph_.size());
    for (Local node = 0; node < graph_.size(); ++node) {
        if (graph_[node].alerts()) {
            for (const Arc& arc : graph_.dependencies(node)) {
                ++alerting_above[arc.other];
            }
        }
    }
    share_silent_.resize(graph_.size());
    for (Local node = 0; node < graph_.size(); ++node) {
        if (!graph_[node].alerts() && alerting_above[node] >= 2) {
            share_silent_[node] = share_silent_of(node, alerting_above[node]);
        }
    }
}

// Each link once: ways up from many nodes lead over the same few.
void EvidenceWalk::weigh_links() {
    links_.reserve(graph_.dependent_arc_count());
    for (Local node = 0; node < graph_.size(); ++node) {
        for (const Arc& arc : graph_.dependents(node)) {
            links_.push_back(graph_[arc.other].alerts()
                                 ? explains(arc, node)
                                 : weights_.silent_link * static_cast<double>(arc.weight));
        }
    }
}

bool EvidenceWalk::is_candidate(Local node) const {
    if (graph_[node].alerts()) {
        return true;
    }
    const AlertingNode* told = graph_[node].told;
    const bool has_caused = told != nullptr && told->past.likeness > 0;
    std::size_t ways = has_caused || change_before(node).change != nullptr ? 1 : 0;
    for (const Arc& arc : graph_.dependents(node)) {
        const auto above = graph_.dependents(arc.other);
        ways += graph_[arc.other].alerts() ||
                std::any_of(above.begin(), above.end(),
                            [&](const Arc& far) { return graph_[far.other].alerts(); });
    }
    return ways >= 2;
}

// Slowness is caused by what is slow, errors by what fails.
double EvidenceWalk::fit_of(const Storm& storm, CheckKind kind) const {
    const bool slow = storm.slo_kinds[index_of(CheckKind::Latency)];
    const bool failing = storm.slo_kinds[index_of(CheckKind::Error)];
    const bool is_other = (kind == CheckKind::Error && slow && !failing) ||
                          (kind == CheckKind::Latency && failing && !slow);
    return is_other ? weights_.other_kind : 1.0;
}

// A check that alerts on every node singles out none of them.
double EvidenceWalk::rarity_of(const Storm& storm, const WeighedSymptom& symptom) const {
    if (storm.nodes < 2) {
        return 1.0;
    }
    const double here = storm.nodes_with.at(symptom.check);
    return 1.0 - weights_.rarity * std::log(here) / std::log(storm.nodes);
}

// Of the storm elsewhere. A node's own alerts do not count, so that one more takes nothing from
// those that were over before.
double EvidenceWalk::share_begun_after(const Storm& storm, Local node, model::Time end) const {
    const auto later =
        std::upper_bound(storm.onsets.begin(), storm.onsets.end(), end,
                         [](model::Time time, const Onset& onset) { return time < onset.at; });
    double all = storm.onsets.back().impact;
    double after = all - (later == storm.onsets.begin() ? 0.0 : std::prev(later)->impact);
    for (const WeighedSymptom& own : graph_.symptoms(node)) {
        all -= impact_of(own);
        after -= own.symptom->first_seen > end ? impact_of(own) : 0.0;
    }
    return all > kRounding ? std::clamp(after / all, 0.0, 1.0) : 0.0;
}

// What was over before the rest began did not cause it.
double EvidenceWalk::persistence_of(const Storm& storm, Local node,
                                    const WeighedSymptom& symptom) const {
    const model::Time ended = symptom.symptom->ended;
    if (ended == model::kNoTime) {
        return 1.0;
    }
    const double blip = symptom.symptom->count <= 1 ? weights_.blip : 1.0;
    return blip * (1.0 - weights_.over * share_begun_after(storm, node, ended + kClocksOff));
}

double EvidenceWalk::points_of(Local node, const WeighedSymptom& symptom) const {
    const Storm& storm = storms_.at(graph_[node].part);
    const double own = symptom.kind == CheckKind::Calling && !symptom.symptom->caller.empty()
                           ? weights_.called
                           : weights_.own[index_of(symptom.kind)];
    const bool starves = symptom.kind == CheckKind::Traffic && symptom.symptom->excess < 0;
    return (starves ? weights_.starved : 1.0) * own * static_cast<double>(symptom.strength) *
           fit_of(storm, symptom.kind) * rarity_of(storm, symptom) *
           persistence_of(storm, node, symptom) * (symptom.symptom->slo ? weights_.slo_own : 1.0) *
           (graph_[node].is_remote ? weights_.remote : 1.0);
}

// The best alert counts whole, the others less and less: ten weak ones must not look like one
// strong.
EvidenceWalk::Own EvidenceWalk::own_of(Local node) const {
    std::vector<Own> alerts;
    for (const WeighedSymptom& symptom : graph_.symptoms(node)) {
        Own& alert = alerts.emplace_back();
        alert.points = points_of(node, symptom);
        alert.blamed = alert.points * blame_for(node, symptom).share;
    }
    // By what is left of them, so that one more alert never takes anything away.
    const auto left = [&](const Own& alert) {
        return alert.points - weights_.blamed * alert.blamed;
    };
    std::sort(alerts.begin(), alerts.end(), [&](const Own& a, const Own& b) {
        return std::tuple(left(b), b.points) < std::tuple(left(a), a.points);
    });
    Own own;
    double counts = 1;
    for (const Own& alert : alerts) {
        own.points += counts * alert.points;
        own.blamed += counts * alert.blamed;
        counts *= weights_.more;
    }
    return own;
}

// How much of an alert what alerts at `cause` explains: where both nodes measure the same thing, as
// much as the excess below makes up of the one above; else as their strengths compare.
double EvidenceWalk::share_explained(Local node, const WeighedSymptom& effect, Local cause) const {
    double measured = -1;
    for (const WeighedSymptom& above : graph_.symptoms(node)) {
        if (above.kind != effect.kind || above.excess == 0) {
            continue;
        }
        for (const WeighedSymptom& below : graph_.symptoms(cause)) {
            if (below.check == above.check && below.excess != 0 && may_explain(below, effect)) {
                measured = std::max(measured, std::clamp(below.excess / above.excess, 0.0, 1.0));
            }
        }
    }
    double best =
        std::max(0.0, measured * kCompatible[index_of(effect.kind)][index_of(effect.kind)]);
    for (const WeighedSymptom& below : graph_.symptoms(cause)) {
        if (may_explain(below, effect) && (measured < 0 || below.kind != effect.kind)) {
            best = std::max(
                best, kCompatible[index_of(effect.kind)][index_of(below.kind)] *
                          std::min(1.0, static_cast<double>(below.strength) /
                                            std::max(0.01, static_cast<double>(effect.strength))));
        }
    }
    return best;
}

// How much of the trouble of the dependent at the arc's end the node below it explains.
double EvidenceWalk::explains(const Arc& to_dependent, Local cause) const {
    if (!graph_[cause].alerts()) {
        return silent_link(cause) * static_cast<double>(to_dependent.weight);
    }
    return static_cast<double>(to_dependent.weight) *
           share_of_all(graph_.symptoms(to_dependent.other), [&](const WeighedSymptom& symptom) {
               return share_explained(to_dependent.other, symptom, cause);
           });
}

// How much of an alert others explain at best, and who: what it depends on, a caller whose surge of
// calls came through to it, or one that is in trouble on the way to several.
Blame EvidenceWalk::blame_for(Local node, const WeighedSymptom& symptom) const {
    Blame most;
    const auto offer = [&](double share, Local other, Blame::Way way) {
        if (share > most.share) {
            most = {share, other, way};
        }
    };
    for (const Arc& arc : graph_.dependencies(node)) {
        offer(static_cast<double>(arc.weight) * (graph_[arc.other].alerts()
                                                     ? share_explained(node, symptom, arc.other)
                                                     : share_silent_[arc.other]),
              arc.other, Blame::Way::Dependency);
    }
    const bool comes_by_load =
        symptom.kind != CheckKind::Error && symptom.kind != CheckKind::Transit;
    for (const Arc& arc : graph_.dependents(node)) {
        if (comes_by_load) {
            offer(pushes(arc.other, node), arc.other, Blame::Way::Surge);
        }
        offer(calling_side_.explains(arc.other, node, symptom), arc.other, Blame::Way::CallingSide);
    }
    return most;
}

Blame EvidenceWalk::blamed_on(Local node) const {
    double most = 0;
    Blame blamed;
    for (const WeighedSymptom& symptom : graph_.symptoms(node)) {
        const Blame blame = blame_for(node, symptom);
        if (blame.share * points_of(node, symptom) > most) {
            most = blame.share * points_of(node, symptom);
            blamed = blame;
        }
    }
    return blamed;
}

// How much a silent node explains of what stands above it: more, the more of those above it alert
// with one another. Two may do so by chance, twenty do not.
double EvidenceWalk::share_silent_of(Local node, std::uint32_t alerting_above) const {
    const auto others = static_cast<double>(alerting_above - 1);
    const double agreed = std::max(weights_.silent_blame, 1.0 - std::pow(kByChance, others));
    return agreed * others / static_cast<double>(graph_.all_dependents(node) - 1);
}

// How surely a silent node passes a fault on.
double EvidenceWalk::silent_link(Local node) const {
    return weights_.silent_link + (1.0 - weights_.silent_link) * share_silent_[node];
}

// More calls than usual at a node; 0 when there are none or fewer.
double EvidenceWalk::surge_at(Local node) const {
    double surge = 0;
    for (const WeighedSymptom& symptom : graph_.symptoms(node)) {
        if (symptom.kind == CheckKind::Traffic && symptom.symptom->excess >= 0) {
            surge = std::max(surge, static_cast<double>(symptom.strength));
        }
    }
    return surge;
}

// How surely a surge of calls at `caller` hurts what it calls: only where the surge arrives.
double EvidenceWalk::pushes(Local caller, Local called) const {
    const double arrives = surge_at(called);
    const double leaves = arrives > 0 ? surge_at(caller) : 0.0;
    return leaves > 0 ? weights_.overload * std::min(1.0, leaves / arrives) : 0.0;
}

void EvidenceWalk::push_open(const Step& step) {
    open_.push_back(step);
    std::push_heap(open_.begin(), open_.end(), IsLessSure());
}

EvidenceWalk::Step EvidenceWalk::pop_open() {
    std::pop_heap(open_.begin(), open_.end(), IsLessSure());
    const Step step = open_.back();
    open_.pop_back();
    return step;
}

// The surest way to each node first.
Reach EvidenceWalk::reach(Local start, bool with_paths) {
    Reach reached;
    reached.slo = graph_[start].slo ? 1.0 : 0.0;
    reached.missed = graph_.missing_above(start, with_paths ? kMissedNamed : 0);
    ++visit_;
    steps_.clear();
    open_.clear();
    offers_[start] = {1.0, visit_, 0, false};
    push_open({start, 0, 0, 1.0, false});
    double explained = 0;
    while (!open_.empty()) {
        const Step step = pop_open();
        if (std::exchange(offers_[step.node].is_taken, true)) {
            continue;
        }
        const auto place = static_cast<std::uint32_t>(steps_.size());
        steps_.push_back(step);
        if (place > 0 && graph_[step.node].alerts()) {
            explained += impact_[step.node] * step.surely;
            count_reached(start, place, reached, with_paths);
        }
        if (step.hop < limits_.hops) {
            step_up(place);
        }
        if (place == 0) {
            step_aside(start);
        }
    }
    const auto storm = storms_.find(graph_[start].part);
    const double elsewhere = storm == storms_.end() ? 0.0 : storm->second.impact - impact_[start];
    reached.share = elsewhere > 0 ? explained / elsewhere : 0.0;
    return reached;
}

// Unless a way that is as sure, and no longer, is known already.
void EvidenceWalk::step_to(Local node, std::uint32_t from, double surely) {
    const auto hop = static_cast<std::uint8_t>(steps_[from].hop + 1);
    Offer& offer = offers_[node];
    const bool is_worse = surely < offer.surely || (surely == offer.surely && hop >= offer.hop);
    if (offer.visit == visit_ && (offer.is_taken || is_worse)) {
        return;
    }
    offer = {surely, visit_, hop, false};
    push_open({node, from, hop, surely, !graph_[node].alerts()});
}

// To what depends on the node at that step; over one silent node, not over two.
void EvidenceWalk::step_up(std::uint32_t from) {
    const Step step = steps_[from];
    const double surely = step.surely * (from == 0 ? 1.0 : weights_.decay);
    const double* link = links_.data() + graph_.first_dependent(step.node);
    for (const Arc& arc : graph_.dependents(step.node)) {
        if (graph_[arc.other].alerts() || !step.over_silent) {
            step_to(arc.other, from, surely * *link);
        }
        ++link;
    }
}

// Against the arrows is not the only way: a saturated node hurts those that share its host, and a
// surge of calls, or trouble on the calling side, those that are called.
void EvidenceWalk::step_aside(Local start) {
    const auto symptoms = graph_.symptoms(start);
    const bool is_saturated =
        std::any_of(symptoms.begin(), symptoms.end(), [](const WeighedSymptom& symptom) {
            return symptom.kind == CheckKind::Resource;
        });
    for (const Arc& arc : graph_.dependencies(start)) {
        const double surely =
            std::max(pushes(start, arc.other), calling_side_.explains(start, arc.other));
        if (surely > 0) {
            step_to(arc.other, 0, surely);
        }
        if (!is_saturated || !graph_[arc.other].is_host || is_taken(arc.other)) {
            continue;
        }
        const auto host = static_cast<std::uint32_t>(steps_.size());
        steps_.push_back({arc.other, 0, 1, 0.0, true});  // on the way, not hurt itself
        for (const Arc& sharer : graph_.dependents(arc.other)) {
            if (graph_[sharer.other].alerts()) {
                step_to(sharer.other, host, weights_.sideways * static_cast<double>(sharer.weight));
            }
        }
    }
}

void EvidenceWalk::count_reached(Local start, std::uint32_t step, Reach& reached,
                                 bool with_path) const {
    const IncidentNode& node = graph_[steps_[step].node];
    reached.alerts += node.symptom_count;
    ++reached.nodes;
    if (node.slo) {
        reached.slo = std::max(reached.slo, steps_[step].surely);
    }
    if (node.first_seen + kClockNoise < graph_[start].first_seen) {
        ++reached.before;
    } else if (node.first_seen > graph_[start].first_seen + kClockNoise) {
        ++reached.after;
    }
    if (with_path && reached.paths.size() < limits_.paths_max) {
        std::vector<Local>& path = reached.paths.emplace_back();
        for (std::uint32_t at = step; at != 0; at = steps_[at].from) {
            path.push_back(steps_[at].node);
        }
        path.push_back(start);
        std::reverse(path.begin(), path.end());
    }
}

// The change to the node that what alerts here and right above it follows best: what began before a
// change does not come from it. Clocks may be off by a minute.
FollowedChange EvidenceWalk::change_before(Local node) const {
    FollowedChange best;
    if (graph_[node].told == nullptr) {
        return best;
    }
    for (const model::RecentChange& change : graph_[node].told->changes) {
        FollowedChange followed{&change, 0, model::Duration::max()};
        double after = 0;
        double all = 0;
        const auto count = [&](Local alerting) {
            for (const WeighedSymptom& symptom : graph_.symptoms(alerting)) {
                const auto delay = symptom.symptom->first_seen - change.time;
                all += static_cast<double>(symptom.strength);
                if (delay >= -kClocksOff) {
                    after += static_cast<double>(symptom.strength);
                    followed.delay = std::min(followed.delay, std::max(delay, model::Duration(0)));
                }
            }
        };
        count(node);
        for (const Arc& arc : graph_.dependents(node)) {
            count(arc.other);
        }
        if (after > 0) {
            const double minutes = static_cast<double>(followed.delay.count()) / 60'000.0;
            followed.weight = after / all / (1.0 + minutes / kChangeFades);
        }
        if (followed.weight > best.weight) {
            best = followed;
        }
    }
    return best;
}

KnownOrder EvidenceWalk::precedes(Local node) const {
    return strongest_order(node, true);
}

KnownOrder EvidenceWalk::is_preceded(Local node) const {
    return strongest_order(node, false);
}

KnownOrder EvidenceWalk::strongest_order(Local node, bool node_first) const {
    KnownOrder best;
    if (known_.empty()) {
        return best;
    }
    const auto look_at = [&](Local other, Relation of_other) {
        const Local first = node_first ? node : other;
        const Local second = node_first ? other : node;
        const Relation relation = node_first ? of_other : opposite(of_other);
        for (const WeighedSymptom& cause : graph_.symptoms(first).first(
                 std::min(kOrderedSymptoms, graph_.symptoms(first).size()))) {
            for (const WeighedSymptom& effect : graph_.symptoms(second).first(
                     std::min(kOrderedSymptoms, graph_.symptoms(second).size()))) {
                const KnownPrecedence* known =
                    known_.find(cause.symptom->check, effect.symptom->check, relation);
                if (known != nullptr && (best.known == nullptr || known->lift > best.known->lift)) {
                    best = {known, other};
                }
            }
        }
    };
    for (const Arc& arc : graph_.dependents(node)) {
        look_at(arc.other, Relation::Dependent);
    }
    for (const Arc& arc : graph_.dependencies(node)) {
        look_at(arc.other, Relation::Dependency);
    }
    return best;
}

Points EvidenceWalk::points_of(Local index) {
    Points points{};
    const auto at = [&](Part part) -> double& { return points[static_cast<std::size_t>(part)]; };
    const IncidentNode& node = graph_[index];
    at(Part::Near) = kNearPoints;
    const Own own = own_of(index);
    at(Part::Own) = own.points;
    at(Part::Blamed) = -weights_.blamed * own.blamed;
    const Reach reached = reach(index, false);
    at(Part::Explains) = weights_.explains * reached.share;
    at(Part::OffPath) = users_suffer_ ? -weights_.off_path * (1.0 - reached.slo) : 0.0;
    if (const std::size_t above = graph_.all_dependents(index); above > 0) {
        at(Part::Missing) = -weights_.missing * static_cast<double>(reached.missed.count) /
                            static_cast<double>(above);
    }
    if (!node.alerts()) {
        at(Part::Silent) = -weights_.silent * (node.is_host ? weights_.silent_host : 1.0);
    }
    if (node.alerts() && reached.nodes > 0) {
        at(Part::First) =
            weights_.first *
            (static_cast<double>(reached.after) - static_cast<double>(reached.before)) /
            static_cast<double>(reached.nodes);
    }
    const KnownOrder before = precedes(index);
    const KnownOrder after = is_preceded(index);
    at(Part::Precedes) = weights_.precedes * ((before.known ? strength_of(*before.known) : 0.0) -
                                              (after.known ? strength_of(*after.known) : 0.0));
    at(Part::Forward) = weights_.forward * calling_side_.trouble_of(index);
    at(Part::Change) = weights_.change * change_before(index).weight * (0.5 + 0.5 * reached.share);
    at(Part::Past) = node.told != nullptr ? weights_.past * node.told->past.likeness : 0.0;
    return points;
}

}  // namespace nocturne::topology
