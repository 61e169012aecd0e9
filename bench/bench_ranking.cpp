// How well the causal walk ranks recorded faults, and what each part of the evidence brings.
//
//   bench_ranking CASES            what the shipped weights reach, cross-validation, what each part
//                                  of the evidence brings, and how often a confidence came true
//   bench_ranking CASES --fit      weights fitted to all cases
//   bench_ranking CASES --misses   each case whose cause is not first, with the points
//   bench_ranking CASES --by-case  rank and log-likelihood of each cause: by the shipped weights,
//                                  fitted to the other sets, and 5-fold; for compare_rankings.py
//
// CASES is a folder of data sets of cases with truth.json. A fit is a conditional logit: the log of
// the share that the true cause gets, each set counting the same, and the weights drawn to those
// that were set by thought before any fit.
#include "cli/ranking.hpp"
#include "cli/recorded_events.hpp"
#include "cli/replayer.hpp"
#include "cli/topology_files.hpp"
#include "engine/walk_input.hpp"
#include "topology/evidence.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <numeric>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace {

using namespace nocturne;
namespace fs = std::filesystem;
namespace json = boost::json;

const topology::PrecedenceTable kNothingKnown;  // the cases have no history

using topology::WalkWeights;

// One recorded fault, as the walk sees it, and who caused it.
struct Case {
    std::string set;
    std::string name;
    std::string stratum;
    std::unique_ptr<cli::Replayer> replayer;  // what the graph borrows from
    std::vector<topology::AlertingNode> alerting;
    topology::WalkLimits limits;
    std::unique_ptr<topology::Surroundings> surroundings;
    std::unique_ptr<topology::IncidentGraph> graph;
    std::vector<topology::Local> candidates;
    std::vector<int> group;  // of a candidate: those of one group count as one
    std::set<int> truth;     // groups
    int groups = 0;
};

json::value read_json(const fs::path& path) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    return json::parse(text.str());
}

// Whether alerts tell how far off they are in the unit of the check.
enum class Measured : std::uint8_t { No, Yes };

Case load(const fs::path& folder, Measured measured) {
    Case one;
    one.set = folder.parent_path().filename().string();
    one.name = folder.filename().string();
    const cli::TopologyFiles files = cli::read_topology_files({folder / "topology.yaml"});
    one.replayer = std::make_unique<cli::Replayer>(cli::one_incident());
    cli::Replayer& replayer = *one.replayer;
    replayer.apply(files.change, model::from_unix_ms(0));
    auto events = cli::RecordedEvents::open({(folder / "events.jsonl").string()}, {});
    model::EventBatch batch;
    model::Time at = model::from_unix_ms(0);
    cli::RecordedEvent event;
    while (events->next(event)) {
        batch.add(event.event);
        at = std::max(at, event.at);
    }
    replayer.apply(std::move(batch), at);
    const engine::State& state = replayer.core().state();
    const model::Incident& incident = state.incidents[state.incidents.by_id().begin()->second];
    one.alerting = engine::alerting_of(state, incident);
    for (topology::AlertingNode& node : one.alerting) {
        for (model::Symptom& symptom : node.symptoms) {
            symptom.excess = measured == Measured::Yes ? symptom.excess : 0;
        }
    }
    one.surroundings = std::make_unique<topology::Surroundings>();
    one.graph = std::make_unique<topology::IncidentGraph>(state.topology.now(), one.alerting,
                                                          one.limits, *one.surroundings);
    const topology::IncidentGraph& graph = *one.graph;
    const topology::EvidenceWalk walk(graph, one.limits, topology::kWalkWeights, kNothingKnown);

    const json::value truth = read_json(folder / "truth.json");
    std::map<std::string, std::string> merge;
    if (const auto* merged = truth.as_object().if_contains("merge")) {
        for (const auto& [from, to] : merged->as_object()) {
            merge[from] = to.as_string().c_str();
        }
    }
    const auto merged = [&](const std::string& name) {
        const auto found = merge.find(name);
        return found == merge.end() ? name : found->second;
    };
    std::set<std::string> candidates;
    for (const json::value& name : truth.at("candidates").as_array()) {
        candidates.insert(merged(name.as_string().c_str()));
    }
    std::map<std::string, int> groups;
    const auto group_of = [&](const std::string& name) {
        return groups.try_emplace(merged(name), static_cast<int>(groups.size())).first->second;
    };
    for (topology::Local node = 0; node < graph.size(); ++node) {
        if (walk.is_candidate(node) && candidates.contains(merged(graph.name_of(node)))) {
            one.candidates.push_back(node);
            one.group.push_back(group_of(graph.name_of(node)));
        }
    }
    for (const json::value& cause : truth.at("root_causes").as_array()) {
        one.truth.insert(group_of(cause.as_string().c_str()));
    }
    one.groups = static_cast<int>(groups.size());
    if (const auto* stratum = truth.as_object().if_contains("stratum")) {
        one.stratum = stratum->as_string().c_str();
    }
    return one;
}

