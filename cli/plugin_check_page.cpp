#include "cli/plugin_check_page.hpp"

#include "cli/output.hpp"
#include "cli/plan_page.hpp"
#include "cli/plugin_files.hpp"
#include "gateway/remediation/plan_json.hpp"
#include "model/json_writer.hpp"

#include <cmath>
#include <cstdio>
#include <sstream>

namespace nocturne::cli {

namespace {

using plugins::CheckedCall;
using plugins::CheckedPlugin;
using plugins::Manifest;
using plugins::Parameter;
using plugins::ParameterValue;
using plugins::Wish;

constexpr std::size_t kTitleWidth = 12;

double milliseconds_of(std::chrono::nanoseconds time) {
    return static_cast<double>(time.count() / 1000) / 1000.0;
}

std::string join(const std::vector<std::string>& parts, const char* between) {
    std::string text;
    for (const std::string& part : parts) {
        text += (text.empty() ? "" : between) + part;
    }
    return text;
}

std::string in_quotes(std::string_view text) {
    return "\"" + sanitise(text) + "\"";
}

std::string number(double value) {
    model::JsonWriter out;
    return std::isfinite(value) ? out.number(value).take() : "";
}

// 12345678 as 12,345,678.
std::string grouped(std::uint64_t value) {
    std::string text = std::to_string(value);
    for (std::size_t at = text.size(); at > 3;) {
        at -= 3;
        text.insert(at, ",");
    }
    return text;
}

std::string bytes(std::size_t count) {
    return count < 10U << 10 ? grouped(count) + " B" : grouped(count >> 10) + " KiB";
}

// They are counted in thousands.
std::string instructions(std::uint64_t count) {
    return count < 1000 ? "fewer than 1,000 instructions" : grouped(count) + " instructions";
}

std::string text_of(const ParameterValue& value) {
    if (const auto* flag = std::get_if<bool>(&value)) {
        return *flag ? "true" : "false";
    }
    const auto* text = std::get_if<std::string>(&value);
    return text != nullptr ? in_quotes(*text) : number(std::get<double>(value));
}

const char* type_of(const Parameter& parameter) {
    if (std::holds_alternative<bool>(parameter.standard)) {
        return "boolean";
    }
    if (std::holds_alternative<std::string>(parameter.standard)) {
        return "string";
    }
    return parameter.is_integer ? "integer" : "number";
}

// ---- the page ----

std::string row(const char* title, const std::string& text) {
    return "  " + pad(title, kTitleWidth) + text + "\n";
}

std::string events_of(const plugins::Wants& wants) {
    std::vector<std::string> kinds;
    for (const model::Kind kind : wants.events) {
        kinds.emplace_back(model::name_of(kind));
    }
    return "events of kind " + join(kinds, ", ") +
           (wants.match.empty() ? "" : " that match " + sanitise(to_string(wants.match)));
}

std::string when_of(const plugins::When& when) {
    std::vector<std::string> parts;
    const auto add = [&](const char* what, const model::Matchers& matchers) {
        if (!matchers.empty()) {
            parts.push_back(what + sanitise(to_string(matchers)));
        }
    };
    add("incidents that are ", when.incident);
    add("the first suspect is ", when.suspect);
    add("an alert fires that is ", when.alert);
    if (when.confidence_min > 0) {
        parts.push_back("confidence is at least " + number(when.confidence_min));
    }
    if (when.seen) {
        parts.emplace_back("its like was seen before");
    }
    return parts.empty() ? "all incidents" : join(parts, "; ");
}

std::string describe(const Parameter& parameter) {
    std::string text = pad(parameter.name, 14) + pad(type_of(parameter), 9) + "default " +
                       text_of(parameter.standard);
    const std::string low = number(parameter.low);
    const std::string high = number(parameter.high);
    if (!low.empty() || !high.empty()) {
        text += ", " + (low.empty()    ? "at most " + high
                        : high.empty() ? "at least " + low
                                       : low + " to " + high);
    }
    if (!parameter.choices.empty()) {
        text += ", one of " + sanitise(join(parameter.choices, ", "));
    }
    return text + (parameter.help.empty() ? "" : ": " + sanitise(parameter.help));
}

std::string describe(const Wish& wish) {
    const bool is_text = wish.type == model::AnnotationView::Type::Text;
    const std::string value = is_text ? in_quotes(wish.value) : sanitise(wish.value);
    switch (wish.what) {
        case Wish::What::Annotate: return "annotates " + sanitise(wish.name) + " = " + value;
        case Wish::What::Label: return "sets label " + sanitise(wish.name) + " = " + value;
        case Wish::What::Resource: return "moves the event to resource " + value;
        case Wish::What::Severity: return "sets severity " + sanitise(wish.value);
        case Wish::What::Emit: return "emits ";
    }
    return {};
}

std::string page_of_plan(const CheckedCall& call) {
    if (call.verdict != plugins::Verdict::Ok) {
        return row("plan", std::string(plugins::name_of(call.verdict)));
    }
    if (!call.proposed) {
        return row("plan", "none for a made-up incident: " + sanitise(call.why_not));
    }
    std::istringstream in(plan_page(*call.proposed));
    std::string page;
    const char* title = "plan";
    for (std::string line; std::getline(in, line); title = "") {
        page += row(title, line);
    }
    return page;
}

std::string page_of(const CheckedCall& call) {
    const std::string name(call.handler);
    if (call.handler == "plan") {
        return page_of_plan(call);
    }
    if (!call.was_called) {
        return row(name.c_str(),
                   "not called: this is no event that the plugin wants (wants.events, "
                   "wants.match); give one with --event");
    }
    if (call.verdict != plugins::Verdict::Ok) {
        return row(name.c_str(), std::string(plugins::name_of(call.verdict)));
    }
    std::vector<std::string> lines;
    if (call.handler == "on_sample") {
        lines.push_back(call.score ? "score " + number(*call.score)
                                   : "no score: it is still learning");
    }
    std::size_t emitted = 0;
    for (const Wish& wish : call.wishes) {
        lines.push_back(describe(wish));
        if (wish.what == Wish::What::Emit && emitted < call.emitted.size()) {
            lines.back() += sanitise(call.emitted[emitted++]);
        }
    }
    if (lines.empty()) {
        lines.emplace_back("changes nothing");
    }
    std::string page;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        page += row(i == 0 ? name.c_str() : "", lines[i]);
    }
    return page;
}

std::string page_of(const Manifest& manifest, const std::string& hash, const Palette& palette) {
    std::string kind(name_of(manifest.kind));
    std::string page =
        row("plugin", palette.paint(Style::Bold, manifest.name) + " " + manifest.version + ", " +
                          kind + ", mode " + std::string(name_of(manifest.mode)));
    if (!manifest.summary.empty()) {
        page += row("", sanitise(manifest.summary));
    }
    page += row("version", hash);
    if (manifest.handlers.on_event || manifest.handlers.on_sample) {
        page += row("called for", events_of(manifest.wants));
    }
    if (manifest.handlers.plan) {
        page += row("called for", when_of(manifest.playbook.when));
    }
    if (manifest.handlers.on_incident) {
        page += row(manifest.handlers.on_event ? "" : "called for",
                    "incidents that open, or whose first suspect changes");
    }
    const std::vector<std::string> capabilities = capabilities_of(manifest);
    page += row("may",
                capabilities.empty() ? "read its event, nothing else" : join(capabilities, "; "));
    const char* title = "parameters";
    for (const Parameter& parameter : manifest.parameters) {
        page += row(title, describe(parameter));
        title = "";
    }
    return page;
}

std::string problems_page(const CheckedPlugin& checked, const Palette& palette) {
    std::string page;
    for (const Error& problem : problems_of(checked.message)) {
        page += explain(problem, palette);
    }
    std::istringstream in(checked.traceback);
    for (std::string line; std::getline(in, line);) {
        page += palette.paint(Style::Dim, "    " + line) + "\n";
    }
    return page;
}

// ---- JSON ----

void write(model::JsonWriter& out, const Parameter& parameter) {
    out.begin_object().member("name", parameter.name).member("type", type_of(parameter));
    out.key("default");
    if (const auto* flag = std::get_if<bool>(&parameter.standard)) {
        out.boolean(*flag);
    } else if (const auto* text = std::get_if<std::string>(&parameter.standard)) {
        out.text(*text);
    } else {
        out.number(std::get<double>(parameter.standard));
    }
    if (std::isfinite(parameter.low)) {
        out.member("min", parameter.low);
    }
    if (std::isfinite(parameter.high)) {
        out.member("max", parameter.high);
    }
    if (!parameter.choices.empty()) {
        out.key("choices").begin_array();
        for (const std::string& choice : parameter.choices) {
            out.text(choice);
        }
        out.end_array();
    }
    out.member("help", parameter.help).end_object();
}

void write(model::JsonWriter& out, const Manifest& manifest, const std::string& hash) {
    out.begin_object().member("name", manifest.name).member("version", manifest.version);
    out.member("kind", name_of(manifest.kind)).member("mode", name_of(manifest.mode));
    out.member("summary", manifest.summary).member("hash", hash);
    out.key("events").begin_array();
    for (const model::Kind kind : manifest.wants.events) {
        out.text(model::name_of(kind));
    }
    out.end_array().member("match", manifest.wants.match.empty() ? std::string()
                                                                 : to_string(manifest.wants.match));
    out.key("capabilities").begin_array();
    for (const std::string& capability : capabilities_of(manifest)) {
        out.text(capability);
    }
    out.end_array().key("parameters").begin_array();
    for (const Parameter& parameter : manifest.parameters) {
        write(out, parameter);
    }
    out.end_array().end_object();
}

void write(model::JsonWriter& out, const Wish& wish) {
    constexpr const char* kNames[] = {"annotate", "set_label", "set_resource", "set_severity",
                                      "emit"};
    out.begin_object().member("what", kNames[static_cast<std::size_t>(wish.what)]);
    if (!wish.name.empty()) {
        out.member("name", wish.name);
    }
    if (wish.what != Wish::What::Emit) {
        out.key("value");
        if (wish.type == model::AnnotationView::Type::Text) {
            out.text(wish.value);
        } else {
            out.raw(wish.value);
        }
    }
    out.end_object();
}

void write(model::JsonWriter& out, const CheckedCall& call) {
    out.begin_object().member("handler", call.handler).member("called", call.was_called);
    out.member("verdict", plugins::name_of(call.verdict)).key("returned");
    if (call.score) {
        out.number(*call.score);
    } else {
        out.null();
    }
    out.member("message", call.message).member("instructions", call.instructions);
    out.member("cpu_ms", milliseconds_of(call.cpu)).key("wishes").begin_array();
    for (const Wish& wish : call.wishes) {
        write(out, wish);
    }
    out.end_array().key("emitted").begin_array();
    for (const std::string& event : call.emitted) {
        out.raw(event);
    }
    out.end_array();
    if (call.handler == "plan") {
        out.member("why_not", call.why_not).key("plan");
        if (call.proposed) {
            gateway::write_plan(out, *call.proposed);
        } else {
            out.null();
        }
    }
    out.end_object();
}

void write(model::JsonWriter& out, const std::vector<Error>& problems) {
    out.begin_array();
    for (const Error& problem : problems) {
        const Place place = problem.places.empty() ? Place() : problem.places.front();
        out.begin_object().member("file", place.file).member("line", std::uint64_t{place.line});
        out.member("message", problem.message).end_object();
    }
    out.end_array();
}

}  // namespace

