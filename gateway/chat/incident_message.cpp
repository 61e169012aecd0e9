#include "gateway/chat/incident_message.hpp"

#include "gateway/effectors/result_text.hpp"
#include "gateway/json_items.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <cmath>

namespace nocturne::gateway {

namespace json = boost::json;

namespace {

constexpr std::size_t kLineBytesMax = 500;
constexpr std::size_t kChangesShown = 3;
constexpr std::size_t kHurtShown = 5;
constexpr std::size_t kStepsShown = 10;
constexpr std::size_t kHashShown = 12;
constexpr std::size_t kIncidentsShown = 20;
constexpr std::size_t kReasonsShown = 30;

std::string shown(std::string_view text, std::size_t bytes_max = kLineBytesMax) {
    std::string line = printable(text, bytes_max);
    std::replace(line.begin(), line.end(), '\n', ' ');
    return line;
}

Result<json::object> parse_object(std::string_view text) {
    boost::system::error_code error;
    json::value value = json::parse(text, error);
    if (error || !value.is_object()) {
        return fail(ErrorCode::Internal, "the engine's answer is not a JSON object");
    }
    return std::move(value.as_object());
}

// Objects of the list at `key`.
template <typename Visit>
void each_object(const json::object& object, std::string_view key, Visit visit) {
    if (const json::array* list = json_array(object, key)) {
        for (const json::value& item : *list) {
            if (const json::object* one = item.if_object()) {
                visit(*one);
            }
        }
    }
}

std::uint64_t count_in(const json::object& object, std::string_view key) {
    const json::value* value = object.if_contains(key);
    return value != nullptr && value->is_number() ? value->to_number<std::uint64_t>() : 0;
}

void take_suspect(const json::object& incident, IncidentMessage& to) {
    const json::array* suspects = json_array(incident, "suspects");
    if (suspects == nullptr || suspects->empty() || !suspects->front().is_object()) {
        return;
    }
    const json::object& first = suspects->front().get_object();
    to.suspect = shown(json_text(first, "resource"), 200);
    to.reason = shown(json_text(first, "reason"));
    if (const json::value* score = first.if_contains("score");
        score != nullptr && score->is_number()) {
        to.share = std::to_string(std::lround(score->to_number<double>() * 100)) + " %";
    }
}

void take_impact(const json::object& incident, std::string_view impact_json, IncidentMessage& to) {
    const std::uint64_t alerts = count_in(incident, "alert_count");
    const std::uint64_t firing = count_in(incident, "firing_count");
    to.impact = std::to_string(alerts) + (alerts == 1 ? " alert" : " alerts") + ", " +
                std::to_string(firing) + " firing";
    const Result<json::object> impact =
        impact_json.empty() ? Result<json::object>(json::object()) : parse_object(impact_json);
    if (!impact) {
        return;
    }
    std::vector<std::string> names;
    std::size_t count = 0;
    each_object(*impact, "hurt", [&](const json::object& hurt) {
        if (++count <= kHurtShown) {
            names.push_back(shown(json_text(hurt, "resource"), 100));
        }
    });
    if (count > 0) {
        to.impact += "; depend on the suspect: ";
        for (std::size_t i = 0; i < names.size(); ++i) {
            to.impact += (i > 0 ? ", " : "") + names[i];
        }
        to.impact +=
            count > names.size() ? " and " + std::to_string(count - names.size()) + " more" : "";
    }
}

void take_changes(const json::object& incident, IncidentMessage& to) {
    each_object(incident, "changes", [&](const json::object& change) {
        const std::string_view time = json_text(change, "time");
        to.changes.push_back(
            shown(std::string(json_text(change, "resource")) + " " +
                  std::string(json_text(change, "what")) + " " +
                  std::string(json_text(change, "summary")) +
                  (time.size() >= 19 ? " at " + std::string(time.substr(11, 8)) : std::string())));
    });
    // The last ones are the likeliest.
    if (to.changes.size() > kChangesShown) {
        to.changes.erase(to.changes.begin(),
                         to.changes.end() - static_cast<std::ptrdiff_t>(kChangesShown));
    }
}

void add_buttons(IncidentMessage& to) {
    if (to.is_over()) {
        return;
    }
    if (to.run && to.run->awaits_approval) {
        // The hash goes along: what is approved is what was read.
        to.buttons.push_back({"Approve",
                              "approve " + to.run->run + " " + to.run->hash.substr(0, kHashShown),
                              false});
        to.buttons.push_back({"Reject", "reject " + to.run->run, true});
    } else if (to.run && !to.run->question.empty()) {
        to.buttons.push_back({"Yes", "answer " + to.run->run + " yes", false});
        to.buttons.push_back({"No", "answer " + to.run->run + " no", true});
    }
    if (to.state != "acknowledged") {
        to.buttons.push_back({"Acknowledge", "ack " + to.id, false});
    }
    to.buttons.push_back({"Why", "why " + to.id, false});
}

std::string in_words(std::string state) {
    std::replace(state.begin(), state.end(), '_', ' ');
    return state;
}

void add_run(const ShownRun& run, std::vector<std::string>& lines) {
    lines.push_back((run.awaits_approval ? "plan " : "run ") + run.run + " (" + run.playbook +
                    ", risk " + run.risk + ", hash " + run.hash.substr(0, kHashShown) +
                    "): " + run.summary);
    for (std::size_t i = 0; i < std::min(run.steps.size(), kStepsShown); ++i) {
        lines.push_back("  " + std::to_string(i + 1) + ". " + run.steps[i]);
    }
    if (run.steps.size() > kStepsShown) {
        lines.push_back("  and " + std::to_string(run.steps.size() - kStepsShown) + " more");
    }
    lines.push_back("  " + in_words(run.state) + (run.reason.empty() ? "" : ": " + run.reason));
    if (!run.question.empty()) {
        lines.push_back("question: " + run.question);
    }
}

}  // namespace

Result<IncidentMessage> make_incident_message(std::string_view incident_json,
                                              std::string_view impact_json,
                                              std::optional<ShownRun> run) {
    NOCTURNE_TRY(const json::object incident, parse_object(incident_json));
    IncidentMessage to;
    to.id = shown(json_text(incident, "id"), 64);
    to.state = shown(json_text(incident, "state"), 64);
    to.severity =
        model::find_name<model::Severity>(model::kSeverityNames, json_text(incident, "severity"))
            .value_or(model::Severity::Warning);
    to.title = shown(json_text(incident, "title"));
    to.opened_at = shown(json_text(incident, "opened_at"), 64);
    to.doubt = shown(json_text(incident, "doubt"));
    take_suspect(incident, to);
    take_impact(incident, impact_json, to);
    take_changes(incident, to);
    to.run = std::move(run);
    add_buttons(to);
    return to;
}

std::string headline(const IncidentMessage& message) {
    return std::string(model::kSeverityNames[static_cast<std::size_t>(message.severity)]) + " " +
           message.id + " " + message.state + ": " + message.title;
}

std::vector<std::string> lines_of(const IncidentMessage& message) {
    std::vector<std::string> lines{headline(message)};
    if (!message.suspect.empty()) {
        lines.push_back("suspect: " + message.suspect + " (" + message.share + ")");
        lines.push_back("evidence: " + message.reason);
    }
    if (!message.doubt.empty()) {
        lines.push_back("doubt: " + message.doubt);
    }
    lines.push_back("impact: " + message.impact);
    for (const std::string& change : message.changes) {
        lines.push_back("change: " + change);
    }
    if (message.run) {
        add_run(*message.run, lines);
    }
    return lines;
}

std::string tell_state(const ShownRun& run) {
    return "run " + run.run + " (" + run.playbook + ") " + in_words(run.state) +
           (run.reason.empty() ? "" : ": " + run.reason);
}

std::string essence(const IncidentMessage& message) {
    // From one step to the next is nothing to tell.
    const auto coarse = [](const std::string& state) {
        return state == "approved" || state == "verifying" ? std::string("running") : state;
    };
    return std::string(model::kSeverityNames[static_cast<std::size_t>(message.severity)]) + "|" +
           message.state + "|" + message.suspect + "|" +
           (message.run
                ? message.run->run + "|" + coarse(message.run->state) + "|" + message.run->question
                : "");
}

Result<std::string> list_incidents(std::string_view incidents_json) {
    NOCTURNE_TRY(const json::object list, parse_object(incidents_json));
    std::string text;
    std::size_t count = 0;
    each_object(list, "incidents", [&](const json::object& incident) {
        if (++count > kIncidentsShown) {
            return;
        }
        const json::array* suspects = json_array(incident, "suspects");
        const json::object* first =
            suspects != nullptr && !suspects->empty() ? suspects->front().if_object() : nullptr;
        text += (text.empty() ? "" : "\n") + shown(json_text(incident, "severity"), 32) + " " +
                shown(json_text(incident, "id"), 64) + " " +
                shown(json_text(incident, "state"), 32) + ": " +
                shown(json_text(incident, "title"), 200) +
                (first != nullptr ? ", suspect " + shown(json_text(*first, "resource"), 200) : "");
    });
    if (count > kIncidentsShown) {
        text += "\nand " + std::to_string(count - kIncidentsShown) + " more";
    }
    return count == 0 ? "no incident is open" : text;
}

Result<std::string> tell_why(std::string_view why_json) {
    NOCTURNE_TRY(const json::object why, parse_object(why_json));
    std::string text;
    std::size_t count = 0;
    const auto add = [&](const std::string& line) {
        if (++count <= kReasonsShown) {
            text += (text.empty() ? "" : "\n") + line;
        }
    };
    each_object(why, "answers", [&](const json::object& answer) {
        add(shown(json_text(answer, "title")));
        each_object(answer, "decisions", [&](const json::object& decision) {
            const std::string_view at = json_text(decision, "at");
            const std::string rule = shown(json_text(decision, "rule"), 100);
            add("  " + (at.size() >= 19 ? std::string(at.substr(11, 8)) + " " : std::string()) +
                shown(json_text(decision, "reason"), 64) + ": " +
                shown(json_text(decision, "text")) + (rule.empty() ? "" : " (" + rule + ")"));
        });
    });
    if (count > kReasonsShown) {
        text += "\nand " + std::to_string(count - kReasonsShown) +
                " more; `nocturne why` tells them all";
    }
    return text.empty() ? "nothing was decided about it" : text;
}

}  // namespace nocturne::gateway
