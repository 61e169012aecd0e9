#include "cli/rule_test.hpp"

#include "cli/replayer.hpp"
#include "cli/rules_reading.hpp"
#include "engine/state.hpp"
#include "model/event_json.hpp"
#include "topology/yaml_source.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <utility>

namespace nocturne::cli {

using engine::Slot;
using engine::State;
using model::Time;
using rules::TestStep;

namespace {

std::string join(const std::vector<std::string>& texts) {
    std::string joined;
    for (const std::string& text : texts) {
        joined += (joined.empty() ? "" : ", ") + text;
    }
    return "[" + joined + "]";
}

class Runner {
   public:
    Runner(const rules::TestCase& test, std::vector<std::string>& failures)
        : test_(test), failures_(failures), replayer_(test.settings) {}

    void run(const model::RulesRevision& revision, const model::TopologyChange& topology) {
        replayer_.apply(topology, test_.start);
        replayer_.apply(revision, test_.start);
        // Events that repeat go on while the steps after them are taken.
        std::multimap<model::Duration, const TestStep*> todo;
        for (const TestStep& step : test_.steps) {
            todo.emplace(step.at, &step);
            for (std::uint32_t i = 1; step.kind == TestStep::Kind::Event && i < step.times; ++i) {
                todo.emplace(step.at + i * step.lasts, &step);
            }
        }
        for (const auto& [at, step] : todo) {
            replayer_.pass_until(test_.start + at);
            take(*step, test_.start + at);
        }
    }

   private:
    const State& state() const { return replayer_.core().state(); }

    void take(const TestStep& step, Time at) {
        place_ = &step.place;
        switch (step.kind) {
            case TestStep::Kind::Event: {
                model::Decoded decoded = decoder_.decode(step.text);
                for (const model::Rejection& rejection : decoded.rejected) {
                    fail("event: " + rejection.error);
                }
                replayer_.apply(std::move(decoded.batch), at);
                break;
            }
            case TestStep::Kind::Silence: {
                model::AddSilence silence;
                silence.matchers = step.text;
                silence.ends_at = at + step.lasts;
                silence.created_by = "test";
                silence.until_clear = step.until_clear;
                if (const auto matchers = model::parse_matchers(step.text); !matchers) {
                    fail("silence: " + matchers.error().message);
                }
                replayer_.apply(model::Command(silence), at);
                break;
            }
            case TestStep::Kind::Topology:
                replayer_.apply(topology::parse_topology(step.text, "topology").change, at);
                break;
            case TestStep::Kind::Acknowledge:
                replayer_.apply(
                    model::Command(model::AcknowledgeIncident{incident(step.incident), "test"}),
                    at);
                break;
            case TestStep::Kind::Resolve:
                replayer_.apply(
                    model::Command(model::ResolveIncident{incident(step.incident), "test"}), at);
                break;
            case TestStep::Kind::Expect: expect(step.expectation); break;
        }
    }

    model::Id incident(std::uint32_t number) {
        const auto& all = state().incidents.by_id();
        if (number > all.size()) {
            fail("there is no incident " + std::to_string(number) + ", only " +
                 std::to_string(all.size()));
            return model::kNoId;
        }
        return std::next(all.begin(), number - 1)->first;
    }

    void fail(const std::string& what) {
        failures_.push_back(place_->file + ":" + std::to_string(place_->line) + ": " + what);
    }

    void compare(std::string_view what, const std::optional<std::uint64_t>& expected,
                 std::uint64_t found, std::string (Runner::*list)() const) {
        if (expected && *expected != found) {
            fail(std::string(what) + ": expected " + std::to_string(*expected) + ", found " +
                 std::to_string(found) + (this->*list)());
        }
    }

    // ---- what is there ----

    template <typename Visit>
    void for_each_alert(Visit visit) const {
        for (Slot slot = 0; slot < state().alerts.bound(); ++slot) {
            if (state().alerts.is_used(slot)) {
                visit(slot);
            }
        }
    }

    std::uint64_t count_alerts(model::AlertState wanted) const {
        std::uint64_t count = 0;
        for_each_alert([&](Slot slot) { count += state().alerts[slot].state == wanted ? 1U : 0U; });
        return count;
    }

    std::string suppression_of(const model::Alert& alert) const {
        const std::string_view rule = state().alerts.text(alert.suppressed_rule);
        return rule.empty() ? std::string(model::name_of(alert.suppression)) : std::string(rule);
    }

