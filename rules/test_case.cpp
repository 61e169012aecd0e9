#include "rules/test_case.hpp"

#include "model/json_writer.hpp"
#include "rules/configuration.hpp"
#include "rules/rule_reader.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <iterator>
#include <sstream>

namespace nocturne::rules {

namespace {

constexpr std::int64_t kCountMax = 1'000'000;
constexpr std::int64_t kIncidentsMax = 100'000;
constexpr std::int64_t kRepeatsMax = 100'000;

constexpr std::array kTest{
    Key{"name", Shape::Text, "what the test is about"},
    Key{"rules", Shape::Any, "files or folders, or sections as in a rule file"},
    Key{"topology", Shape::Any, "a file, or a map as in a topology file"},
    Key{"start", Shape::Text, "when it begins"},
    Key{"settings", Shape::Any, "sections alerts and incidents as in the configuration"},
    Key{"steps", Shape::Any, "a list, e.g. [{at: 30s, event: {resource: db, check: down}}]", true},
};
constexpr std::array kStep{
    Key{"at", Shape::Duration, "since the beginning"},
    Key{"event", Shape::Any, "a map, e.g. {resource: db, check: down}"},
    Key{"repeat", Shape::Any, "a map, e.g. {every: 10s, times: 5}"},
    Key{"silence", Shape::Any, "a map, e.g. {matchers: check=a, for: 1h}"},
    Key{"topology", Shape::Any, "a map as in a topology file"},
    Key{"ack", Shape::Number, "the number of an incident", false, "", 1, kIncidentsMax},
    Key{"resolve", Shape::Number, "the number of an incident", false, "", 1, kIncidentsMax},
    Key{"expect", Shape::Any, "a map, e.g. {incident_count: 1}"},
};
constexpr std::array kRepeat{
    Key{"every", Shape::Duration, "between two", true},
    Key{"times", Shape::Number, "how often in all", true, "", 1, kRepeatsMax},
};
constexpr std::array kSilence{
    Key{"matchers", Shape::Text, "as in a silence", true},
    Key{"for", Shape::Duration, "how long"},
    Key{"until_clear", Shape::Flag, "whether it ends with the alert"},
};
constexpr std::array kExpect{
    Key{"alerts", Shape::Any, "a list of maps"},
    Key{"absent", Shape::Any, "a list of maps"},
    Key{"alert_count", Shape::Number, "how many", false, "", 0, kCountMax},
    Key{"firing_count", Shape::Number, "how many", false, "", 0, kCountMax},
    Key{"suppressed_count", Shape::Number, "how many", false, "", 0, kCountMax},
    Key{"incident_count", Shape::Number, "how many", false, "", 0, kCountMax},
    Key{"incidents", Shape::Any, "a list of maps"},
    Key{"notified", Shape::Any, "a list of maps"},
};
constexpr std::array kAlert{
    Key{"resource"}, Key{"check"},      Key{"state"},
    Key{"severity"}, Key{"suppressed"}, Key{"count", Shape::Number, "", false, "", 0, kCountMax},
};
constexpr std::array kIncident{
    Key{"members", Shape::Number, "how many", false, "", 0, kCountMax},
    Key{"resources", Shape::Texts, "exactly these"},
    Key{"state"},
    Key{"severity"},
    Key{"suspects", Shape::Texts, "the best first"},
};
constexpr std::array kWord{
    Key{"to"},
    Key{"receiver"},
    Key{"count", Shape::Number, "so far", false, "", 0, kCountMax},
};

std::string to_yaml(const YAML::Node& node) {
    YAML::Emitter out;
    out << node;
    return out.c_str();
}

void write_json(model::JsonWriter& out, const YAML::Node& node, bool numbers) {
    if (node.IsMap()) {
        out.begin_object();
        for (const auto& member : node) {
            out.key(member.first.Scalar());
            write_json(out, member.second, numbers);
        }
        out.end_object();
    } else if (node.IsSequence()) {
        out.begin_array();
        for (const YAML::Node& item : node) {
            write_json(out, item, numbers);
        }
        out.end_array();
    } else if (node.IsScalar()) {
        const std::string& text = node.Scalar();
        double number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        const bool is_number = numbers && error == std::errc() &&
                               end == text.data() + text.size() && node.Tag() != "!";
        is_number ? void(out.number(number)) : void(out.text(text));
    } else {
        out.null();
    }
}

// The event as the contract has it: texts, but for value, time and annotations.
std::string event_json(const YAML::Node& event) {
    model::JsonWriter out;
    out.begin_object();
    for (const auto& member : event) {
        const std::string key = member.first.Scalar();
        out.key(key);
        write_json(out, member.second, key == "value" || key == "annotations" || key == "time");
    }
    out.end_object();
    return out.take();
}

std::optional<std::uint64_t> read_count(MapReader& map, std::string_view key) {
    std::optional<std::uint64_t> count;
    map.number(key, count);
    return count;
}

class TestReader {
   public:
    TestReader(const model::RuleFile& text)
        : folder_(std::filesystem::path(text.name).parent_path()), file_(text, problems_) {
        problems_.add_file(text.name, text.text);
    }

