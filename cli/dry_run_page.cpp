#include "cli/dry_run_page.hpp"

#include "cli/json_text.hpp"
#include "cli/terminal.hpp"

#include <boost/json.hpp>

#include <string_view>
#include <vector>

namespace nocturne::cli {

namespace json = boost::json;

namespace {

struct Verdict {
    Style style;
    const char* headline;
    std::string sentence;
};

// "node_frozen: cart-1 is frozen by anna"
std::string why(const json::value& state) {
    const std::string reason = text_of(state, "reason");
    const std::string text = text_of(state, "text");
    return reason.empty() || reason == "none" ? text : reason + (text.empty() ? "" : ": " + text);
}

const json::value& member(const json::value& report, std::string_view key) {
    static const json::value kNothing = json::object();
    const json::value* found = object_of(report, key);
    return found == nullptr ? kNothing : *found;
}

std::string who_says_yes(const json::value& report) {
    const json::value& approval = member(report, "approval");
    if (!flag_of(approval, "needed")) {
        return "nobody needs to say yes: it would begin by itself";
    }
    const std::string people = text_of(approval, "people");
    std::string text = people + (people == "1" ? " person" : " people") + " with the role " +
                       text_of(approval, "role") + " must say yes within " +
                       text_of(approval, "within");
    if (!flag_of(approval, "self_approval")) {
        text += ", not " + text_of(member(report, "plan"), "proposed_by") + " who proposed it";
    }
    if (const std::string given = text_of(approval, "given"); given != "0") {
        text += "; " + given + " of them did";
    }
    return text;
}

Verdict verdict_of(const json::value& report) {
    const json::value& end = member(report, "end");
    const std::string state = text_of(end, "state");
    if (flag_of(report, "refused")) {
        return {Style::BoldRed, "WOULD NOT RUN", why(end)};
    }
    if (state == "succeeded" && flag_of(report, "good")) {
        return {Style::Green, "NOTHING IN ITS WAY", who_says_yes(report)};
    }
    if (state == "succeeded") {
        return {Style::Yellow, "COULD NOT BE UNDONE", "an undo would be refused, see below"};
    }
    if (state == "needs_person") {
        return {Style::Yellow, "WOULD STOP HALF-WAY", why(end)};
    }
    return {Style::BoldRed, "WOULD FAIL", why(end)};
}

std::string title(std::string_view text, const PageOptions& options) {
    return "\n" + options.palette.paint(Style::Bold, std::string(text)) + "\n";
}

// What a line begins with: whether it is well, ill, or not known yet.
std::string mark_of(const json::value& seen, const PageOptions& options) {
    const std::string kind = text_of(seen, "kind");
    const bool is_ok = text_of(seen, "outcome") == "ok";
    if (kind == "refused" || (kind == "found" && flag_of(seen, "counts") && !is_ok)) {
        return options.palette.paint(Style::Red, "no ");
    }
    if (kind == "found" && is_ok) {
        return options.palette.paint(Style::Green, "ok ");
    }
    return kind == "would" ? "-  " : options.palette.paint(Style::Yellow, "?  ");
}

std::string said(const json::value& seen) {
    const std::string kind = text_of(seen, "kind");
    const std::string text = text_of(seen, "text");
    if (kind == "found") {
        const bool is_open = !flag_of(seen, "counts") && text_of(seen, "outcome") != "ok";
        return "now: " + text + (is_open ? " (asked before anything was done, so no verdict)" : "");
    }
    if (kind == "refused") {
        return "refused: " + text;
    }
    return kind == "not_made" ? text + " (no time was left to ask)" : text;
}

std::vector<std::string> lines_of(const std::string& text, std::size_t indent,
                                  const PageOptions& options) {
    const std::size_t width = options.width == 0 ? 120 : options.width;
    return wrap(text, width > indent + 20 ? width - indent : 20);
}

void append_indented(std::string& page, const std::string& head, std::size_t indent,
                     const std::string& text, const PageOptions& options) {
    bool is_first = true;
    for (const std::string& line : lines_of(text, indent, options)) {
        page += (is_first ? head : std::string(indent, ' ')) + line + "\n";
        is_first = false;
    }
}

void append_action(std::string& page, const json::value& seen, const PageOptions& options) {
    append_indented(page, "     " + mark_of(seen, options) + pad(text_of(seen, "phase"), 8), 16,
                    said(seen), options);
}

void append_steps(std::string& page, const json::value& report, const PageOptions& options) {
    page +=
        title(flag_of(report, "refused") ? "What it would do if it could" : "What would be done",
              options);
    std::string last;
    for (const json::value& seen : list_of(report, "actions")) {
        const std::string number = text_of(seen, "step");
        if (number != last) {
            page += pad(number, 3) + text_of(seen, "name") + "  on " + text_of(seen, "node") + "\n";
            last = number;
        }
        append_action(page, seen, options);
    }
    std::size_t number = 1;
    for (const json::value& step : list_of(report, "steps")) {
        if (!flag_of(step, "reached") && !flag_of(report, "refused")) {
            page += pad(std::to_string(number), 3) +
                    options.palette.paint(Style::Dim, text_of(step, "name") + "  not reached") +
                    "\n";
        }
        ++number;
    }
}

// Whether the run came to undoing by itself: then that is told among its steps.
bool is_undone(const json::value& report) {
    const std::string state = text_of(member(report, "end"), "state");
    return state == "rolled_back" || state == "failed";
}

void append_undos(std::string& page, const json::value& report, const PageOptions& options) {
    std::string lines;
    const json::array& steps = list_of(report, "steps");
    for (std::size_t left = steps.size(); left > 0; --left) {
        const json::value& step = steps[left - 1];
        const std::string number = std::to_string(left);
        const std::string head = pad(number, 3);
        if (!flag_of(step, "has_undo") && flag_of(step, "acts")) {
            lines += head +
                     options.palette.paint(Style::Yellow,
                                           text_of(step, "name") + " stays done: it has no undo") +
                     "\n";
        }
        for (const json::value& seen : list_of(report, "undos")) {
            if (text_of(seen, "step") == number) {
                append_indented(lines, head + mark_of(seen, options), 6, said(seen), options);
            }
        }
    }
    if (!lines.empty() && !is_undone(report)) {
        page += title("If it fails later, the last first", options) + lines;
    }
}

void append_gates(std::string& page, const json::value& report, const PageOptions& options) {
    const json::array& gates = list_of(report, "gates");
    page += title("Gates", options);
    std::size_t passed = 0;
    for (const json::value& gate : gates) {
        const std::string verdict = text_of(gate, "verdict");
        if (verdict == "pass") {
            ++passed;
            continue;
        }
        const bool asks = verdict == "ask_person";
        append_indented(page,
                        options.palette.paint(asks ? Style::Yellow : Style::Red,
                                              asks ? "asks a person  " : pad(verdict + "s", 15)) +
                            pad(text_of(gate, "gate"), 18),
                        33, text_of(gate, "reason") + ": " + text_of(gate, "text"), options);
    }
    page += std::to_string(passed) + " of " + std::to_string(gates.size()) + " let it through\n";
}

void append_facts(std::string& page, const json::value& report, const PageOptions& options) {
    const json::value& plan = member(report, "plan");
    const auto fact = [&](std::string_view name, const std::string& text) {
        if (!text.empty()) {
            append_indented(page, "  " + pad(std::string(name), 10), 12, text, options);
        }
    };
    fact("plan", text_of(plan, "playbook") + ", risk " + text_of(plan, "risk") +
                     (flag_of(plan, "reversible") ? ", reversible" : ""));
    fact("target", text_of(plan, "target"));
    fact("incident", text_of(plan, "incident"));
    fact("hash", text_of(plan, "hash"));
    if (const std::string run = text_of(report, "waits_already"); !run.empty()) {
        fact("waits as", run + ": the very same plan");
    }
    fact("state of", ago(time_of(report, "at"), options.now));
}

void append_next(std::string& page, const json::value& report, const PageOptions& options,
                 std::string_view proposes) {
    const std::string run = text_of(report, "waits_already");
    page += title("Nothing was done", options);
    if (flag_of(report, "refused") || is_undone(report)) {
        return;
    }
    page += run.empty() ? "next: " + std::string(proposes) + "\n"
                        : "next: nocturne approve " + run + " --hash " +
                              text_of(member(report, "plan"), "hash") + "\n";
}

}  // namespace

std::string render_dry_run_page(const json::value& report, const PageOptions& options,
                                std::string_view proposes) {
    const Verdict verdict = verdict_of(report);
    const std::string summary = text_of(member(report, "plan"), "summary");
    std::string page =
        options.palette.paint(verdict.style, verdict.headline) + "  " +
        options.palette.paint(Style::Bold, summary.empty()
                                               ? text_of(member(report, "plan"), "playbook") + " " +
                                                     text_of(member(report, "plan"), "target")
                                               : summary) +
        "\n";
    append_indented(page, "  ", 2, verdict.sentence, options);
    page += "\n";
    append_facts(page, report, options);
    append_steps(page, report, options);
    append_undos(page, report, options);
    append_gates(page, report, options);
    append_next(page, report, options, proposes);
    return page;
}

}  // namespace nocturne::cli
