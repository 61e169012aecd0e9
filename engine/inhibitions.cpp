#include "engine/inhibitions.hpp"

#include <algorithm>
#include <string>

namespace nocturne::engine {

void Inhibitions::load(const rules::RuleSet& rules) {
    rules_ = &rules;
    groups_.clear();
    keys_.clear();
    source_places_.clear();
    std::vector<const rules::Condition*> sources;
    std::vector<const rules::Condition*> targets;
    for (std::uint32_t rule = 0; rule < rules.inhibits.size(); ++rule) {
        targets.push_back(&rules.inhibits[rule].target);
        for (std::uint32_t i = 0; i < rules.inhibits[rule].sources.size(); ++i) {
            sources.push_back(&rules.inhibits[rule].sources[i]);
            source_places_.emplace_back(rule, i);
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

void Inhibitions::burns(const AlertTable& alerts, Slot slot, std::vector<Slot>& targets) {
    if (rules_ == nullptr || rules_->inhibits.empty()) {
        return;
    }
    ended(slot, targets);  // known from before: its fields may have changed
    const AlertSubject subject(alerts, slot);
    std::vector<std::uint32_t> as_source;
    std::vector<std::uint32_t> as_target;
    subject.find(sources_, as_source);
    subject.find(targets_, as_target);
    if (as_source.empty() && as_target.empty()) {
        return;
    }
    std::vector<Key>& keys = keys_[slot];
    Key key;
    for (const std::uint32_t rule : as_target) {
        if (key_of(subject.view(), rule, Side::Target, key)) {
            groups_[key].targets.push_back(slot);
            keys.push_back(key);
        }
    }
    for (const std::uint32_t number : as_source) {
        const auto [rule, condition] = source_places_[number];
        if (key_of(subject.view(), rule, Side::Source, key)) {
            const bool is_target = std::binary_search(as_target.begin(), as_target.end(), rule);
            Group& group = groups_[key];
            group.sources.push_back({slot, condition, is_target});
            keys.push_back(key);
            targets.insert(targets.end(), group.targets.begin(), group.targets.end());
        }
    }
    if (keys.empty()) {
        keys_.erase(slot);
    }
}

void Inhibitions::ended(Slot slot, std::vector<Slot>& targets) {
    const auto found = keys_.find(slot);
    if (found == keys_.end()) {
        return;
    }
    for (const Key& key : found->second) {
        const auto place = groups_.find(key);
        if (place == groups_.end()) {
            continue;
        }
        Group& group = place->second;
        std::erase(group.targets, slot);
        const std::size_t sources = std::erase_if(
            group.sources, [&](const Source& source) { return source.alert == slot; });
        if (sources > 0) {
            targets.insert(targets.end(), group.targets.begin(), group.targets.end());
        }
        if (group.targets.empty() && group.sources.empty()) {
            groups_.erase(place);
        }
    }
    keys_.erase(found);
}

Mute Inhibitions::mutes(const AlertTable& alerts, Slot slot, RuleBook& book,
                        model::Time now) const {
    const auto found = keys_.find(slot);
    if (found == keys_.end()) {
        return {};
    }
    Mute mute;
    for (const Key& key : found->second) {
        const Group& group = groups_.at(key);
        if (std::find(group.targets.begin(), group.targets.end(), slot) == group.targets.end()) {
            continue;
        }
        const rules::InhibitRule& rule = rules_->inhibits[key.rule];
        const bool is_source_too =
            std::any_of(group.sources.begin(), group.sources.end(),
                        [&](const Source& source) { return source.alert == slot; });
        std::vector<bool> burns(rule.sources.size());
        Slot first = kNoSlot;
        for (const Source& source : group.sources) {
            if (source.alert == slot || (is_source_too && source.is_target)) {
                continue;
            }
            burns[source.condition] = true;
            if (first == kNoSlot || alerts[source.alert].id < alerts[first].id) {
                first = source.alert;
            }
        }
        const bool holds = rule.needs_all
                               ? std::find(burns.begin(), burns.end(), false) == burns.end()
                               : first != kNoSlot;
        if (holds && book.note(rule.rule, now) && !mute) {
            mute = {model::Reason::InhibitedByAlert, rule.rule, alerts[first].id,
                    std::string(alerts.text(alerts[first].check)) + " on " +
                        std::string(alerts.text(alerts[first].resource)) + " explains it"};
        }
    }
    return mute;
}

}  // namespace nocturne::engine
