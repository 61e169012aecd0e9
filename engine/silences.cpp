#include "engine/silences.hpp"

#include <algorithm>
#include <utility>

namespace nocturne::engine {

Slot Silences::add(const model::AddSilence& spec, model::Id id, model::Time now,
                   Deadlines& deadlines) {
    Result<rules::Condition> condition = rules::parse_condition(spec.matchers);
    const Slot place = find_place(now);
    refused_ += place == kNoSlot ? 1U : 0U;
    if (!condition || place == kNoSlot) {
        return kNoSlot;  // the edge refuses bad matchers; a journal of another version may hold
                         // some
    }
    Silence silence{id, spec, *std::move(condition), false, 0, 0, model::kNoTime};
    if (silence.spec.starts_at == model::kNoTime || silence.spec.starts_at < now) {
        silence.spec.starts_at = now;
    }
    if (silence.spec.ends_at <= silence.spec.starts_at) {
        return kNoSlot;
    }
    deadlines.add(silence.spec.starts_at, Deadline::Kind::Silence, place);
    deadlines.add(silence.spec.ends_at, Deadline::Kind::Silence, place);
    if (place == silences_.size()) {
        silences_.push_back(std::move(silence));
    } else {
        by_id_.erase(silences_[place].id);
        silences_[place] = std::move(silence);
    }
    by_id_.emplace(id, place);
    return place;
}

// Deadlines name silences by their place. One that is left from the silence before looks at the
// new one too early, and finds nothing due.
Slot Silences::find_place(model::Time now) const {
    if (silences_.size() < kSilencesMax) {
        return static_cast<Slot>(silences_.size());
    }
    const auto over = std::find_if(silences_.begin(), silences_.end(), [&](const Silence& old) {
        return !old.active && old.spec.ends_at <= now;
    });
    return over == silences_.end() ? kNoSlot : static_cast<Slot>(over - silences_.begin());
}

Silence* Silences::find(model::Id id) {
    const auto found = by_id_.find(id);
    return found == by_id_.end() ? nullptr : &silences_[found->second];
}

bool Silences::is_active(model::Id id) const {
    const auto found = by_id_.find(id);
    return found != by_id_.end() && silences_[found->second].active;
}

Slot Silences::expire(model::Id id, model::Time now) {
    Silence* silence = find(id);
    if (silence == nullptr || silence->spec.ends_at <= now) {
        return kNoSlot;
    }
    silence->spec.ends_at = now;
    return static_cast<Slot>(silence - silences_.data());
}

Silences::Turn Silences::look_at(Slot place, model::Time now) {
    if (place >= silences_.size()) {
        return Turn::None;
    }
    Silence& silence = silences_[place];
    if (!silence.active && silence.spec.starts_at <= now && silence.spec.ends_at > now) {
        silence.active = true;
        is_indexed_ = false;
        return Turn::Begins;
    }
    if (silence.active && silence.spec.ends_at <= now) {
        silence.active = false;
        is_indexed_ = false;
        return Turn::Ends;
    }
    return Turn::None;
}

void Silences::index() {
    std::vector<const rules::Condition*> conditions;
    places_.clear();
    for (Slot place = 0; place < silences_.size(); ++place) {
        if (silences_[place].active) {
            conditions.push_back(&silences_[place].condition);
            places_.push_back(place);
        }
    }
    index_ = rules::MatchIndex(conditions);
    is_indexed_ = true;
}

Mute Silences::mutes(const AlertSubject& subject) {
    if (!is_indexed_) {
        index();
    }
    if (places_.empty()) {
        return {};
    }
    std::vector<std::uint32_t> found;
    subject.find(index_, found);
    if (found.empty()) {
        return {};
    }
    const Silence& silence = silences_[places_[found.front()]];
    return {model::Reason::SilencedByOperator, rules::kNoRule, silence.id,
            silence.spec.comment.empty() ? silence.spec.created_by
                                         : silence.spec.created_by + ": " + silence.spec.comment};
}

void Silences::took(model::Id id, model::Time now) {
    if (Silence* silence = find(id)) {
        ++silence->hidden;
        ++silence->hiding;
        silence->last_hid = now;
    }
}

bool Silences::let_go(model::Id id, model::Time now) {
    Silence* silence = find(id);
    if (silence == nullptr || silence->hiding == 0 || --silence->hiding > 0 ||
        !silence->spec.until_clear || !silence->active) {
        return false;
    }
    silence->spec.ends_at = now;
    silence->active = false;
    is_indexed_ = false;
    return true;
}

void Silences::encode(model::Writer& out) const {
    out.varint(silences_.size());
    for (const Silence& silence : silences_) {
        out.varint(silence.id.position);
        out.varint(silence.id.index);
        model::encode(out, model::Command(silence.spec));
        out.boolean(silence.active);
        out.varint(silence.hidden);
        out.varint(silence.hiding);
        out.zigzag(model::to_unix_ms(silence.last_hid));
    }
}

void Silences::decode(model::Reader& in) {
    const std::size_t count = in.count();
    for (std::size_t i = 0; i < count && in.ok(); ++i) {
        Silence silence;
        silence.id.position = in.varint();
        silence.id.index = static_cast<std::uint32_t>(in.varint());
        if (model::Command command = model::decode_command(in);
            std::holds_alternative<model::AddSilence>(command)) {
            silence.spec = std::get<model::AddSilence>(std::move(command));
        }
        silence.active = in.boolean();
        silence.hidden = in.varint();
        silence.hiding = in.varint();
        silence.last_hid = model::from_unix_ms(in.zigzag());
        if (Result<rules::Condition> condition = rules::parse_condition(silence.spec.matchers)) {
            silence.condition = *std::move(condition);
        }
        by_id_.emplace(silence.id, static_cast<Slot>(silences_.size()));
        silences_.push_back(std::move(silence));
    }
    is_indexed_ = false;
}

}  // namespace nocturne::engine
