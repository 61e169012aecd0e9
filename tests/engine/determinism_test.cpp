// The one idea: the same inputs give the same state, whichever way the core came there.
#include "engine/view.hpp"
#include "tests/engine/plugin_story.hpp"

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

// Plugins that keep what they know where they should. `version` makes one of them another plugin.
model::PluginsRevision night_plugins(std::uint64_t version) {
    const std::string number = std::to_string(version);
    return plugins_of({
        plugin_file("counter",
                    "wants = { writes = {'annotations', 'labels'} }, on_event = function(event) "
                    "local seen = nocturne.state[event.resource] or 0 "
                    "nocturne.state[event.resource] = seen + 1 "
                    "nocturne.annotate('seen', seen + " +
                        number +
                        ") nocturne.annotate('luck', math.random(1000)) "
                        "if event.check == 'c1' then nocturne.set_label('odd', tostring(seen % 2)) "
                        "end end, migrate = function(state) return state end",
                    "enricher", number + ".0.0"),
        plugin_file("echo", "wants = { writes = {'events'}, match = 'check=~\"c2|echo\"' }, "
                            "on_event = function(event) nocturne.emit{ resource = event.resource, "
                            "check = 'echo', severity = 'minor' } end"),
        plugin_file("fails",
                    "on_event = function(event) if event.resource == 'n7' then error('n7') end "
                    "end"),
        plugin_file("notes",
                    "wants = { writes = {'annotations'} }, on_incident = function(incident) "
                    "nocturne.state.n = (nocturne.state.n or 0) + 1 "
                    "nocturne.annotate('number', nocturne.state.n) end"),
        plugin_file(
            "spike",
            "wants = { events = {'metric'}, series = 20 }, "
            "series = function() return { high = 0 } end, "
            "on_sample = function(series, sample) local is_new = sample.value > series.high "
            "series.high = math.max(series.high * 0.9, sample.value) "
            "return is_new and 0.8 or 0.1 end",
            "detector"),
    });
}

// A night of everything, from one seed: events in and out of order, repeats, silences, changes of
// the graph, of the rules and of the settings, operators, pauses.
class Night {
   public:
    explicit Night(std::uint64_t seed) : random_(seed) {}

    std::vector<model::Input> inputs(std::size_t count) {
        std::vector<model::Input> inputs;
        model::Time at = model::from_unix_ms(Story::kStart);
        model::PlaybookSettings settings;
        settings.mode_max = model::RunMode::Auto;
        settings.runs_max = 1000;
        settings.blast_share_max = 1;
        settings.confidence_min = 0;
        settings.failures_max = 100;
        settings.error_budget = 100;
        for (std::size_t i = 0; i < count; ++i) {
            at += model::Duration(below(10) == 0 ? below(400'000) : below(2000));
            model::Input& input = inputs.emplace_back();
            input.position = i + 1;
            input.at = at;
            position_ = input.position;
            input.body = i == 0 ? model::Input::Body(settings) : body(at);
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
            case 8: return night_plugins(1 + below(2));
            case 9: return model::Checkpoint{};
            case 10: {
                static constexpr const char* kModes[]{"shadow", "suggest", "auto", ""};
                return model::Command(model::SetPluginMode{"counter", kModes[below(4)], "me"});
            }
            case 11: return model::Command(model::ReleasePlugin{"fails", "me"});
            case 12: return model::Command(model::RollbackPlugin{"counter", "me"});
            case 13: return proposal();
            case 14:
            case 15:
            case 16: return word();
            case 17:
            case 18:
            case 19: return result();
            case 20:
                return below(4) == 0 ? model::Input::Body(model::Command(hold()))
                                     : model::Input::Body(result());
            case 21: return model::Command(model::ExpireSilence{{below(300), 0}, "me"});
            case 22:
                return model::Command(
                    model::LabelIncident{{below(300), 0}, "n" + std::to_string(below(30)), "me"});
            case 23:
                return model::Command(model::UnmergeIdentity{
                    model::identity_of("n" + std::to_string(below(40)), "c0", {}), "me"});
            case 24: return below(3) == 0 ? model::Input::Body(settings()) : events(at);
            default: return events(at);
        }
    }

    // A plan for some incident or none; ids of runs are positions, so that words about them hit one
    // now and then.
    model::PlanProposed proposal() {
        model::PlanProposed proposal;
        proposal.plan.playbook = "p" + std::to_string(below(3));
        const bool is_by_playbook = below(3) == 0;
        proposal.plan.incident = {is_by_playbook ? below(300) : 0, 0};
        proposal.plan.target = "n" + std::to_string(below(30));
        proposal.plan.risk = static_cast<model::Risk>(below(3));
        for (std::uint64_t i = 0; i <= below(4); ++i) {
            model::Step& step = proposal.plan.steps.emplace_back();
            step.name = "s" + std::to_string(i);
            step.node = "n" + std::to_string(below(30));
            step.run.effector = static_cast<model::Effector>(below(7));
            step.idempotent = below(2) == 0;
            if (below(2) == 0) {
                step.verify = model::Action{model::Effector::Check, "http", {}};
            }
            if (below(2) == 0) {
                step.undo = model::Action{model::Effector::Command, "back", {}};
            }
        }
        proposal.by = "playbook";
        proposal.from = is_by_playbook ? std::string(model::kFromPlaybook) : "cli";
        proposal.mode = static_cast<model::RunMode>(below(8) == 0 ? below(2) : 2 + below(2));
        proposal.capabilities = {"http", "command", "notify", "check", "silence"};
        proposal.limits.blast_share_max = 1;
        proposal.limits.cooldown = std::chrono::minutes(below(20));
        proposal.limits.confidence_min = 0;
        proposal.limits.healthy_min = 0;
        proposal.limits.approvals = below(4) == 0 ? 2 : 1;
        proposal.limits.dependents_max = 100;
        proposal.limits.runs_max = 100;
        last_plan_ = proposal.plan;
        proposals_.push_back(position_);
        return proposal;
    }

    model::Id some_run() {
        return proposals_.empty()
                   ? model::kNoId
                   : model::Id{proposals_[proposals_.size() -
                                          std::min(proposals_.size(), 1 + below(8) / 7)],
                               0};
    }

    model::Command word() {
        const auto role = static_cast<model::Role>(2 + below(3));
        const std::string by = "person" + std::to_string(below(3));
        if (below(8) == 0) {
            return model::RejectRun{some_run(), by, role, "cli", ""};
        }
        if (below(6) == 0) {
            return model::LabelRun{some_run(), static_cast<model::RunLabel>(below(4)), by, role,
                                   "cli"};
        }
        if (below(4) == 0) {
            return model::SettleRun{some_key(), static_cast<model::SettleRun::Verdict>(below(4)),
                                    by, role, "cli"};
        }
        return model::ApproveRun{some_run(), model::hash_of(last_plan_), by, role, "cli"};
    }

    model::AttemptKey some_key() {
        return {some_run(), static_cast<std::uint32_t>(below(4) == 0 ? 1 : 0),
                static_cast<model::Phase>(below(4) == 0 ? below(3) : 0), 1};
    }

    model::StepResult result() {
        return {some_key(), static_cast<model::Outcome>(below(4)), "text"};
    }

    model::Command hold() {
        const std::string node = "n" + std::to_string(below(30));
        switch (below(6)) {
            case 0: return model::StopActions{below(4) == 0, "me", model::Role::Admin, "cli", ""};
            case 1:
            case 2: return model::StopActions{false, "me", model::Role::Admin, "cli", ""};
            case 3: return model::FreezeNode{node, "me", model::Role::Admin, "cli", ""};
            default: return model::ThawNode{node, "me", model::Role::Admin, "cli"};
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
                     kind() + R"(","value":)" + std::to_string(below(1000)) + "}\n";
        }
        return model::EventDecoder().decode(lines).batch;
    }

