#include "engine/incident_table.hpp"

#include <algorithm>
#include <utility>

namespace nocturne::engine {

using model::Incident;
using model::Reader;
using model::Writer;

namespace {

void put(Writer& out, model::Id id) {
    out.varint(id.position);
    out.varint(id.index);
}

model::Id get_id(Reader& in) {
    model::Id id;
    id.position = in.varint();
    id.index = static_cast<std::uint32_t>(in.varint());
    return id;
}

void put(Writer& out, model::Time time) {
    out.zigzag(model::to_unix_ms(time));
}

model::Time get_time(Reader& in) {
    return model::from_unix_ms(in.zigzag());
}

template <typename T, typename Put>
void put_all(Writer& out, const std::vector<T>& values, Put put_one) {
    out.varint(values.size());
    for (const T& value : values) {
        put_one(value);
    }
}

template <typename T, typename Get>
void get_all(Reader& in, std::vector<T>& values, Get get_one) {
    const std::size_t count = in.count();
    values.reserve(count);
    for (std::size_t i = 0; i < count && in.ok(); ++i) {
        values.push_back(get_one());
    }
}

void put(Writer& out, const model::Suspect& suspect) {
    out.text(suspect.resource);
    out.f64(suspect.score);
    out.boolean(suspect.silent);
    out.text(suspect.reason);
    out.u8(static_cast<std::uint8_t>(suspect.kind));
    out.text(suspect.kind_reason);
    put_all(out, suspect.evidence, [&](const model::Evidence& evidence) {
        out.text(evidence.name);
        out.f64(evidence.score);
        out.text(evidence.text);
    });
    put_all(out, suspect.paths, [&](const model::CausalPath& path) {
        put_all(out, path.nodes, [&](const std::string& node) { out.text(node); });
        out.text(path.symptom);
    });
}

model::Suspect get_suspect(Reader& in) {
    model::Suspect suspect;
    suspect.resource = in.text();
    suspect.score = in.f64();
    suspect.silent = in.boolean();
    suspect.reason = in.text();
    suspect.kind = static_cast<model::CauseKind>(in.u8());
    suspect.kind_reason = in.text();
    get_all(in, suspect.evidence, [&] {
        model::Evidence evidence;
        evidence.name = in.text();
        evidence.score = in.f64();
        evidence.text = in.text();
        return evidence;
    });
    get_all(in, suspect.paths, [&] {
        model::CausalPath path;
        get_all(in, path.nodes, [&] { return std::string(in.text()); });
        path.symptom = in.text();
        return path;
    });
    return suspect;
}

template <typename AnyIncident, typename Each>
void times(AnyIncident& incident, Each each) {
    each(incident.opened_at), each(incident.updated_at), each(incident.grew_at);
    each(incident.ended_at), each(incident.resolved_at), each(incident.ranked_at),
        each(incident.reminder);
    each(incident.told_at), each(incident.word_due);
}

template <typename AnyIncident, typename Each>
void counts(AnyIncident& incident, Each each) {
    each(incident.burning), each(incident.ranked_alerts), each(incident.alerts_dropped);
    each(incident.timeline_dropped), each(incident.told_alerts);
}

void put(Writer& out, const Incident& incident) {
    put(out, incident.id);
    put(out, incident.merged_into);
    out.u8(static_cast<std::uint8_t>(incident.state));
    out.u8(static_cast<std::uint8_t>(incident.severity));
    out.text(incident.title);
    out.text(incident.cause);
    out.u64(incident.group.high);
    out.u64(incident.group.low);
    out.text(incident.group_rule);
    out.text(incident.group_text);
    out.boolean(incident.by_hand);
    out.boolean(incident.is_stirred);
    out.text(incident.receiver);
    out.u8(static_cast<std::uint8_t>(incident.told_as));
    times(incident, [&](model::Time time) { put(out, time); });
    counts(incident, [&](std::uint64_t count) { out.varint(count); });
    put_all(out, incident.alerts, [&](Slot slot) { out.varint(slot); });
    put_all(out, incident.suspects, [&](const model::Suspect& suspect) { put(out, suspect); });
    out.f64(incident.confidence);
    out.text(incident.doubt);
    put_all(out, incident.changes, [&](const model::IncidentChange& change) {
        out.text(change.resource);
        out.text(change.what);
        out.text(change.summary);
        put(out, change.time);
    });
    put_all(out, incident.timeline, [&](const model::TimelineEntry& entry) {
        put(out, entry.at);
        out.u8(static_cast<std::uint8_t>(entry.reason));
        put(out, entry.subject);
        out.text(entry.text);
    });
    put_all(out, incident.notes, [&](const model::IncidentNote& note) {
        out.text(note.plugin);
        out.text(note.name);
        out.text(note.value);
    });
    out.boolean(incident.is_remarked);
    out.text(incident.remarked_suspect);
}

Incident get_incident(Reader& in) {
    Incident incident;
    incident.id = get_id(in);
    incident.merged_into = get_id(in);
    incident.state = static_cast<model::IncidentState>(in.u8());
    incident.severity = static_cast<model::Severity>(in.u8());
    incident.title = in.text();
    incident.cause = in.text();
    incident.group.high = in.u64();
    incident.group.low = in.u64();
    incident.group_rule = in.text();
    incident.group_text = in.text();
    incident.by_hand = in.boolean();
    incident.is_stirred = in.boolean();
    incident.receiver = in.text();
    incident.told_as = in.u8();
    times(incident, [&](model::Time& time) { time = get_time(in); });
    counts(incident, [&](std::uint64_t& count) { count = in.varint(); });
    get_all(in, incident.alerts, [&] { return static_cast<Slot>(in.varint()); });
    get_all(in, incident.suspects, [&] { return get_suspect(in); });
    incident.confidence = in.f64();
    incident.doubt = in.text();
    get_all(in, incident.changes, [&] {
        model::IncidentChange change;
        change.resource = in.text();
        change.what = in.text();
        change.summary = in.text();
        change.time = get_time(in);
        return change;
    });
    get_all(in, incident.timeline, [&] {
        model::TimelineEntry entry;
        entry.at = get_time(in);
        entry.reason = static_cast<model::Reason>(in.u8());
        entry.subject = get_id(in);
        entry.text = in.text();
        return entry;
    });
    get_all(in, incident.notes, [&] {
        model::IncidentNote note;
        note.plugin = in.text();
        note.name = in.text();
        note.value = in.text();
        return note;
    });
    incident.is_remarked = in.boolean();
    incident.remarked_suspect = in.text();
    return incident;
}

}  // namespace

Slot IncidentTable::find(model::Id id) const {
    const auto found = by_id_.find(id);
    return found == by_id_.end() ? kNoSlot : found->second;
}

Slot IncidentTable::create(model::Id id) {
    Slot slot = 0;
    if (free_.empty()) {
        slot = static_cast<Slot>(incidents_.size());
        incidents_.emplace_back();
    } else {
        slot = free_.back();
        free_.pop_back();
    }
    incidents_[slot].id = id;
    by_id_.emplace(id, slot);
    return slot;
}

void IncidentTable::remove(Slot slot) {
    groups_.erase({incidents_[slot].group, incidents_[slot].id});
    over_.erase(incidents_[slot].id);
    by_id_.erase(incidents_[slot].id);
    incidents_[slot] = {};
    free_.push_back(slot);
}

void IncidentTable::note_state(Slot slot) {
    const Incident& incident = incidents_[slot];
    incident.is_over() ? void(over_.insert(incident.id)) : void(over_.erase(incident.id));
}

Slot IncidentTable::oldest_over() const {
    return over_.empty() ? kNoSlot : find(*over_.begin());
}

const IncidentTable::Standing* IncidentTable::standing_of(std::uint32_t node) const {
    const auto found = standings_.find(node);
    return found == standings_.end() ? nullptr : &found->second;
}

model::Id IncidentTable::id_at(std::uint32_t node) const {
    const Standing* standing = standing_of(node);
    return standing == nullptr ? model::kNoId : incidents_[standing->incident].id;
}

void IncidentTable::clear_node(std::uint32_t node, Slot slot) {
    if (const auto found = standings_.find(node);
        found != standings_.end() && found->second.incident == slot) {
        standings_.erase(found);
    }
}

void IncidentTable::note_group(Slot slot) {
    if (incidents_[slot].group != model::Fingerprint{}) {
        groups_.emplace(incidents_[slot].group, incidents_[slot].id);
    }
}

Slot IncidentTable::of_group(const model::Fingerprint& key) const {
    constexpr model::Id kLast{UINT64_MAX, UINT32_MAX};
    const auto after = groups_.upper_bound({key, kLast});
    return after == groups_.begin() || std::prev(after)->first != key
               ? kNoSlot
               : find(std::prev(after)->second);
}

void IncidentTable::encode(Writer& out) const {
    put_all(out, incidents_, [&](const Incident& incident) { put(out, incident); });
    put_all(out, free_, [&](Slot slot) { out.varint(slot); });
    std::vector<std::pair<std::uint32_t, Standing>> nodes(standings_.begin(), standings_.end());
    std::sort(nodes.begin(), nodes.end(), [](const auto& a, const auto& b) {
        return a.first < b.first;  // a hash map's order is nobody's business
    });
    put_all(out, nodes, [&](const auto& node) {
        out.varint(node.first);
        out.varint(node.second.incident);
        out.varint(node.second.cause);
        out.varint(node.second.shared);
        out.u8(node.second.distance);
        put(out, node.second.first_seen);
    });
}

void IncidentTable::decode(Reader& in) {
    get_all(in, incidents_, [&] { return get_incident(in); });
    get_all(in, free_, [&] { return static_cast<Slot>(in.varint()); });
    for (Slot slot = 0; slot < incidents_.size(); ++slot) {
        if (incidents_[slot].id != model::kNoId) {
            by_id_.emplace(incidents_[slot].id, slot);
            note_state(slot);
            note_group(slot);
        }
    }
    const std::size_t nodes = in.count();
    for (std::size_t i = 0; i < nodes && in.ok(); ++i) {
        const auto node = static_cast<std::uint32_t>(in.varint());
        Standing standing;
        standing.incident = static_cast<Slot>(in.varint());
        standing.cause = static_cast<std::uint32_t>(in.varint());
        standing.shared = static_cast<std::uint32_t>(in.varint());
        standing.distance = in.u8();
        standing.first_seen = get_time(in);
        if (standing.incident < incidents_.size()) {
            standings_.emplace(node, standing);
        }
    }
}

}  // namespace nocturne::engine
