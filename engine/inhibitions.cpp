#include "engine/inhibitions.hpp"

#include <algorithm>
#include <string>

namespace nocturne::engine {

void Inhibitions::load(const rules::RuleSet& rules) {
    rules_ = &rules;
    groups_.clear();
    parts_.clear();
    source_places_.clear();
    asks_for_facts_ = false;
    std::vector<const rules::Condition*> sources;
    std::vector<const rules::Condition*> targets;
    for (std::uint32_t number = 0; number < rules.inhibits.size(); ++number) {
        const rules::InhibitRule& rule = rules.inhibits[number];
        targets.push_back(&rule.target);
        asks_for_facts_ = asks_for_facts_ || engine::asks_for_facts(rule.target);
        for (std::uint32_t i = 0; i < rule.sources.size(); ++i) {
            sources.push_back(&rule.sources[i]);
            source_places_.emplace_back(number, i);
            asks_for_facts_ = asks_for_facts_ || engine::asks_for_facts(rule.sources[i]);
        }
        for (const rules::InhibitRule::Equal& equal : rule.equal) {
            asks_for_facts_ = asks_for_facts_ || engine::asks_for_facts(equal.source) ||
                              engine::asks_for_facts(equal.target);
        }
    }
    sources_ = rules::MatchIndex(sources);
    targets_ = rules::MatchIndex(targets);
}

bool Inhibitions::key_of(const rules::SubjectView& subject, std::uint32_t rule, Side side,
                         Key& key) const {
    std::string values;
    for (const rules::InhibitRule::Equal& equal : rules_->inhibits[rule].equal) {
        const std::string_view value =
            rules::value_of(subject, side == Side::Source ? equal.source : equal.target);
        if (value.empty()) {
            return false;
        }
        values.append(value).push_back('\0');
    }
    key = {rule, model::fingerprint_of(values)};
    return true;
}

std::vector<Inhibitions::Part> Inhibitions::parts_of(const AlertSubject& subject) const {
    std::vector<std::uint32_t> as_source;
    std::vector<std::uint32_t> as_target;
    subject.find(sources_, as_source);
    subject.find(targets_, as_target);
    std::vector<Part> parts;
    Key key;
    for (const std::uint32_t rule : as_target) {
        if (key_of(subject.view(), rule, Side::Target, key)) {
            parts.push_back({key, Part::kTarget, true});
        }
    }
    for (const std::uint32_t number : as_source) {
        const auto [rule, condition] = source_places_[number];
        if (key_of(subject.view(), rule, Side::Source, key)) {
            parts.push_back(
                {key, condition, std::binary_search(as_target.begin(), as_target.end(), rule)});
        }
    }
    return parts;
}

void Inhibitions::burns(const AlertTable& alerts, Slot slot, const AlertSubject& subject,
                        std::vector<Slot>& targets) {
    if (rules_ == nullptr || rules_->inhibits.empty()) {
        return;
    }
    std::vector<Part> parts = parts_of(subject);
    const auto found = parts_.find(slot);
    if (found == parts_.end() ? parts.empty() : parts == found->second) {
        return;
    }
    ended(alerts, slot, targets);  // known from before: its fields have changed
    for (const Part& part : parts) {
        enter(alerts, slot, part, targets);
    }
    if (!parts.empty()) {
        parts_.insert_or_assign(slot, std::move(parts));
    }
}

void Inhibitions::ended(const AlertTable& alerts, Slot slot, std::vector<Slot>& targets) {
    const auto found = parts_.find(slot);
    if (found == parts_.end()) {
        return;
    }
    for (const Part& part : found->second) {
        leave(alerts, slot, part, targets);
    }
    parts_.erase(found);
}

bool Inhibitions::is_first(const Group& group, const Source& source) {
    const auto first =
        group.sources.lower_bound({source.condition, source.is_target, model::kNoId, 0});
    return first == group.sources.end() || source <= *first;
}

void Inhibitions::enter(const AlertTable& alerts, Slot slot, const Part& part,
                        std::vector<Slot>& targets) {
    Group& group = groups_[part.key];
    if (part.condition == Part::kTarget) {
        group.targets.insert(slot);
        return;
    }
    const Source source{part.condition, part.is_target, alerts[slot].id, slot};
    group.sources.insert(source);
    if (is_first(group, source)) {
        targets.insert(targets.end(), group.targets.begin(), group.targets.end());
    }
}

void Inhibitions::leave(const AlertTable& alerts, Slot slot, const Part& part,
                        std::vector<Slot>& targets) {
    const auto place = groups_.find(part.key);
    if (place == groups_.end()) {
        return;
    }
    Group& group = place->second;
    if (part.condition == Part::kTarget) {
        group.targets.erase(slot);
    } else {
        const Source source{part.condition, part.is_target, alerts[slot].id, slot};
        if (is_first(group, source)) {
            targets.insert(targets.end(), group.targets.begin(), group.targets.end());
        }
        group.sources.erase(source);
    }
    if (group.targets.empty() && group.sources.empty()) {
        groups_.erase(place);
    }
}

Slot Inhibitions::source_of(const Group& group, std::uint32_t condition, bool is_source_too) {
    const auto first_of = [&](bool is_target) {
        const auto first = group.sources.lower_bound({condition, is_target, model::kNoId, 0});
        return first != group.sources.end() && first->condition == condition &&
                       first->is_target == is_target
                   ? &*first
                   : nullptr;
    };
    const Source* plain = first_of(false);
    const Source* both = is_source_too ? nullptr : first_of(true);
    if (plain == nullptr || (both != nullptr && both->id < plain->id)) {
        plain = both;
    }
    return plain == nullptr ? kNoSlot : plain->alert;
}

Mute Inhibitions::mutes(const AlertTable& alerts, Slot slot, RuleBook& book,
                        model::Time now) const {
    const auto found = parts_.find(slot);
    if (found == parts_.end()) {
        return {};
    }
    Mute mute;
    for (const Part& part : found->second) {
        if (part.condition != Part::kTarget) {
            continue;
        }
        const bool is_source_too =
            std::any_of(found->second.begin(), found->second.end(), [&](const Part& other) {
                return other.key == part.key && other.condition != Part::kTarget;
            });
        const Group& group = groups_.at(part.key);
        const rules::InhibitRule& rule = rules_->inhibits[part.key.rule];
        Slot first = kNoSlot;
        std::size_t burning = 0;
        for (std::uint32_t condition = 0; condition < rule.sources.size(); ++condition) {
            const Slot source = source_of(group, condition, is_source_too);
            if (source == kNoSlot) {
                continue;
            }
            ++burning;
            if (first == kNoSlot || alerts[source].id < alerts[first].id) {
                first = source;
            }
        }
        const bool holds = burning >= (rule.needs_all ? rule.sources.size() : 1);
        if (holds && book.note(rule.rule, now) && !mute) {
            mute = {model::Reason::InhibitedByAlert, rule.rule, alerts[first].id,
                    std::string(alerts.text(alerts[first].check)) + " on " +
                        std::string(alerts.text(alerts[first].resource)) + " explains it"};
        }
    }
    return mute;
}

}  // namespace nocturne::engine