std::vector<double> weigh(const Case& one, const WalkWeights& weights) {
    topology::EvidenceWalk walk(*one.graph, one.limits, weights, kNothingKnown);
    std::vector<double> raw;
    raw.reserve(one.candidates.size());
    for (const topology::Local node : one.candidates) {
        const topology::Points points = walk.points_of(node);
        raw.push_back(std::accumulate(points.begin(), points.end(), 0.0));
    }
    return raw;
}

struct Judged {
    int rank = 0;           // of the cause, a tie at its worst; 0: it is no candidate
    double likelihood = 0;  // log of the share that the cause gets
    double confidence = 0;  // the share that the first gets
};

constexpr double kLikelihoodMin = -5;  // a cause that is no candidate cannot be helped

Judged judge(const Case& one, const WalkWeights& weights) {
    const std::vector<double> raw = weigh(one, weights);
    std::vector<double> best(static_cast<std::size_t>(one.groups), -1e300);
    const double highest = raw.empty() ? 0 : *std::max_element(raw.begin(), raw.end());
    double all = 0;
    double right = 0;
    for (std::size_t i = 0; i < raw.size(); ++i) {
        double& score = best[static_cast<std::size_t>(one.group[i])];
        score = std::max(score, raw[i]);
        all += std::exp(raw[i] - highest);
        right += one.truth.contains(one.group[i]) ? std::exp(raw[i] - highest) : 0;
    }
    const double truth = best[static_cast<std::size_t>(*one.truth.begin())];
    if (truth <= -1e300) {
        return {0, kLikelihoodMin, all > 0 ? 1 / all : 0};
    }
    return {static_cast<int>(std::count_if(best.begin(), best.end(),
                                           [&](double score) { return score >= truth; })),
            std::max(kLikelihoodMin, std::log(right / all)), 1 / all};
}

// What is searched: a weight, and where it may lie.
struct Parameter {
    const char* name;
    double (*get)(const WalkWeights&);
    void (*set)(WalkWeights&, double);
    double lowest;
    double highest;
};

#define PARAMETER(name, member, lowest, highest)                                                   \
    Parameter {                                                                                    \
        name, [](const WalkWeights& weights) { return weights.member; },                           \
            [](WalkWeights& weights, double value) { weights.member = value; }, lowest, highest    \
    }

const std::vector<Parameter> kParameters{
    PARAMETER("own_resource", own[0], 0, 8),
    PARAMETER("own_error", own[1], 0, 8),
    PARAMETER("own_latency", own[2], 0, 8),
    PARAMETER("own_traffic", own[3], 0, 8),
    PARAMETER("own_transit", own[4], 0, 8),
    PARAMETER("own_calling", own[5], 0, 8),
    PARAMETER("own_other", own[6], 0, 8),
    PARAMETER("more", more, 0, 0.6),
    PARAMETER("rarity", rarity, 0, 1),
    PARAMETER("blip", blip, 0, 1),
    PARAMETER("over", over, 0, 1),
    PARAMETER("slo_own", slo_own, 0, 1),
    PARAMETER("called", called, 0, 8),
    PARAMETER("other_kind", other_kind, 0, 1),
    PARAMETER("remote", remote, 0, 1),
    PARAMETER("blamed", blamed, 0, 1),
    PARAMETER("silent_blame", silent_blame, 0, 1),
    PARAMETER("explains", explains, 0, 8),
    PARAMETER("decay", decay, 0, 1),
    PARAMETER("silent_link", silent_link, 0, 1),
    PARAMETER("calling_side", calling_side, 0, 1),
    PARAMETER("slo_factor", slo_factor, 1, 10),
    PARAMETER("forward", forward, 0, 4),
    PARAMETER("off_path", off_path, 0, 4),
    PARAMETER("missing", missing, 0, 4),
    PARAMETER("silent", silent, 0, 4),
    PARAMETER("first", first, 0, 2),
};

using Cases = std::vector<const Case*>;
using Sets = std::map<std::string, Cases>;

