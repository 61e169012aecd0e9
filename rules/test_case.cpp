#include "rules/test_case.hpp"

#include "model/json_writer.hpp"
#include "model/reason.hpp"
#include "rules/configuration.hpp"
#include "rules/grammar.hpp"
#include "rules/rule_reader.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <iterator>

namespace nocturne::rules {

namespace {

constexpr std::size_t kDepthMax = 16;  // of an event

std::string to_yaml(const YAML::Node& node) {
    YAML::Emitter out;
    out << node;
    return out.c_str();
}

// An event's text as JSON; false when it is too deep, or its aliases make too much of it.
class EventWriter {
   public:
    explicit EventWriter(FileReader& file) : file_(file) {}

    // As the contract has it: texts, but for value, time and annotations. Nothing when it is told
    // what is wrong.
    std::optional<std::string> write(const YAML::Node& event) {
        out_.begin_object();
        bool is_well = true;
        file_.each_member(event, "event",
                          [&](const std::string& key, const YAML::Node&, const YAML::Node& value) {
                              const bool has_numbers =
                                  key == "value" || key == "annotations" || key == "time";
                              out_.key(key);
                              is_well = put(value, has_numbers, 1) && is_well;
                          });
        out_.end_object();
        return is_well ? std::optional(out_.take()) : std::nullopt;
    }

   private:
    bool put(const YAML::Node& node, bool numbers, std::size_t depth) {
        if (depth > kDepthMax) {
            file_.error(node, "event: is nested too deep");
            return false;
        }
        bool is_well = true;
        if (node.IsMap()) {
            out_.begin_object();
            file_.each_member(
                node, "event",
                [&](const std::string& key, const YAML::Node&, const YAML::Node& value) {
                    out_.key(key);
                    is_well = put(value, numbers, depth + 1) && is_well;
                });
            out_.end_object();
        } else if (node.IsSequence()) {
            out_.begin_array();
            file_.each_item(node, "event", [&](const YAML::Node& item) {
                is_well = put(item, numbers, depth + 1) && is_well;
            });
            out_.end_array();
        } else if (node.IsScalar()) {
            put_text(node, numbers);
        } else {
            out_.null();
        }
        return is_well;
    }

    void put_text(const YAML::Node& node, bool numbers) {
        const std::string& text = node.Scalar();
        double number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        const bool is_number = numbers && error == std::errc() &&
                               end == text.data() + text.size() && std::isfinite(number) &&
                               node.Tag() != "!";
        is_number ? void(out_.number(number)) : void(out_.text(text));
    }

    FileReader& file_;
    model::JsonWriter out_;
};

std::optional<std::uint64_t> read_count(MapReader& map, std::string_view key) {
    std::optional<std::uint64_t> count;
    map.number(key, count);
    return count;
}

std::size_t line_of(const YAML::Node& node) {
    return node.Mark().is_null() ? 0 : static_cast<std::size_t>(node.Mark().line);
}

// The lines of `part`, a value of the map `root`, where they stand in the file; all others blank.
// Nothing when that does not mean the same: when aliases lead out of it, or all is on one line.
std::optional<std::string> lines_of(std::string_view text, const YAML::Node& root,
                                    const YAML::Node& part) {
    const std::size_t begin = line_of(part);
    std::size_t end = SIZE_MAX;
    for (const auto& member : root) {
        const std::size_t line = line_of(member.first);
        if (line > begin) {
            end = std::min(end, line);
        }
    }
    std::string lines;
    std::size_t line = 0;
    for (std::size_t at = 0; at < text.size() && line < end; ++line) {
        const std::size_t next = std::min(text.find('\n', at), text.size() - 1) + 1;
        if (line < begin) {
            lines += '\n';
        } else {
            // What stands before it on its own line is not part of it.
            const auto column = static_cast<std::size_t>(part.Mark().column);
            const std::size_t blank = line == begin ? std::min(column, next - at) : 0;
            lines.append(blank, ' ').append(text.substr(at + blank, next - at - blank));
        }
        at = next;
    }
    try {
        return to_yaml(YAML::Load(lines)) == to_yaml(part) ? std::optional(lines) : std::nullopt;
    } catch (const YAML::Exception&) {
        return std::nullopt;
    }
}

class TestReader {
   public:
    TestReader(const model::RuleFile& text)
        : text_(text), folder_(std::filesystem::path(text.name).parent_path()),
          file_(text, problems_) {
        problems_.add_file(text.name, text.text);
    }

