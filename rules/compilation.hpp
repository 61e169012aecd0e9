// Compilation: what the readers of all kinds of rules share while one revision is compiled.
#pragma once

#include "model/rules_revision.hpp"
#include "rules/problem_list.hpp"
#include "rules/rule_reader.hpp"
#include "rules/rule_set.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::rules {

// Borrows the revision.
class Compilation {
   public:
    explicit Compilation(const model::RulesRevision& revision);

    CompiledRules run();

    // The place of the table in the set; nullptr when there is none, which is told at the node.
    // The rule that is being read counts as changed when the table's content does.
    const LookupTable* table(MapReader& in, std::string_view key, std::uint32_t& place);
    // The place of the zone in the set, 0 (UTC) when nobody knows it. The same holds.
    std::uint32_t zone(MapReader& in, std::string_view key);

    const model::ZoneTable& zone_at(std::uint32_t place) const { return set_.zones[place]; }

   private:
    // Either its tables or its rules, so that a rule may name a table of any file.
    void read_sections(FileReader& file, const YAML::Node& root, bool tables);
    void read_table(FileReader& file, const YAML::Node& node);
    void read_rules_of(RuleKind kind, FileReader& file, const YAML::Node& section);
    void read_rule(RuleKind kind, FileReader& file, const YAML::Node& node);
    // False: the name is missing, wrong or taken, which is told.
    bool claim_name(std::string_view kind, const MapReader& in, const std::string& name,
                    FileReader& file);
    template <typename Rule>
    void keep(std::vector<Rule>& all, Rule rule, bool is_kept);

    const model::RulesRevision& revision_;
    RuleSet set_;
    ProblemList problems_;
    std::map<std::string, Place, std::less<>> names_;  // "inhibit/dead switch"
    std::map<std::string, std::uint32_t, std::less<>> tables_;
    std::vector<std::string> table_contents_;
    std::map<std::string, std::uint32_t, std::less<>> zones_;
    std::string borrowed_;  // content of tables and zones that the rule being read uses
    std::size_t rules_read_ = 0;
};

// One for each kind; what is wrong is told to the reader.
PayloadRule read_payload(MapReader& in, const std::string& name);
MaskRule read_mask(MapReader& in);
NormaliseRule read_normalise(MapReader& in, Compilation& with);
DedupRule read_dedup(MapReader& in);
HeartbeatRule read_heartbeat(MapReader& in);
PatternRule read_pattern(MapReader& in, const std::string& name, Compilation& with);
InhibitRule read_inhibit(MapReader& in);
MaintenanceRule read_maintenance(MapReader& in, Compilation& with);
FlappingRule read_flapping(MapReader& in);
DependencyRule read_dependency(MapReader& in);
ChangeWindowRule read_change_window(MapReader& in);
StormRule read_storm(MapReader& in);
GroupRule read_group(MapReader& in);
PrecedenceRule read_precedence(MapReader& in);
LifecycleRule read_lifecycle(MapReader& in);
RouteRule read_route(MapReader& in);

// Where a table that `rule_file` names is looked for: beside it.
std::string table_name(std::string_view rule_file, std::string_view path);

}  // namespace nocturne::rules
