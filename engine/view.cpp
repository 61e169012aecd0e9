#include "engine/view.hpp"

#include "engine/blind_spots.hpp"
#include "engine/plugin_rack.hpp"
#include "engine/plugin_view.hpp"
#include "engine/run_view.hpp"
#include "engine/state.hpp"
#include "model/json_writer.hpp"
#include "topology/neighbourhood.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <algorithm>
#include <set>

namespace nocturne::engine {

using model::Alert;
using model::Incident;
using model::JsonWriter;

namespace {

constexpr std::size_t kAlertsInList = 10;  // of an incident, where many incidents are listed
constexpr std::size_t kAlertsInIncident = 1000;
constexpr std::size_t kBlindSpotsMax = 100;  // of an incident

std::string alert_id(const Alert& alert) {
    return model::format_id(model::kAlertPrefix, alert.id);
}

std::string incident_id(model::Id id) {
    return model::format_id(model::kIncidentPrefix, id);
}

// null, or who would tell and is silent.
void write_blind(JsonWriter& out, const BlindSpots::Silent* silent) {
    if (silent == nullptr) {
        out.null();
        return;
    }
    out.begin_object();
    out.member("source", silent->source).member("heard_at", silent->heard_at);
    out.end_object();
}

void write(JsonWriter& out, const State& state, const BlindSpots& blind, Slot slot) {
    const Alert& alert = state.alerts[slot];
    const AlertTable& alerts = state.alerts;
    out.begin_object();
    out.member("id", alert_id(alert));
    out.member("resource", alerts.text(alert.resource));
    out.member("check", alerts.text(alert.check));
    out.member("severity", model::name_of(alert.severity));
    out.member("status", model::name_of(alert.state));
    out.member("summary", alerts.text(alert.summary));
    out.member("count", alert.count);
    out.member("first_seen", alert.first_seen);
    out.member("last_seen", alert.last_seen);
    out.member("ended_at", alert.ended_at);
    out.key("value");
    alert.has_value ? out.number(alert.value) : out.null();
    out.key("labels").begin_object();
    for (const model::LabelSymbols& label : alert.labels) {
        out.member(alerts.text(label.name), alerts.text(label.value));
    }
    out.end_object();
    out.key("annotations")
        .raw(alert.annotations == model::kNoSymbol ? "{}" : alerts.text(alert.annotations));
    out.key("sources").begin_array();
    for (const model::Symbol source : alert.sources) {
        out.text(alerts.text(source));
    }
    out.end_array();
    out.key("incident");
    alert.incident == model::kNoId ? out.null() : out.text(incident_id(alert.incident));
    out.key("grouped_because");
    alert.incident == model::kNoId ? out.null() : out.text(model::name_of(alert.grouping));
    out.key("suppressed_by");
    if (alert.suppression == model::Reason::None) {
        out.null();
    } else {
        out.begin_object();
        out.member("reason", model::name_of(alert.suppression));
        const bool is_silence = alert.suppression == model::Reason::SilencedByOperator;
        if (alert.suppressed_by != model::kNoId) {
            out.member("id",
                       model::format_id(is_silence ? model::kSilencePrefix : model::kAlertPrefix,
                                        alert.suppressed_by));
        }
        if (alert.suppressed_rule != model::kNoSymbol) {
            out.member("rule", alerts.text(alert.suppressed_rule));
        }
        out.end_object();
    }
    out.key("blind");
    write_blind(out, blind.over_alert(slot));
    out.member("fingerprint", model::to_string(alert.fingerprint));
    out.end_object();
}

void write(JsonWriter& out, const model::TimelineEntry& entry) {
    out.begin_object();
    out.member("at", entry.at);
    out.member("reason", model::name_of(entry.reason));
    out.key("subject");
    if (entry.subject == model::kNoId) {
        out.null();
    } else {
        const bool is_merge = entry.reason == model::Reason::MergedByBridge ||
                              entry.reason == model::Reason::MovedToCause ||
                              entry.reason == model::Reason::MergedByOperator ||
                              entry.reason == model::Reason::SplitByOperator;
        out.text(model::format_id(is_merge ? model::kIncidentPrefix : model::kAlertPrefix,
                                  entry.subject));
    }
    out.member("text", entry.text);
    out.end_object();
}

// The worst first, then in the order of joining.
std::vector<Slot> worst_alerts(const State& state, const Incident& incident, std::size_t limit) {
    std::vector<Slot> slots = incident.alerts;
    if (slots.size() > limit) {
        std::stable_sort(slots.begin(), slots.end(), [&](Slot a, Slot b) {
            return state.alerts[a].severity_worst > state.alerts[b].severity_worst;
        });
        slots.resize(limit);
    }
    return slots;
}

enum class Detail { List, Whole };

void write(JsonWriter& out, const topology::Excerpt& excerpt) {
    out.begin_object().member("taken_at", excerpt.taken_at);
    out.member("nodes_left_out", excerpt.nodes_left_out).key("nodes").begin_array();
    for (const topology::Excerpt::Node& node : excerpt.nodes) {
        out.begin_object().member("name", node.name).member("type", node.type);
        out.member("owner", node.owner).member("criticality", std::uint64_t{node.criticality});
        out.member("centre", node.is_centre).end_object();
    }
    out.end_array().key("edges").begin_array();
    for (const topology::Excerpt::Edge& edge : excerpt.edges) {
        out.begin_object().member("from", excerpt.nodes[edge.from].name);
        out.member("to", excerpt.nodes[edge.to].name).member("type", edge.type);
        out.member("weight", edge.weight).member("confidence", edge.confidence);
        out.member("first_seen", edge.first_seen).member("last_seen", edge.last_seen);
        out.key("provenance").begin_array();
        for (const std::string& source : edge.provenance) {
            out.text(source);
        }
        out.end_array().end_object();
    }
    out.end_array().end_object();
}

// The other incident that has the suspect's alerts; kNoId: none, or they are this one's as well, or
// it is over: what alerts there now came later.
model::Id elsewhere_of(const State& state, const Incident& incident,
                       const model::Suspect& suspect) {
    const topology::NodeIndex node = state.topology.now().find(suspect.resource);
    if (node == topology::kNoNode || incident.is_over()) {
        return model::kNoId;
    }
    const model::Id there = state.incidents.id_at(node);
    const bool is_here = there == incident.id ||
                         std::any_of(incident.alerts.begin(), incident.alerts.end(),
                                     [&](Slot slot) { return state.alerts[slot].node == node; });
    return is_here ? model::kNoId : there;
}

// Of the incident's alerts and suspects, each resource once.
void write_blind_spots(JsonWriter& out, const State& state, const BlindSpots& blind,
                       const Incident& incident) {
    out.key("blind_spots").begin_array();
    std::set<std::string_view> seen;
    const auto note = [&](std::string_view resource, const BlindSpots::Silent* silent) {
        if (silent != nullptr && seen.size() < kBlindSpotsMax && seen.insert(resource).second) {
            out.begin_object().member("resource", resource);
            out.member("source", silent->source).member("heard_at", silent->heard_at);
            out.end_object();
        }
    };
    if (!blind.empty()) {
        for (const Slot slot : incident.alerts) {
            note(state.alerts.text(state.alerts[slot].resource), blind.over_alert(slot));
        }
        for (const model::Suspect& suspect : incident.suspects) {
            note(suspect.resource, blind.over(state.topology.now().find(suspect.resource)));
        }
    }
    out.end_array();
}

void write(JsonWriter& out, const State& state, const BlindSpots& blind, const Incident& incident,
           Detail detail) {
    out.begin_object();
    out.member("id", incident_id(incident.id));
    out.member("state", model::name_of(incident.state));
    out.member("severity", model::name_of(incident.severity));
    out.member("title", incident.title);
    out.member("opened_at", incident.opened_at);
    out.member("updated_at", incident.updated_at);
    out.member("resolved_at", incident.resolved_at);
    out.key("merged_into");
    incident.merged_into == model::kNoId ? out.null() : out.text(incident_id(incident.merged_into));
    out.key("cause");
    incident.cause.empty() ? out.null() : out.text(incident.cause);
    out.member("alert_count", std::uint64_t{incident.alerts.size() + incident.alerts_dropped});
    out.member("firing_count", incident.burning);
    out.key("alerts").begin_array();
    for (const Slot slot : worst_alerts(
             state, incident, detail == Detail::List ? kAlertsInList : kAlertsInIncident)) {
        write(out, state, blind, slot);
    }
    out.end_array();
    out.key("suspects").begin_array();
    for (const model::Suspect& suspect : incident.suspects) {
        write_suspect(out, suspect, elsewhere_of(state, incident, suspect));
    }
    out.end_array();
    out.member("confidence", incident.confidence);
    out.key("doubt");
    incident.doubt.empty() ? out.null() : out.text(incident.doubt);
    out.key("changes").begin_array();
    for (const model::IncidentChange& change : incident.changes) {
        out.begin_object().member("resource", change.resource).member("what", change.what);
        out.member("summary", change.summary).member("time", change.time).end_object();
    }
    out.end_array();
    out.key("notes").begin_array();
    for (const model::IncidentNote& note : incident.notes) {
        out.begin_object().member("plugin", note.plugin).member("name", note.name);
        out.member("value", note.value).end_object();
    }
    out.end_array();
    if (detail == Detail::Whole) {
        write_blind_spots(out, state, blind, incident);
        out.key("timeline").begin_array();
        for (const model::TimelineEntry& entry : incident.timeline) {
            write(out, entry);
        }
        out.end_array();
        out.member("timeline_dropped", incident.timeline_dropped);
        const std::optional<topology::Excerpt> excerpt = state.incident_graphs.find(incident.id);
        out.key("graph");
        excerpt ? write(out, *excerpt) : void(out.null());
    }
    out.end_object();
}

// Tells for many alerts whether they match, and asks each text only once: label values repeat far
// more often than alerts do.
class AlertFilter {
   public:
    AlertFilter(const State& state, const model::Matchers& matchers) : state_(state) {
        for (const model::Matcher& matcher : matchers) {
            Column column;
            column.matcher = &matcher;
            column.known = find_field(matcher.name());
            const auto [is_known, symbol] = state.alerts.symbols().find(matcher.name());
            column.label = is_known ? symbol : model::kNoSymbol;
            column.answers.assign(state.alerts.symbols().bound(), Answer::Unasked);
            columns_.push_back(std::move(column));
        }
    }