std::vector<std::string> capabilities_of(const Manifest& manifest) {
    const plugins::Wants& wants = manifest.wants;
    std::vector<std::string> may;
    const auto add = [&](bool has, const char* what) {
        if (has) {
            may.emplace_back(what);
        }
    };
    add(wants.graph, "read the service graph");
    add(wants.changes, "read recent changes");
    add(wants.history, "read past incidents");
    for (const std::string& table : wants.tables) {
        may.push_back("read table " + sanitise(table));
    }
    if (!wants.labels.empty()) {
        may.push_back("see only labels " + sanitise(join(wants.labels, ", ")));
    }
    add(wants.may(plugins::Write::Annotations), "annotate");
    add(wants.may(plugins::Write::Labels), "set labels");
    add(wants.may(plugins::Write::Resource), "move events to another resource");
    add(wants.may(plugins::Write::Severity), "set severity");
    add(wants.may(plugins::Write::Events), "emit events");
    if (manifest.kind != plugins::PluginKind::Playbook) {
        may.push_back("keep " + bytes(wants.state_bytes_max) + " of state");
    } else if (const auto& effectors = manifest.playbook.effectors; !effectors.empty()) {
        may.push_back("plan actions by " + sanitise(join(effectors, ", ")));
    }
    return may;
}