    ReadTestCase read() {
        if (const std::optional<YAML::Node> root = file_.parse()) {
            MapReader map(file_, *root, test_keys(), "test");
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
        read_rules(map);
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
        map.list("steps", [&](MapReader& step) { read_step(step); });
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

    void read_rules(MapReader& map) {
        const YAML::Node* rules = map.find("rules");
        if (rules != nullptr && rules->IsMap()) {
            std::optional<std::string> lines = lines_of(text_.text, map.map(), *rules);
            model::RuleFile& file = test_.inline_rules.emplace_back();
            file.name = file_.name() + (lines ? "" : " (rules)");
            file.text = lines ? *std::move(lines) : to_yaml(*rules);
            return;
        }
        std::vector<std::string> paths;
        map.texts("rules", paths);
        for (const std::string& path : paths) {
            test_.rules.push_back(folder_ / path);
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

    void read_step(MapReader& map) {
        TestStep step;
        step.place = file_.place_of(map.map());
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
            map.map("silence", [&](MapReader& silence) {
                silence.text("matchers", step.text);
                step.lasts = std::chrono::hours(1);
                silence.duration("for", step.lasts);
                silence.flag("until_clear", step.until_clear);
            });
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
            map.map("expect",
                    [&](MapReader& expect) { read_expectation(expect, step.expectation); });
        }
        if (map.has("repeat") && !map.has("event")) {
            map.wrong("repeat", "belongs to an event, and there is none in this step");
        }
        if (deeds != 1) {
            file_.error(map.map(), "step: does " +
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
        step.text = EventWriter(file_).write(event).value_or("");
        map.map("repeat", [&](MapReader& repeat) {
            repeat.duration("every", step.lasts);
            repeat.number("times", step.times);
        });
    }

    static ExpectedAlert read_alert(MapReader& map) {
        ExpectedAlert alert;
        map.text("resource", alert.resource);
        map.text("check", alert.check);
        map.word("state", alert.state);
        map.word("severity", alert.severity);
        map.text("suppressed", alert.suppressed);
        check_suppressed(map, alert.suppressed);
        alert.count = read_count(map, "count");
        return alert;
    }

    // A reason, or a section and the name of one of its rules.
    static void check_suppressed(MapReader& map, const std::string& word) {
        const auto& reasons = model::kReasonNames;
        const std::string section = word.substr(0, word.find('/'));
        const bool is_rule = section.size() < word.size();
        const auto known = [&](const auto& words, const std::string& one) {
            return std::find(words.begin(), words.end(), one) != words.end();
        };
        if (word.empty() || (is_rule ? known(kRuleKindNames, section) : known(reasons, word))) {
            return;
        }
        map.wrong("suppressed",
                  "found " + quote(word) +
                      ", expected a reason, e.g. in_maintenance, or a rule, e.g. inhibit/dead "
                      "switch" +
                      (is_rule ? "; " + nearest(section, kRuleKindNames, "sections")
                               : suggestion(word, reasons)));
    }

    static std::string suggestion(std::string_view word, std::span<const std::string_view> words) {
        const std::string text = nearest(word, words, "reasons");
        return text.starts_with("reasons") ? "" : "; " + text;  // there are too many to list
    }

    static void read_expectation(MapReader& map, Expectation& to) {
        map.list("alerts", [&](MapReader& one) { to.alerts.push_back(read_alert(one)); });
        map.list("absent", [&](MapReader& one) { to.absent.push_back(read_alert(one)); });
        to.alert_count = read_count(map, "alert_count");
        to.firing_count = read_count(map, "firing_count");
        to.suppressed_count = read_count(map, "suppressed_count");
        to.incident_count = read_count(map, "incident_count");
        if (map.has("incidents")) {
            to.incidents.emplace();
            map.list("incidents", [&](MapReader& incident) {
                ExpectedIncident& expected = to.incidents->emplace_back();
                expected.members = read_count(incident, "members");
                incident.texts("resources", expected.resources);
                incident.word("state", expected.state);
                incident.word("severity", expected.severity);
                incident.texts("suspects", expected.suspects);
            });
        }
        map.list("notified", [&](MapReader& word) {
            ExpectedWord& expected = to.notified.emplace_back();
            word.word("to", expected.to);
            word.text("receiver", expected.receiver);
            expected.count = read_count(word, "count");
        });
    }

    const model::RuleFile& text_;
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
