#include "engine/why.hpp"

#include "engine/state.hpp"
#include "model/json_writer.hpp"

#include <algorithm>
#include <vector>

namespace nocturne::engine {

using model::Alert;
using model::Incident;
using model::JsonWriter;
using model::Reason;

namespace {

constexpr std::size_t kAnswersMax = 50;

void write(JsonWriter& out, const Decision& decision) {
    out.begin_object();
    out.member("at", decision.at).member("last_at", decision.last_at);
    out.member("count", decision.count).member("reason", model::name_of(decision.reason));
    out.member("rule", decision.rule).member("text", decision.text);
    out.end_object();
}

bool is_about_routing(Reason reason) {
    return reason >= Reason::Paged && reason <= Reason::WouldBeRouted;
}

std::string words_of(Reason reason) {
    std::string words(model::name_of(reason));
    std::replace(words.begin(), words.end(), '_', ' ');
    return words;
}

class Answerer {
   public:
    explicit Answerer(const State& state) : state_(state) {}

    void answer_alert(JsonWriter& out, Slot slot) const {
        const AlertTable& alerts = state_.alerts;
        const Alert& alert = alerts[slot];
        out.begin_object();
        out.member("title", std::string(alerts.text(alert.check)) + " on " +
                                std::string(alerts.text(alert.resource)) + " (" +
                                model::format_id(model::kAlertPrefix, alert.id) + ")");
        out.key("facts").begin_array();
        for (const std::string& fact : facts_of(slot)) {
            out.text(fact);
        }
        out.end_array();
        out.key("decisions").begin_array();
        for (const Decision& decision : state_.decisions.of(slot)) {
            write(out, decision);
        }
        if (const Slot incident = incident_of(alert); incident != kNoSlot) {
            write_timeline(out, state_.incidents[incident], &alert);
        }
        out.end_array().end_object();
    }

    void answer_incident(JsonWriter& out, const Incident& incident) const {
        out.begin_object().member("title",
                                  incident.title + " (" +
                                      model::format_id(model::kIncidentPrefix, incident.id) + ")");
        out.key("facts").begin_array();
        out.text("it is " + std::string(model::name_of(incident.state)) + " with " +
                 std::to_string(incident.alerts.size()) + " alerts, " +
                 std::to_string(incident.burning) + " of them burn");
        if (!incident.group_rule.empty()) {
            out.text("gathered by " + incident.group_rule +
                     (incident.group_text.empty() ? "" : ": " + incident.group_text));
        } else {
            out.text("gathered by the service graph");
        }
        if (incident.by_hand) {
            out.text("split or merged by hand: it is left as it is");
        }
        out.text(notified(incident));
        out.end_array();
        out.key("decisions").begin_array();
        write_timeline(out, incident, nullptr);
        out.end_array().end_object();
    }

   private:
    Slot incident_of(const Alert& alert) const {
        return alert.incident == model::kNoId ? kNoSlot : state_.incidents.find(alert.incident);
    }

    std::vector<std::string> facts_of(Slot slot) const {
        const Alert& alert = state_.alerts[slot];
        std::vector<std::string> facts;
        facts.push_back("it is " + std::string(model::name_of(alert.state)) + ", " +
                        std::string(model::name_of(alert.severity)) + ", told " +
                        std::to_string(alert.count) + " times since " +
                        model::format_time(alert.first_seen));
        for (const Identities::Merged& merged : state_.identities.merged_into(slot)) {
            facts.push_back("folded into it: " + merged.text + ", " + std::to_string(merged.count) +
                            " times (undo: nocturne unmerge " + model::to_string(merged.identity) +
                            ")");
        }
        if (alert.state == model::AlertState::Suppressed) {
            const std::string_view rule = state_.alerts.text(alert.suppressed_rule);
            facts.push_back("not told of because: " + words_of(alert.suppression) +
                            (rule.empty() ? "" : ", by " + std::string(rule)));
        }
        const Slot incident = incident_of(alert);
        if (incident != kNoSlot) {
            facts.push_back("in incident " +
                            model::format_id(model::kIncidentPrefix, alert.incident) + ": " +
                            words_of(alert.grouping));
            facts.push_back(notified(state_.incidents[incident]));
        } else if (alert.state == model::AlertState::Firing) {
            facts.push_back("in no incident: " + std::string(model::name_of(alert.severity)) +
                            " alone opens none (incidents.severity_min is " +
                            std::string(model::name_of(state_.settings.incident_severity_min)) +
                            ")");
        }
        return facts;
    }