    std::string show_alerts() const {
        std::string text;
        for_each_alert([&](Slot slot) {
            const model::Alert& alert = state().alerts[slot];
            text += "\n      " + std::string(state().alerts.text(alert.resource)) + " " +
                    std::string(state().alerts.text(alert.check)) + ": " +
                    std::string(model::name_of(alert.state)) + " " +
                    std::string(model::name_of(alert.severity)) + ", count " +
                    std::to_string(alert.count) +
                    (alert.state == model::AlertState::Suppressed ? ", by " + suppression_of(alert)
                                                                  : "");
        });
        return text.empty() ? "\n      (no alerts)" : text;
    }

    std::vector<std::string> resources_of(const model::Incident& incident) const {
        std::set<std::string> names;
        for (const Slot slot : incident.alerts) {
            names.emplace(state().alerts.text(state().alerts[slot].resource));
        }
        return {names.begin(), names.end()};
    }

    static std::vector<std::string> suspects_of(const model::Incident& incident) {
        std::vector<std::string> names;
        for (const model::Suspect& suspect : incident.suspects) {
            names.push_back(suspect.resource);
        }
        return names;
    }

    std::string show(const model::Incident& incident) const {
        return std::string(model::name_of(incident.state)) + " " +
               std::string(model::name_of(incident.severity)) + ", " +
               std::to_string(incident.alerts.size()) + " members on " +
               join(resources_of(incident)) + ", suspects " + join(suspects_of(incident));
    }

    std::string show_incidents() const {
        std::string text;
        for (const auto& [id, slot] : state().incidents.by_id()) {
            text += "\n      " + show(state().incidents[slot]);
        }
        return text.empty() ? "\n      (no incidents)" : text;
    }

    // ---- what should be ----

    bool is_like(const rules::ExpectedAlert& expected, Slot slot) const {
        const model::Alert& alert = state().alerts[slot];
        const auto agrees = [](const std::string& wanted, std::string_view found) {
            return wanted.empty() || wanted == found;
        };
        return agrees(expected.resource, state().alerts.text(alert.resource)) &&
               agrees(expected.check, state().alerts.text(alert.check)) &&
               agrees(expected.state, model::name_of(alert.state)) &&
               agrees(expected.severity, model::name_of(alert.severity)) &&
               (expected.suppressed.empty() ||
                expected.suppressed == state().alerts.text(alert.suppressed_rule) ||
                expected.suppressed == model::name_of(alert.suppression)) &&
               (!expected.count || *expected.count == alert.count);
    }

    bool is_there(const rules::ExpectedAlert& expected) const {
        bool found = false;
        for_each_alert([&](Slot slot) { found = found || is_like(expected, slot); });
        return found;
    }

    static std::string describe(const rules::ExpectedAlert& alert) {
        std::string text = alert.resource + " " + alert.check;
        for (const std::string& part : {alert.state, alert.severity, alert.suppressed}) {
            text += part.empty() ? "" : ", " + part;
        }
        return text + (alert.count ? ", count " + std::to_string(*alert.count) : "");
    }

    bool is_like(const rules::ExpectedIncident& expected, const model::Incident& incident) const {
        std::vector<std::string> resources = expected.resources;
        std::sort(resources.begin(), resources.end());
        const std::vector<std::string> suspects = suspects_of(incident);
        return (!expected.members || *expected.members == incident.alerts.size()) &&
               (resources.empty() || resources == resources_of(incident)) &&
               (expected.state.empty() ? !incident.is_over()
                                       : expected.state == model::name_of(incident.state)) &&
               (expected.severity.empty() ||
                expected.severity == model::name_of(incident.severity)) &&
               expected.suspects.size() <= suspects.size() &&
               std::equal(expected.suspects.begin(), expected.suspects.end(), suspects.begin());
    }

    static std::string describe(const rules::ExpectedIncident& incident) {
        std::string text = incident.members ? std::to_string(*incident.members) + " members" : "";
        const auto add = [&](const std::string& part) {
            text += (text.empty() ? "" : ", ") + part;
        };
        if (!incident.resources.empty()) {
            add("on " + join(incident.resources));
        }
        for (const std::string& part : {incident.state, incident.severity}) {
            if (!part.empty()) {
                add(part);
            }
        }
        if (!incident.suspects.empty()) {
            add("suspects " + join(incident.suspects));
        }
        return text;
    }

