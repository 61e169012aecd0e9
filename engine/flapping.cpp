#include "engine/flapping.hpp"

#include <algorithm>
#include <utility>

namespace nocturne::engine {

void Flapping::load(const rules::RuleSet& rules) {
    // What a rule that stays as it was has seen, it goes on with.
    std::map<model::Fingerprint, std::uint32_t> same;
    for (std::uint32_t i = 0; i < rules.flappings.size(); ++i) {
        same.emplace(rules.rules[rules.flappings[i].rule].content, i);
    }
    for (auto it = alerts_.begin(); it != alerts_.end();) {
        std::vector<Turns>& by_rule = it->second.by_rule;
        std::erase_if(by_rule, [&](Turns& turns) {
            const rules::FlappingRule& old = rules_->flappings[turns.rule];
            const auto found = same.find(rules_->rules[old.rule].content);
            if (found == same.end()) {
                return true;
            }
            turns.rule = found->second;
            return false;
        });
        std::sort(by_rule.begin(), by_rule.end(),
                  [](const Turns& a, const Turns& b) { return a.rule < b.rule; });
        it = by_rule.empty() ? alerts_.erase(it) : std::next(it);
    }
    rules_ = &rules;
    ++load_;
    std::vector<const rules::Condition*> conditions;
    for (const rules::FlappingRule& rule : rules.flappings) {
        conditions.push_back(&rule.match);
    }
    index_ = rules::MatchIndex(conditions);
}

// A rule that matched once is asked until the next load: its alert may look another way when it has
// ended.
void Flapping::find_rules(const AlertTable& alerts, Slot slot, Watched& watched) const {
    watched.load = load_;
    std::vector<std::uint32_t> matching;
    AlertSubject(alerts, slot).find(index_, matching);
    for (const std::uint32_t rule : matching) {
        const auto place = std::lower_bound(
            watched.by_rule.begin(), watched.by_rule.end(), rule,
            [](const Turns& turns, std::uint32_t wanted) { return turns.rule < wanted; });
        if (place == watched.by_rule.end() || place->rule != rule) {
            watched.by_rule.insert(place, Turns{rule, false, model::kNoTime, {}});
        }
        if (rules_->rules[rules_->flappings[rule].rule].mode != rules::Mode::Shadow) {
            break;
        }
    }
}

void Flapping::prune(Turns& turns, model::Time now) const {
    const model::Time from = now - rules_->flappings[turns.rule].window;
    const auto first =
        std::find_if(turns.at.begin(), turns.at.end(), [&](model::Time at) { return at > from; });
    const auto too_many =
        static_cast<std::ptrdiff_t>(turns.at.size()) - static_cast<std::ptrdiff_t>(kTurnsMax);
    turns.at.erase(turns.at.begin(),
                   std::max(first, turns.at.begin() + std::max<std::ptrdiff_t>(too_many, 0)));
}

void Flapping::turned(const AlertTable& alerts, Slot slot, model::Time now, Deadlines& deadlines) {
    if (rules_ == nullptr || rules_->flappings.empty()) {
        return;
    }
    auto found = alerts_.find(slot);
    if (found == alerts_.end() || found->second.load != load_) {
        Watched watched = found == alerts_.end() ? Watched{} : std::move(found->second);
        find_rules(alerts, slot, watched);
        if (watched.by_rule.empty()) {
            return;
        }
        found = alerts_.insert_or_assign(slot, std::move(watched)).first;
    }
    for (Turns& turns : found->second.by_rule) {
        turns.at.push_back(now);
        prune(turns, now);
        const rules::FlappingRule& rule = rules_->flappings[turns.rule];
        if (!turns.flaps && turns.at.size() >= rule.start) {
            turns.flaps = true;
            plan(turns, slot, now + rule.window, deadlines);
        }
    }
}

Mute Flapping::mutes(Slot slot, RuleBook& book, model::Time now) const {
    const auto found = alerts_.find(slot);
    if (found == alerts_.end()) {
        return {};
    }
    for (const Turns& turns : found->second.by_rule) {
        const rules::FlappingRule& rule = rules_->flappings[turns.rule];
        if (turns.flaps && book.note(rule.rule, now)) {
            return {model::Reason::Flapping, rule.rule, model::kNoId,
                    std::to_string(turns.at.size()) + " turns in " +
                        model::format_duration(rule.window)};
        }
        if (!is_shadow(turns)) {
            break;  // the first that matches counts
        }
    }
    return {};
}

bool Flapping::look_at(Slot slot, model::Time now, Deadlines& deadlines) {
    const auto found = alerts_.find(slot);
    if (found == alerts_.end()) {
        return false;
    }
    bool is_calm = false;
    for (Turns& turns : found->second.by_rule) {
        is_calm = look_at(turns, slot, now, deadlines) || is_calm;
    }
    return is_calm;
}

bool Flapping::look_at(Turns& turns, Slot slot, model::Time now, Deadlines& deadlines) const {
    if (!turns.flaps || turns.due > now) {
        return false;
    }
    prune(turns, now);
    const rules::FlappingRule& rule = rules_->flappings[turns.rule];
    if (turns.at.size() <= rule.stop) {
        turns.flaps = false;
        return true;
    }
    // When so many turns will be left as make it calm.
    const model::Time calm_at = turns.at[turns.at.size() - rule.stop - 1] + rule.window;
    plan(turns, slot, calm_at, deadlines);
    return false;
}

void Flapping::plan(Turns& turns, Slot slot, model::Time due, Deadlines& deadlines) {
    turns.due = due;
    deadlines.add(due, Deadline::Kind::Flapping, slot);
}

bool Flapping::is_flapping(Slot slot) const {
    const auto found = alerts_.find(slot);
    return found != alerts_.end() &&
           std::any_of(found->second.by_rule.begin(), found->second.by_rule.end(),
                       [&](const Turns& turns) { return turns.flaps && !is_shadow(turns); });
}

void Flapping::encode(model::Writer& out) const {
    out.varint(alerts_.size());
    for (const auto& [slot, watched] : alerts_) {
        out.varint(slot);
        out.boolean(watched.load == load_);
        out.varint(watched.by_rule.size());
        for (const Turns& turns : watched.by_rule) {
            out.varint(turns.rule);
            out.boolean(turns.flaps);
            out.zigzag(model::to_unix_ms(turns.due));
            out.varint(turns.at.size());
            for (const model::Time at : turns.at) {
                out.zigzag(model::to_unix_ms(at));
            }
        }
    }
}

void Flapping::decode(model::Reader& in) {
    for (std::size_t left = in.count(); left > 0 && in.ok(); --left) {
        const auto slot = static_cast<Slot>(in.varint());
        Watched watched;
        watched.load = in.boolean() ? load_ : 0;
        for (std::size_t rules = in.count(); rules > 0 && in.ok(); --rules) {
            Turns turns;
            turns.rule = static_cast<std::uint32_t>(in.varint());
            turns.flaps = in.boolean();
            turns.due = model::from_unix_ms(in.zigzag());
            for (std::size_t times = in.count(); times > 0 && in.ok(); --times) {
                turns.at.push_back(model::from_unix_ms(in.zigzag()));
            }
            if (rules_ != nullptr && turns.rule < rules_->flappings.size()) {
                watched.by_rule.push_back(std::move(turns));
            }
        }
        if (!watched.by_rule.empty()) {
            alerts_.emplace(slot, std::move(watched));
        }
    }
}

}  // namespace nocturne::engine
