// The one idea: the same inputs give the same state, whichever way the core came there.
#include "engine/view.hpp"
#include "tests/engine/story.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <random>
#include <string>

namespace nocturne::engine {
namespace {

// Some rules of each kind. `threshold` makes one of them another rule; the rest keeps its state.
model::RulesRevision rules_of(std::uint64_t threshold) {
    model::RulesRevision revision;
    revision.rules.push_back({"night.yaml",
                              R"(
dedup:
  - {name: d, match: {check: c0, severity: [minor, major]}, identity: [resource]}
heartbeat:
  - {name: h, match: {check: c1}, by: [resource], every: 10m, expect: [n1, n99]}
pattern:
  - {name: count, type: count, match: check="c0", by: [resource], window: 5m, count: )" +
                                  std::to_string(threshold) + R"(, emit: {check: many}}
  - {name: two, type: thresholds, match: check="c1", window: 2m, count: 3, window_low: 3m}
  - {name: pair, type: pair_within, match: check="c1", then: check="c2", by: [resource], window: 4m}
  - {name: seen, mode: shadow, type: single, match: check="c2", emit: {check: seen}}
  - {name: clock, type: calendar, cron: "*/7 * * * *", emit: {resource: clock}}
inhibit:
  - {name: i, source: {check: c0, severity_min: major}, target: check="c1", equal: [resource]}
maintenance:
  - {name: m, node: n20, dependents: true, cron: "*/20 * * * *", for: 6m}
  - {name: e, nodes: [n30, n33, n36, n39], cron: "*/8 * * * *", for: 4m}
  - {name: s, mode: shadow, match: {check: c2}, cron: "*/15 * * * *", for: 5m}
flapping:
  - {name: f, match: {check: c2}, window: 10m, start: 3, stop: 1}
dependency:
  - {name: dep, cause: {check: c0, severity_min: critical}, target: check=~"c1|c2", hops: 2}
change_window:
  - {name: ws, mode: shadow, match: {check: c1}, for: 5m}
  - {name: w, for: 5m, dependents: 1, alerts_max: 4}
storm:
  - {name: sts, mode: shadow, window: 1m, start: 4, told_max: 2}
  - {name: st, window: 1m, start: 8, told_max: 2}
group:
  - {name: g, match: {resource: [n1, n2, n3]}, by: [check], window: 5m}
lifecycle:
  - {name: l, match: {check: c2}, expire_after: 12m, auto_resolve: false}
route:
  - {name: r, match: {severity_min: major}, to: page, wait: 30s, repeat: 10m, budget: {max: 3, per: 1h}}
  - {name: rest, to: ticket}
)",
                              model::kNoTime});
    return revision;
}

// A night of everything, from one seed: events in and out of order, repeats, silences, changes of
// the graph, of the rules and of the settings, operators, pauses.
class Night {
   public:
    explicit Night(std::uint64_t seed) : random_(seed) {}