    std::string kind() {
        const std::uint64_t dice = below(20);
        return dice == 0 ? "change" : dice < 4 ? "metric" : "alert";
    }

    std::mt19937_64 random_;
    model::Position position_ = 0;
    std::vector<model::Position> proposals_;
    model::Plan last_plan_;
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

TEST(Night, HasPluginsWithoutAFault) {
    PluginStory().plugins(night_plugins(1)).plugins(night_plugins(2));
}

TEST_P(Determinism, ReplayGivesTheSameBytes) {
    const std::vector<model::Input> inputs = Night(GetParam()).inputs(300);
    Core live({}, counting());
    Core again({}, counting());
    const std::vector<model::Effect> effects = run(live, inputs, 0, inputs.size());

    EXPECT_EQ(effects, run(again, inputs, 0, inputs.size()));
    EXPECT_EQ(bytes_of(live), bytes_of(again));
    EXPECT_EQ(render_incidents(live, {std::nullopt, true, 1000}),
              render_incidents(again, {std::nullopt, true, 1000}));
}

// One core goes on; another is restarted again and again, so that nothing in it is older than a few
// inputs but what snapshots keep.
TEST_P(Determinism, ASnapshotGoesOnAsIfNothingHappened) {
    Core whole({}, counting());
    Core restarted({}, counting());
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
        Result<Core> decoded = Core::decode(in, counting());
        ASSERT_TRUE(decoded) << decoded.error().message;
        ASSERT_TRUE(bytes_of(*decoded) == snapshot) << "it decodes to another state";
        restarted = *std::move(decoded);
    }
}

TEST_P(Determinism, ASnapshotGoesOnForHoursAsIfNothingHappened) {
    const std::vector<model::Input> inputs = Night(GetParam()).inputs(300);
    constexpr std::size_t kCut = 100;
    Core whole({}, counting());
    run(whole, inputs, 0, kCut);
    const std::string snapshot = bytes_of(whole);
    model::Reader in(snapshot);
    Result<Core> restarted = Core::decode(in, counting());
    ASSERT_TRUE(restarted) << restarted.error().message;

    EXPECT_EQ(run(*restarted, inputs, kCut, inputs.size()),
              run(whole, inputs, kCut, inputs.size()));
    EXPECT_TRUE(bytes_of(*restarted) == bytes_of(whole));
}

TEST_P(Determinism, InputsComeBackFromTheJournalTheSame) {
    const std::vector<model::Input> inputs = Night(GetParam()).inputs(200);
    Core live({}, counting());
    Core from_journal({}, counting());
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
    Core core({}, counting());
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

// What the nights are worth as a test of runs.
TEST(Night, HasRunsThatBeginAndEnd) {
    std::uint64_t begun = 0;
    std::uint64_t ended = 0;
    for (std::uint64_t seed = 1; seed < 13; ++seed) {
        Core core({}, counting());
        run(core, Night(seed).inputs(900), 0, 900);
        for (const PastRun& past : core.state().runs.past) {
            ++begun;
            ended += past.ended_at != model::kNoTime ? 1U : 0U;
        }
    }
    EXPECT_GT(begun, 5U);
    EXPECT_GT(ended, 1U);
}

// NOCTURNE_SEEDS: that many nights; the soak plays more than `./dev test`.
std::uint64_t seeds() {
    const char* asked = std::getenv("NOCTURNE_SEEDS");
    return asked == nullptr ? 100 : std::strtoull(asked, nullptr, 10);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Determinism, testing::Range<std::uint64_t>(1, seeds() + 1));

}  // namespace
}  // namespace nocturne::engine
