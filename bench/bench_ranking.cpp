// How well the causal walk ranks recorded faults, and what each part of the evidence brings.
//
//   bench_ranking CASES [table|fit|cross|ablate]
#include "cli/ranking.hpp"
#include "cli/recorded_events.hpp"
#include "cli/replayer.hpp"
#include "cli/topology_files.hpp"
#include "engine/rank.hpp"
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
using topology::WalkWeights;

// One recorded fault, as the walk sees it, and who caused it.
struct Case {
    std::string set;
    std::string name;
    std::string stratum;
    std::unique_ptr<cli::Replayer> replayer;  // what the graph borrows from
    std::vector<topology::AlertingNode> alerting;
    topology::WalkLimits limits;
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

Case load(const fs::path& folder) {
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
    one.graph =
        std::make_unique<topology::IncidentGraph>(state.topology.now(), one.alerting, one.limits);
    const topology::IncidentGraph& graph = *one.graph;
    const topology::EvidenceWalk walk(graph, one.limits, topology::kWalkWeights);

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
    topology::EvidenceWalk walk(*one.graph, one.limits, weights);
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
        return {0, kLikelihoodMin};
    }
    return {static_cast<int>(std::count_if(best.begin(), best.end(),
                                           [&](double score) { return score >= truth; })),
            std::max(kLikelihoodMin, std::log(right / all))};
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
    PARAMETER("slo_own", slo_own, 0, 1),
    PARAMETER("called", called, 0, 8),
    PARAMETER("other_kind", other_kind, 0, 1),
    PARAMETER("remote", remote, 0, 1),
    PARAMETER("blamed", blamed, 0, 1),
    PARAMETER("explains", explains, 0, 8),
    PARAMETER("decay", decay, 0, 1),
    PARAMETER("silent_link", silent_link, 0, 1),
    PARAMETER("slo_factor", slo_factor, 1, 10),
    PARAMETER("forward", forward, 0, 4),
    PARAMETER("off_path", off_path, 0, 4),
    PARAMETER("missing", missing, 0, 4),
    PARAMETER("silent", silent, 0, 4),
    PARAMETER("first", first, 0, 2),
};

using Cases = std::vector<const Case*>;

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
double worth(const Cases& cases, const WalkWeights& weights, double ridge) {
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
    for (const Parameter& parameter : kParameters) {
        const double off = (parameter.get(weights) - parameter.get(topology::kWalkWeights)) /
                           (parameter.highest - parameter.lowest);
        worth -= ridge * off * off;
    }
    return worth;
}

