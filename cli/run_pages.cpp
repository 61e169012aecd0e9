#include "cli/run_pages.hpp"

#include "cli/json_text.hpp"

#include <boost/json.hpp>

#include <string_view>
#include <utility>
#include <vector>

namespace nocturne::cli {

namespace json = boost::json;

namespace {

using Align = Table::Align;

Style style_of(std::string_view state) {
    if (state == "succeeded" || state == "pass") {
        return Style::Green;
    }
    if (state == "awaiting_approval" || state == "needs_person" || state == "ask_person" ||
        state == "undoing" || state == "rolled_back") {
        return Style::Yellow;
    }
    if (state == "failed" || state == "refused" || state == "refuse" || state == "void") {
        return Style::Red;
    }
    if (state == "running" || state == "verifying" || state == "approved") {
        return Style::Cyan;
    }
    return Style::Plain;
}

std::string painted(const json::value& object, std::string_view key, const PageOptions& options) {
    const std::string text = text_of(object, key);
    return options.palette.paint(style_of(text), text);
}

std::string or_dash(std::string text) {
    return text.empty() ? "-" : text;
}

// "command restart-unit unit=cart-1"
std::string describe(const json::value& action) {
    std::string text = text_of(action, "effector") + " " + text_of(action, "target");
    if (const json::value* arguments = object_of(action, "arguments")) {
        for (const auto& argument : arguments->as_object()) {
            text += " " + sanitise(argument.key()) + "=" + text_of(*arguments, argument.key());
        }
    }
    return text + " (" + text_of(action, "timeout") + ")";
}

void append_line(std::string& page, std::string_view name, const std::string& text) {
    if (!text.empty()) {
        page += pad(std::string(name), 12) + text + "\n";
    }
}

void append_actions(std::string& page, const json::value& step, std::string_view indent) {
    for (const char* phase : {"run", "verify", "undo"}) {
        if (const json::value* action = object_of(step, phase)) {
            page += std::string(indent) + pad(phase, 8) + describe(*action) + "\n";
        }
    }
}

void append_steps(std::string& page, const json::value& run, const PageOptions& options) {
    page += "\n" + options.palette.paint(Style::Bold, "STEPS") + "\n";
    std::size_t number = 1;
    for (const json::value& step : list_of(run, "steps")) {
        page += std::to_string(number++) + ". " + text_of(step, "name") + "  on " +
                or_dash(text_of(step, "node")) + "  " + painted(step, "state", options) +
                (flag_of(step, "idempotent") ? "  (may be repeated)" : "") + "\n";
        append_actions(page, step, "   ");
        if (const std::string text = text_of(step, "text"); !text.empty()) {
            page += "   said    " + text + "\n";
        }
    }
}

void append_gates(std::string& page, const json::value& run, const PageOptions& options) {
    const json::array& gates = list_of(run, "gates");
    if (gates.empty()) {
        return;
    }
    page += "\n" + options.palette.paint(Style::Bold, "GATES") + "\n";
    std::size_t passed = 0;
    for (const json::value& gate : gates) {
        if (text_of(gate, "verdict") == "pass") {
            ++passed;
            continue;
        }
        page += pad(text_of(gate, "gate"), 18) + painted(gate, "verdict", options) + "  " +
                text_of(gate, "reason") + ": " + text_of(gate, "text") + "\n";
    }
    page += std::to_string(passed) + " of " + std::to_string(gates.size()) + " let it through\n";
}

void append_timeline(std::string& page, const json::value& run, const PageOptions& options) {
    page += "\n" + options.palette.paint(Style::Bold, "TIMELINE") + "\n";
    for (const json::value& event : list_of(run, "timeline")) {
        std::string who = text_of(event, "by");
        if (const std::string from = text_of(event, "from"); !who.empty() && !from.empty()) {
            who += " (" + from + ")";
        }
        const std::string text = text_of(event, "text");
        page += pad(short_time(time_of(event, "at"), options.now), 12) +
                pad(text_of(event, "reason"), 24) + who +
                (who.empty() || text.empty() ? "" : ": ") + text + "\n";
    }
}

void append_next(std::string& page, const json::value& run) {
    const std::string id = text_of(run, "id");
    const std::string state = text_of(run, "state");
    if (state == "awaiting_approval") {
        page += "\nnext: nocturne approve " + id + " --hash " + text_of(run, "hash") +
                "\n      nocturne reject " + id + " --why TEXT\n";
    } else if (state == "needs_person") {
        page += "\nnext: look, then nocturne runs settle " + id + " done|failed|again|abandon\n";
    } else if (text_of(run, "label") == "none" &&
               (state == "succeeded" || state == "failed" || state == "rolled_back")) {
        page += "\nnext: nocturne runs label " + id + " helped|did_not_help|made_worse\n";
    }
}

}  // namespace

std::string render_run_list(const json::value& reply, const PageOptions& options) {
    std::string page = flag_of(reply, "stopped")
                           ? options.palette.paint(Style::BoldRed, "all actions are stopped") + "\n"
                           : "";
    const json::array& runs = list_of(reply, "runs");
    if (runs.empty()) {
        return page + "no runs\n";
    }
    Table table({{"ID"},
                 {"STATE"},
                 {"PLAYBOOK"},
                 {"TARGET"},
                 {"RISK"},
                 {"STEPS", Align::Right},
                 {"PROPOSED"},
                 {"INCIDENT"},
                 {"WHY"}});
    for (const json::value& run : runs) {
        std::string why = text_of(run, "reason");
        const std::string text = text_of(run, "reason_text");
        why = why == "none" ? text : why + (text.empty() ? "" : ": " + text);
        table.add({text_of(run, "id"), painted(run, "state", options), text_of(run, "playbook"),
                   text_of(run, "target"), text_of(run, "risk"),
                   text_of(run, "steps_done") + "/" + text_of(run, "step_count"),
                   ago(time_of(run, "proposed_at"), options.now), or_dash(text_of(run, "incident")),
                   why});
    }
    return page + table.render(options.palette, options.width);
}

std::string render_run_page(const json::value& run, const PageOptions& options) {
    std::string page = options.palette.paint(Style::Bold, text_of(run, "id")) + "  " +
                       painted(run, "state", options) + "  " + text_of(run, "summary") + "\n";
    const std::string reason = text_of(run, "reason");
    const std::string text = text_of(run, "reason_text");
    append_line(page, "why", reason == "none" ? text : reason + (text.empty() ? "" : ": " + text));
    append_line(page, "playbook",
                text_of(run, "playbook") + " " + text_of(run, "version") + ", risk " +
                    text_of(run, "risk") + (flag_of(run, "reversible") ? ", reversible" : ""));
    append_line(page, "target", text_of(run, "target"));
    append_line(page, "incident", text_of(run, "incident"));
    append_line(page, "proposed",
                "by " + text_of(run, "proposed_by") + " (" + text_of(run, "proposed_from") + ") " +
                    ago(time_of(run, "proposed_at"), options.now));
    append_line(page, "hash", text_of(run, "hash"));
    std::string approvals;
    for (const json::value& approval : list_of(run, "approvals")) {
        approvals += (approvals.empty() ? "" : ", ") + text_of(approval, "by");
    }
    append_line(page, "approvals",
                std::to_string(list_of(run, "approvals").size()) + " of " +
                    text_of(run, "approvals_needed") + " (" + text_of(run, "approver") + ")" +
                    (approvals.empty() ? "" : ": " + approvals));
    if (text_of(run, "state") == "awaiting_approval") {
        append_line(page, "expires", ago(time_of(run, "expires_at"), options.now));
    }
    if (const json::value* attempt = object_of(run, "attempt")) {
        append_line(page, "waits for",
                    text_of(*attempt, "key") + (flag_of(*attempt, "started") ? ", begun" : ""));
    }
    if (const std::string prose = text_of(run, "prose"); !prose.empty()) {
        page += "\n";
        for (const std::string& line : wrap(prose, options.width == 0 ? 100 : options.width)) {
            page += line + "\n";
        }
    }
    append_steps(page, run, options);
    append_gates(page, run, options);
    append_timeline(page, run, options);
    append_next(page, run);
    return page;
}

namespace {

void append_plan(std::string& page, const json::value& one, const PageOptions& options) {
    const json::value* plan = object_of(one, "plan");
    page += options.palette.paint(Style::Bold, text_of(one, "playbook"));
    if (plan == nullptr) {
        page += "  nothing: " + text_of(one, "why_not") + "\n";
        return;
    }
    page += "  risk " + text_of(*plan, "risk") + "  " + text_of(*plan, "summary") + "\n";
    std::size_t number = 1;
    for (const json::value& step : list_of(*plan, "steps")) {
        page += "  " + std::to_string(number++) + ". " + text_of(step, "name") + "  on " +
                or_dash(text_of(step, "node")) + "\n";
        append_actions(page, step, "     ");
    }
    const json::value* gate = object_of(one, "gate");
    if (gate != nullptr && text_of(*gate, "verdict") != "pass") {
        page += "  " + painted(*gate, "verdict", options) + "  " + text_of(*gate, "reason") + ": " +
                text_of(*gate, "text") + "\n";
    } else {
        page += "  " + options.palette.paint(Style::Green, "all gates let it through") + "\n";
    }
}

}  // namespace

std::string render_plans(const json::value& reply, const PageOptions& options) {
    const std::string incident = text_of(reply, "incident");
    std::string page;
    std::string next;
    for (const json::value& one : list_of(reply, "plans")) {
        append_plan(page, one, options);
        if (next.empty() && object_of(one, "plan") != nullptr) {
            const std::string playbook = " --playbook " + text_of(one, "playbook");
            next = "\nnext: nocturne runs dry-run --incident " + incident + playbook +
                   "\n      nocturne plan " + incident + playbook + "\n";
        }
    }
    return page.empty() ? "nothing: there are no playbooks\n" : page + next;
}

namespace {

// What people say of it, where anybody did.
std::string labels_of(const json::value& scope) {
    std::string text;
    for (const auto& [key, words] :
         {std::pair("helped", "helped"), std::pair("did_not_help", "did not help"),
          std::pair("made_worse", "made it worse")}) {
        if (number_of(scope, key) > 0) {
            text += (text.empty() ? "" : ", ") + text_of(scope, key) + " " + words;
        }
    }
    return text.empty() ? "nobody labelled any" : text;
}

// What speaks for which mode: by what a rule under `remediation.modes` can tell apart.
std::string advice_page(const json::array& playbooks, const PageOptions& options) {
    std::string page;
    for (const json::value& playbook : playbooks) {
        for (const json::value& scope : list_of(playbook, "scopes")) {
            page += options.palette.paint(Style::Bold, text_of(playbook, "playbook")) + " on " +
                    or_dash(text_of(scope, "type")) + ", risk " + text_of(scope, "risk") + "\n  " +
                    text_of(scope, "advice") + "\n  people say: " + labels_of(scope) + "\n";
        }
    }
    return page.empty() ? page : "\n" + page;
}

}  // namespace

std::string render_run_stats(const json::value& reply, const PageOptions& options) {
    const json::array& playbooks = list_of(reply, "playbooks");
    if (playbooks.empty()) {
        return "no playbook has proposed anything\n";
    }
    Table table({{"PLAYBOOK"},
                 {"PROPOSED", Align::Right},
                 {"REFUSED", Align::Right},
                 {"REJECTED", Align::Right},
                 {"EXPIRED", Align::Right},
                 {"SUCCEEDED", Align::Right},
                 {"FAILED", Align::Right},
                 {"UNDONE", Align::Right},
                 {"CAME BACK", Align::Right},
                 {"HELPED", Align::Right},
                 {"SUCCESS", Align::Right},
                 {"AT LEAST", Align::Right}});
    for (const json::value& one : playbooks) {
        const json::value* rate = one.as_object().if_contains("success_rate");
        const bool is_known = rate != nullptr && rate->is_number();
        table.add({text_of(one, "playbook"), text_of(one, "proposed"), text_of(one, "refused"),
                   text_of(one, "rejected"), text_of(one, "expired"), text_of(one, "succeeded"),
                   text_of(one, "failed"), text_of(one, "rolled_back"), text_of(one, "reopened"),
                   text_of(one, "helped"), is_known ? percent(number_of(one, "success_rate")) : "-",
                   is_known ? percent(number_of(one, "success_rate_low")) : "-"});
    }
    return table.render(options.palette, options.width) + advice_page(playbooks, options);
}

std::string render_actions(const json::value& reply, const PageOptions& options) {
    std::string page;
    if (!flag_of(reply, "stopped")) {
        page = options.palette.paint(Style::Green, "actions may run") + "\n";
    } else {
        std::string by = "by configuration";
        if (const json::value* hand = object_of(reply, "switch");
            hand != nullptr && flag_of(*hand, "on")) {
            by = "by " + text_of(*hand, "by");
            if (const std::string why = text_of(*hand, "why"); !why.empty()) {
                by += ": " + why;
            }
        }
        page = options.palette.paint(Style::BoldRed, "all actions are stopped") + " " + by +
               "; `nocturne stop-actions --off` lets them run again\n";
    }
    for (const json::value& node : list_of(reply, "frozen")) {
        const std::string why = text_of(node, "why");
        page += text_of(node, "node") + " is frozen by " + text_of(node, "by") +
                (why.empty() ? "" : ": " + why) + "\n";
    }
    return page;
}

}  // namespace nocturne::cli
