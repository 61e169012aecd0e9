#include "engine/storms.hpp"

#include <map>
#include <utility>

namespace nocturne::engine {

using rules::StormRule;

void Storms::load(const rules::RuleSet& rules) {
    std::map<model::Fingerprint, Storm> same;
    for (std::uint32_t i = 0; i < storms_.size(); ++i) {
        same.emplace(rules_->rules[rules_->storms[i].rule].content, std::move(storms_[i]));
    }
    rules_ = &rules;
    storms_.assign(rules.storms.size(), {});
    std::vector<const rules::Condition*> conditions;
    for (std::uint32_t i = 0; i < rules.storms.size(); ++i) {
        conditions.push_back(&rules.storms[i].match);
        if (const auto found = same.find(rules.rules[rules.storms[i].rule].content);
            found != same.end()) {
            storms_[i] = std::move(found->second);
        }
    }
    index_ = rules::MatchIndex(conditions);
}

Storms::Verdict Storms::raised(const AlertTable& alerts, Slot slot, RuleBook& book, model::Time now,
                               Deadlines& deadlines) {
    Verdict verdict;
    if (storms_.empty()) {
        return verdict;
    }
    std::vector<std::uint32_t> matching;
    AlertSubject(alerts, slot).find(index_, matching);
    for (const std::uint32_t number : matching) {
        const StormRule& rule = rules_->storms[number];
        Storm& storm = storms_[number];
        while (!storm.lately.empty() &&
               (storm.lately.front() <= now - rule.window || storm.lately.size() >= rule.start)) {
            storm.lately.pop_front();
        }
        storm.lately.push_back(now);
        if (!storm.rages) {
            if (storm.lately.size() < rule.start) {
                continue;
            }
            storm.rages = true;
            storm.began_at = storm.lane_at = now;
            storm.raised = storm.withheld = storm.told = storm.told_reserved = 0;
            deadlines.add(now + rule.window, Deadline::Kind::Storm, number);
            storm.is_told = book.note(rule.rule, now);
            if (storm.is_told) {
                verdict.begun.push_back(number);
            }
        }
        ++storm.raised;
        if (now - storm.lane_at >= rule.window) {
            storm.lane_at = now;
            storm.told = storm.told_reserved = 0;
        }
        const bool is_reserved = alerts[slot].severity >= rule.reserved_from;
        std::uint32_t& told = is_reserved ? storm.told_reserved : storm.told;
        if (told < (is_reserved ? rule.reserved_max : rule.told_max)) {
            ++told;
            continue;
        }
        ++storm.withheld;
        if (book.note(rule.rule, now)) {
            verdict.tells = false;
            verdict.rule = rule.rule;
        }
    }
    return verdict;
}

bool Storms::look_at(Slot number, model::Time now, Deadlines& deadlines) {
    if (number >= storms_.size() || !storms_[number].rages) {
        return false;
    }
    Storm& storm = storms_[number];
    const StormRule& rule = rules_->storms[number];
    while (!storm.lately.empty() && storm.lately.front() <= now - rule.window) {
        storm.lately.pop_front();
    }
    if (storm.lately.size() <= rule.stop) {
        storm.rages = false;
        return storm.is_told;
    }
    const model::Time calm_at = storm.lately[storm.lately.size() - rule.stop - 1] + rule.window;
    deadlines.add(calm_at, Deadline::Kind::Storm, number);
    return false;
}

void Storms::encode(model::Writer& out) const {
    out.varint(storms_.size());
    for (const Storm& storm : storms_) {
        out.boolean(storm.rages);
        out.boolean(storm.is_told);
        out.zigzag(model::to_unix_ms(storm.began_at));
        out.varint(storm.raised);
        out.varint(storm.withheld);
        out.varint(storm.lately.size());
        for (const model::Time at : storm.lately) {
            out.zigzag(model::to_unix_ms(at));
        }
        out.zigzag(model::to_unix_ms(storm.lane_at));
        out.varint(storm.told);
        out.varint(storm.told_reserved);
    }
}

void Storms::decode(model::Reader& in) {
    const std::size_t count = in.count();
    for (std::size_t i = 0; i < count && in.ok(); ++i) {
        Storm storm;
        storm.rages = in.boolean();
        storm.is_told = in.boolean();
        storm.began_at = model::from_unix_ms(in.zigzag());
        storm.raised = in.varint();
        storm.withheld = in.varint();
        const std::size_t times = in.count();
        for (std::size_t j = 0; j < times && in.ok(); ++j) {
            storm.lately.push_back(model::from_unix_ms(in.zigzag()));
        }
        storm.lane_at = model::from_unix_ms(in.zigzag());
        storm.told = static_cast<std::uint32_t>(in.varint());
        storm.told_reserved = static_cast<std::uint32_t>(in.varint());
        if (i < storms_.size()) {
            storms_[i] = std::move(storm);
        }
    }
}

}  // namespace nocturne::engine
