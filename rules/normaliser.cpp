#include "rules/normaliser.hpp"

#include <algorithm>
#include <utility>

namespace nocturne::rules {

namespace {

MatchIndex index_of(const std::vector<NormaliseRule>& rules) {
    std::vector<const Condition*> conditions;
    conditions.reserve(rules.size());
    for (const NormaliseRule& rule : rules) {
        conditions.push_back(&rule.match);
    }
    return MatchIndex(conditions);
}

}  // namespace

void Normaliser::Applied::clear() {
    rules.clear();
    shadowed.clear();
    refused.clear();
}

Normaliser::Normaliser(std::shared_ptr<const RuleSet> rules)
    : rules_(std::move(rules)), index_(index_of(rules_->normalises)) {}

Normaliser::Outcome Normaliser::normalise(const model::EventView& in, model::Time now,
                                          model::EventView& out, model::Arena& scratch,
                                          Applied& applied) {
    applied.clear();
    out = in;
    if (rules_->normalises.empty()) {
        return Outcome::Unchanged;
    }
    index_.find(subject_of(in), found_);
    if (found_.empty()) {
        return Outcome::Unchanged;
    }
    draft_.start(in, scratch);
    std::uint32_t next = 0;  // rules before are done with
    while (true) {
        const auto place = std::lower_bound(found_.begin(), found_.end(), next);
        if (place == found_.end()) {
            break;
        }
        const NormaliseRule& rule = rules_->normalises[*place];
        next = *place + 1;
        if (rules_->rules[rule.rule].mode == Mode::Shadow) {
            applied.shadowed.push_back(rule.rule);
            continue;
        }
        applied.rules.push_back(rule.rule);
        const std::uint32_t changes = draft_.changes();
        change(rule, now, applied);
        if (rule.drops) {
            return Outcome::Dropped;
        }
        if (rule.is_last) {
            break;
        }
        if (draft_.changes() > changes) {
            index_.find(draft_.subject(), found_);
        }
    }
    if (draft_.changes() == 0) {
        return Outcome::Unchanged;
    }
    out = draft_.finish();
    return Outcome::Changed;
}

void Normaliser::change(const NormaliseRule& rule, model::Time now, Applied& applied) {
    extract(rule);
    look_up(rule, now, applied);
    for (const Translate& translate : rule.translates) {
        const auto found = translate.values.find(value_of(draft_.subject(), translate.from));
        if (found != translate.values.end()) {
            set(rule, translate.to, found->second, applied);
        } else if (translate.otherwise) {
            set(rule, translate.to, *translate.otherwise, applied);
        }
    }
    for (const Assign& assign : rule.assigns) {
        text_.clear();
        assign.value.append(text_, draft_.subject(), groups_);
        set(rule, assign.to, text_, applied);
    }
    for (const Field& field : rule.removes) {
        if (draft_.remove(field) == EventDraft::Outcome::Refused) {
            applied.refused.push_back(rule.rule);
        }
    }
}

void Normaliser::set(const NormaliseRule& rule, const Field& field, std::string_view value,
                     Applied& applied) {
    if (draft_.set(field, value) == EventDraft::Outcome::Refused) {
        applied.refused.push_back(rule.rule);
    }
}

// The texts stay where they are until the arena goes, also when their field is set anew.
void Normaliser::extract(const NormaliseRule& rule) {
    groups_.clear();
    for (const Extract& extract : rule.extracts) {
        const std::vector<std::string>& names = extract.expression.groups();
        const bool found =
            extract.expression.find(value_of(draft_.subject(), extract.from), captured_);
        for (std::size_t i = 0; i < names.size(); ++i) {
            const std::string_view text = found ? captured_[i] : std::string_view();
            const auto known = std::find_if(groups_.begin(), groups_.end(), [&](const auto& group) {
                return group.first == names[i];
            });
            if (known != groups_.end()) {  // the first expression that finds something counts
                known->second = known->second.empty() ? text : known->second;
            } else if (!names[i].empty()) {  // also when empty: it is no label of that name
                groups_.emplace_back(names[i], text);
            }
        }
    }
}

void Normaliser::look_up(const NormaliseRule& rule, model::Time now, Applied& applied) {
    for (const Lookup& lookup : rule.lookups) {
        const SubjectView subject = draft_.subject();
        std::vector<std::string> key;
        for (const Field& field : lookup.by) {
            key.emplace_back(value_of(subject, field));
        }
        const LookupTable::Row* row = rules_->tables[lookup.table].find(key, now);
        if (row == nullptr) {
            continue;
        }
        for (const auto& [field, column] : lookup.set) {
            if (!row->cells[column].empty()) {  // an empty cell says nothing
                set(rule, field, row->cells[column], applied);
            }
        }
    }
}

}  // namespace nocturne::rules