    std::vector<model::Input> inputs(std::size_t count) {
        std::vector<model::Input> inputs;
        model::Time at = model::from_unix_ms(Story::kStart);
        for (std::size_t i = 0; i < count; ++i) {
            at += model::Duration(below(10) == 0 ? below(400'000) : below(2000));
            model::Input& input = inputs.emplace_back();
            input.position = i + 1;
            input.at = at;
            input.body = body(at);
        }
        return inputs;
    }

   private:
    std::uint64_t below(std::uint64_t n) { return random_() % n; }

    model::Input::Body body(model::Time at) {
        switch (below(44)) {
            case 0: return topology();
            case 1:
                return model::Command(model::AddSilence{"resource=~\"n[0-4]\"", model::kNoTime,
                                                        at + model::Duration(below(600'000)), "me",
                                                        ""});
            case 2: return model::Command(model::AcknowledgeIncident{{below(300), 0}, "me"});
            case 3: return model::Command(model::ResolveIncident{{below(300), 0}, "me"});
            case 4: return model::Tick{};
            case 5: return rules_of(2 + below(2));
            case 6:
                return model::Command(
                    model::MergeIncidents{{below(300), 0}, {below(300), 0}, "me"});
            case 7:
                return model::Command(model::SplitIncident{
                    {below(300), 0}, {{below(300), 0}, {below(300), 1}}, "me"});
            case 8: return model::Command(model::ExpireSilence{{below(300), 0}, "me"});
            case 9:
                return model::Command(
                    model::LabelIncident{{below(300), 0}, "n" + std::to_string(below(30)), "me"});
            case 10:
                return model::Command(model::UnmergeIdentity{
                    model::identity_of("n" + std::to_string(below(40)), "c0", {}), "me"});
            case 11: return below(3) == 0 ? model::Input::Body(settings()) : events(at);
            default: return events(at);
        }
    }

    // Small bounds and short memories, so that a night meets them.
    model::Settings settings() {
        model::Settings settings;
        settings.resolved_keep = std::chrono::minutes(1 + below(15));
        settings.incident_keep = std::chrono::minutes(1 + below(60));
        settings.alert_ttl = std::chrono::minutes(5 + below(25));
        settings.alerts_max = 30 + below(100);
        settings.incidents_max = 5 + below(50);
        settings.incident_alerts_max = 5 + below(50);
        settings.message_ids_max = below(1000);
        return settings;
    }

    model::TopologyChange topology() {
        model::TopologyChange change;
        change.provenance = "p" + std::to_string(below(2));
        change.mode = below(2) == 0 ? model::TopologyChange::Mode::Merge
                                    : model::TopologyChange::Mode::Replace;
        for (std::uint64_t i = 0; i < 12; ++i) {
            change.edges.push_back({"n" + std::to_string(below(15)),
                                    "n" + std::to_string(15 + below(15)), "calls", 0.9});
        }
        if (below(3) == 0) {
            model::NodeSpec& node = change.nodes.emplace_back();
            node.name = "n" + std::to_string(below(40));
            node.aliases = {"n" + std::to_string(30 + below(10))};
        }
        if (below(4) == 0) {
            change.removed_nodes.push_back("n" + std::to_string(below(30)));
            change.removed_edges.push_back(change.edges.back());
        }
        change.ttl = std::chrono::seconds(below(2) * (30 + below(300)));
        return change;
    }

    model::EventBatch events(model::Time at) {
        std::string lines;
        for (std::uint64_t i = 0; i <= below(6); ++i) {
            const std::int64_t time =
                model::to_unix_ms(at) - static_cast<std::int64_t>(below(60'000)) + 5000;
            lines += R"({"resource":"n)" + std::to_string(below(40)) + R"(","check":"c)" +
                     std::to_string(below(3)) + R"(","severity":")" +
                     std::string(model::kSeverityNames[below(6)]) + R"(","time":)" +
                     std::to_string(time) + R"(,"id":")" + std::to_string(below(5000)) +
                     R"(","annotations":{"z":)" + std::to_string(below(30)) + R"(},"kind":")" +
                     (below(20) == 0 ? "change" : "alert") + "\"}\n";
        }
        return model::EventDecoder().decode(lines).batch;
    }

    std::mt19937_64 random_;
};

std::string bytes_of(const Core& core) {
    model::Writer out;
    core.encode(out);
    return out.take();
}

std::vector<model::Effect> run(Core& core, const std::vector<model::Input>& inputs,
                               std::size_t from, std::size_t to) {
    std::vector<model::Effect> effects;
    for (std::size_t i = from; i < to; ++i) {
        core.apply(inputs[i], effects);
    }
    return effects;
}

class Determinism : public testing::TestWithParam<std::uint64_t> {};

TEST(Night, HasRulesWithoutAFault) {
    for (const rules::Problem& problem : rules::compile(rules_of(2)).problems) {
        ADD_FAILURE() << rules::to_string(problem);
    }
}

TEST_P(Determinism, ReplayGivesTheSameBytes) {
    const std::vector<model::Input> inputs = Night(GetParam()).inputs(300);
    Core live;
    Core again;
    const std::vector<model::Effect> effects = run(live, inputs, 0, inputs.size());

    EXPECT_EQ(effects, run(again, inputs, 0, inputs.size()));
    EXPECT_EQ(bytes_of(live), bytes_of(again));
    EXPECT_EQ(render_incidents(live, {std::nullopt, true, 1000}),
              render_incidents(again, {std::nullopt, true, 1000}));
}

// One core goes on; another is restarted again and again, so that nothing in it is older than a few
// inputs but what snapshots keep.
TEST_P(Determinism, ASnapshotGoesOnAsIfNothingHappened) {
    Core whole;
    Core restarted;
    for (const model::Input& input : Night(GetParam()).inputs(300)) {
        SCOPED_TRACE("input " + std::to_string(input.position));
        std::vector<model::Effect> expected;
        std::vector<model::Effect> effects;
        whole.apply(input, expected);
        restarted.apply(input, effects);
        ASSERT_EQ(effects, expected);
        if (input.position % 7 != 0) {
            continue;
        }
        const std::string snapshot = bytes_of(restarted);
        ASSERT_TRUE(snapshot == bytes_of(whole)) << "its state is another";
        model::Reader in(snapshot);
        Result<Core> decoded = Core::decode(in);
        ASSERT_TRUE(decoded) << decoded.error().message;
        ASSERT_TRUE(bytes_of(*decoded) == snapshot) << "it decodes to another state";
        restarted = *std::move(decoded);
    }
}

TEST_P(Determinism, ASnapshotGoesOnForHoursAsIfNothingHappened) {
    const std::vector<model::Input> inputs = Night(GetParam()).inputs(300);
    constexpr std::size_t kCut = 100;
    Core whole;
    run(whole, inputs, 0, kCut);
    const std::string snapshot = bytes_of(whole);
    model::Reader in(snapshot);
    Result<Core> restarted = Core::decode(in);
    ASSERT_TRUE(restarted) << restarted.error().message;

    EXPECT_EQ(run(*restarted, inputs, kCut, inputs.size()),
              run(whole, inputs, kCut, inputs.size()));
    EXPECT_TRUE(bytes_of(*restarted) == bytes_of(whole));
}

TEST_P(Determinism, InputsComeBackFromTheJournalTheSame) {
    const std::vector<model::Input> inputs = Night(GetParam()).inputs(200);
    Core live;
    Core from_journal;
    run(live, inputs, 0, inputs.size());
    std::vector<model::Effect> effects;
    for (const model::Input& input : inputs) {
        Result<model::Input::Body> body = model::decode_body(model::encode_body(input.body));
        ASSERT_TRUE(body);
        from_journal.apply({input.position, input.at, *std::move(body)}, effects);
    }
    EXPECT_EQ(bytes_of(live), bytes_of(from_journal));
}

TEST_P(Determinism, TheBooksAlwaysBalance) {
    const std::vector<model::Input> inputs = Night(GetParam()).inputs(400);
    Core core;
    std::vector<model::Effect> effects;
    for (const model::Input& input : inputs) {
        core.apply(input, effects);
        const State& state = core.state();
        for (const auto& [id, slot] : state.incidents.by_id()) {
            const model::Incident& incident = state.incidents[slot];
            std::uint64_t counted = 0;
            for (const Slot alert : incident.alerts) {
                ASSERT_TRUE(state.alerts.is_used(alert));
                ASSERT_EQ(state.alerts[alert].incident, incident.id);
                counted += state.alerts[alert].is_counted ? 1U : 0U;
            }
            ASSERT_EQ(counted, incident.burning) << "input " << input.position;
            ASSERT_FALSE(!incident.is_over() && incident.alerts.empty());
        }
    }
}

// NOCTURNE_SEEDS: that many nights; the soak plays more than `./dev test`.
std::uint64_t seeds() {
    const char* asked = std::getenv("NOCTURNE_SEEDS");
    return asked == nullptr ? 100 : std::strtoull(asked, nullptr, 10);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Determinism, testing::Range<std::uint64_t>(1, seeds() + 1));

}  // namespace
}  // namespace nocturne::engine
