#include "topology/walk.hpp"

#include "topology/cause_kind.hpp"
#include "topology/evidence.hpp"
#include "topology/walk_words.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>
#include <utility>

namespace nocturne::topology {

using model::Ranking;
using model::Suspect;

namespace {

constexpr double kConfidenceMin = 0.25;  // below it no cause is named
constexpr double kBlindCost = 0.5;       // of the confidence, when all around is blind

double part_of(const Points& points, Part part) {
    return points[static_cast<std::size_t>(part)];
}

double sum_of(const Points& points) {
    return std::accumulate(points.begin(), points.end(), 0.0);
}

// What decides who comes first: there are many candidates, and few are told.
struct Candidate {
    Local node;
    double raw;  // the sum of its points
    double explains;
    double own;
};

// Ties are broken by what is explained, then by the suspect's own alerts.
bool is_likelier(const Candidate& a, const Candidate& b) {
    if (a.raw != b.raw) {
        return a.raw > b.raw;
    }
    return std::tuple(b.explains, b.own, a.node) < std::tuple(a.explains, a.own, b.node);
}

// In the order of the nodes.
std::vector<Candidate> judge(const IncidentGraph& graph, EvidenceWalk& walk) {
    std::vector<Candidate> candidates;
    candidates.reserve(graph.size());
    for (Local node = 0; node < graph.size(); ++node) {
        if (walk.is_candidate(node)) {
            const Points points = walk.points_of(node);
            candidates.push_back({node, sum_of(points), part_of(points, Part::Explains),
                                  part_of(points, Part::Own)});
        }
    }
    return candidates;
}

// e to the points, the first's taken off.
double odds_of(const Candidate& candidate, const Candidate& first) {
    return std::exp(candidate.raw - first.raw);
}

double sum_of_odds(std::span<const Candidate> candidates, const Candidate& first) {
    return std::accumulate(
        candidates.begin(), candidates.end(), 0.0,
        [&](double sum, const Candidate& candidate) { return sum + odds_of(candidate, first); });
}

// Each part's share of the score, so that they add up to it.
void tell_parts(Suspect& suspect, const Points& points, const WalkWords& words) {
    for (std::size_t i = 0; i < kParts; ++i) {
        if (points[i] != 0) {
            suspect.evidence.push_back({std::string(kPartNames[i]),
                                        suspect.score * points[i] / sum_of(points),
                                        words.part(static_cast<Part>(i))});
        }
    }
}

class Telling {
   public:
    Telling(const IncidentGraph& graph, EvidenceWalk& walk) : graph_(graph), walk_(walk) {}

    Suspect tell(Local node, double score) {
        const Points points = walk_.points_of(node);
        const Reach reach = walk_.reach(node);
        const WalkWords words(graph_, walk_, node, reach);
        Suspect suspect;
        suspect.resource = graph_.name_of(node);
        suspect.score = score;
        suspect.silent = !graph_[node].alerts();
        suspect.reason = words.sentence();
        CauseGuess guess = guess_cause_kind(graph_, node, points);
        suspect.kind = guess.kind;
        suspect.kind_reason = std::move(guess.reason);
        tell_parts(suspect, points, words);
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
    const Candidate first = *std::min_element(candidates.begin(), candidates.end(), is_likelier);
    ranking.confidence = (1.0 - kBlindCost * blind) / sum_of_odds(candidates, first);
    const auto shown =
        std::span(candidates).first(std::min(candidates.size(), limits.suspects_max));
    std::partial_sort(candidates.begin(), candidates.begin() + std::ssize(shown), candidates.end(),
                      is_likelier);
    const double odds_shown = sum_of_odds(shown, first);
    Telling telling(incident, walk);
    for (const Candidate& candidate : shown) {
        ranking.suspects.push_back(
            telling.tell(candidate.node, odds_of(candidate, first) / odds_shown));
    }
    ranking.doubt = doubt_of(ranking, candidates.size(), blind);
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
