// How each section of a rule file is read: one function a kind of rule, in four files by what
// they are about.
#pragma once

#include "rules/map_reader.hpp"
#include "rules/rule_set.hpp"

#include <map>
#include <string>

namespace nocturne::rules {

// What a revision has beside the rule files, and what they have named so far.
struct Compilation {
    const model::RulesRevision& revision;
    RuleSet set;
    std::map<std::string, std::uint32_t> tables;  // by name
    std::map<std::string, std::uint32_t> zones;

    // UTC when the revision does not have it; that is a problem of the edge, which reads zones.
    std::uint32_t zone(MapReader& map, std::string_view key, std::string& used);
};

// Each reads the keys of its own; what all rules have is read before. False: leave the rule out.
// `used`: what else the rule's content hangs on, e.g. a table's text.
using ReadRule = bool (*)(MapReader& map, RuleIndex rule, Compilation& compilation,
                          std::string& used);

bool read_payload(MapReader& map, RuleIndex rule, Compilation& compilation, std::string& used);
bool read_mask(MapReader& map, RuleIndex rule, Compilation& compilation, std::string& used);
bool read_normalise(MapReader& map, RuleIndex rule, Compilation& compilation, std::string& used);
bool read_dedup(MapReader& map, RuleIndex rule, Compilation& compilation, std::string& used);
bool read_heartbeat(MapReader& map, RuleIndex rule, Compilation& compilation, std::string& used);
bool read_pattern(MapReader& map, RuleIndex rule, Compilation& compilation, std::string& used);
bool read_inhibit(MapReader& map, RuleIndex rule, Compilation& compilation, std::string& used);
bool read_maintenance(MapReader& map, RuleIndex rule, Compilation& compilation, std::string& used);
bool read_flapping(MapReader& map, RuleIndex rule, Compilation& compilation, std::string& used);
bool read_dependency(MapReader& map, RuleIndex rule, Compilation& compilation, std::string& used);
bool read_change_window(MapReader& map, RuleIndex rule, Compilation& compilation,
                        std::string& used);
bool read_storm(MapReader& map, RuleIndex rule, Compilation& compilation, std::string& used);
bool read_group(MapReader& map, RuleIndex rule, Compilation& compilation, std::string& used);
bool read_lifecycle(MapReader& map, RuleIndex rule, Compilation& compilation, std::string& used);
bool read_route(MapReader& map, RuleIndex rule, Compilation& compilation, std::string& used);

// A table of the section `tables`; its name must not be taken.
void read_table(MapReader& map, const std::string& name, Compilation& compilation);

}  // namespace nocturne::rules
