// RulesRevision: the rules as people wrote them; an input of the engine, which compiles them by
// itself, so that a replay decides by the rules of the time.
#pragma once

#include "model/codec.hpp"
#include "model/time.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace nocturne::model {

// A rule file, or a table (CSV) that one names.
struct RuleFile {
    std::string name;  // as problems and `why` name it
    std::string text;
    Time written = kNoTime;  // when the file was last changed: the age of a table's rows

    friend bool operator==(const RuleFile&, const RuleFile&) = default;
};

// A time zone as this machine knew it when the rules were read: from `at` on, local time is UTC +
// `offset`. Sorted; before the first entry the first offset holds.
struct ZoneOffset {
    Time at = kNoTime;
    std::chrono::seconds offset{0};

    friend bool operator==(const ZoneOffset&, const ZoneOffset&) = default;
};

struct ZoneTable {
    std::string name;  // "Europe/Berlin"
    std::vector<ZoneOffset> offsets;

    friend bool operator==(const ZoneTable&, const ZoneTable&) = default;
};

struct RulesRevision {
    std::vector<RuleFile> rules;   // in the order in which they are read
    std::vector<RuleFile> tables;  // by the name that the rules give: the path beside their file
    std::vector<ZoneTable> zones;  // those that the rules name

    friend bool operator==(const RulesRevision&, const RulesRevision&) = default;
};

void encode(Writer& out, const RulesRevision& revision);
// Check in.ok() afterwards.
RulesRevision decode_rules_revision(Reader& in);

}  // namespace nocturne::model
