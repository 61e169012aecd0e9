#include "rules/topology_source.hpp"

namespace nocturne::rules {

NameRules::NameRules(const std::vector<NameRule>& rules) {
    for (const NameRule& rule : rules) {
        if (Result<model::Expression> match = model::Expression::make(rule.match)) {
            rules_.push_back({*std::move(match), rule.to});
        }
    }
}

std::string NameRules::apply(std::string name) const {
    std::vector<std::string_view> groups;
    for (const Compiled& rule : rules_) {
        if (!rule.match.find(name, groups)) {
            continue;
        }
        std::string made;
        for (std::size_t i = 0; i < rule.to.size(); ++i) {
            const bool is_group = rule.to[i] == '{' && i + 2 < rule.to.size() &&
                                  rule.to[i + 1] >= '1' && rule.to[i + 1] <= '9' &&
                                  rule.to[i + 2] == '}';
            if (!is_group) {
                made += rule.to[i];
                continue;
            }
            const auto group = static_cast<std::size_t>(rule.to[i + 1] - '1');
            made += group < groups.size() ? groups[group] : std::string_view();
            i += 2;
        }
        return made.empty() ? name : made;
    }
    return name;
}

}  // namespace nocturne::rules