    // Who was told of the incident, or why nobody was.
    std::string notified(const Incident& incident) const {
        if (state_.routes.empty()) {
            return "nobody is notified: there are no route rules";
        }
        const auto last = std::find_if(
            incident.timeline.rbegin(), incident.timeline.rend(),
            [](const model::TimelineEntry& entry) { return is_about_routing(entry.reason); });
        if (last == incident.timeline.rend()) {
            return "nobody was notified yet";
        }
        const bool was_told = last->reason == Reason::Paged || last->reason == Reason::Ticketed ||
                              last->reason == Reason::Logged;
        std::string text = was_told ? "notified: " : "not notified because: ";
        text += words_of(last->reason) + " at " + model::format_time(last->at);
        if (!last->text.empty()) {
            text += " (" + last->text + ")";
        }
        if (incident.word_due != model::kNoTime && incident.word_due > state_.now) {
            text += ", looked at again at " + model::format_time(incident.word_due);
        }
        return text;
    }

    // All of it, or what concerns one alert.
    static void write_timeline(JsonWriter& out, const Incident& incident, const Alert* alert) {
        for (const model::TimelineEntry& entry : incident.timeline) {
            const bool concerns =
                alert == nullptr || entry.subject == alert->id || is_about_routing(entry.reason);
            if (concerns) {
                write(out, {entry.at, entry.at, 1, entry.reason, "", entry.text});
            }
        }
    }

    const State& state_;
};

}  // namespace

std::optional<std::string> render_why(const Core& core, std::string_view subject) {
    const State& state = core.state();
    const Answerer answerer(state);
    JsonWriter out;
    out.begin_object().member("subject", subject).key("answers").begin_array();
    std::size_t answers = 0;
    const bool may_be_id = !subject.empty() && subject.find('-') != std::string_view::npos;
    const auto incident_id =
        may_be_id ? model::parse_id(model::kIncidentPrefix, subject) : std::nullopt;
    const auto alert_id = may_be_id ? model::parse_id(model::kAlertPrefix, subject) : std::nullopt;
    if (incident_id) {
        if (const Slot slot = state.incidents.find(*incident_id); slot != kNoSlot) {
            answerer.answer_incident(out, state.incidents[slot]);
            ++answers;
        }
    }
    for (Slot slot = 0; slot < state.alerts.bound() && answers < kAnswersMax; ++slot) {
        if (!state.alerts.is_used(slot)) {
            continue;
        }
        const Alert& alert = state.alerts[slot];
        if ((alert_id && alert.id == *alert_id) || state.alerts.text(alert.resource) == subject) {
            answerer.answer_alert(out, slot);
            ++answers;
        }
    }
    for (const DroppedEvent& event : state.decisions.dropped()) {
        if (answers < kAnswersMax && (event.id == subject || event.resource == subject)) {
            out.begin_object().member("title", "event " + event.id + " of " + event.source + ": " +
                                                   event.check + " on " + event.resource);
            out.key("facts").begin_array().text("it made no alert").end_array();
            out.key("decisions").begin_array();
            write(out, event.decision);
            out.end_array().end_object();
            ++answers;
        }
    }
    out.end_array().end_object();
    return answers == 0 ? std::nullopt : std::optional(out.take());
}

std::string render_rules(const Core& core) {
    const RuleBook& book = core.state().book;
    JsonWriter out;
    out.begin_object().key("rules").begin_array();
    for (rules::RuleIndex index = 0; index < book.rules().rules.size(); ++index) {
        const rules::Rule& rule = book[index];
        const RuleTally& tally = book.tallies()[index];
        out.begin_object();
        out.member("kind", rules::name_of(rule.kind)).member("name", rule.name);
        out.member("mode", rule.mode == rules::Mode::Shadow ? "shadow" : "on");
        out.member("file", rule.place.file).member("line", std::uint64_t{rule.place.line});
        out.member("comment", rule.comment).member("acted", tally.acted);
        out.member("would_have", tally.would_have).member("last", tally.last);
        out.end_object();
    }
    out.end_array().end_object();
    return out.take();
}

}  // namespace nocturne::engine