    ReadTestCase read() {
        if (const std::optional<YAML::Node> root = file_.parse()) {
            MapReader map(file_, *root, kTest, "test");
            if (map.is_map()) {
                read_root(map);
            }
        } else if (problems_.errors() == 0) {
            problems_.error({file_.name(), 1, 1}, "found nothing, expected a map with name, rules "
                                                  "and steps");
        }
        return {std::move(test_), problems_.take()};
    }

   private:
    void read_root(MapReader& map) {
        map.text("name", test_.name);
        if (const YAML::Node* rules = map.find("rules"); rules != nullptr && rules->IsMap()) {
            test_.inline_rules = to_yaml(*rules);
            test_.rules_name = file_.name() + " (rules)";
        } else if (rules != nullptr) {
            std::vector<std::string> paths;
            map.texts("rules", paths);
            for (const std::string& path : paths) {
                test_.rules.push_back(folder_ / path);
            }
        }
        if (const YAML::Node* topology = map.find("topology")) {
            read_topology(map, *topology);
        }
        const std::string start = map.text_of("start").value_or("2026-01-01T00:00:00Z");
        if (const Result<model::Time> time = model::parse_time(start)) {
            test_.start = *time;
        } else {
            map.wrong("start", time.error().message);
        }
        if (const YAML::Node* settings = map.find("settings")) {
            const ConfigurationFile file =
                parse_configuration(to_yaml(*settings), file_.name() + " (settings)");
            for (const Error& error : file.problems) {
                map.wrong("settings", error.message);
            }
            test_.settings = file.configuration.settings;
        }
        if (const YAML::Node* steps = map.find("steps"); steps != nullptr && steps->IsSequence()) {
            file_.each_item(*steps, "", [&](const YAML::Node& step) { read_step(step); });
        } else if (steps != nullptr) {
            map.unexpected(*steps, "steps");
        }
        const auto by_time = [](const TestStep& a, const TestStep& b) { return a.at < b.at; };
        if (!std::is_sorted(test_.steps.begin(), test_.steps.end(), by_time)) {
            map.wrong("steps", "must stand in the order of their at");
        }
        const bool expects =
            std::any_of(test_.steps.begin(), test_.steps.end(),
                        [](const TestStep& step) { return step.kind == TestStep::Kind::Expect; });
        if (!expects) {
            file_.error(map.map(),
                        "test: expects nothing, and so cannot fail; add a step with expect");
        }
    }

    void read_topology(MapReader& map, const YAML::Node& topology) {
        if (topology.IsMap()) {
            test_.topology = to_yaml(topology);
            test_.topology_name = file_.name() + " (topology)";
            return;
        }
        const std::filesystem::path path = folder_ / topology.Scalar();
        std::ifstream in(path, std::ios::binary);
        if (!in) {
            map.wrong("topology", "cannot read " + path.string());
            return;
        }
        test_.topology.assign(std::istreambuf_iterator<char>(in), {});
        test_.topology_name = path.string();
    }