std::string plugin_check_page(const std::string& file, const CheckedPlugin& checked,
                              const Palette& palette) {
    const bool is_ok = checked.verdict == plugins::Verdict::Ok;
    std::string page =
        sanitise(file) + ": " +
        palette.paint(is_ok ? Style::Green : Style::Red, plugins::name_of(checked.verdict)) + "\n";
    if (!is_ok) {
        page += problems_page(checked, palette);
    }
    if (checked.manifest) {
        page += page_of(*checked.manifest, checked.hash, palette);
        page += checked.event.empty() ? "" : row("event", sanitise(checked.event));
    }
    for (const CheckedCall& call : checked.calls) {
        page += page_of(call);
    }
    std::istringstream in(checked.log);
    const char* title = "log";
    for (std::string line; std::getline(in, line); title = "") {
        page += row(title, sanitise(line));
    }
    if (checked.memory_bytes_highest == 0) {
        return page;  // not even read
    }
    char cpu[32];
    std::snprintf(cpu, sizeof cpu, "%.2f", milliseconds_of(checked.cpu));
    page += row("used", instructions(checked.instructions) + ", " + cpu + " ms cpu, " +
                            bytes(checked.memory_bytes) + " of memory, at most " +
                            bytes(checked.memory_bytes_highest));
    return page;
}