    void expect(const rules::Expectation& expectation) {
        for (const rules::ExpectedAlert& alert : expectation.alerts) {
            if (!is_there(alert)) {
                fail("alerts: expected " + describe(alert) + "; there are" + show_alerts());
            }
        }
        for (const rules::ExpectedAlert& alert : expectation.absent) {
            if (is_there(alert)) {
                fail("absent: there is " + describe(alert) + show_alerts());
            }
        }
        compare("alert_count", expectation.alert_count, state().alerts.size(),
                &Runner::show_alerts);
        compare("firing_count", expectation.firing_count, count_alerts(model::AlertState::Firing),
                &Runner::show_alerts);
        compare("suppressed_count", expectation.suppressed_count,
                count_alerts(model::AlertState::Suppressed), &Runner::show_alerts);
        std::uint64_t open = 0;
        for (const auto& [id, slot] : state().incidents.by_id()) {
            open += state().incidents[slot].is_over() ? 0U : 1U;
        }
        compare("incident_count", expectation.incident_count, open, &Runner::show_incidents);
        if (expectation.incidents) {
            expect_incidents(*expectation.incidents, open);
        }
        for (const rules::ExpectedWord& word : expectation.notified) {
            expect_word(word);
        }
    }

    void expect_incidents(const std::vector<rules::ExpectedIncident>& expected,
                          std::uint64_t open) {
        std::set<model::Id> taken;
        std::uint64_t open_taken = 0;
        for (const rules::ExpectedIncident& one : expected) {
            bool found = false;
            for (const auto& [id, slot] : state().incidents.by_id()) {
                if (!taken.contains(id) && is_like(one, state().incidents[slot])) {
                    taken.insert(id);
                    open_taken += state().incidents[slot].is_over() ? 0U : 1U;
                    found = true;
                    break;
                }
            }
            if (!found) {
                fail("incidents: expected one with " + describe(one) + "; there are" +
                     show_incidents());
            }
        }
        if (open_taken < open) {
            fail("incidents: expected " + std::to_string(expected.size()) + ", there are" +
                 show_incidents());
        }
    }

    void expect_word(const rules::ExpectedWord& word) {
        const std::string topic = "notify." + word.to;
        std::uint64_t count = 0;
        for (const Replayer::Word& told : replayer_.words()) {
            count += (word.to.empty() || model::name_of(told.topic) == topic) &&
                             (word.receiver.empty() || word.receiver == told.receiver)
                         ? 1U
                         : 0U;
        }
        if (word.count ? count != *word.count : count == 0) {
            fail("notified: expected " +
                 (word.count ? std::to_string(*word.count) : std::string("some")) + " " + word.to +
                 (word.receiver.empty() ? "" : " to " + word.receiver) + ", found " +
                 std::to_string(count));
        }
    }

    const rules::TestCase& test_;
    std::vector<std::string>& failures_;
    Replayer replayer_;
    model::EventDecoder decoder_;
    const Place* place_ = nullptr;
};

}  // namespace

RuleTestResult run_rule_test(const std::string& file) {
    RuleTestResult result{file, file, {}};
    std::ifstream in(file, std::ios::binary);
    if (!in) {
        result.failures.push_back(file + ": cannot be read");
        return result;
    }
    const std::string text(std::istreambuf_iterator<char>(in), {});
    const rules::ReadTestCase read = rules::parse_test_case(text, file);
    result.name = read.test.name.empty() ? file : read.test.name;
    const RulesReading reading = read_rules(read.test.rules, {}, read.test.inline_rules);
    const auto take = [&](const std::vector<rules::Problem>& problems) {
        for (const rules::Problem& problem : problems) {
            if (problem.level == rules::Problem::Level::Error) {
                result.failures.push_back(to_string(problem));
            }
        }
    };
    take(read.problems);
    take(reading.problems);
    const topology::TopologyFile topology =
        topology::parse_topology(read.test.topology, read.test.topology_name);
    for (const Error& error : topology.problems) {
        result.failures.push_back(to_string(error));
    }
    if (result.failures.empty()) {
        Runner(read.test, result.failures).run(reading.revision, topology.change);
    }
    return result;
}

}  // namespace nocturne::cli