    void read_step(const YAML::Node& node) {
        MapReader map(file_, node, kStep, "step");
        if (!map.is_map()) {
            return;
        }
        TestStep step;
        step.place = file_.place_of(node);
        map.duration("at", step.at);
        std::size_t deeds = 0;
        const auto is_here = [&](std::string_view key, TestStep::Kind kind) {
            if (!map.has(key)) {
                return false;
            }
            step.kind = kind;
            ++deeds;
            return true;
        };
        if (is_here("event", TestStep::Kind::Event)) {
            read_event(map, step);
        }
        if (is_here("silence", TestStep::Kind::Silence)) {
            MapReader silence(file_, *map.find("silence"), kSilence, "silence");
            silence.text("matchers", step.text);
            step.lasts = std::chrono::hours(1);
            silence.duration("for", step.lasts);
            silence.flag("until_clear", step.until_clear);
        }
        if (is_here("topology", TestStep::Kind::Topology)) {
            step.text = to_yaml(*map.find("topology"));
        }
        if (is_here("ack", TestStep::Kind::Acknowledge)) {
            map.number("ack", step.incident);
        }
        if (is_here("resolve", TestStep::Kind::Resolve)) {
            map.number("resolve", step.incident);
        }
        if (is_here("expect", TestStep::Kind::Expect)) {
            read_expectation(map, step.expectation);
        }
        if (deeds != 1) {
            file_.error(node, "step: does " +
                                  std::string(deeds == 0 ? "nothing" : "several things") +
                                  "; expected one of event, silence, topology, ack, resolve, "
                                  "expect");
            return;
        }
        test_.steps.push_back(std::move(step));
    }

    void read_event(MapReader& map, TestStep& step) {
        const YAML::Node& event = *map.find("event");
        if (!event.IsMap()) {
            map.unexpected(event, "event");
            return;
        }
        step.text = event_json(event);
        if (const YAML::Node* node = map.find("repeat")) {
            MapReader repeat(file_, *node, kRepeat, "repeat");
            repeat.duration("every", step.lasts);
            repeat.number("times", step.times);
        }
    }

    ExpectedAlert read_alert(MapReader& map) {
        ExpectedAlert alert;
        map.text("resource", alert.resource);
        map.text("check", alert.check);
        map.text("state", alert.state);
        map.text("severity", alert.severity);
        map.text("suppressed", alert.suppressed);
        alert.count = read_count(map, "count");
        return alert;
    }

    void read_expectation(MapReader& step, Expectation& to) {
        MapReader map(file_, *step.find("expect"), kExpect, "expect");
        const auto each = [&](std::string_view key, Keys keys, auto visit) {
            const YAML::Node* list = map.find(key);
            if (list == nullptr || (list->IsSequence() && list->size() == 0)) {
                return;  // an empty list of incidents: none
            }
            map.items(key, [&](const YAML::Node& item) {
                MapReader one(file_, item, keys, "expect: " + std::string(key));
                visit(one);
            });
        };
        each("alerts", kAlert, [&](MapReader& one) { to.alerts.push_back(read_alert(one)); });
        each("absent", kAlert, [&](MapReader& one) { to.absent.push_back(read_alert(one)); });
        to.alert_count = read_count(map, "alert_count");
        to.firing_count = read_count(map, "firing_count");
        to.suppressed_count = read_count(map, "suppressed_count");
        to.incident_count = read_count(map, "incident_count");
        if (map.has("incidents")) {
            to.incidents.emplace();
            each("incidents", kIncident, [&](MapReader& incident) {
                ExpectedIncident& expected = to.incidents->emplace_back();
                expected.members = read_count(incident, "members");
                incident.texts("resources", expected.resources);
                incident.text("state", expected.state);
                incident.text("severity", expected.severity);
                incident.texts("suspects", expected.suspects);
            });
        }
        each("notified", kWord, [&](MapReader& word) {
            ExpectedWord& expected = to.notified.emplace_back();
            word.text("to", expected.to);
            word.text("receiver", expected.receiver);
            expected.count = read_count(word, "count");
        });
    }

    std::filesystem::path folder_;
    ProblemList problems_;
    FileReader file_;
    TestCase test_;
};

}  // namespace

ReadTestCase parse_test_case(std::string_view yaml, const std::string& file_name) {
    const model::RuleFile text{file_name, std::string(yaml), model::kNoTime};
    return TestReader(text).read();
}

}  // namespace nocturne::rules