std::string plugin_check_json(const std::string& file, const CheckedPlugin& checked) {
    model::JsonWriter out;
    out.begin_object().member("file", file);
    out.member("verdict", plugins::name_of(checked.verdict)).key("returned");
    std::optional<double> score;
    for (const CheckedCall& call : checked.calls) {
        score = call.score ? call.score : score;
    }
    if (score) {
        out.number(*score);
    } else {
        out.null();
    }
    out.member("message", checked.message).member("traceback", checked.traceback);
    out.member("instructions", checked.instructions);
    out.member("cpu_ms", milliseconds_of(checked.cpu));
    out.member("memory_bytes", std::uint64_t{checked.memory_bytes});
    out.member("memory_bytes_highest", std::uint64_t{checked.memory_bytes_highest});
    if (checked.manifest) {
        out.key("plugin");
        write(out, *checked.manifest, checked.hash);
        out.key("event");
        if (checked.event.empty()) {
            out.null();
        } else {
            out.raw(checked.event);
        }
    }
    out.key("calls").begin_array();
    for (const CheckedCall& call : checked.calls) {
        write(out, call);
    }
    out.end_array().member("log", checked.log).key("problems");
    write(out, checked.verdict == plugins::Verdict::Ok ? std::vector<Error>()
                                                       : problems_of(checked.message));
    out.end_object();
    return out.take() + "\n";
}

}  // namespace nocturne::cli
