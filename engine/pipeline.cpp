#include "engine/pipeline.hpp"

#include <algorithm>
#include <set>
#include <span>
#include <utility>

namespace nocturne::engine {

using model::AlertState;
using model::Reason;
using Topic = model::Effect::Topic;

namespace {

// Events of our own take indices in their input that no event of a source has.
constexpr std::uint32_t kEmittedIndex = 1U << 30;

}  // namespace

Pipeline::Pipeline(State& state, std::vector<model::Effect>& effects)
    : state_(state), normalise_(state), enrich_(state), detect_(state), dedup_(state),
      suppress_(state), life_(state, news_), forest_(state, life_),
      correlate_(state, life_, forest_), rank_(state, news_), remark_(state, news_),
      decide_(state, effects), route_(state, decide_), runs_(state, decide_) {}

// The pipeline, as the documentation promises it: normalise, enrich, detect, patterns, dedup,
// suppress, correlate; then, once an input, rank, remark, route, decide, and the runs that it
// concerns.
void Pipeline::take(const model::EventView& event, std::uint32_t index) {
    model::Time time = model::kNoTime;
    if (const Reason reason = normalise_.admit(event, time); reason != Reason::None) {
        state_.counters.count(reason);
        return;
    }
    if (state_.normaliser == nullptr) {
        meet(event, time, index);
        return;
    }
    model::Arena scratch;
    model::EventView normal;
    const auto outcome = state_.normaliser->normalise(event, state_.now, normal, scratch, applied_);
    for (const auto* noted : {&applied_.rules, &applied_.shadowed}) {
        for (const rules::RuleIndex rule : *noted) {
            (void)state_.book.note(rule, state_.now);
        }
    }
    (void)state_.book.take_shadowed();
    if (outcome == rules::Normaliser::Outcome::Dropped) {
        state_.counters.count(Reason::DroppedByRule);
        state_.decisions.drop(
            {std::string(event.source),
             std::string(event.id),
             std::string(event.resource),
             std::string(event.check),
             {state_.now, state_.now, 1, Reason::DroppedByRule,
              applied_.rules.empty() ? "" : state_.book.text_of(applied_.rules.back()), ""}});
        return;
    }
    if (outcome == rules::Normaliser::Outcome::Changed) {
        state_.counters.count(Reason::ChangedByRule);
    }
    meet(normal, time, index);
}

void Pipeline::meet(const model::EventView& event, model::Time time, std::uint32_t index) {
    if (state_.plugins->empty()) {
        hear(event, time, index);
        return;
    }
    show(event, 0, time, index);
    follow_own();
}

void Pipeline::show(const model::EventView& event, std::uint32_t depth, model::Time time,
                    std::uint32_t index) {
    hand_.begin(event, depth);
    enrich_.enrich(hand_, index, own_);
    detect_.detect(hand_, index, own_);
    // Of our own events patterns hear nothing: what they raise would raise them again.
    note_deeds(depth == 0 ? hear(hand_.event(), time, index) : hear_own(hand_.event(), index));
}

Transition Pipeline::hear(const model::EventView& event, model::Time time, std::uint32_t index) {
    Transition transition;
    emitted_.clear();
    const std::uint64_t given_up = state_.patterns.given_up();
    const bool is_kept = state_.patterns.take(rules::subject_of(event), state_.book, state_.now,
                                              state_.deadlines, emitted_);
    for (std::uint64_t i = given_up; i < state_.patterns.given_up(); ++i) {
        state_.counters.count(Reason::PatternKeysFull);
    }
    if (const Reason reason = normalise_.note(event, time); reason != Reason::None) {
        state_.counters.count(reason);
        if (reason == Reason::ChangeNoted) {
            suppress_.note_change(event);
        }
    } else if (is_kept) {
        state_.counters.count(Reason::ConsumedByPattern);
    } else {
        transition = fold(event, time, index);
    }
    follow_emitted();
    return transition;
}

Transition Pipeline::fold(const model::EventView& event, model::Time time, std::uint32_t index) {
    const Transition transition = dedup_.dedup(event, time, index);
    state_.counters.count(transition.reason);
    if (transition.alert == kNoSlot) {
        return transition;
    }
    if (transition.reason != Reason::RepeatedIdentity) {
        follow(transition);
    } else if (transition.has_new_facts && suppress_.asks_for_facts()) {
        suppress_.changed(transition.alert);
        follow_others();
    }
    return transition;
}

// What patterns raised goes the way of any alert, but completes no further pattern.
void Pipeline::follow_emitted() {
    std::vector<model::LabelView> labels;
    for (const EmittedEvent& emitted : emitted_) {
        const bool fires = emitted.status == model::EventStatus::Firing;
        state_.counters.count(fires ? Reason::PatternMatched : Reason::PatternCleared);
        const model::EventView event = emitted.view(labels);
        if (!state_.plugins->empty()) {  // its turn comes once the event in hand has gone its way
            own_.add({event, Reason::PatternMatched, kNoPlugin, emitted.rule, 1});
            continue;
        }
        fold(event, state_.now, kEmittedIndex + next_emitted_++);
        if (const Slot slot = state_.alerts.find(event.fingerprint); slot != kNoSlot && fires) {
            state_.decisions.note(slot, {state_.now, state_.now, 1, Reason::PatternMatched,
                                         state_.book.text_of(emitted.rule), ""});
        }
    }
    emitted_.clear();
}

// Each may lead to more of them; EventInHand::depth() and kOwnEventsMax end that.
void Pipeline::follow_own() {
    while (!own_.empty()) {
        show_own(own_.take());
    }
    own_.reset();
    follow_plugins();
}

Transition Pipeline::hear_own(const model::EventView& event, std::uint32_t index) {
    const Reason reason = normalise_.note(event, state_.now);
    if (reason == Reason::None) {
        return fold(event, state_.now, index);
    }
    state_.counters.count(reason);
    if (reason == Reason::ChangeNoted) {
        suppress_.note_change(event);
    }
    return {};
}

void Pipeline::show_own(const OwnEvent& own) {
    if (own.plugin != kNoPlugin) {
        state_.counters.count(own.reason);
    }
    const std::uint32_t index = kEmittedIndex + next_emitted_++;
    show(own.event, own.depth, state_.now, index);
    if (const Slot slot = state_.alerts.find(hand_.event().fingerprint); slot != kNoSlot) {
        note_own(own, slot);
    }
}

void Pipeline::note_own(const OwnEvent& own, Slot alert) {
    if (own.event.status != model::EventStatus::Firing) {
        return;
    }
    const std::string& by = own.plugin == kNoPlugin ? state_.book.text_of(own.rule)
                                                    : state_.plugins->all()[own.plugin].label;
    state_.decisions.note(alert, {state_.now, state_.now, 1, own.reason, by, ""});
}

// Once for each turn of the alert's life: what plugins say of each repetition is counted with them.
void Pipeline::note_deeds(const Transition& transition) {
    if (transition.alert == kNoSlot || transition.reason == Reason::RepeatedIdentity ||
        !state_.alerts.is_used(transition.alert)) {
        return;
    }
    if (hand_.deeds().empty()) {
        return;
    }
    state_.decisions.expect(transition.alert, hand_.deeds().size());
    for (const EventInHand::Deed& deed : hand_.deeds()) {
        state_.decisions.note(transition.alert, {state_.now, state_.now, 1, deed.reason,
                                                 state_.plugins->all()[deed.plugin].label, ""});
    }
}

// Who went into quarantine by what was done, or came out of it.
void Pipeline::follow_plugins() {
    for (const auto& [plugin, reason] : state_.plugins->take_turned()) {
        state_.counters.count(reason);
        const bool is_out = reason != Reason::PluginQuarantined;
        decide_.plugin(is_out ? Topic::PluginReleased : Topic::PluginQuarantined, reason, plugin);
    }
}

void Pipeline::follow(const Transition& transition) {
    if (transition.is_ended()) {  // never suppressed
        decide_.alert(transition.reason == Reason::ExpiredUnseen ? Topic::AlertExpired
                                                                 : Topic::AlertResolved,
                      transition.reason, transition.alert);
        correlate_.correlate(transition);
        suppress_.ended(transition);
    } else if (transition.is_raised()) {
        raise(transition);
    } else if (transition.reason == Reason::SeverityChanged) {
        if (state_.alerts[transition.alert].state == AlertState::Firing) {
            correlate_.correlate(transition);
        }
        suppress_.changed(transition.alert);
    } else if (transition.reason == Reason::StaleEvent) {
        forest_.seen_earlier(transition.alert);
    }
    follow_others();
}

void Pipeline::raise(const Transition& transition) {
    if (transition.is_new()) {
        if (const Reason hidden = suppress_.suppress(transition.alert); hidden != Reason::None) {
            state_.counters.count(hidden);
            decide_.alert(Topic::AlertSuppressed, hidden, transition.alert);
            return;
        }
    }
    tell_firing(transition);
    correlate_.correlate(transition);
}

// In a storm not each alert is told of by itself; it is gathered into incidents all the same.
void Pipeline::tell_firing(const Transition& transition) {
    const Storms::Verdict verdict = state_.storms.raised(state_.alerts, transition.alert,
                                                         state_.book, state_.now, state_.deadlines);
    for (const std::uint32_t storm : verdict.begun) {
        state_.counters.count(Reason::StormStarted);
        decide_.storm(Topic::StormStarted, Reason::StormStarted, storm);
    }
    if (verdict.tells) {
        decide_.alert(Topic::AlertFiring, transition.reason, transition.alert);
        return;
    }
    state_.counters.count(Reason::StormLimited);
    state_.decisions.note(transition.alert, {state_.now, state_.now, 1, Reason::StormLimited,
                                             state_.book.text_of(verdict.rule), ""});
}

// What happened to other alerts by that.
void Pipeline::follow_others() {
    const Suppress::Turned turned = suppress_.take_turned();
    for (const Slot slot : turned.hidden) {
        const Reason reason = state_.alerts[slot].suppression;
        state_.counters.count(reason);
        decide_.alert(Topic::AlertSuppressed, reason, slot);
    }
    for (const auto& [slot, reason] : turned.released) {
        state_.counters.count(reason);
        follow({slot, reason});
    }
}

void Pipeline::take(const model::EventBatch& batch) {
    constexpr std::size_t kFetchedAtOnce = AlertTable::kFetchedMax;
    const std::span<const model::EventView> events = batch.events();
    for (std::size_t i = 0; i < events.size(); ++i) {
        if (i % kFetchedAtOnce == 0) {
            const auto next = events.subspan(i, std::min(kFetchedAtOnce, events.size() - i));
            (void)state_.messages.fetch(next);
            state_.alerts.fetch(next);
        }
        take(events[i], static_cast<std::uint32_t>(i));
    }
    state_.counters.events += batch.size();
}

void Pipeline::take(const model::TopologyChange& change) {
    const topology::ChangeReport report = state_.topology.apply(change, state_.now);
    plan_expiry();
    // A source that only confirms, every few seconds, moves no alert.
    if (!report.is_of_confirmations_only() || !change.nodes.empty()) {
        follow_topology();
    }
}

void Pipeline::follow_topology() {
    dedup_.find_nodes();
    forest_.find_nodes();
    suppress_.find_nodes();
    follow_others();
}

// What no source has confirmed within its time to live is taken back.
void Pipeline::expire_topology() {
    state_.topology_reminder = model::kNoTime;
    if (!state_.topology.expire(state_.now).is_of_confirmations_only()) {
        follow_topology();
    }
    plan_expiry();
}

void Pipeline::plan_expiry() {
    const model::Time due = state_.topology.next_expiry();
    if (due != model::Time::max() &&
        (state_.topology_reminder == model::kNoTime || due < state_.topology_reminder)) {
        state_.topology_reminder = due;
        state_.deadlines.add(due, Deadline::Kind::Topology, 0);
    }
}

void Pipeline::take(const model::Command& command) {
    struct Doer {
        Pipeline& pipeline;

        void operator()(const model::AddSilence& it) {
            pipeline.suppress_.add(it, {pipeline.state_.position, 0});
            pipeline.follow_others();
        }

        void operator()(const model::ExpireSilence& it) {
            pipeline.suppress_.expire(it.silence);
            pipeline.follow_others();
        }

        void operator()(const model::AcknowledgeIncident& it) {
            note_unless(pipeline.life_.acknowledge(it), it);
        }

        void operator()(const model::ResolveIncident& it) {
            note_unless(pipeline.life_.resolve(it), it);
        }

        void operator()(const model::LabelIncident& it) {
            note_unless(pipeline.life_.label(it), it);
        }

        void operator()(const model::MergeIncidents& it) {
            note_unless(pipeline.life_.merge(it), it);
        }

        void operator()(const model::SplitIncident& it) {
            note_unless(pipeline.life_.split(it), it);
        }

        void operator()(const model::UnmergeIdentity& it) {
            pipeline.state_.identities.unmerge(it.identity);
            pipeline.state_.counters.count(Reason::UnmergedByOperator);
        }

        void operator()(const model::PromotePlugin& it) {
            pipeline.state_.plugins->promote(it.plugin, it.by, pipeline.state_.now);
        }

        void operator()(const model::RollbackPlugin& it) {
            pipeline.state_.plugins->roll_back(it.plugin, it.by, pipeline.state_.now);
        }

        void operator()(const model::ReleasePlugin& it) {
            pipeline.state_.plugins->release(it.plugin, it.by, pipeline.state_.now);
            pipeline.follow_plugins();
        }

        void operator()(const model::SetPluginMode& it) {
            pipeline.state_.plugins->set_mode(it.plugin, it.mode, it.by, pipeline.state_.now);
        }

        void operator()(const model::ApproveRun& it) { pipeline.runs_.approve(it); }

        void operator()(const model::RejectRun& it) { pipeline.runs_.reject(it); }

        void operator()(const model::StopActions& it) { pipeline.runs_.stop(it); }

        void operator()(const model::FreezeNode& it) { pipeline.runs_.freeze(it); }

        void operator()(const model::ThawNode& it) { pipeline.runs_.thaw(it); }

        void operator()(const model::LabelRun& it) { pipeline.runs_.label(it); }

        void operator()(const model::SettleRun& it) { pipeline.runs_.settle(it); }

        // The edge looked before it took the order; meanwhile the incident may be over.
        void note_unless(bool is_done, const model::Command& command) {
            if (!is_done) {
                model::AuditNote note = model::note_of(command);
                note.outcome = model::AuditOutcome::Refused;
                note.reason = "it came to nothing: no such incident, or it is over, or nothing is "
                              "to be moved";
                pipeline.state_.audit.push_back(std::move(note));
            }
        }
    };

    std::visit(Doer{*this}, command);
}

void Pipeline::take(const model::Settings& settings) {
    state_.settings = settings;
}

// The rules before are alive until all have taken over what they go on with.
void Pipeline::take(const model::RulesRevision& revision) {
    const std::shared_ptr<const rules::RuleSet> before = state_.book.load(revision);
    suppress_.reload();
    follow_others();
}

void Pipeline::take(const model::PluginsRevision& revision) {
    state_.plugins->load(revision, state_.now);
}

void Pipeline::take(const model::PluginKilled& kill) {
    if (!state_.plugins->apply(kill, state_.now)) {
        return;
    }
    state_.counters.count(Reason::PluginWasKilled);
    if (const model::Time due = state_.plugins->next_probe(); due != model::Time::max()) {
        state_.deadlines.add(due, Deadline::Kind::Plugin, 0);
    }
    follow_plugins();
}

void Pipeline::take(const model::Checkpoint&) {
    state_.plugins->rebuild();
}

void Pipeline::pass_time_until(model::Time time) {
    Deadline deadline{};
    while (state_.deadlines.next() <= time) {
        state_.now = std::max(state_.now, state_.deadlines.next());
        while (state_.deadlines.take_due(state_.now, deadline)) {
            look_at(deadline);
        }
        suppress_.settle();
        follow_others();
        conclude();
    }
    state_.now = time;
}

void Pipeline::look_at(const Deadline& deadline) {
    switch (deadline.kind) {
        case Deadline::Kind::Alert: {
            if (!state_.alerts.is_used(deadline.slot) ||
                state_.alerts[deadline.slot].reminder != deadline.due) {
                break;  // of an alert that has gone, or superseded by an earlier one
            }
            state_.alerts[deadline.slot].reminder = model::kNoTime;
            if (const Transition transition = dedup_.expire(deadline.slot); transition.is_ended()) {
                state_.counters.count(transition.reason);
                follow(transition);
            }
            break;
        }
        case Deadline::Kind::Incident: {
            model::Incident& incident = state_.incidents[deadline.slot];
            if (incident.id == model::kNoId || incident.reminder != deadline.due) {
                break;
            }
            incident.reminder = model::kNoTime;
            rank_.rank_if_due(deadline.slot);
            life_.look_at(deadline.slot);
            break;
        }
        case Deadline::Kind::Silence:
        case Deadline::Kind::Maintenance:
        case Deadline::Kind::ChangeWindow:
        case Deadline::Kind::Flapping:
            suppress_.look_at(deadline);
            follow_others();
            break;
        case Deadline::Kind::Storm:
            if (state_.storms.look_at(deadline.slot, state_.now, state_.deadlines)) {
                state_.counters.count(Reason::StormEnded);
                decide_.storm(Topic::StormEnded, Reason::StormEnded, deadline.slot);
            }
            break;
        case Deadline::Kind::Route:
            if (const model::Incident& incident = state_.incidents[deadline.slot];
                incident.id != model::kNoId && incident.word_due == deadline.due) {
                due_words_.push_back(deadline.slot);
            }
            break;
        case Deadline::Kind::Topology:
            if (deadline.due == state_.topology_reminder) {
                expire_topology();
            }
            break;
        case Deadline::Kind::Pattern:
            state_.patterns.look_at(deadline.slot, state_.book, state_.now, state_.deadlines,
                                    emitted_);
            follow_emitted();
            follow_own();
            break;
        case Deadline::Kind::Plugin:
            state_.plugins->probe(state_.now);
            follow_plugins();
            break;
        case Deadline::Kind::Run: runs_.look_at(deadline.slot); break;
        default: break;
    }
}

void Pipeline::conclude() {
    for (std::size_t i = 0; i < news_.size(); ++i) {  // ranking adds news
        if (const Slot slot = state_.incidents.find(news_[i].incident); slot != kNoSlot) {
            rank_.rank_if_due(slot);
        }
    }
    remark_on_news();
    decide_.incidents(news_);
    std::vector<Slot> slots = told_of();
    keep_graphs(slots);
    slots.insert(slots.end(), due_words_.begin(), due_words_.end());
    for (const Slot slot : slots) {
        route_.look_at(slot);
    }
    runs_.follow(news_);
    news_.clear();
    due_words_.clear();
    (void)state_.book.take_shadowed();
}

void Pipeline::remark_on_news() {
    if (state_.plugins->empty()) {
        return;
    }
    for (const Slot slot : told_of()) {
        remark_.remark_if_due(slot);
    }
    follow_plugins();
}

// Of the incidents that were ranked just now: the graph as the ranking saw it.
void Pipeline::keep_graphs(const std::vector<Slot>& slots) {
    for (const Slot slot : slots) {
        const model::Incident& incident = state_.incidents[slot];
        if (incident.ranked_at == state_.now && !incident.is_over()) {
            state_.incident_graphs.take(incident, state_.alerts, state_.topology.now(), state_.now);
        }
    }
    state_.incident_graphs.prune(state_.incidents);
}

// The incidents that there is news of, each once, in the order of their ids.
std::vector<Slot> Pipeline::told_of() const {
    std::set<model::Id> ids;
    for (const IncidentNews& news : news_) {
        ids.insert(news.incident);
    }
    std::vector<Slot> slots;
    for (const model::Id id : ids) {
        if (const Slot slot = state_.incidents.find(id); slot != kNoSlot) {
            slots.push_back(slot);
        }
    }
    return slots;
}

}  // namespace nocturne::engine
