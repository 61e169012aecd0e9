#include "engine/patterns.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

namespace nocturne::engine {

using rules::PatternRule;
using Type = PatternRule::Type;

namespace {

constexpr std::string_view kOwnSource = "nocturne";
constexpr model::Duration kToldAgain = std::chrono::minutes(10);  // of what stays away

model::Fingerprint key_of(const PatternRule& rule, const rules::SubjectView& event) {
    std::string values;
    for (const rules::Field& field : rule.by) {
        values.append(rules::value_of(event, field)).push_back('\0');
    }
    return model::fingerprint_of(values);
}

// The end of what `event` began.
EmittedEvent resolved(EmittedEvent event) {
    event.status = model::EventStatus::Resolved;
    return event;
}

void put(model::Writer& out, const EmittedEvent& event) {
    out.text(event.resource);
    out.text(event.check);
    out.text(event.summary);
    out.varint(event.labels.size());
    for (const auto& [name, value] : event.labels) {
        out.text(name);
        out.text(value);
    }
    out.u8(static_cast<std::uint8_t>(event.severity));
    out.u8(static_cast<std::uint8_t>(event.status));
    out.varint(event.rule);
}

EmittedEvent get_event(model::Reader& in) {
    EmittedEvent event;
    event.resource = in.text();
    event.check = in.text();
    event.summary = in.text();
    event.labels.resize(in.count());
    for (auto& [name, value] : event.labels) {
        name = in.text();
        value = in.text();
    }
    event.severity = static_cast<model::Severity>(in.u8());
    event.status = static_cast<model::EventStatus>(in.u8());
    event.rule = static_cast<rules::RuleIndex>(in.varint());
    return event;
}

void prune(std::deque<model::Time>& hits, model::Time now, model::Duration window) {
    while (!hits.empty() && now - hits.front() >= window) {
        hits.pop_front();
    }
}

}  // namespace

model::EventView EmittedEvent::view(std::vector<model::LabelView>& labels_room) const {
    labels_room.clear();
    for (const auto& [name, value] : labels) {
        labels_room.push_back({name, value});
    }
    model::EventView event;
    event.source = kOwnSource;
    event.resource = resource;
    event.check = check;
    event.summary = summary;
    event.severity = severity;
    event.status = status;
    event.labels = labels_room;
    event.fingerprint = model::identity_of(resource, check, labels_room);
    return event;
}

std::size_t Patterns::hits_max(const PatternRule& rule, std::uint32_t member) {
    return rule.type == Type::EventGroup
               ? rule.members[member].count
               : std::max<std::size_t>(rule.count, std::size_t{rule.count_low} + 1);
}

PatternRule Patterns::pattern_of(const rules::HeartbeatRule& rule) {
    PatternRule pattern;
    pattern.rule = rule.rule;
    pattern.type = Type::Absence;
    pattern.match = rule.match;
    pattern.by = rule.by;
    pattern.window = rule.every;
    rules::Emit emit;
    const rules::Field source = rules::parse_field("source");
    const std::string name =
        "{" + rules::to_string(rule.by.empty() ? source : rule.by.front()) + "}";
    std::string names = name;
    // The alert of each combination of values is one of its own: the first value is its resource,
    // the others are labels.
    for (std::size_t i = 1; i < rule.by.size(); ++i) {
        const std::string text = "{" + rules::to_string(rule.by[i]) + "}";
        const std::string& label = rule.by[i].name;
        emit.labels.emplace_back(label.empty() ? rules::to_string(rule.by[i]) : label,
                                 *rules::TextTemplate::parse(text));
        names += " " + text;
    }
    emit.resource = *rules::TextTemplate::parse(name);
    emit.check = *rules::TextTemplate::parse("SourceSilent");
    emit.summary = *rules::TextTemplate::parse("nothing heard from " + names + " for " +
                                               model::format_duration(rule.every));
    emit.severity = rule.severity;
    pattern.emit = std::move(emit);
    return pattern;
}

void Patterns::load(const rules::RuleSet& rules, model::Time now, Deadlines* deadlines) {
    std::map<model::Fingerprint, Pattern> before;
    for (Pattern& pattern : patterns_) {
        before.emplace(pattern.content, std::move(pattern));
    }
    rules_ = &rules;
    patterns_.clear();
    places_.clear();
    for (const PatternRule& rule : rules.patterns) {
        patterns_.emplace_back().rule = rule;
    }
    for (const rules::HeartbeatRule& rule : rules.heartbeats) {
        patterns_.emplace_back().rule = pattern_of(rule);
    }
    std::vector<const rules::Condition*> conditions;
    const auto ask = [&](const rules::Condition& condition, Place place) {
        conditions.push_back(&condition);
        places_.push_back(place);
    };
    for (std::uint32_t number = 0; number < patterns_.size(); ++number) {
        Pattern& pattern = patterns_[number];
        const PatternRule& rule = pattern.rule;
        pattern.content = rules.rules[rule.rule].content;
        if (const auto old = before.find(pattern.content); old != before.end()) {
            pattern.entries = std::move(old->second.entries);
            for (auto it = pattern.entries.begin(); it != pattern.entries.end(); ++it) {
                pattern.by_key.emplace(it->key, it);
                it->first.rule = it->then.rule = rule.rule;
            }
            pattern.due = std::move(old->second.due);
        } else if (number >= rules.patterns.size()) {
            for (const std::string& value :
                 rules.heartbeats[number - rules.patterns.size()].expect) {
                expect(pattern, value, now);
            }
        }
        switch (rule.type) {
            case Type::Calendar: break;
            case Type::EventGroup:
                for (std::uint32_t member = 0; member < rule.members.size(); ++member) {
                    ask(rule.members[member].match, {number, Role::Member, member});
                }
                break;
            case Type::Sequence:
                if (!rule.unless.is_empty()) {
                    ask(rule.unless, {number, Role::Unless, 0});
                }
                [[fallthrough]];
            case Type::Pair:
            case Type::PairWithin: ask(rule.then, {number, Role::Then, 0}); [[fallthrough]];
            default: ask(rule.match, {number, Role::Match, 0});
        }
        if (deadlines != nullptr) {
            if (rule.type == Type::Calendar) {
                pattern.planned = rule.schedule.next(now, rules.zones[rule.zone]);
                deadlines->add(pattern.planned, Deadline::Kind::Pattern, number);
            } else {
                plan(number, *deadlines);
            }
        }
    }
    index_ = rules::MatchIndex(conditions);
}

// As if it had just been heard of, so that it is missed when it never comes.
void Patterns::expect(Pattern& pattern, const std::string& value, model::Time now) {
    rules::SubjectView subject;
    std::vector<model::LabelView> label;
    const rules::Field field =
        pattern.rule.by.empty() ? rules::parse_field("source") : pattern.rule.by.front();
    switch (field.part) {
        case rules::Field::Part::Resource: subject.resource = value; break;
        case rules::Field::Part::Check: subject.check = value; break;
        case rules::Field::Part::Label: label.push_back({field.name, value}); break;
        default: subject.source = value;
    }
    subject.labels = label;
    Entry& entry = entry_of(pattern, key_of(pattern.rule, subject));
    entry.first = render(pattern.rule, pattern.rule.emit, subject, 0);
    set_due(pattern, entry, now + pattern.rule.window);
}

Patterns::Entry& Patterns::entry_of(Pattern& pattern, const model::Fingerprint& key) {
    if (const auto found = pattern.by_key.find(key); found != pattern.by_key.end()) {
        pattern.entries.splice(pattern.entries.end(), pattern.entries, found->second);
        return *found->second;
    }
    if (pattern.entries.size() >= pattern.rule.keys_max) {
        Entry& quietest = pattern.entries.front();
        pattern.due.erase({quietest.due, quietest.key});
        pattern.by_key.erase(quietest.key);
        pattern.entries.pop_front();
        ++given_up_;
    }
    Entry& entry = pattern.entries.emplace_back();
    entry.key = key;
    entry.hits.resize(std::max<std::size_t>(pattern.rule.members.size(), 1));
    pattern.by_key.emplace(key, std::prev(pattern.entries.end()));
    return entry;
}

void Patterns::set_due(Pattern& pattern, Entry& entry, model::Time due) {
    pattern.due.erase({entry.due, entry.key});
    entry.due = due;
    if (due != model::kNoTime) {
        pattern.due.emplace(due, entry.key);
    }
}

void Patterns::plan(std::uint32_t number, Deadlines& deadlines) {
    Pattern& pattern = patterns_[number];
    if (pattern.due.empty()) {
        return;
    }
    const model::Time next = pattern.due.begin()->first;
    if (pattern.planned == model::kNoTime || next < pattern.planned) {
        pattern.planned = next;
        deadlines.add(next, Deadline::Kind::Pattern, number);
    }
}

EmittedEvent Patterns::render(const PatternRule& rule, const std::optional<rules::Emit>& emit,
                              const rules::SubjectView& event, std::size_t count) const {
    EmittedEvent out;
    out.rule = rule.rule;
    if (!emit) {
        return out;
    }
    const std::string number = std::to_string(count);
    const rules::ExtraView extra{{"count", number}};
    out.resource = emit->resource.render(event, extra);
    out.check = emit->check.render(event, extra);
    out.summary = emit->summary.render(event, extra);
    out.severity = emit->severity;
    out.status = emit->status;
    for (const auto& [name, value] : emit->labels) {
        out.labels.emplace_back(name, value.render(event, extra));
    }
    std::sort(out.labels.begin(), out.labels.end());
    return out;
}

bool Patterns::take(const rules::SubjectView& event, RuleBook& book, model::Time now,
                    Deadlines& deadlines, std::vector<EmittedEvent>& emitted) {
    if (places_.empty()) {
        return false;
    }
    bool is_kept = false;
    index_.find(event, found_);
    for (const std::uint32_t number : found_) {
        const Place& place = places_[number];
        Pattern& pattern = patterns_[place.pattern];
        const model::Fingerprint key = key_of(pattern.rule, event);
        const bool begins = place.role == Role::Match || place.role == Role::Member;
        if (!begins && !pattern.by_key.contains(key)) {
            continue;
        }
        const std::size_t before = emitted.size();
        matched(pattern, entry_of(pattern, key), place, event, now, emitted);
        settle(emitted, before, book, now);
        plan(place.pattern, deadlines);
        is_kept = is_kept || (pattern.rule.consumes && !book.is_shadow(pattern.rule.rule));
    }
    return is_kept;
}

void Patterns::settle(std::vector<EmittedEvent>& emitted, std::size_t from, RuleBook& book,
                      model::Time now) {
    for (std::size_t i = from; i < emitted.size();) {
        if (book.note(emitted[i].rule, now)) {
            ++i;
        } else {
            emitted.erase(emitted.begin() + static_cast<std::ptrdiff_t>(i));
        }
    }
}

void Patterns::matched(Pattern& pattern, Entry& entry, const Place& place,
                       const rules::SubjectView& event, model::Time now,
                       std::vector<EmittedEvent>& emitted) {
    const PatternRule& rule = pattern.rule;
    if (place.role == Role::Unless) {
        entry.is_open = false;
        set_due(pattern, entry, model::kNoTime);
        return;
    }
    if (place.role == Role::Then) {
        const bool is_in_time = rule.window == model::Duration{} || now - entry.since < rule.window;
        const bool is_first_too = rule.type != Type::Sequence && rule.match.holds(event);
        if (!entry.is_open || !is_in_time || is_first_too) {
            return;
        }
        entry.is_open = false;
        set_due(pattern, entry, model::kNoTime);
        if (rule.type == Type::Sequence) {
            emitted.push_back(render(rule, rule.emit, event, 2));
            return;
        }
        if (rule.type == Type::Pair) {
            emitted.push_back(resolved(entry.first));
        }
        if (rule.emit_then) {
            emitted.push_back(render(rule, rule.emit_then, event, 2));
        }
        return;
    }
    switch (rule.type) {
        case Type::Single: emitted.push_back(render(rule, rule.emit, event, 1)); break;
        case Type::First:
            if (entry.muted_until == model::kNoTime || now >= entry.muted_until) {
                entry.muted_until = now + rule.window;
                emitted.push_back(render(rule, rule.emit, event, 1));
            }
            break;
        case Type::Count:
        case Type::Thresholds:
        case Type::EventGroup: counted(pattern, entry, place.member, event, now, emitted); break;
        case Type::Pair:
        case Type::PairWithin:
        case Type::Sequence:
            if (entry.is_open) {
                break;  // waits already
            }
            entry.is_open = true;
            entry.since = now;
            entry.first = render(rule, rule.emit, event, 1);
            if (rule.window > model::Duration{}) {
                set_due(pattern, entry, now + rule.window);
            }
            if (rule.type == Type::Pair) {
                emitted.push_back(entry.first);
            }
            break;
        case Type::Absence:
            if (entry.is_open) {
                emitted.push_back(resolved(entry.first));
                entry.is_open = false;
            }
            entry.first = render(rule, rule.emit, event, 0);
            set_due(pattern, entry, now + rule.window);
            break;
        case Type::Calendar: break;
    }
}

void Patterns::counted(Pattern& pattern, Entry& entry, std::uint32_t member,
                       const rules::SubjectView& event, model::Time now,
                       std::vector<EmittedEvent>& emitted) {
    const PatternRule& rule = pattern.rule;
    const bool is_low = rule.type == Type::Thresholds && entry.is_open;
    if (entry.muted_until != model::kNoTime && now < entry.muted_until) {
        return;  // it belongs to what was told
    }
    std::deque<model::Time>& hits = entry.hits[member];
    hits.push_back(now);
    for (std::uint32_t i = 0; i < entry.hits.size(); ++i) {
        prune(entry.hits[i], now, is_low ? rule.window_low : rule.window);
        while (entry.hits[i].size() > hits_max(rule, i)) {
            entry.hits[i].pop_front();
        }
    }
    if (is_low) {
        return;
    }
    std::size_t count = 0;
    model::Time first = now;
    for (std::size_t i = 0; i < entry.hits.size(); ++i) {
        const std::size_t needed =
            rule.type == Type::EventGroup ? rule.members[i].count : rule.count;
        if (entry.hits[i].size() < needed) {
            return;
        }
        count += entry.hits[i].size();
        first = std::min(first, entry.hits[i].front());
    }
    entry.first = render(rule, rule.emit, event, count);
    emitted.push_back(entry.first);
    for (std::deque<model::Time>& each : entry.hits) {
        each.clear();
    }
    if (rule.type == Type::Thresholds) {
        entry.is_open = true;
        entry.since = now;
        entry.then = render(rule, rule.emit_then, event, 0);
        set_due(pattern, entry, now + rule.window_low);
    } else {
        entry.muted_until = first + rule.window;
    }
}

void Patterns::passed(Pattern& pattern, Entry& entry, model::Time now,
                      std::vector<EmittedEvent>& emitted) {
    const PatternRule& rule = pattern.rule;
    set_due(pattern, entry, model::kNoTime);
    switch (rule.type) {
        case Type::Pair:
        case Type::Sequence: entry.is_open = false; break;
        case Type::PairWithin:
            entry.is_open = false;
            emitted.push_back(entry.first);
            break;
        case Type::Absence:
            entry.since = entry.is_open ? entry.since : now;
            entry.is_open = true;
            entry.first.status = model::EventStatus::Firing;
            emitted.push_back(entry.first);
            // Told again while it lasts, so that the alert does not expire.
            set_due(pattern, entry, now + std::min<model::Duration>(rule.window, kToldAgain));
            break;
        case Type::Thresholds: {
            std::deque<model::Time>& hits = entry.hits.front();
            prune(hits, now, rule.window_low);
            if (hits.size() > rule.count_low) {
                set_due(pattern, entry, hits[hits.size() - rule.count_low - 1] + rule.window_low);
                break;
            }
            entry.is_open = false;
            hits.clear();
            emitted.push_back(resolved(entry.first));
            if (rule.emit_then) {
                emitted.push_back(entry.then);
            }
            break;
        }
        default: break;
    }
}

void Patterns::look_at(Slot number, RuleBook& book, model::Time now, Deadlines& deadlines,
                       std::vector<EmittedEvent>& emitted) {
    if (number >= patterns_.size()) {
        return;  // of rules that were there before
    }
    Pattern& pattern = patterns_[number];
    if (pattern.planned == model::kNoTime || pattern.planned > now) {
        return;
    }
    const std::size_t before = emitted.size();
    pattern.planned = model::kNoTime;
    if (pattern.rule.type == Type::Calendar) {
        emitted.push_back(render(pattern.rule, pattern.rule.emit, {}, 1));
        pattern.planned = pattern.rule.schedule.next(now, rules_->zones[pattern.rule.zone]);
        deadlines.add(pattern.planned, Deadline::Kind::Pattern, number);
    }
    while (!pattern.due.empty() && pattern.due.begin()->first <= now) {
        passed(pattern, *pattern.by_key.at(pattern.due.begin()->second), now, emitted);
    }
    settle(emitted, before, book, now);
    plan(number, deadlines);
}

std::size_t Patterns::key_count() const {
    std::size_t count = 0;
    for (const Pattern& pattern : patterns_) {
        count += pattern.entries.size();
    }
    return count;
}

void Patterns::encode(model::Writer& out) const {
    out.varint(patterns_.size());
    for (const Pattern& pattern : patterns_) {
        out.zigzag(model::to_unix_ms(pattern.planned));
        out.varint(pattern.entries.size());
        for (const Entry& entry : pattern.entries) {
            out.u64(entry.key.high);
            out.u64(entry.key.low);
            out.boolean(entry.is_open);
            for (const model::Time time : {entry.since, entry.muted_until, entry.due}) {
                out.zigzag(model::to_unix_ms(time));
            }
            out.varint(entry.hits.size());
            for (const std::deque<model::Time>& hits : entry.hits) {
                out.varint(hits.size());
                for (const model::Time hit : hits) {
                    out.zigzag(model::to_unix_ms(hit));
                }
            }
            put(out, entry.first);
            put(out, entry.then);
        }
    }
    out.varint(given_up_);
}

void Patterns::decode(model::Reader& in) {
    const std::size_t count = in.count();
    for (std::size_t i = 0; i < count && in.ok(); ++i) {
        Pattern ignored;
        Pattern& pattern = i < patterns_.size() ? patterns_[i] : ignored;
        pattern.entries.clear();
        pattern.by_key.clear();
        pattern.due.clear();
        pattern.planned = model::from_unix_ms(in.zigzag());
        for (std::size_t left = in.count(); left > 0 && in.ok(); --left) {
            Entry& entry = pattern.entries.emplace_back();
            entry.key.high = in.u64();
            entry.key.low = in.u64();
            entry.is_open = in.boolean();
            for (model::Time* time : {&entry.since, &entry.muted_until, &entry.due}) {
                *time = model::from_unix_ms(in.zigzag());
            }
            entry.hits.resize(in.count());
            for (std::deque<model::Time>& hits : entry.hits) {
                for (std::size_t times = in.count(); times > 0 && in.ok(); --times) {
                    hits.push_back(model::from_unix_ms(in.zigzag()));
                }
            }
            entry.hits.resize(std::max<std::size_t>(pattern.rule.members.size(), 1));
            entry.first = get_event(in);
            entry.then = get_event(in);
            pattern.by_key.emplace(entry.key, std::prev(pattern.entries.end()));
            if (entry.due != model::kNoTime) {
                pattern.due.emplace(entry.due, entry.key);
            }
        }
    }
    given_up_ = in.varint();
}

}  // namespace nocturne::engine
