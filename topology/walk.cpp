#include "topology/walk.hpp"

#include "topology/cause_kind.hpp"
#include "topology/evidence.hpp"
#include "topology/walk_words.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

namespace nocturne::topology {

using model::Ranking;
using model::Suspect;

namespace {

constexpr double kConfidenceMin = 0.25;  // below it no cause is named
constexpr double kBlindCost = 0.5;       // of the confidence, when all around is blind

struct Candidate {
    Local node;
    Points points;
    double raw;
    double odds;  // e to the points, the first's taken off
};

// Ties are broken by what is explained, then by the suspect's own alerts.
bool is_likelier(const Candidate& a, const Candidate& b) {
    if (a.raw != b.raw) {
        return a.raw > b.raw;
    }
    const auto part = [](const Candidate& candidate, Part which) {
        return candidate.points[static_cast<std::size_t>(which)];
    };
    return std::tuple(part(b, Part::Explains), part(b, Part::Own), a.node) <
           std::tuple(part(a, Part::Explains), part(a, Part::Own), b.node);
}

// The likeliest first.
std::vector<Candidate> judge(const IncidentGraph& graph, EvidenceWalk& walk) {
    std::vector<Candidate> candidates;
    candidates.reserve(graph.size());
    for (Local node = 0; node < graph.size(); ++node) {
        if (walk.is_candidate(node)) {
            const Points points = walk.points_of(node);
            candidates.push_back(
                {node, points, std::accumulate(points.begin(), points.end(), 0.0), 0});
        }
    }
    std::vector<const Candidate*> order;  // a candidate is much to move
    order.reserve(candidates.size());
    for (const Candidate& candidate : candidates) {
        order.push_back(&candidate);
    }
    std::sort(order.begin(), order.end(),
              [](const Candidate* a, const Candidate* b) { return is_likelier(*a, *b); });
    std::vector<Candidate> sorted;
    sorted.reserve(candidates.size());
    for (const Candidate* candidate : order) {
        sorted.push_back(*candidate);
        sorted.back().odds = std::exp(candidate->raw - sorted.front().raw);
    }
    return sorted;
}

double sum_of_odds(const std::vector<Candidate>& candidates) {
    return std::accumulate(
        candidates.begin(), candidates.end(), 0.0,
        [](double sum, const Candidate& candidate) { return sum + candidate.odds; });
}

// Each part's share of the score, so that they add up to it.
void tell_parts(Suspect& suspect, const Candidate& candidate, const WalkWords& words) {
    for (std::size_t i = 0; i < kParts; ++i) {
        if (candidate.points[i] != 0) {
            suspect.evidence.push_back({std::string(kPartNames[i]),
                                        suspect.score * candidate.points[i] / candidate.raw,
                                        words.part(static_cast<Part>(i))});
        }
    }
}

class Telling {
   public:
    Telling(const IncidentGraph& graph, EvidenceWalk& walk) : graph_(graph), walk_(walk) {}

    Suspect tell(const Candidate& candidate, double score) {
        const Reach reach = walk_.reach(candidate.node);
        const WalkWords words(graph_, walk_, candidate.node, reach);
        Suspect suspect;
        suspect.resource = graph_.name_of(candidate.node);
        suspect.score = score;
        suspect.silent = !graph_[candidate.node].alerts();
        suspect.reason = words.sentence();
        CauseGuess guess = guess_cause_kind(graph_, candidate.node, candidate.points);
        suspect.kind = guess.kind;
        suspect.kind_reason = std::move(guess.reason);
        tell_parts(suspect, candidate, words);
        for (const std::vector<Local>& path : reach.paths) {
            model::CausalPath& told = suspect.paths.emplace_back();
            told.symptom = std::string(graph_.symptoms(path.back()).front().symptom->check);
            for (const Local step : path) {
                told.nodes.push_back(graph_.name_of(step));
            }
        }
        return suspect;
    }

   private:
    const IncidentGraph& graph_;
    EvidenceWalk& walk_;
};

double share_blind(std::span<const AlertingNode> alerting) {
    const auto blind = std::count_if(alerting.begin(), alerting.end(),
                                     [](const AlertingNode& node) { return node.blind; });
    return alerting.empty() ? 0.0
                            : static_cast<double>(blind) / static_cast<double>(alerting.size());
}

std::string doubt_of(const Ranking& ranking, std::size_t candidates, double blind) {
    if (ranking.confidence >= kConfidenceMin || ranking.suspects.empty()) {
        return {};
    }
    std::string text = "not enough evidence to name a cause: the best of " +
                       std::to_string(candidates) + " suspects is no more than " +
                       std::to_string(std::lround(100 * ranking.confidence)) + " % likely";
    return blind > 0 ? text + ", and some sources are silent" : text;
}

}  // namespace

struct WalkMemory::Known {
    WalkLimits limits;
    Surroundings surroundings;
    ClimbMemory climbs;
};

WalkMemory::WalkMemory() = default;
WalkMemory::~WalkMemory() = default;
WalkMemory::WalkMemory(WalkMemory&&) noexcept = default;
WalkMemory& WalkMemory::operator=(WalkMemory&&) noexcept = default;

namespace {

Ranking tell(const IncidentGraph& incident, EvidenceWalk& walk, const WalkLimits& limits,
             double blind) {
    std::vector<Candidate> candidates = judge(incident, walk);
    Ranking ranking;
    if (candidates.empty()) {
        return ranking;
    }
    const std::size_t all = candidates.size();
    ranking.confidence = (1.0 - kBlindCost * blind) / sum_of_odds(candidates);
    candidates.resize(std::min(all, limits.suspects_max));
    const double shown = sum_of_odds(candidates);
    Telling telling(incident, walk);
    for (const Candidate& candidate : candidates) {
        ranking.suspects.push_back(telling.tell(candidate, candidate.odds / shown));
    }
    ranking.doubt = doubt_of(ranking, all, blind);
    return ranking;
}

}  // namespace

Ranking rank(const Graph& graph, std::span<const AlertingNode> alerting, const WalkLimits& limits,
             const PrecedenceTable& known) {
    Surroundings surroundings;
    const IncidentGraph incident(graph, alerting, limits, surroundings);
    EvidenceWalk walk(incident, limits, kWalkWeights, known);
    return tell(incident, walk, limits, share_blind(alerting));
}

Ranking rank(const Graph& graph, std::span<const AlertingNode> alerting, const WalkLimits& limits,
             const PrecedenceTable& known, WalkMemory& memory) {
    if (memory.known_ == nullptr || memory.known_->limits != limits) {
        memory.known_ = std::make_unique<WalkMemory::Known>();
        memory.known_->limits = limits;
    }
    WalkMemory::Known& last = *memory.known_;
    const IncidentGraph incident(graph, alerting, limits, last.surroundings);
    EvidenceWalk walk(incident, limits, kWalkWeights, known, &last.climbs);
    Ranking ranking = tell(incident, walk, limits, share_blind(alerting));
    if (last.surroundings.is_too_large()) {
        memory.known_.reset();
    }
    return ranking;
}

}  // namespace nocturne::topology
