#include "engine/route.hpp"

#include <algorithm>

namespace nocturne::engine {

using model::Incident;
using model::Reason;
using To = rules::RouteRule::To;
using Topic = model::Effect::Topic;

namespace {

struct Word {
    Topic topic;
    Reason reason;
};

Word word_of(To to) {
    switch (to) {
        case To::Page: return {Topic::NotifyPage, Reason::Paged};
        case To::Ticket: return {Topic::NotifyTicket, Reason::Ticketed};
        case To::Log: break;
    }
    return {Topic::NotifyLog, Reason::Logged};
}

}  // namespace

void Route::look_at(Slot slot) {
    if (state_.routes.empty() || state_.incidents[slot].id == model::kNoId) {
        return;
    }
    Incident& incident = state_.incidents[slot];
    if (incident.is_over()) {
        tell_end(slot);
        return;
    }
    const rules::RouteRule* rule =
        state_.routes.find(state_.alerts, incident, state_.book, state_.now);
    (void)state_.book.take_shadowed();
    if (rule == nullptr) {
        note(incident, Reason::NotRouted, "no route matches");
        return;
    }
    if (incident.told_as == 0) {
        const model::Time due = incident.opened_at + rule->wait;
        due <= state_.now ? tell(slot, *rule) : wait(slot, due, Reason::WaitsForGroup, *rule);
        return;
    }
    if (incident.state == model::IncidentState::Acknowledged) {
        note(incident, Reason::AlreadyHandled, "acknowledged");
        return;
    }
    if (incident.told_as < static_cast<unsigned>(rule->to) + 1) {
        tell(slot, *rule);  // it is worse than what was told
        return;
    }
    model::Time due = model::Time::max();
    if (incident.alerts.size() > incident.told_alerts) {
        due = incident.told_at + rule->interval;
    }
    if (rule->repeat > model::Duration{}) {
        due = std::min(due, incident.told_at + rule->repeat);
    }
    if (due <= state_.now) {
        tell(slot, *rule);
    } else if (due != model::Time::max()) {
        wait(slot, due, Reason::WaitsForInterval, *rule);
    }
}

void Route::wait(Slot slot, model::Time due, Reason reason, const rules::RouteRule& rule) {
    Incident& incident = state_.incidents[slot];
    if (incident.word_due == due) {
        return;
    }
    incident.word_due = due;
    state_.deadlines.add(due, Deadline::Kind::Route, slot);
    if (reason == Reason::WaitsForGroup) {
        note(incident, reason, state_.book.text_of(rule.rule));
    }
    state_.counters.count(reason);
}

void Route::tell(Slot slot, const rules::RouteRule& rule) {
    Incident& incident = state_.incidents[slot];
    (void)state_.book.note(rule.rule, state_.now);
    To to = rule.to;
    const std::string by = state_.book.text_of(rule.rule);
    const bool is_spent = to != To::Log && !state_.routes.spend(rule, state_.now);
    if (is_spent) {
        to = to == To::Page ? To::Ticket : To::Log;
        note(incident, Reason::OverBudget, by);
        state_.counters.count(Reason::OverBudget);
    }
    const Word word = word_of(to);
    incident.told_as = static_cast<std::uint8_t>(static_cast<unsigned>(rule.to) + 1);
    incident.told_at = state_.now;
    incident.told_alerts = incident.alerts.size();
    incident.receiver = rule.receiver;
    state_.counters.count(word.reason);
    note(incident, word.reason, (rule.receiver.empty() ? "" : rule.receiver + ", ") + by);
    decide_.notify(word.topic, word.reason, incident.id);
    if (rule.repeat > model::Duration{}) {
        wait(slot, state_.now + rule.repeat, Reason::WaitsForInterval, rule);
    }
}

// Whoever was told that it began is told that it is over.
void Route::tell_end(Slot slot) {
    Incident& incident = state_.incidents[slot];
    if (incident.told_as == 0) {
        return;
    }
    const Word word = word_of(static_cast<To>(incident.told_as - 1));
    incident.told_as = 0;
    decide_.notify(word.topic, Reason::AllAlertsEnded, incident.id);
}

void Route::note(Incident& incident, Reason reason, const std::string& text) {
    const auto is_routing = [](Reason other) {
        return other >= Reason::Paged && other <= Reason::WouldBeRouted;
    };
    const auto last =
        std::find_if(incident.timeline.rbegin(), incident.timeline.rend(),
                     [&](const model::TimelineEntry& entry) { return is_routing(entry.reason); });
    if (last != incident.timeline.rend() && last->reason == reason && reason != Reason::Paged &&
        reason != Reason::Ticketed && reason != Reason::Logged) {
        return;
    }
    if (incident.timeline.size() >= Incident::kTimelineMax) {
        ++incident.timeline_dropped;
        return;
    }
    incident.timeline.push_back({state_.now, reason, model::kNoId, text});
}

}  // namespace nocturne::engine
