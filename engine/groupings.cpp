#include "engine/groupings.hpp"

namespace nocturne::engine {

void Groupings::load(const rules::RuleSet& rules) {
    rules_ = &rules;
    std::vector<const rules::Condition*> conditions;
    for (const rules::GroupRule& rule : rules.groups) {
        conditions.push_back(&rule.match);
    }
    index_ = rules::MatchIndex(conditions);
}

const rules::GroupRule* Groupings::find(const AlertSubject& subject, RuleBook& book,
                                        model::Time now) const {
    if (rules_ == nullptr || rules_->groups.empty()) {
        return nullptr;
    }
    std::vector<std::uint32_t> found;
    subject.find(index_, found);
    for (const std::uint32_t number : found) {
        if (book.note(rules_->groups[number].rule, now)) {
            return &rules_->groups[number];
        }
    }
    (void)book.take_shadowed();
    return nullptr;
}

model::Fingerprint Groupings::key_of(const rules::GroupRule& rule,
                                     const rules::SubjectView& subject, std::string& text) const {
    std::string key = rules::key_of(rules_->rules[rule.rule]);
    for (const rules::Field& field : rule.fields) {
        const std::string_view value = rules::value_of(subject, field);
        key.append(1, '\0').append(value);
        text += (text.empty() ? "" : ", ") + rules::to_string(field) + "=" + std::string(value);
    }
    return model::fingerprint_of(key);
}

}  // namespace nocturne::engine
