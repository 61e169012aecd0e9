#include "engine/flapping.hpp"

#include <vector>

namespace nocturne::engine {

void Flapping::load(const rules::RuleSet& rules) {
    // What a rule that stays as it was has seen, it goes on with.
    std::map<model::Fingerprint, std::uint32_t> same;
    for (std::uint32_t i = 0; i < rules.flappings.size(); ++i) {
        same.emplace(rules.rules[rules.flappings[i].rule].content, i);
    }
    for (auto it = turns_.begin(); it != turns_.end();) {
        const rules::FlappingRule& old = rules_->flappings[it->second.rule];
        const auto found = same.find(rules_->rules[old.rule].content);
        if (found == same.end()) {
            it = turns_.erase(it);
            continue;
        }
        it->second.rule = found->second;
        ++it;
    }
    rules_ = &rules;
    std::vector<const rules::Condition*> conditions;
    for (const rules::FlappingRule& rule : rules.flappings) {
        conditions.push_back(&rule.match);
    }
    index_ = rules::MatchIndex(conditions);
}

void Flapping::prune(Turns& turns, model::Time now) const {
    const model::Time from = now - rules_->flappings[turns.rule].window;
    while (!turns.at.empty() && (turns.at.front() <= from || turns.at.size() > kTurnsMax)) {
        turns.at.pop_front();
    }
}

void Flapping::turned(const AlertTable& alerts, Slot slot, model::Time now, Deadlines& deadlines) {
    if (rules_ == nullptr || rules_->flappings.empty()) {
        return;
    }
    auto found = turns_.find(slot);
    if (found == turns_.end()) {
        std::vector<std::uint32_t> matching;
        AlertSubject(alerts, slot).find(index_, matching);
        if (matching.empty()) {
            return;
        }
        found = turns_.emplace(slot, Turns{matching.front(), false, {}}).first;
    }
    Turns& turns = found->second;
    turns.at.push_back(now);
    prune(turns, now);
    const rules::FlappingRule& rule = rules_->flappings[turns.rule];
    if (!turns.flaps && turns.at.size() >= rule.start) {
        turns.flaps = true;
        deadlines.add(now + rule.window, Deadline::Kind::Flapping, slot);
    }
}

Mute Flapping::mutes(Slot slot, RuleBook& book, model::Time now) const {
    const auto found = turns_.find(slot);
    if (found == turns_.end() || !found->second.flaps) {
        return {};
    }
    const rules::RuleIndex rule = rules_->flappings[found->second.rule].rule;
    if (!book.note(rule, now)) {
        return {};
    }
    return {model::Reason::Flapping, rule, model::kNoId,
            std::to_string(found->second.at.size()) + " turns in " +
                model::format_duration(rules_->flappings[found->second.rule].window)};
}

bool Flapping::look_at(Slot slot, model::Time now, Deadlines& deadlines) {
    const auto found = turns_.find(slot);
    if (found == turns_.end() || !found->second.flaps) {
        return false;
    }
    Turns& turns = found->second;
    prune(turns, now);
    const rules::FlappingRule& rule = rules_->flappings[turns.rule];
    if (turns.at.size() <= rule.stop) {
        turns.flaps = false;
        return true;
    }
    // When so many turns will be left as make it calm.
    const model::Time calm_at = turns.at[turns.at.size() - rule.stop - 1] + rule.window;
    deadlines.add(calm_at, Deadline::Kind::Flapping, slot);
    return false;
}

bool Flapping::is_flapping(Slot slot) const {
    const auto found = turns_.find(slot);
    return found != turns_.end() && found->second.flaps;
}

void Flapping::encode(model::Writer& out) const {
    out.varint(turns_.size());
    for (const auto& [slot, turns] : turns_) {
        out.varint(slot);
        out.varint(turns.rule);
        out.boolean(turns.flaps);
        out.varint(turns.at.size());
        for (const model::Time at : turns.at) {
            out.zigzag(model::to_unix_ms(at));
        }
    }
}

void Flapping::decode(model::Reader& in) {
    const std::size_t count = in.count();
    for (std::size_t i = 0; i < count && in.ok(); ++i) {
        const auto slot = static_cast<Slot>(in.varint());
        Turns turns;
        turns.rule = static_cast<std::uint32_t>(in.varint());
        turns.flaps = in.boolean();
        const std::size_t times = in.count();
        for (std::size_t j = 0; j < times && in.ok(); ++j) {
            turns.at.push_back(model::from_unix_ms(in.zigzag()));
        }
        if (rules_ != nullptr && turns.rule < rules_->flappings.size()) {
            turns_.emplace(slot, std::move(turns));
        }
    }
}

}  // namespace nocturne::engine
