// TestCase: a test of rules as users write it, `*.test.yaml`. See
// docs/guides/testing-rules-in-ci.md.
#pragma once

#include "model/rules_revision.hpp"
#include "model/settings.hpp"
#include "model/time.hpp"
#include "rules/loader.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace nocturne::rules {

// What an alert, of those that are listed, must look like; what is empty may be anything.
struct ExpectedAlert {
    std::string resource;
    std::string check;
    std::string state;  // firing, suppressed, resolved, expired
    std::string severity;
    std::string suppressed;  // a reason ("in_maintenance") or a rule ("inhibit/dead switch")
    std::optional<std::uint64_t> count;
};

struct ExpectedIncident {
    std::optional<std::uint64_t> members;
    std::vector<std::string> resources;  // exactly these, in any order
    std::string state;
    std::string severity;
    std::vector<std::string> suspects;  // the best first, as many as are listed
};

struct ExpectedWord {
    std::string to;  // page, ticket, log
    std::string receiver;
    std::optional<std::uint64_t> count;  // so far
};

struct Expectation {
    std::vector<ExpectedAlert> alerts;
    std::vector<ExpectedAlert> absent;
    std::optional<std::uint64_t> alert_count;
    std::optional<std::uint64_t> firing_count;
    std::optional<std::uint64_t> suppressed_count;
    std::optional<std::vector<ExpectedIncident>> incidents;  // exactly these that are not over, or
                                                             // in the state that is said
    std::optional<std::uint64_t> incident_count;             // that are not over
    std::vector<ExpectedWord> notified;
};

struct TestStep {
    enum class Kind : std::uint8_t { Event, Silence, Topology, Acknowledge, Resolve, Expect };

    model::Duration at{};
    Place place;
    Kind kind = Kind::Event;
    std::string text;            // the event as JSON, the topology as YAML, the silence's matchers
    model::Duration lasts{};     // of the silence; between repeats of the event
    std::uint32_t times = 1;     // of the event
    bool until_clear = false;    // of the silence
    std::uint32_t incident = 0;  // to acknowledge or resolve: the number of its opening, from 1
    Expectation expectation;
};

struct TestCase {
    std::string name;
    std::vector<std::filesystem::path> rules;   // relative to where we are
    std::vector<model::RuleFile> inline_rules;  // those that stand in the test, at their lines
    std::string topology;                       // YAML
    std::string topology_name;
    model::Time start;
    model::Settings settings;
    std::vector<TestStep> steps;  // in the order of time
};

struct ReadTestCase {
    TestCase test;
    std::vector<Problem> problems;  // with any error, do not run it
};

ReadTestCase parse_test_case(std::string_view yaml, const std::string& file_name);

}  // namespace nocturne::rules
