#include "cli/lists.hpp"

#include "cli/json_text.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace nocturne::cli {

namespace json = boost::json;
using Align = Table::Align;

namespace {

// "02:13:05 (3m ago)"
std::string moment(model::Time time, model::Time now) {
    return time == model::kNoTime ? "-" : short_time(time, now) + " (" + ago(time, now) + ")";
}

std::string first_suspect(const json::value& incident) {
    const json::array& suspects = list_of(incident, "suspects");
    if (suspects.empty()) {
        return "-";
    }
    const json::value& first = suspects.front();
    const std::string elsewhere = text_of(first, "incident");
    return cut(text_of(first, "resource"), 30) + " " + percent(number_of(first, "score")) +
           (elsewhere.empty() ? "" : ", see " + elsewhere);
}

std::string or_dash(const std::string& text) {
    return text.empty() ? "-" : text;
}

// "suppressed (S12-0)": what hides an alert is never hidden itself. "firing (blind)": who would
// tell more is silent.
std::string status_of(const json::value& alert) {
    std::string status = text_of(alert, "status");
    if (const json::value* by = object_of(alert, "suppressed_by")) {
        status += " (" + text_of(*by, "id") + ")";
    }
    return status + (object_of(alert, "blind") != nullptr ? " (blind)" : "");
}

// "23:10:00 (in 12m, soon)": whoever set it may want to look again before.
std::string end_of_silence(const json::value& silence, const PageOptions& options) {
    constexpr auto kSoon = std::chrono::hours(1);
    const model::Time ends = time_of(silence, "ends_at");
    if (text_of(silence, "state") != "active" || ends - options.now > kSoon) {
        return moment(ends, options.now);
    }
    return options.palette.paint(Style::Yellow, short_time(ends, options.now) + " (" +
                                                    ago(ends, options.now) + ", soon)");
}

// Of a silence in words: much, something, or nothing and since when.
std::string what_it_hides(const json::value& silence, double burning, const PageOptions& options) {
    constexpr double kMuch = 0.1;  // of all alerts that burn
    const double hiding = number_of(silence, "hiding");
    if (hiding > 0) {
        const double share = burning > 0 ? hiding / burning : 1;
        const bool is_much = share >= kMuch && hiding > 1;
        const std::string text =
            text_of(silence, "hiding") + " of " +
            std::to_string(static_cast<std::uint64_t>(std::max(burning, 0.0))) + " alerts (" +
            percent(share) + ")" + (is_much ? ", much" : "");
        return is_much ? options.palette.paint(Style::Red, text) : text;
    }
    if (text_of(silence, "state") == "pending") {
        return "not yet, it begins " + ago(time_of(silence, "starts_at"), options.now);
    }
    const model::Time last = time_of(silence, "last_hid");
    const model::Time since = last == model::kNoTime ? time_of(silence, "starts_at") : last;
    const std::string text = last == model::kNoTime
                                 ? "nothing since it began " + ago(since, options.now)
                                 : "nothing now; began to hide its last " + ago(since, options.now);
    return text_of(silence, "state") == "active" ? options.palette.paint(Style::Yellow, text)
                                                 : options.palette.paint(Style::Dim, text);
}

}  // namespace

std::string render_incident_list(const json::value& reply, const PageOptions& options) {
    const json::array& incidents = list_of(reply, "incidents");
    if (incidents.empty()) {
        return "no incidents\n";
    }
    Table table({{"ID"},
                 {"SEVERITY"},
                 {"STATE"},
                 {"OPENED"},
                 {"FIRING", Align::Right},
                 {"FIRST SUSPECT"},
                 {"TITLE"}});
    for (const json::value& incident : incidents) {
        const std::string severity = text_of(incident, "severity");
        table.add({text_of(incident, "id"), options.palette.severity(severity, severity),
                   text_of(incident, "state"), moment(time_of(incident, "opened_at"), options.now),
                   text_of(incident, "firing_count") + "/" + text_of(incident, "alert_count"),
                   first_suspect(incident), text_of(incident, "title")});
    }
    return table.render(options.palette, options.width);
}

std::string render_alert_list(const json::value& reply, const PageOptions& options) {
    const json::array& alerts = list_of(reply, "alerts");
    if (alerts.empty()) {
        return "no alerts\n";
    }
    Table table({{"SEVERITY"},
                 {"STATUS"},
                 {"RESOURCE"},
                 {"CHECK"},
                 {"SINCE"},
                 {"COUNT", Align::Right},
                 {"INCIDENT"},
                 {"SUMMARY"}});
    for (const json::value& alert : alerts) {
        const std::string severity = text_of(alert, "severity");
        table.add({options.palette.severity(severity, severity), status_of(alert),
                   cut(text_of(alert, "resource"), 40), cut(text_of(alert, "check"), 30),
                   moment(time_of(alert, "first_seen"), options.now), text_of(alert, "count"),
                   or_dash(text_of(alert, "incident")), text_of(alert, "summary")});
    }
    std::string out = table.render(options.palette, options.width);
    const double total = number_of(reply, "total");
    if (total > static_cast<double>(alerts.size())) {
        out += std::to_string(alerts.size()) + " of " + text_of(reply, "total") +
               "; --limit shows more\n";
    }
    return out;
}

