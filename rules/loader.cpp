#include "rules/loader.hpp"

#include "model/suggestion.hpp"
#include "rules/lint.hpp"
#include "rules/section_readers.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <tuple>
#include <utility>

namespace nocturne::rules {

namespace {

constexpr std::size_t kFileBytesMax = 4U << 20;
constexpr std::size_t kRulesMax = 20'000;
constexpr std::size_t kNodesMax = 200'000;  // of one rule, aliases walked: more is a bomb

struct Section {
    RuleKind kind;
    ReadRule read;
};

constexpr std::array<Section, static_cast<std::size_t>(RuleKind::Count)> kSections{{
    {RuleKind::Payload, read_payload},
    {RuleKind::Mask, read_mask},
    {RuleKind::Normalise, read_normalise},
    {RuleKind::Dedup, read_dedup},
    {RuleKind::Heartbeat, read_heartbeat},
    {RuleKind::Pattern, read_pattern},
    {RuleKind::Inhibit, read_inhibit},
    {RuleKind::Maintenance, read_maintenance},
    {RuleKind::Flapping, read_flapping},
    {RuleKind::Dependency, read_dependency},
    {RuleKind::ChangeWindow, read_change_window},
    {RuleKind::Storm, read_storm},
    {RuleKind::Group, read_group},
    {RuleKind::Lifecycle, read_lifecycle},
    {RuleKind::Route, read_route},
}};

constexpr std::string_view kTables = "tables";

// What the node says, whatever its order and layout; false when it is too much.
bool write_content(const YAML::Node& node, std::size_t depth, std::size_t& left, std::string& out) {
    if (left == 0 || depth > 32) {
        return false;
    }
    --left;
    if (node.IsScalar()) {
        out.append(node.Scalar()).push_back('\1');
        return true;
    }
    if (node.IsSequence()) {
        out += '[';
        for (const YAML::Node& item : node) {
            if (!write_content(item, depth + 1, left, out)) {
                return false;
            }
        }
        out += ']';
        return true;
    }
    if (node.IsMap()) {
        std::map<std::string, YAML::Node> members;
        for (const auto& member : node) {
            const std::string key = member.first.IsScalar() ? member.first.Scalar() : "?";
            if (depth > 0 || (key != "name" && key != "comment" && key != "mode")) {
                members[key].reset(member.second);
            }
        }
        out += '{';
        for (const auto& [key, member] : members) {
            out.append(key).push_back('\2');
            if (!write_content(member, depth + 1, left, out)) {
                return false;
            }
        }
        out += '}';
    }
    return true;
}

class FileReader {
   public:
    FileReader(const model::RuleFile& file, Compilation& compilation,
               std::array<std::set<std::string>, kSections.size()>& names)
        : file_(file), compilation_(compilation), names_(names), problems_(file.name, file.text) {}

    std::vector<Problem> read() {
        if (file_.text.size() > kFileBytesMax) {
            problems_.error(YAML::Mark::null_mark(),
                            "the file has " + std::to_string(file_.text.size()) +
                                " bytes, at most " + std::to_string(kFileBytesMax) +
                                " are read; split it");
            return problems_.take();
        }
        try {
            const YAML::Node root = YAML::Load(file_.text);
            if (root.IsDefined() && !root.IsNull()) {
                read_root(root);
            }
        } catch (const YAML::Exception& error) {
            problems_.error(error.mark, error.msg);
        }
        return problems_.take();
    }

   private:
    void read_root(const YAML::Node& root) {
        if (!root.IsMap()) {
            problems_.error(root.Mark(), "expected sections, e.g. inhibit: with a list of rules");
            return;
        }
        std::vector<std::string_view> known(kRuleKindNames.begin(), kRuleKindNames.end());
        known.push_back(kTables);
        std::set<std::string> seen;
        for (const auto& section : root) {
            const std::string name = section.first.IsScalar() ? section.first.Scalar() : "";
            if (std::find(known.begin(), known.end(), name) == known.end()) {
                problems_.error(section.first.Mark(),
                                "unknown section \"" + name + "\"; " + model::suggest(name, known));
            } else if (!seen.insert(name).second) {
                problems_.error(section.first.Mark(),
                                "section \"" + name + "\" is there twice; join the lists");
            }
        }
        if (root[std::string(kTables)].IsDefined()) {  // first: rules name them
            read_section(root[std::string(kTables)], nullptr);
        }
        for (const Section& section : kSections) {
            const YAML::Node node = root[std::string(name_of(section.kind))];
            if (node.IsDefined()) {
                read_section(node, &section);
            }
        }
    }

    // nullptr: the tables.
    void read_section(const YAML::Node& node, const Section* section) {
        const std::string name(section == nullptr ? kTables : name_of(section->kind));
        if (node.IsNull()) {
            return;
        }
        if (!node.IsSequence()) {
            problems_.error(node.Mark(), name + ": expected a list, each item with a name");
            return;
        }
        for (const YAML::Node& item : node) {
            if (!item.IsMap()) {
                problems_.error(item.Mark(),
                                name + ": expected a map with a name, e.g. - name: ...");
                continue;
            }
            MapReader map(problems_, item, name);
            const std::string rule_name = map.text("name", Need::Required).value_or("");
            if (rule_name.empty() && item["name"].IsDefined()) {
                map.wrong("name", "must not be empty");
            }
            std::string what = name;
            what.append(" \"").append(rule_name).append("\"");
            MapReader named(problems_, item, std::move(what));
            (void)named.text("name");
            if (section == nullptr) {
                if (compilation_.tables.contains(rule_name)) {
                    named.wrong("name", "there is another table of that name");
                } else {
                    read_table(named, rule_name, compilation_);
                }
            } else {
                read_rule(named, rule_name, *section);
            }
        }
    }