constexpr double kRidge = 0.3;  // how strongly weights are drawn to the prior

// The weights as they were set by thought.
WalkWeights prior() {
    WalkWeights weights;
    weights.own = {3.0, 3.0, 2.0, 1.0, 2.5, 0.5, 2.0};
    weights.called = 2.0;
    weights.more = 0.33;
    weights.rarity = 0.5;
    weights.blip = 0.7;
    weights.slo_own = 0.3;
    weights.other_kind = 0.4;
    weights.remote = 0.3;
    weights.blamed = 0.7;
    weights.silent_blame = 0.5;
    weights.explains = 3.0;
    weights.decay = 0.6;
    weights.silent_link = 0.6;
    weights.slo_factor = 4.0;
    weights.forward = 0.7;
    weights.off_path = 1.0;
    weights.missing = 0.5;
    weights.silent = 1.0;
    weights.first = 0.2;
    return weights;
}

struct Score {
    double top1 = 0;
    double top3 = 0;
    double likelihood = 0;
    int cases = 0;
};

Score score(const Cases& cases, const WalkWeights& weights) {
    Score score;
    for (const Case* one : cases) {
        const Judged judged = judge(*one, weights);
        score.top1 += judged.rank == 1;
        score.top3 += judged.rank >= 1 && judged.rank <= 3;
        score.likelihood += judged.likelihood;
        ++score.cases;
    }
    score.top1 /= score.cases;
    score.top3 /= score.cases;
    score.likelihood /= score.cases;
    return score;
}

// Each set counts the same; the weights are drawn to where they were set by thought.
double worth(const Cases& cases, const WalkWeights& weights) {
    std::map<std::string, std::pair<double, int>> sums;
    for (const Case* one : cases) {
        auto& [sum, number] = sums[one->set];
        sum += judge(*one, weights).likelihood;
        ++number;
    }
    double worth = 0;
    for (const auto& [set, sum] : sums) {
        worth += sum.first / sum.second / static_cast<double>(sums.size());
    }
    const WalkWeights drawn_to = prior();
    for (const Parameter& parameter : kParameters) {
        const double off = (parameter.get(weights) - parameter.get(drawn_to)) /
                           (parameter.highest - parameter.lowest);
        worth -= kRidge * off * off;
    }
    return worth;
}

// Pattern search: one weight after the other, by steps that shrink.
WalkWeights fit(const Cases& cases) {
    WalkWeights weights = prior();
    double best = worth(cases, weights);
    for (const double step : {0.16, 0.08, 0.04, 0.02}) {
        for (int round = 0; round < 6; ++round) {
            const double before = best;
            for (const Parameter& parameter : kParameters) {
                for (const double direction : {1.0, -1.0}) {
                    WalkWeights tried = weights;
                    parameter.set(tried, std::clamp(parameter.get(weights) +
                                                        direction * step *
                                                            (parameter.highest - parameter.lowest),
                                                    parameter.lowest, parameter.highest));
                    const double value = worth(cases, tried);
                    if (value > best) {
                        best = value;
                        weights = tried;
                        break;
                    }
                }
            }
            if (best - before < 1e-4) {
                break;
            }
        }
    }
    return weights;
}

void print(const WalkWeights& weights) {
    for (const Parameter& parameter : kParameters) {
        std::printf("%-14s %5.2f   prior %5.2f   shipped %5.2f\n", parameter.name,
                    parameter.get(weights), parameter.get(prior()),
                    parameter.get(topology::kWalkWeights));
    }
}

// One line of a table: top-1 / top-3 by set.
void print_row(const std::string& what, const std::map<std::string, Score>& scores) {
    std::printf("| %-28s |", what.c_str());
    for (const auto& [set, score] : scores) {
        std::printf(" %.2f / %.2f |", score.top1, score.top3);
    }
    std::printf("\n");
    std::fflush(stdout);
}

std::map<std::string, Score> score_all(const Sets& sets, const WalkWeights& weights) {
    std::map<std::string, Score> scores;
    for (const auto& [name, set] : sets) {
        scores[name] = score(set, weights);
    }
    return scores;
}

std::map<std::string, Score> leave_one_set_out(const Sets& sets) {
    std::map<std::string, Score> scores;
    for (const auto& [name, set] : sets) {
        Cases others;
        for (const auto& [other, cases] : sets) {
            if (other != name) {
                others.insert(others.end(), cases.begin(), cases.end());
            }
        }
        scores[name] = score(set, fit(others));
    }
    return scores;
}