// Pattern search: one weight after the other, by steps that shrink.
WalkWeights fit(const Cases& cases, double ridge, const std::set<std::string>& fixed = {},
                WalkWeights weights = topology::kWalkWeights) {
    double best = worth(cases, weights, ridge);
    for (double step = 0.16; step > 0.01; step /= 2) {
        for (int round = 0; round < 6; ++round) {
            const double before = best;
            for (const Parameter& parameter : kParameters) {
                if (fixed.contains(parameter.name)) {
                    continue;
                }
                for (const double direction : {1.0, -1.0}) {
                    WalkWeights tried = weights;
                    parameter.set(tried, std::clamp(parameter.get(weights) +
                                                        direction * step *
                                                            (parameter.highest - parameter.lowest),
                                                    parameter.lowest, parameter.highest));
                    const double value = worth(cases, tried, ridge);
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

void print(const char* what, const Score& score) {
    std::printf("%s %.3f/%.3f ll %.2f  ", what, score.top1, score.top3, score.likelihood);
}

void print(const WalkWeights& weights) {
    for (const Parameter& parameter : kParameters) {
        std::printf("%s %.2f  ", parameter.name, parameter.get(weights));
    }
    std::printf("\n");
}

void print_all(const char* what, const std::map<std::string, Cases>& sets,
               const WalkWeights& weights) {
    std::printf("%-17s", what);
    for (const auto& [name, set] : sets) {
        print(name.c_str(), score(set, weights));
    }
    std::printf("\n");
    std::fflush(stdout);
}

}  // namespace

int main(int count, char** arguments) {
    const fs::path root = arguments[1];
    const std::string what = count > 2 ? arguments[2] : "table";
    const double ridge = count > 3 ? std::atof(arguments[3]) : 0.01;
    std::vector<Case> cases;
    for (const auto& set : fs::directory_iterator(root)) {
        if (!set.is_directory() || set.path().filename() == "telecom") {
            continue;
        }
        for (const auto& folder : fs::directory_iterator(set)) {
            if (fs::exists(folder.path() / "truth.json")) {
                cases.push_back(load(folder.path()));
            }
        }
    }
    std::sort(cases.begin(), cases.end(), [](const Case& a, const Case& b) {
        return std::tie(a.set, a.name) < std::tie(b.set, b.name);
    });
    std::map<std::string, Cases> sets;
    Cases all;
    for (const Case& one : cases) {
        sets[one.set].push_back(&one);
        all.push_back(&one);
    }
    print_all("as set", sets, topology::kWalkWeights);
    WalkWeights weights = topology::kWalkWeights;
    if (what != "table" && what != "misses0") {
        weights = fit(all, ridge);
        print(weights);
        print_all("fitted", sets, weights);
    }
    if (what == "cross" || what == "ablate") {
        std::printf("leave-set-out    ");
        for (const auto& [name, set] : sets) {
            Cases others;
            for (const Case* one : all) {
                if (one->set != name) {
                    others.push_back(one);
                }
            }
            const WalkWeights fitted = fit(others, ridge);
            print(name.c_str(), score(set, fitted));
        }
        std::printf("\n5-fold           ");
        std::map<std::string, Score> folded;
        for (int fold = 0; fold < 5; ++fold) {
            Cases train;
            std::map<std::string, Cases> test;
            for (const auto& [name, set] : sets) {
                for (std::size_t i = 0; i < set.size(); ++i) {
                    (static_cast<int>(i % 5) == fold ? test[name] : train).push_back(set[i]);
                }
            }
            const WalkWeights fitted = fit(train, ridge);
            for (const auto& [name, set] : test) {
                const Score one = score(set, fitted);
                Score& sum = folded[name];
                sum.top1 += one.top1 * one.cases;
                sum.top3 += one.top3 * one.cases;
                sum.likelihood += one.likelihood * one.cases;
                sum.cases += one.cases;
            }
        }
        for (auto& [name, sum] : folded) {
            sum.top1 /= sum.cases;
            sum.top3 /= sum.cases;
            sum.likelihood /= sum.cases;
            print(name.c_str(), sum);
        }
        std::printf("\n");
    }
    if (what == "misses" || what == "misses0") {
        for (const Case& one : cases) {
            const Judged judged = judge(one, weights);
            if (judged.rank == 1) {
                continue;
            }
            std::printf("%s/%s %s rank %d\n", one.set.c_str(), one.name.c_str(),
                        one.stratum.c_str(), judged.rank);
            const std::vector<double> raw = weigh(one, weights);
            topology::EvidenceWalk walk(*one.graph, one.limits, weights);
            std::vector<std::size_t> order(raw.size());
            std::iota(order.begin(), order.end(), std::size_t{0});
            std::sort(order.begin(), order.end(),
                      [&](std::size_t a, std::size_t b) { return raw[a] > raw[b]; });
            for (std::size_t i = 0; i < order.size(); ++i) {
                const bool right = one.truth.contains(one.group[order[i]]);
                if (i > 2 && !right) {
                    continue;
                }
                const topology::Local node = one.candidates[order[i]];
                std::printf("  %s %-40s %.2f:", right ? ">>" : "  ",
                            one.graph->name_of(node).c_str(), raw[order[i]]);
                const topology::Points points = walk.points_of(node);
                for (std::size_t k = 0; k < points.size(); ++k) {
                    if (points[k] != 0) {
                        std::printf(" %s %.2f", std::string(topology::kPartNames[k]).c_str(),
                                    points[k]);
                    }
                }
                std::printf("\n");
            }
        }
    }
    return 0;
}
