#include "rules/test_case.hpp"

#include "model/json_writer.hpp"
#include "rules/configuration.hpp"
#include "rules/map_reader.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <sstream>

namespace nocturne::rules {

namespace {

constexpr std::uint32_t kRepeatsMax = 100'000;

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

class TestReader {
   public:
    TestReader(std::string_view yaml, const std::string& file)
        : text_(yaml), folder_(std::filesystem::path(file).parent_path()), problems_(file, yaml) {}

    ReadTestCase read() {
        try {
            const YAML::Node root = YAML::Load(std::string(text_));
            if (root.IsMap()) {
                read_root(root);
            } else {
                problems_.error(root.Mark(), "expected a map with name, rules and steps");
            }
        } catch (const YAML::Exception& error) {
            problems_.error(error.mark, error.msg);
        }
        return {std::move(test_), problems_.take()};
    }

   private:
    void read_root(const YAML::Node& root) {
        MapReader map(problems_, root, "test");
        test_.name = map.text("name").value_or("");
        if (const YAML::Node rules = map.node("rules"); rules.IsDefined() && rules.IsMap()) {
            test_.inline_rules = to_yaml(rules);
            test_.rules_name = problems_.file() + " (rules)";
        } else if (rules.IsDefined()) {
            for (const std::string& path : map.texts("rules")) {
                test_.rules.push_back(folder_ / path);
            }
        }
        if (const YAML::Node topology = map.node("topology"); topology.IsDefined()) {
            read_topology(map, topology);
        }
        const std::string start = map.text("start").value_or("2026-01-01T00:00:00Z");
        if (const Result<model::Time> time = model::parse_time(start)) {
            test_.start = *time;
        } else {
            map.wrong("start", time.error().message);
        }
        if (const YAML::Node settings = map.node("settings"); settings.IsDefined()) {
            const ConfigurationFile file =
                parse_configuration(to_yaml(settings), problems_.file() + " (settings)");
            for (const Error& error : file.problems) {
                map.wrong("settings", error.message);
            }
            test_.settings = file.configuration.settings;
        }
        map.each("steps", [&](const YAML::Node& step) { read_step(map, step); });
        map.finish();
        const auto by_time = [](const TestStep& a, const TestStep& b) { return a.at < b.at; };
        if (!std::is_sorted(test_.steps.begin(), test_.steps.end(), by_time)) {
            map.wrong("steps", "must stand in the order of their at");
        }
        const bool expects =
            std::any_of(test_.steps.begin(), test_.steps.end(),
                        [](const TestStep& step) { return step.kind == TestStep::Kind::Expect; });
        if (!expects) {
            map.wrong(root, "expects nothing, and so cannot fail; add a step with expect");
        }
    }

