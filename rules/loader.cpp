#include "rules/loader.hpp"

#include "rules/compilation.hpp"
#include "rules/lint.hpp"

#include <algorithm>
#include <exception>
#include <memory>

namespace nocturne::rules {

namespace {

constexpr std::string_view kTables = "tables";

std::vector<std::string_view> section_names() {
    std::vector<std::string_view> names(kRuleKindNames.begin(), kRuleKindNames.end());
    names.push_back(kTables);
    return names;
}

std::string name_in(const YAML::Node& node) {
    if (!node.IsMap()) {
        return "";
    }
    for (const auto& member : node) {
        if (member.first.Scalar() == "name" && member.second.IsScalar()) {
            return member.second.Scalar();
        }
    }
    return "";
}

bool is_control(char byte) {
    return static_cast<unsigned char>(byte) < 0x20;
}

enum class Switch : std::uint8_t { On, Shadow, Off };

Switch read_mode(MapReader& in) {
    const std::optional<std::string> word = in.text_of("mode");
    if (!word || *word == "on" || *word == "true") {
        return Switch::On;
    }
    if (*word == "shadow") {
        return Switch::Shadow;
    }
    if (*word != "off" && *word != "false") {
        in.wrong("mode", "found " + quote(*word) + ", expected on, shadow or off");
    }
    return Switch::Off;
}

}  // namespace

Compilation::Compilation(const model::RulesRevision& revision) : revision_(revision) {
    set_.zones.push_back({"UTC", {}});
    zones_["UTC"] = 0;
    for (const model::RuleFile& file : revision.rules) {
        problems_.add_file(file.name, file.text);
    }
    for (const model::RuleFile& table : revision.tables) {
        problems_.add_file(table.name, table.text);
    }
}

CompiledRules Compilation::run() {
    struct Parsed {
        FileReader file;
        std::optional<YAML::Node> root;
    };

    std::vector<Parsed> files;
    for (const model::RuleFile& text : revision_.rules) {
        FileReader file(text, problems_);
        std::optional<YAML::Node> root = file.parse();
        files.push_back({std::move(file), std::move(root)});
    }
    for (const bool tables : {true, false}) {  // all tables before the first rule that names one
        for (Parsed& parsed : files) {
            if (parsed.root) {
                read_sections(parsed.file, *parsed.root, tables);
            }
        }
    }
    lint(set_, problems_);
    return {std::make_shared<const RuleSet>(std::move(set_)), problems_.take()};
}

void Compilation::read_sections(FileReader& file, const YAML::Node& root, bool tables) {
    if (!root.IsMap()) {
        if (!tables) {
            file.error(root, "found " + found_at(root) +
                                 ", expected sections, e.g. route: with a list of "
                                 "rules");
        }
        return;
    }
    if (tables) {
        for (const auto& member : root) {
            if (member.first.Scalar() == kTables && member.second.IsSequence()) {
                file.each_item(member.second, "",
                               [&](const YAML::Node& node) { read_table(file, node); });
            }
        }
        return;
    }
    file.each_member(
        root, "",
        [&](const std::string& name, const YAML::Node& name_node, const YAML::Node& section) {
            const auto kind = std::find(kRuleKindNames.begin(), kRuleKindNames.end(), name);
            const bool is_known = name == kTables || kind != kRuleKindNames.end();
            if (!is_known) {
                file.error(name_node, "unknown section " + quote(name) + "; " +
                                          nearest(name, section_names(), "known sections"));
            } else if (section.IsNull()) {
                return;  // everything in it is commented out
            } else if (!section.IsSequence()) {
                file.error(section, name + ": found " + found_at(section) +
                                        ", expected a list, each item begins with \"- name: \"");
            } else if (name != kTables) {
                read_rules_of(static_cast<RuleKind>(kind - kRuleKindNames.begin()), file, section);
            }
        });
}

void Compilation::read_rules_of(RuleKind kind, FileReader& file, const YAML::Node& section) {
    file.each_item(section, "", [&](const YAML::Node& node) {
        ++rules_read_;
        if (rules_read_ == kRulesMax + 1) {
            file.error(node, "more than " + std::to_string(kRulesMax) +
                                 " rules; this and all further ones are not read");
        }
        if (rules_read_ <= kRulesMax) {
            read_rule(kind, file, node);
        }
    });
}

bool Compilation::claim_name(std::string_view kind, const MapReader& in, const std::string& name,
                             FileReader& file) {
    if (name.empty()) {
        if (in.has("name")) {
            file.error(in.map(), std::string(kind) + ": name is no text or is empty; expected a "
                                                     "text that tells it from others");
        }
        return false;  // its absence is told already
    }
    if (name.size() > kNameBytesMax || std::any_of(name.begin(), name.end(), is_control)) {
        file.error(in.map(), std::string(kind) + " " + quote(name) +
                                 ": the name is too long or more than a line; expected at most " +
                                 std::to_string(kNameBytesMax) + " bytes");
        return false;
    }
    const auto [known, is_new] =
        names_.emplace(std::string(kind) + "/" + name, file.place_of(in.map()));
    if (!is_new) {
        Place first = known->second;
        first.column = 0;
        file.error(in.map(), std::string(kind) + " " + quote(name) + ": the name is taken by " +
                                 to_string(first) + "; give each rule of a section its own");
    }
    return is_new;
}

template <typename Rule>
void Compilation::keep(std::vector<Rule>& all, Rule rule, bool is_kept) {
    if (is_kept) {
        rule.rule = static_cast<RuleIndex>(set_.rules.size());
        all.push_back(std::move(rule));
    }
}

void Compilation::read_rule(RuleKind kind, FileReader& file, const YAML::Node& node) {
    const std::size_t errors = problems_.errors();
    const std::string name = name_in(node);
    const std::string section(name_of(kind));
    MapReader in(file, node, keys_of(kind), name.empty() ? section : section + " " + quote(name));
    if (!in.is_map()) {
        return;
    }
    claim_name(section, in, name, file);
    borrowed_.clear();
    const Switch mode = read_mode(in);
    Rule rule{kind, mode == Switch::Shadow ? Mode::Shadow : Mode::On, name, file.place_of(node), {},
              {}};
    in.text("comment", rule.comment);
    // Whether it is kept is asked after the rule was read, so each reader comes first.
    const auto add = [&](auto& all, auto read) {
        const bool is_kept = problems_.errors() == errors && mode != Switch::Off;
        keep(all, std::move(read), is_kept);
        if (is_kept) {
            std::string content = section;
            file.append_content(content, node);
            rule.content = model::fingerprint_of(content + borrowed_);
            set_.rules.push_back(std::move(rule));
        }
    };
    switch (kind) {
        case RuleKind::Payload: return add(set_.payloads, read_payload(in, name));
        case RuleKind::Mask: return add(set_.masks, read_mask(in));
        case RuleKind::Normalise: return add(set_.normalises, read_normalise(in, *this));
        case RuleKind::Dedup: return add(set_.dedups, read_dedup(in));
        case RuleKind::Heartbeat: return add(set_.heartbeats, read_heartbeat(in));
        case RuleKind::Pattern: return add(set_.patterns, read_pattern(in, name, *this));
        case RuleKind::Inhibit: return add(set_.inhibits, read_inhibit(in));
        case RuleKind::Maintenance: return add(set_.maintenances, read_maintenance(in, *this));
        case RuleKind::Flapping: return add(set_.flappings, read_flapping(in));
        case RuleKind::Dependency: return add(set_.dependencies, read_dependency(in));
        case RuleKind::ChangeWindow: return add(set_.change_windows, read_change_window(in));
        case RuleKind::Storm: return add(set_.storms, read_storm(in));
        case RuleKind::Group: return add(set_.groups, read_group(in));
        case RuleKind::Precedence: return add(set_.precedences, read_precedence(in));
        case RuleKind::Lifecycle: return add(set_.lifecycles, read_lifecycle(in));
        case RuleKind::Route: return add(set_.routes, read_route(in));
        case RuleKind::Count: return;
    }
}

std::uint32_t Compilation::zone(MapReader& in, std::string_view key) {
    const std::optional<std::string> name = in.text_of(key);
    if (!name) {
        return 0;
    }
    const auto wanted =
        std::find_if(revision_.zones.begin(), revision_.zones.end(),
                     [&](const model::ZoneTable& one) { return one.name == *name; });
    auto known = zones_.find(*name);
    if (known == zones_.end() && wanted == revision_.zones.end()) {
        in.wrong(key, "nobody knows the time zone " + quote(*name) +
                          "; expected a name as in Europe/Berlin");
        return 0;
    }
    if (known == zones_.end()) {
        known = zones_.emplace(*name, static_cast<std::uint32_t>(set_.zones.size())).first;
        set_.zones.push_back(*wanted);
    }
    for (const model::ZoneOffset& entry : set_.zones[known->second].offsets) {
        borrowed_ += std::to_string(model::to_unix_ms(entry.at)) + "," +
                     std::to_string(entry.offset.count()) + ";";
    }
    return known->second;
}

CompiledRules compile(const model::RulesRevision& revision) {
    try {
        return Compilation(revision).run();
    } catch (const std::exception& error) {
        Problem problem;
        problem.error = {
            ErrorCode::Internal, std::string("the rules cannot be read: ") + error.what(), {}};
        return {std::make_shared<const RuleSet>(), {std::move(problem)}};
    }
}

}  // namespace nocturne::rules