    bool matches(const Alert& alert) {
        return std::all_of(columns_.begin(), columns_.end(),
                           [&](Column& column) { return matches(column, alert); });
    }

   private:
    enum class Answer : std::uint8_t { Unasked, No, Yes };
    enum class Field : std::uint8_t { Label, Resource, Check, Other };

    struct Column {
        const model::Matcher* matcher = nullptr;
        Field known = Field::Label;
        model::Symbol label = model::kNoSymbol;
        std::vector<Answer> answers;  // by symbol
    };

    static Field find_field(std::string_view name) {
        if (name == "resource") {
            return Field::Resource;
        }
        if (name == "check" || name == "alertname") {
            return Field::Check;
        }
        return name == "severity" || name == "status" || name == "source" ? Field::Other
                                                                          : Field::Label;
    }

    bool matches(Column& column, const Alert& alert) {
        switch (column.known) {
            case Field::Resource: return ask(column, alert.resource);
            case Field::Check: return ask(column, alert.check);
            case Field::Other: return engine::matches(state_, alert, {*column.matcher});
            case Field::Label: break;
        }
        for (const model::LabelSymbols& label : alert.labels) {
            if (label.name == column.label && column.label != model::kNoSymbol) {
                return ask(column, label.value);
            }
        }
        return ask(column, model::kNoSymbol);
    }

