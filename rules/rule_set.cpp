#include "rules/rule_set.hpp"

namespace nocturne::rules {

std::string key_of(const Rule& rule) {
    return std::string(name_of(rule.kind)) + "/" + rule.name;
}

std::string to_string(const Rule& rule) {
    Place line = rule.place;
    line.column = 0;
    return to_string(line) + " " + std::string(name_of(rule.kind)) + " \"" + rule.name + "\"";
}

const LookupTable::Row* LookupTable::find(const std::vector<std::string>& values,
                                          model::Time now) const {
    const auto found = by_key.find(values);
    if (found == by_key.end()) {
        return nullptr;
    }
    const Row& row = rows[found->second];
    const bool is_too_old =
        expires && row.updated != model::kNoTime && now - row.updated > *expires;
    return is_too_old ? nullptr : &row;
}

}  // namespace nocturne::rules