namespace {

// "web goes on with 2 of 3: web-2, web-3"
std::string render_held(const json::value& reply, const PageOptions& options) {
    std::string out;
    for (const json::value& held : list_of(reply, "held")) {
        std::string left;
        for (const json::value& name : list_of(held, "left")) {
            left += (left.empty() ? "" : ", ") +
                    (name.is_string() ? sanitise(name.get_string()) : std::string());
        }
        const auto remain = static_cast<long>(number_of(held, "members") - number_of(held, "lost"));
        out += "  " + options.palette.paint(Style::Bold, sanitise(text_of(held, "resource"))) +
               " goes on with " + std::to_string(remain) + " of " + text_of(held, "members") +
               (left.empty() ? "" : ": " + left) + "\n";
    }
    return out.empty() ? out : "Redundancy that would hold:\n" + out;
}

}  // namespace

std::string render_impact_list(const json::value& reply, const PageOptions& options) {
    const json::array& hurt = list_of(reply, "hurt");
    const std::string node = text_of(reply, "node");
    if (hurt.empty()) {
        const std::string held = render_held(reply, options);
        return held.empty() ? "nothing depends on " + node + "\n" : held;
    }
    std::string out =
        "When " + options.palette.paint(Style::Bold, node) + " fails, these are hurt:\n";
    Table table({{"RESOURCE"},
                 {"TYPE"},
                 {"OWNER"},
                 {"CRITICALITY", Align::Right},
                 {"LIKELIHOOD", Align::Right},
                 {"BY WAY OF"}});
    for (const json::value& impact : hurt) {
        std::string way;
        for (const json::value& step : list_of(impact, "path")) {
            way += (way.empty() ? "" : " > ") +
                   (step.is_string() ? sanitise(step.get_string()) : std::string("?"));
        }
        const double criticality = number_of(impact, "criticality");
        table.add({cut(text_of(impact, "resource"), 40), or_dash(text_of(impact, "type")),
                   or_dash(text_of(impact, "owner")),
                   options.palette.paint(criticality >= 5 ? Style::BoldRed : Style::Plain,
                                         text_of(impact, "criticality")),
                   percent(number_of(impact, "likelihood")), way});
    }
    return out + table.render(options.palette, options.width) + render_held(reply, options);
}

std::string render_foresight(const json::value& reply, const PageOptions& options) {
    const auto section = [&](const char* key, const char* title) {
        std::string names;
        for (const json::value& item : list_of(reply, key)) {
            const std::string name =
                item.is_string() ? std::string(item.get_string()) : text_of(item, "resource");
            names += (names.empty() ? "" : ", ") + sanitise(name);
        }
        return "  " + pad(title, 34) + (names.empty() ? "-" : names) + "\n";
    };
    std::string out = "A fault of " +
                      options.palette.paint(Style::Bold, sanitise(text_of(reply, "node"))) +
                      ", by the graph as it stood:\n";
    out += section("hit", "predicted, and alerted");
    out += section("missed", "predicted, did not alert");
    out += section("unforeseen", "alerted, was not predicted");
    out += section("held", "redundancy held");
    out += "  " + percent(number_of(reply, "precision")) + " of the predicted alerted, " +
           percent(number_of(reply, "recall")) + " of the alerting were predicted\n";
    return out;
}

std::string render_silence_list(const json::value& reply, const PageOptions& options) {
    const json::array& silences = list_of(reply, "silences");
    if (silences.empty()) {
        return "no silences\n";
    }
    Table table({{"ID"},
                 {"STATE"},
                 {"ENDS"},
                 {"HIDES"},
                 {"HIDDEN", Align::Right},
                 {"BY"},
                 {"MATCHERS"},
                 {"COMMENT"}});
    for (const json::value& silence : silences) {
        table.add({text_of(silence, "id"), text_of(silence, "state"),
                   end_of_silence(silence, options),
                   what_it_hides(silence, number_of(reply, "burning"), options),
                   text_of(silence, "hidden"), or_dash(text_of(silence, "created_by")),
                   text_of(silence, "matchers"), text_of(silence, "comment")});
    }
    return table.render(options.palette, options.width);
}

}  // namespace nocturne::cli