    bool ask(Column& column, model::Symbol symbol) {
        Answer& answer = column.answers[symbol];
        if (answer == Answer::Unasked) {
            answer = column.matcher->matches(state_.alerts.text(symbol)) ? Answer::Yes : Answer::No;
        }
        return answer == Answer::Yes;
    }

    const State& state_;
    std::vector<Column> columns_;
};

bool is_asked_for(const Incident& incident, const IncidentQuery& query) {
    if (query.state) {
        return model::name_of(incident.state) == *query.state;
    }
    return query.all || !incident.is_over();
}

void write_storm(JsonWriter& out, const State& state, std::uint32_t number) {
    out.key("storm");
    if (number >= state.storms.all().size()) {
        out.null();
        return;
    }
    const Storms::Storm& storm = state.storms.all()[number];
    out.begin_object();
    out.member("rule", state.book[state.book.rules().storms[number].rule].name);
    out.member("began_at", storm.began_at);
    out.member("raised", storm.raised).member("withheld", storm.withheld);
    out.end_object();
}

void append_counter(std::string& out, std::string_view name, std::string_view help,
                    std::uint64_t value, std::string_view type) {
    out += "# HELP nocturne_" + std::string(name) + " " + std::string(help) + "\n";
    out += "# TYPE nocturne_" + std::string(name) + " " + std::string(type) + "\n";
    out += "nocturne_" + std::string(name) + " " + std::to_string(value) + "\n";
}

// What was given up where memory or work is bounded, each by the name that docs/reference/rules.md
// has.
void append_bounds(const State& state, std::string& out) {
    const std::pair<std::string_view, std::uint64_t> bounds[] = {
        {"change_window_nodes", state.change_windows.cut()},
        {"change_windows", state.change_windows.refused()},
        {"changes", state.changes_given_up},
        {"decisions", state.decisions.forgotten()},
        {"dependency_nodes", state.dependencies.cut()},
        {"dropped_events", state.decisions.dropped_forgotten()},
        {"early_resolutions", state.identities.given_up().early_ends},
        {"maintenance_nodes", state.maintenances.cut()},
        {"merged_identities", state.identities.given_up().merged},
        {"pattern_keys", state.patterns.given_up()},
        {"silences", state.silences.refused()},
        {"unmerged_identities", state.identities.given_up().unmerged},
    };
    out += "# HELP nocturne_bound_reached_total What was given up at a bound, since the start.\n"
           "# TYPE nocturne_bound_reached_total counter\n";
    for (const auto& [bound, count] : bounds) {
        out += "nocturne_bound_reached_total{bound=\"" + std::string(bound) + "\"} " +
               std::to_string(count) + "\n";
    }
}

}  // namespace

void write_suspect(JsonWriter& out, const model::Suspect& suspect, model::Id elsewhere) {
    out.begin_object();
    out.member("resource", suspect.resource);
    if (elsewhere != model::kNoId) {
        out.member("incident", model::format_id(model::kIncidentPrefix, elsewhere));
    }
    out.member("score", suspect.score);
    out.member("silent", suspect.silent);
    out.member("reason", suspect.reason);
    out.member("kind", model::name_of(suspect.kind));
    out.member("kind_reason", suspect.kind_reason);
    out.key("evidence").begin_array();
    for (const model::Evidence& evidence : suspect.evidence) {
        out.begin_object();
        out.member("name", evidence.name)
            .member("score", evidence.score)
            .member("text", evidence.text);
        out.end_object();
    }
    out.end_array();
    out.key("paths").begin_array();
    for (const model::CausalPath& path : suspect.paths) {
        out.begin_object().key("nodes").begin_array();
        for (const std::string& node : path.nodes) {
            out.text(node);
        }
        out.end_array().member("symptom", path.symptom).end_object();
    }
    out.end_array();
    out.end_object();
}

std::string render_alerts(const Core& core, const AlertQuery& query) {
    const State& state = core.state();
    AlertFilter filter(state, query.matchers);
    const BlindSpots blind(state);
    JsonWriter out;
    out.begin_object().key("alerts").begin_array();
    std::uint64_t total = 0;
    for (Slot slot = 0; slot < state.alerts.bound(); ++slot) {
        const Alert& alert = state.alerts[slot];
        if (alert.id == model::kNoId || (!alert.is_burning() && !query.ended) ||
            (query.incident && alert.incident != *query.incident) || !filter.matches(alert)) {
            continue;
        }
        if (total >= query.offset && total - query.offset < query.limit) {
            write(out, state, blind, slot);
        }
        ++total;
    }
    out.end_array().member("total", total).end_object();
    return out.take();
}

std::string render_incidents(const Core& core, const IncidentQuery& query) {
    const State& state = core.state();
    JsonWriter out;
    out.begin_object().key("incidents").begin_array();
    const BlindSpots blind(state);
    std::size_t left = query.limit;
    const auto& by_id = state.incidents.by_id();
    for (auto it = by_id.rbegin(); it != by_id.rend() && left > 0; ++it) {
        if (const Incident& incident = state.incidents[it->second]; is_asked_for(incident, query)) {
            write(out, state, blind, incident, Detail::List);
            --left;
        }
    }
    out.end_array().end_object();
    return out.take();
}

std::optional<std::string> render_incident(const Core& core, model::Id id) {
    const State& state = core.state();
    const Slot slot = state.incidents.find(id);
    if (slot == kNoSlot) {
        return std::nullopt;
    }
    JsonWriter out;
    write(out, state, BlindSpots(state), state.incidents[slot], Detail::Whole);
    return out.take();
}

std::string render_silences(const Core& core) {
    JsonWriter out;
    std::uint64_t burning = 0;
    const AlertTable& alerts = core.state().alerts;
    for (Slot slot = 0; slot < alerts.bound(); ++slot) {
        burning += alerts.is_used(slot) && alerts[slot].is_burning() ? 1U : 0U;
    }
    out.begin_object().member("burning", burning).key("silences").begin_array();
    for (const Silence& silence : core.state().silences.all()) {
        if (silence.id == model::kNoId) {
            continue;
        }
        const bool ended = silence.spec.ends_at <= core.now();
        out.begin_object();
        out.member("id", model::format_id(model::kSilencePrefix, silence.id));
        out.member("state", ended ? "expired" : silence.active ? "active" : "pending");
        out.member("matchers", silence.spec.matchers);
        out.member("starts_at", silence.spec.starts_at).member("ends_at", silence.spec.ends_at);
        out.member("created_by", silence.spec.created_by).member("comment", silence.spec.comment);
        out.member("until_clear", silence.spec.until_clear);
        out.member("hidden", silence.hidden).member("hiding", silence.hiding);
        out.member("last_hid", silence.last_hid);
        out.end_object();
    }
    out.end_array().end_object();
    return out.take();
}

bool has_room_for_silence(const Core& core) {
    return core.state().silences.has_room(core.now());
}

std::shared_ptr<const topology::Graph> topology_of(const Core& core) {
    return core.state().topology.snapshot();
}

std::map<std::uint32_t, std::string> blind_nodes(const Core& core) {
    std::map<std::uint32_t, std::string> nodes;
    const BlindSpots blind(core.state());
    const topology::Graph& graph = core.state().topology.now();
    for (topology::NodeIndex node = 0; !blind.empty() && node < graph.index_end(); ++node) {
        if (const BlindSpots::Silent* silent = graph.is_alive(node) ? blind.over(node) : nullptr) {
            JsonWriter out;
            write_blind(out, silent);
            nodes.emplace(node, out.take());
        }
    }
    return nodes;
}

std::optional<std::string> render_impact(const topology::Graph& graph, std::string_view name) {
    const topology::NodeIndex node = graph.find(name);
    if (node == topology::kNoNode) {
        return std::nullopt;
    }
    const topology::ImpactReport report = topology::foresee(graph, node, {});
    JsonWriter out;
    const auto names = [&](const char* key, const std::vector<topology::NodeIndex>& nodes) {
        out.key(key).begin_array();
        for (const topology::NodeIndex one : nodes) {
            out.text(graph.node(one).name);
        }
        out.end_array();
    };
    out.begin_object().member("node", graph.node(node).name).key("hurt").begin_array();
    for (const topology::Impact& impact : report.hurt) {
        const topology::Node& hurt = graph.node(impact.node);
        out.begin_object().member("resource", hurt.name);
        out.member("type", hurt.type).member("owner", hurt.owner);
        out.member("criticality", std::uint64_t{hurt.criticality});
        out.member("distance", std::uint64_t{impact.distance})
            .member("likelihood", impact.likelihood);
        names("path", impact.path);
        out.end_object();
    }
    out.end_array().key("held").begin_array();
    for (const topology::Redundancy& held : report.held) {
        out.begin_object().member("resource", graph.node(held.node).name);
        out.member("lost", std::uint64_t{held.lost}).member("members", std::uint64_t{held.members});
        names("left", held.left);
        out.end_object();
    }
    out.end_array().end_object();
    return out.take();
}

std::string render_effect(const Core& core, const model::Effect& effect) {
    const State& state = core.state();
    JsonWriter out;
    out.begin_object();
    out.member("topic", model::name_of(effect.topic));
    out.member("key", std::to_string(effect.position) + "-" + std::to_string(effect.index));
    out.member("reason", model::name_of(effect.reason));
    out.member("at", core.now());
    if (effect.topic == model::Effect::Topic::StormStarted ||
        effect.topic == model::Effect::Topic::StormEnded) {
        write_storm(out, state, effect.slot);
        out.end_object();
        return out.take();
    }
    if (effect.topic == model::Effect::Topic::PluginQuarantined ||
        effect.topic == model::Effect::Topic::PluginReleased) {
        out.key("plugin");
        effect.slot < state.plugins->all().size()
            ? write_plugin(out, state.plugins->all()[effect.slot])
            : void(out.null());
        out.end_object();
        return out.take();
    }
    if (model::is_about_run(effect.topic)) {
        const model::Run* run = state.runs.find(effect.subject);
        out.key("run");
        run == nullptr ? void(out.null()) : write_run(out, core, *run);
        out.key("answer").begin_object();
        if (run != nullptr) {
            out.member("reason", model::name_of(run->answer.reason)).member("by", run->answer.by);
            out.member("from", run->answer.from).member("text", run->answer.text);
        }
        out.end_object().end_object();
        return out.take();
    }
    if (model::is_about_actions(effect.topic)) {
        out.key("actions").raw(render_actions(core)).end_object();
        return out.take();
    }
    const BlindSpots blind(state);
    if (model::is_about_incident(effect.topic)) {
        out.key("incident");
        const Slot slot = state.incidents.find(effect.subject);
        slot == kNoSlot ? void(out.null())
                        : write(out, state, blind, state.incidents[slot], Detail::List);
    } else {
        out.key("alert");
        const bool is_there =
            effect.slot < state.alerts.bound() && state.alerts[effect.slot].id == effect.subject;
        is_there ? write(out, state, blind, effect.slot) : void(out.null());
    }
    out.end_object();
    return out.take();
}

void append_metrics(const Core& core, std::string& out) {
    const State& state = core.state();
    std::array<std::uint64_t, model::kAlertStateNames.size()> alerts{};
    for (Slot slot = 0; slot < state.alerts.bound(); ++slot) {
        if (state.alerts.is_used(slot)) {
            ++alerts[static_cast<std::size_t>(state.alerts[slot].state)];
        }
    }
    std::array<std::uint64_t, model::kIncidentStateNames.size()> incidents{};
    for (const auto& [id, slot] : state.incidents.by_id()) {
        ++incidents[static_cast<std::size_t>(state.incidents[slot].state)];
    }
    append_counter(out, "events_total", "Events that entered the engine.", state.counters.events,
                   "counter");
    append_counter(out, "inputs_total", "Inputs that the engine applied.", state.counters.inputs,
                   "counter");
    append_counter(out, "rankings_total", "Walks of the service graph for an incident.",
                   state.counters.rankings, "counter");
    append_counter(out, "incidents_opened_total", "Incidents opened.",
                   state.counters.incidents_opened, "counter");
    append_counter(out, "journal_position", "Position of the last input applied.", state.position,
                   "gauge");
    append_counter(out, "topology_nodes", "Nodes of the service graph.",
                   state.topology.now().node_count(), "gauge");
    append_counter(out, "topology_edges", "Edges of the service graph.",
                   state.topology.now().edge_count(), "gauge");
    append_counter(out, "alerts_bytes", "Memory of the alert table.", state.alerts.bytes(),
                   "gauge");
    append_counter(out, "message_ids", "Message ids remembered against repeats.",
                   state.messages.size(), "gauge");
    const BlindSpots blind(state);
    append_counter(out, "sources_silent", "Sources that heartbeat rules miss.",
                   blind.silent().size(), "gauge");
    append_counter(out, "blind_nodes", "Nodes of which a silent source would tell.",
                   blind.count_nodes(), "gauge");
    append_counter(out, "pattern_keys", "Combinations that patterns and heartbeats keep.",
                   state.patterns.key_count(), "gauge");
    append_counter(out, "change_windows", "Open windows after changes.",
                   state.change_windows.open_count(state.now), "gauge");
    append_counter(out, "deadlines", "Reminders of what time will bring.", state.deadlines.size(),
                   "gauge");
    append_bounds(state, out);
    append_plugin_metrics(core, out);
    append_run_metrics(core, out);
    out += "# HELP nocturne_decisions_total Decisions of the engine by their named reason.\n";
    out += "# TYPE nocturne_decisions_total counter\n";
    for (std::size_t i = 1; i < model::kReasonNames.size(); ++i) {
        out += "nocturne_decisions_total{reason=\"" + std::string(model::kReasonNames[i]) + "\"} " +
               std::to_string(state.counters.reasons[i]) + "\n";
    }
    out += "# HELP nocturne_alerts Alerts in memory by state.\n# TYPE nocturne_alerts gauge\n";
    for (std::size_t i = 0; i < alerts.size(); ++i) {
        out += "nocturne_alerts{state=\"" + std::string(model::kAlertStateNames[i]) + "\"} " +
               std::to_string(alerts[i]) + "\n";
    }
    out += "# HELP nocturne_incidents Incidents in memory by state.\n# TYPE nocturne_incidents "
           "gauge\n";
    for (std::size_t i = 0; i < incidents.size(); ++i) {
        out += "nocturne_incidents{state=\"" + std::string(model::kIncidentStateNames[i]) + "\"} " +
               std::to_string(incidents[i]) + "\n";
    }
}

}  // namespace nocturne::engine