    void read_rule(MapReader& map, const std::string& name, const Section& section) {
        enum class Switch : std::uint8_t { On, Shadow, Off };
        static constexpr std::array<std::string_view, 3> kSwitches{"on", "shadow", "off"};
        std::set<std::string>& names = names_[static_cast<std::size_t>(section.kind)];
        if (!names.insert(name).second) {
            map.wrong("name", "there is another " + std::string(name_of(section.kind)) +
                                  " rule of that name");
        }
        if (compilation_.set.rules.size() >= kRulesMax) {
            map.wrong(map.map(), "more than " + std::to_string(kRulesMax) + " rules");
            return;
        }
        const Switch mode = map.word("mode", kSwitches, Switch::On);
        Rule rule;
        rule.kind = section.kind;
        rule.mode = mode == Switch::Shadow ? Mode::Shadow : Mode::On;
        rule.name = name;
        rule.place = problems_.place_of(map.map().Mark());
        rule.comment = map.text("comment").value_or("");
        const std::size_t errors = problems_.error_count();
        std::string used;
        std::size_t left = kNodesMax;
        if (!write_content(map.map(), 0, left, used)) {
            map.wrong(map.map(), "is nested too deep or has too many parts");
            return;
        }
        compilation_.set.rules.push_back(std::move(rule));
        const auto index = static_cast<RuleIndex>(compilation_.set.rules.size() - 1);
        (void)section.read(map, index, compilation_, used);
        map.finish();
        compilation_.set.rules[index].content =
            model::fingerprint_of(std::string(name_of(section.kind)) + '\0' + used);
        if (problems_.error_count() > errors || mode == Switch::Off) {
            take_back(section.kind);
        }
    }

    // The last rule, which is wrong or off.
    void take_back(RuleKind kind) {
        RuleSet& set = compilation_.set;
        set.rules.pop_back();
        switch (kind) {
            case RuleKind::Payload: set.payloads.pop_back(); break;
            case RuleKind::Mask: set.masks.pop_back(); break;
            case RuleKind::Normalise: set.normalises.pop_back(); break;
            case RuleKind::Dedup: set.dedups.pop_back(); break;
            case RuleKind::Heartbeat: set.heartbeats.pop_back(); break;
            case RuleKind::Pattern: set.patterns.pop_back(); break;
            case RuleKind::Inhibit: set.inhibits.pop_back(); break;
            case RuleKind::Maintenance: set.maintenances.pop_back(); break;
            case RuleKind::Flapping: set.flappings.pop_back(); break;
            case RuleKind::Dependency: set.dependencies.pop_back(); break;
            case RuleKind::ChangeWindow: set.change_windows.pop_back(); break;
            case RuleKind::Storm: set.storms.pop_back(); break;
            case RuleKind::Group: set.groups.pop_back(); break;
            case RuleKind::Lifecycle: set.lifecycles.pop_back(); break;
            case RuleKind::Route: set.routes.pop_back(); break;
            case RuleKind::Count: break;
        }
    }

    const model::RuleFile& file_;
    Compilation& compilation_;
    std::array<std::set<std::string>, kSections.size()>& names_;
    FileProblems problems_;
};

}  // namespace

std::string to_string(const Problem& problem) {
    const Place& place = problem.error.places.front();
    std::string text = to_string(place) + ": " +
                       (problem.level == Problem::Level::Error ? "error: " : "warning: ") +
                       problem.error.message;
    if (!problem.line.empty()) {
        text += "\n    " + problem.line;
        if (place.column > 0 && place.column <= problem.line.size() + 1) {
            text += "\n    " + std::string(place.column - 1, ' ') + "^";
        }
    }
    return text;
}

bool has_errors(const std::vector<Problem>& problems) {
    return std::any_of(problems.begin(), problems.end(), [](const Problem& problem) {
        return problem.level == Problem::Level::Error;
    });
}

CompiledRules compile(const model::RulesRevision& revision) {
    Compilation compilation{revision, {}, {}, {}};
    compilation.set.zones.push_back({"UTC", {}});
    compilation.zones.emplace("UTC", 0);
    std::array<std::set<std::string>, kSections.size()> names;
    CompiledRules compiled;
    for (const model::RuleFile& file : revision.rules) {
        std::vector<Problem> problems = FileReader(file, compilation, names).read();
        std::stable_sort(problems.begin(), problems.end(), [](const Problem& a, const Problem& b) {
            const Place& x = a.error.places.front();
            const Place& y = b.error.places.front();
            return std::tie(x.line, x.column) < std::tie(y.line, y.column);
        });
        std::move(problems.begin(), problems.end(), std::back_inserter(compiled.problems));
    }
    std::vector<Problem> warnings = lint(compilation.set);
    std::move(warnings.begin(), warnings.end(), std::back_inserter(compiled.problems));
    compiled.rules = std::make_shared<const RuleSet>(std::move(compilation.set));
    return compiled;
}

}  // namespace nocturne::rules