// How likely the first suspect was said to be, and whether it was the cause.
using Forecasts = std::vector<std::pair<double, bool>>;

std::map<std::string, Score> five_fold(const Sets& sets, Forecasts& forecasts) {
    constexpr std::size_t kFolds = 5;
    std::map<std::string, Score> sums;
    for (std::size_t fold = 0; fold < kFolds; ++fold) {
        Cases train;
        Sets test;
        for (const auto& [name, set] : sets) {
            for (std::size_t i = 0; i < set.size(); ++i) {
                (i % kFolds == fold ? test[name] : train).push_back(set[i]);
            }
        }
        const WalkWeights fitted = fit(train);
        for (const auto& [name, set] : test) {
            const Score one = score(set, fitted);
            sums[name].top1 += one.top1 * one.cases;
            sums[name].top3 += one.top3 * one.cases;
            sums[name].cases += one.cases;
            for (const Case* tested : set) {
                const Judged judged = judge(*tested, fitted);
                forecasts.emplace_back(judged.confidence, judged.rank == 1);
            }
        }
    }
    for (auto& [name, sum] : sums) {
        sum.top1 /= sum.cases;
        sum.top3 /= sum.cases;
    }
    return sums;
}

void print_reliability(Forecasts forecasts) {
    constexpr std::size_t kBins = 5;
    std::sort(forecasts.begin(), forecasts.end());
    std::printf("\nconfidence of the first suspect, and how often it was the cause (5-fold)\n");
    for (std::size_t bin = 0; bin < kBins; ++bin) {
        const std::size_t begin = forecasts.size() * bin / kBins;
        const std::size_t end = forecasts.size() * (bin + 1) / kBins;
        double said = 0;
        double right = 0;
        for (std::size_t i = begin; i < end; ++i) {
            said += forecasts[i].first;
            right += forecasts[i].second;
        }
        const auto cases = static_cast<double>(end - begin);
        std::printf("| %.2f to %.2f | %2zu incidents | said %.2f | came true %.2f |\n",
                    forecasts[begin].first, forecasts[end - 1].first, end - begin, said / cases,
                    right / cases);
    }
}

struct Ablation {
    const char* what;
    void (*apply)(WalkWeights& weights);
};

// The shipped weights, with one part of the evidence taken away.
void print_ablation(const Sets& sets, const Sets& unmeasured) {
    const std::vector<Ablation> ablations{
        {"kinds of check",
         [](WalkWeights& weights) {
             weights.own.fill(3);
             weights.called = 3;
         }},
        {"blaming dependencies", [](WalkWeights& weights) { weights.blamed = 0; }},
        {"explaining others", [](WalkWeights& weights) { weights.explains = 0; }},
        {"what users feel",
         [](WalkWeights& weights) {
             weights.off_path = 0;
             weights.slo_factor = 1;
             weights.slo_own = 1;
             weights.other_kind = 1;
         }},
        {"rarity of checks", [](WalkWeights& weights) { weights.rarity = 0; }},
        {"persistence",
         [](WalkWeights& weights) {
             weights.blip = 1;
             weights.over = 0;
         }},
        {"the calling side",
         [](WalkWeights& weights) {
             weights.forward = 0;
             weights.calling_side = 0;
         }},
        {"far ends of calls", [](WalkWeights& weights) { weights.remote = 1; }},
        {"missing alerts", [](WalkWeights& weights) { weights.missing = 0; }},
        {"order in time", [](WalkWeights& weights) { weights.first = 0; }},
    };
    for (const Ablation& ablation : ablations) {
        WalkWeights weights;
        ablation.apply(weights);
        print_row(std::string("without ") + ablation.what, score_all(sets, weights));
    }
    print_row("without measured excess", score_all(unmeasured, topology::kWalkWeights));
}