    void read_topology(MapReader& map, const YAML::Node& topology) {
        if (topology.IsMap()) {
            test_.topology = to_yaml(topology);
            test_.topology_name = problems_.file() + " (topology)";
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

    void read_step(MapReader& parent, const YAML::Node& node) {
        if (!node.IsMap()) {
            parent.wrong(node,
                         "steps: expected e.g. {at: 30s, event: {resource: db, check: down}}");
            return;
        }
        MapReader map(problems_, node, "step");
        TestStep step;
        step.place = problems_.place_of(node.Mark());
        step.at = map.duration("at").value_or(model::Duration{});
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
            MapReader silence(problems_, map.node("silence"), "silence");
            step.text = silence.text("matchers", Need::Required).value_or("");
            step.lasts = silence.duration("for").value_or(std::chrono::hours(1));
            step.until_clear = silence.flag("until_clear", false);
            silence.finish();
        }
        if (is_here("topology", TestStep::Kind::Topology)) {
            step.text = to_yaml(map.node("topology"));
        }
        if (is_here("ack", TestStep::Kind::Acknowledge)) {
            step.incident = map.number("ack", 1, 1, 100'000);
        }
        if (is_here("resolve", TestStep::Kind::Resolve)) {
            step.incident = map.number("resolve", 1, 1, 100'000);
        }
        if (is_here("expect", TestStep::Kind::Expect)) {
            read_expectation(map, step.expectation);
        }
        map.finish();
        if (deeds != 1) {
            map.wrong(node, "does " + std::string(deeds == 0 ? "nothing" : "several things") +
                                "; expected one of event, silence, topology, ack, resolve, expect");
            return;
        }
        test_.steps.push_back(std::move(step));
    }

    void read_event(MapReader& map, TestStep& step) {
        const YAML::Node event = map.node("event");
        if (!event.IsMap()) {
            map.wrong("event", "expected e.g. {resource: db, check: down}");
            return;
        }
        step.text = event_json(event);
        if (const YAML::Node node = map.node("repeat"); node.IsDefined() && node.IsMap()) {
            MapReader repeat(problems_, node, "repeat");
            step.lasts = repeat.duration("every", Need::Required).value_or(model::Duration{});
            step.times = repeat.number("times", 1, 1, kRepeatsMax, Need::Required);
            repeat.finish();
        }
    }

    static std::optional<std::uint64_t> read_count(MapReader& map, std::string_view key) {
        if (!map.has(key)) {
            return std::nullopt;
        }
        return map.number(key, 0, 0, 1'000'000);
    }

    ExpectedAlert read_alert(const YAML::Node& node) {
        ExpectedAlert alert;
        MapReader map(problems_, node, "expected alert");
        alert.resource = map.text("resource").value_or("");
        alert.check = map.text("check").value_or("");
        alert.state = map.text("state").value_or("");
        alert.severity = map.text("severity").value_or("");
        alert.suppressed = map.text("suppressed").value_or("");
        alert.count = read_count(map, "count");
        map.finish();
        return alert;
    }

    void read_expectation(MapReader& step, Expectation& to) {
        const YAML::Node node = step.node("expect");
        if (!node.IsMap()) {
            step.wrong("expect", "expected e.g. {incident_count: 1}");
            return;
        }
        MapReader map(problems_, node, "expect");
        const auto each_map = [&](std::string_view key, auto visit) {
            map.each(key, [&](const YAML::Node& item) {
                item.IsMap() ? visit(item)
                             : map.wrong(item, std::string(key) + ": expected a list of maps");
            });
        };
        each_map("alerts", [&](const YAML::Node& item) { to.alerts.push_back(read_alert(item)); });
        each_map("absent", [&](const YAML::Node& item) { to.absent.push_back(read_alert(item)); });
        to.alert_count = read_count(map, "alert_count");
        to.firing_count = read_count(map, "firing_count");
        to.suppressed_count = read_count(map, "suppressed_count");
        to.incident_count = read_count(map, "incident_count");
        if (map.has("incidents")) {
            to.incidents.emplace();
            each_map("incidents", [&](const YAML::Node& item) {
                MapReader incident(problems_, item, "expected incident");
                ExpectedIncident& expected = to.incidents->emplace_back();
                expected.members = read_count(incident, "members");
                expected.resources = incident.texts("resources");
                expected.state = incident.text("state").value_or("");
                expected.severity = incident.text("severity").value_or("");
                expected.suspects = incident.texts("suspects");
                incident.finish();
            });
        }
        each_map("notified", [&](const YAML::Node& item) {
            MapReader word(problems_, item, "expected word");
            ExpectedWord& expected = to.notified.emplace_back();
            expected.to = word.text("to").value_or("");
            expected.receiver = word.text("receiver").value_or("");
            expected.count = read_count(word, "count");
            word.finish();
        });
        map.finish();
    }

    std::string_view text_;
    std::filesystem::path folder_;
    FileProblems problems_;
    TestCase test_;
};

}  // namespace

ReadTestCase parse_test_case(std::string_view yaml, const std::string& file_name) {
    return TestReader(yaml, file_name).read();
}

}  // namespace nocturne::rules
