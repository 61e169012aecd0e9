#include "engine/decision_log.hpp"

#include <algorithm>
#include <utility>

namespace nocturne::engine {

namespace {

void put(model::Writer& out, const Decision& decision) {
    out.zigzag(model::to_unix_ms(decision.at));
    out.zigzag(model::to_unix_ms(decision.last_at));
    out.varint(decision.count);
    out.u8(static_cast<std::uint8_t>(decision.reason));
    out.text(decision.rule);
    out.text(decision.text);
}

Decision get_decision(model::Reader& in) {
    Decision decision;
    decision.at = model::from_unix_ms(in.zigzag());
    decision.last_at = model::from_unix_ms(in.zigzag());
    decision.count = in.varint();
    decision.reason = static_cast<model::Reason>(in.u8());
    decision.rule = in.text();
    decision.text = in.text();
    return decision;
}

}  // namespace

void DecisionLog::note(Slot alert, Decision decision) {
    if (decisions_.size() <= alert) {
        decisions_.resize(alert + 1);
    }
    std::vector<Decision>& decisions = decisions_[alert];
    const auto same = std::find_if(decisions.rbegin(), decisions.rend(), [&](const Decision& old) {
        return old.reason == decision.reason && old.rule == decision.rule &&
               old.text == decision.text;
    });
    if (same != decisions.rend()) {
        ++same->count;
        same->last_at = decision.at;
        return;
    }
    if (decisions.size() >= kDecisionsMax) {
        decisions.erase(decisions.begin() + 1);  // how it began stays
        ++forgotten_;
    }
    decision.last_at = decision.at;
    decisions.push_back(std::move(decision));
}

void DecisionLog::expect(Slot alert, std::size_t count) {
    if (decisions_.size() <= alert) {
        decisions_.resize(alert + 1);
    }
    std::vector<Decision>& decisions = decisions_[alert];
    decisions.reserve(std::min(decisions.size() + count, kDecisionsMax));
}

void DecisionLog::forget(Slot alert) {
    if (alert < decisions_.size()) {
        decisions_[alert] = {};
    }
}

void DecisionLog::drop(DroppedEvent event) {
    if (dropped_.size() >= kDroppedMax) {
        dropped_.pop_front();
        ++dropped_forgotten_;
    }
    dropped_.push_back(std::move(event));
}

const std::vector<Decision>& DecisionLog::of(Slot alert) const {
    static const std::vector<Decision> kNone;
    return alert < decisions_.size() ? decisions_[alert] : kNone;
}

void DecisionLog::encode(model::Writer& out) const {
    out.varint(decisions_.size());
    for (const std::vector<Decision>& decisions : decisions_) {
        out.varint(decisions.size());
        for (const Decision& decision : decisions) {
            put(out, decision);
        }
    }
    out.varint(dropped_.size());
    for (const DroppedEvent& event : dropped_) {
        out.text(event.source);
        out.text(event.id);
        out.text(event.resource);
        out.text(event.check);
        put(out, event.decision);
    }
}

void DecisionLog::decode(model::Reader& in) {
    decisions_.resize(in.count());
    for (std::vector<Decision>& decisions : decisions_) {
        decisions.resize(in.count());
        for (Decision& decision : decisions) {
            decision = get_decision(in);
        }
    }
    dropped_.resize(in.count());
    for (DroppedEvent& event : dropped_) {
        event.source = in.text();
        event.id = in.text();
        event.resource = in.text();
        event.check = in.text();
        event.decision = get_decision(in);
    }
}

}  // namespace nocturne::engine