void print_misses(const Cases& cases) {
    const WalkWeights weights;
    for (const Case* one : cases) {
        const Judged judged = judge(*one, weights);
        if (judged.rank == 1) {
            continue;
        }
        std::printf("%s/%s %s rank %d\n", one->set.c_str(), one->name.c_str(), one->stratum.c_str(),
                    judged.rank);
        const std::vector<double> raw = weigh(*one, weights);
        topology::EvidenceWalk walk(*one->graph, one->limits, weights, kNothingKnown);
        std::vector<std::size_t> order(raw.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::sort(order.begin(), order.end(),
                  [&](std::size_t a, std::size_t b) { return raw[a] > raw[b]; });
        for (std::size_t i = 0; i < order.size(); ++i) {
            const bool right = one->truth.contains(one->group[order[i]]);
            if (i > 2 && !right) {
                continue;
            }
            const topology::Local node = one->candidates[order[i]];
            std::printf("  %s %-40s %.2f:", right ? ">>" : "  ", one->graph->name_of(node).c_str(),
                        raw[order[i]]);
            const topology::Points points = walk.points_of(node);
            for (std::size_t k = 1; k < points.size(); ++k) {
                if (points[k] != 0) {
                    std::printf(" %s %.2f", std::string(topology::kPartNames[k]).c_str(),
                                points[k]);
                }
            }
            std::printf("\n");
        }
    }
}

// By weights fitted without a case, what a case comes to: `held_out` says of which it is one.
template <typename HeldOut>
void judge_apart(const Cases& all, HeldOut held_out,
                 std::map<const Case*, std::vector<Judged>>& judged) {
    std::map<std::string, Cases> parts;
    for (std::size_t i = 0; i < all.size(); ++i) {
        parts[held_out(*all[i], i)].push_back(all[i]);
    }
    for (const auto& [name, part] : parts) {
        Cases train;
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (held_out(*all[i], i) != name) {
                train.push_back(all[i]);
            }
        }
        const WalkWeights fitted = fit(train);
        for (const Case* one : part) {
            judged[one].push_back(judge(*one, fitted));
        }
    }
}

void print_by_case(const Cases& all) {
    std::map<const Case*, std::vector<Judged>> judged;
    for (const Case* one : all) {
        judged[one].push_back(judge(*one, topology::kWalkWeights));
    }
    judge_apart(
        all, [](const Case& one, std::size_t) { return one.set; }, judged);
    judge_apart(
        all, [](const Case&, std::size_t i) { return std::to_string(i % 5); }, judged);
    for (const Case* one : all) {
        std::printf("%s %s", one->set.c_str(), one->name.c_str());
        for (const Judged& by : judged[one]) {
            std::printf(" %d %.4f", by.rank, by.likelihood);
        }
        std::printf("\n");
    }
}

std::vector<Case> load_all(const fs::path& root, Measured measured) {
    std::vector<Case> cases;
    for (const auto& set : fs::directory_iterator(root)) {
        if (!set.is_directory() || set.path().filename() == "telecom") {
            continue;  // streams with a causal graph, not incidents with a cause
        }
        for (const auto& folder : fs::directory_iterator(set)) {
            if (fs::exists(folder.path() / "truth.json")) {
                cases.push_back(load(folder.path(), measured));
            }
        }
    }
    std::sort(cases.begin(), cases.end(), [](const Case& a, const Case& b) {
        return std::tie(a.set, a.name) < std::tie(b.set, b.name);
    });
    return cases;
}

Sets by_set(const std::vector<Case>& cases) {
    Sets sets;
    for (const Case& one : cases) {
        sets[one.set].push_back(&one);
    }
    return sets;
}

}  // namespace

int main(int count, char** arguments) {
    const std::string mode = count > 2 ? arguments[2] : "";
    if (count < 2 || count > 3 ||
        (!mode.empty() && mode != "--fit" && mode != "--misses" && mode != "--by-case") ||
        !fs::is_directory(arguments[1])) {
        std::fprintf(stderr, "usage: bench_ranking CASES [--fit|--misses|--by-case]\n");
        return 2;
    }
    const std::vector<Case> cases = load_all(arguments[1], Measured::Yes);
    const Sets sets = by_set(cases);
    Cases all;
    for (const Case& one : cases) {
        all.push_back(&one);
    }
    if (mode == "--fit") {
        print(fit(all));
        return 0;
    }
    if (mode == "--misses") {
        print_misses(all);
        return 0;
    }
    if (mode == "--by-case") {
        print_by_case(all);
        return 0;
    }
    std::printf("top-1 / top-3        ");
    for (const auto& [name, set] : sets) {
        std::printf("  %s (%zu)", name.c_str(), set.size());
    }
    std::printf("\n");
    print_row("shipped weights", score_all(sets, topology::kWalkWeights));
    print_row("set by thought, no fit", score_all(sets, prior()));
    print_row("fitted to the other sets", leave_one_set_out(sets));
    Forecasts forecasts;
    print_row("5-fold", five_fold(sets, forecasts));
    std::printf("\n");
    const std::vector<Case> unmeasured = load_all(arguments[1], Measured::No);
    print_ablation(sets, by_set(unmeasured));
    print_reliability(std::move(forecasts));
    return 0;
}
