#include "engine/identities.hpp"

#include <algorithm>

namespace nocturne::engine {

void Identities::load(const rules::RuleSet& rules) {
    std::vector<const rules::Condition*> conditions;
    for (const rules::DedupRule& rule : rules.dedups) {
        conditions.push_back(&rule.match);
    }
    index_ = rules::MatchIndex(conditions);
}

std::uint32_t Identities::find_rule(const rules::SubjectView& subject, RuleBook& book,
                                    model::Time now) const {
    std::vector<std::uint32_t> found;
    index_.find(subject, found);
    for (const std::uint32_t number : found) {
        if (book.note(book.rules().dedups[number].rule, now)) {
            return number;
        }
    }
    (void)book.take_shadowed();
    return kNoNumber;
}

model::Fingerprint Identities::identity_of(const rules::DedupRule& rule,
                                           const rules::SubjectView& subject) {
    std::string_view resource;
    std::string_view check;
    std::vector<std::string> names;
    std::vector<model::LabelView> labels;
    names.reserve(rule.identity.size());
    for (const rules::Field& field : rule.identity) {
        switch (field.part) {
            case rules::Field::Part::Resource: resource = subject.resource; break;
            case rules::Field::Part::Check: check = subject.check; break;
            case rules::Field::Part::Label:
                labels.push_back({field.name, rules::value_of(subject, field)});
                break;
            default:
                names.push_back(rules::to_string(field));
                labels.push_back({names.back(), rules::value_of(subject, field)});
        }
    }
    std::erase_if(labels, [](const model::LabelView& label) { return label.value.empty(); });
    std::sort(labels.begin(), labels.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    return model::identity_of(resource, check, labels);
}

void Identities::note(Slot alert, const model::EventView& event) {
    std::vector<Merged>& merged = merged_[alert];
    const auto known = std::find_if(merged.begin(), merged.end(), [&](const Merged& one) {
        return one.identity == event.fingerprint;
    });
    if (known != merged.end()) {
        ++known->count;
    } else if (merged.size() < kMergedMax) {
        merged.push_back({event.fingerprint,
                          std::string(event.source) + ": " + std::string(event.check) + " on " +
                              std::string(event.resource),
                          1});
    } else {
        ++given_up_.merged;
    }
}

const std::vector<Identities::Merged>& Identities::merged_into(Slot alert) const {
    static const std::vector<Merged> kNone;
    const auto found = merged_.find(alert);
    return found == merged_.end() ? kNone : found->second;
}

void Identities::unmerge(const model::Fingerprint& identity) {
    unmerged_.insert(identity);
    if (unmerged_.size() > kUnmergedMax) {
        unmerged_.erase(unmerged_.begin());
        ++given_up_.unmerged;
    }
    for (auto& [slot, merged] : merged_) {
        std::erase_if(merged, [&](const Merged& one) { return one.identity == identity; });
    }
}

void Identities::keep_early_end(const EarlyEnd& end) {
    early_ends_.push_back(end);
    EarlyTime& last = early_times_[end.identity];
    last.time = end.time;
    ++last.count;
}

void Identities::forget_early_ends(model::Time now, model::Duration lateness) {
    while (!early_ends_.empty() &&
           (now - early_ends_.front().noted_at > lateness || early_ends_.size() > kEarlyEndsMax)) {
        const EarlyEnd& oldest = early_ends_.front();
        given_up_.early_ends += now - oldest.noted_at > lateness ? 0U : 1U;
        if (const auto found = early_times_.find(oldest.identity); --found->second.count == 0) {
            early_times_.erase(found);
        }
        early_ends_.pop_front();
    }
}

void Identities::note_early_end(const model::Fingerprint& identity, model::Time time,
                                model::Time now, model::Duration lateness) {
    keep_early_end({identity, time, now});
    forget_early_ends(now, lateness);
}

bool Identities::has_ended_early(const model::Fingerprint& identity, model::Time time,
                                 model::Time now, model::Duration lateness) {
    forget_early_ends(now, lateness);
    if (early_times_.empty()) {
        return false;
    }
    const auto found = early_times_.find(identity);
    return found != early_times_.end() && time < found->second.time;
}

void Identities::encode(model::Writer& out) const {
    const auto put = [&](const model::Fingerprint& identity) {
        out.u64(identity.high);
        out.u64(identity.low);
    };
    out.varint(merged_.size());
    for (const auto& [slot, merged] : merged_) {
        out.varint(slot);
        out.varint(merged.size());
        for (const Merged& one : merged) {
            put(one.identity);
            out.text(one.text);
            out.varint(one.count);
        }
    }
    out.varint(unmerged_.size());
    for (const model::Fingerprint& identity : unmerged_) {
        put(identity);
    }
    out.varint(early_ends_.size());
    for (const EarlyEnd& end : early_ends_) {
        put(end.identity);
        out.zigzag(model::to_unix_ms(end.time));
        out.zigzag(model::to_unix_ms(end.noted_at));
    }
}

void Identities::decode(model::Reader& in) {
    const auto get = [&] {
        model::Fingerprint identity;
        identity.high = in.u64();
        identity.low = in.u64();
        return identity;
    };
    for (std::size_t left = in.count(); left > 0 && in.ok(); --left) {
        std::vector<Merged>& merged = merged_[static_cast<Slot>(in.varint())];
        merged.resize(in.count());
        for (Merged& one : merged) {
            one.identity = get();
            one.text = in.text();
            one.count = in.varint();
        }
    }
    for (std::size_t left = in.count(); left > 0 && in.ok(); --left) {
        unmerged_.insert(get());
    }
    for (std::size_t left = in.count(); left > 0 && in.ok(); --left) {
        EarlyEnd end;
        end.identity = get();
        end.time = model::from_unix_ms(in.zigzag());
        end.noted_at = model::from_unix_ms(in.zigzag());
        keep_early_end(end);
    }
}

}  // namespace nocturne::engine
