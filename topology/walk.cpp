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

struct Candidate {
    Local node;
    Points points;
    double raw;
    double odds = 0;  // e to the points, the first's taken off
};

// Of two that have as many points: by what is explained, then by the suspect's own alerts.
bool is_likelier(const Candidate& a, const Candidate& b) {
    const auto part = [](const Candidate& candidate, Part which) {
        return candidate.points[static_cast<std::size_t>(which)];
    };
    return std::tuple(part(b, Part::Explains), part(b, Part::Own), a.node) <
           std::tuple(part(a, Part::Explains), part(a, Part::Own), b.node);
}

std::vector<Candidate> weigh_candidates(const IncidentGraph& graph, EvidenceWalk& walk) {
    std::vector<Candidate> candidates;
    candidates.reserve(graph.size());
    for (Local node = 0; node < graph.size(); ++node) {
        if (walk.is_candidate(node)) {
            const Points points = walk.points_of(node);
            candidates.push_back(
                {node, points, std::accumulate(points.begin(), points.end(), 0.0)});
        }
    }
    return candidates;
}

struct Judged {
    std::vector<Candidate> likeliest;  // the likeliest first
    std::size_t candidates = 0;
    double odds = 0;  // of all candidates
};

Judged judge(const IncidentGraph& graph, EvidenceWalk& walk, std::size_t suspects_max) {
    const std::vector<Candidate> candidates = weigh_candidates(graph, walk);
    std::vector<std::pair<double, const Candidate*>> order;  // a candidate is much to move
    order.reserve(candidates.size());
    for (const Candidate& candidate : candidates) {
        order.emplace_back(candidate.raw, &candidate);
    }
    std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
        return a.first != b.first ? a.first > b.first : is_likelier(*a.second, *b.second);
    });
    Judged judged;
    judged.candidates = order.size();
    for (const auto& [raw, candidate] : order) {
        const double odds = std::exp(raw - order.front().first);
        judged.odds += odds;
        if (judged.likeliest.size() < suspects_max) {
            judged.likeliest.push_back(*candidate);
            judged.likeliest.back().odds = odds;
        }
    }
    return judged;
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
    const Judged judged = judge(incident, walk, limits.suspects_max);
    Ranking ranking;
    if (judged.candidates == 0) {
        return ranking;
    }
    ranking.confidence = (1.0 - kBlindCost * blind) / judged.odds;
    const double shown = std::accumulate(
        judged.likeliest.begin(), judged.likeliest.end(), 0.0,
        [](double sum, const Candidate& candidate) { return sum + candidate.odds; });
    Telling telling(incident, walk);
    for (const Candidate& candidate : judged.likeliest) {
        ranking.suspects.push_back(telling.tell(candidate, candidate.odds / shown));
    }
    ranking.doubt = doubt_of(ranking, judged.candidates, blind);
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
