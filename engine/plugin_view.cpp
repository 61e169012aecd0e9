#include "engine/plugin_view.hpp"

#include "engine/plugin_precision.hpp"
#include "engine/plugin_rack.hpp"
#include "engine/state.hpp"
#include "model/json_writer.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <functional>

namespace nocturne::engine {

using model::JsonWriter;

namespace {

// At 100,000 events a second there are 10 us for each of them.
constexpr double kEventBudgetSeconds = 10e-6;

std::string_view state_of(const PluginVersion& version, plugins::PluginMode mode) {
    if (version.plugin == nullptr) {
        return "broken";
    }
    if (version.breaker.is_open()) {
        return "quarantined";
    }
    if (version.kill) {
        return "suspended";
    }
    if (version.breaker.state() == PluginBreaker::State::Probing) {
        return "probation";
    }
    return mode == plugins::PluginMode::Shadow ? "shadow" : "running";
}

double cpu_seconds(const plugins::PluginAccount& account) {
    return std::chrono::duration<double>(account.cpu).count();
}

double budget_share(const plugins::PluginAccount& account) {
    return account.calls == 0
               ? 0.0
               : cpu_seconds(account) / static_cast<double>(account.calls) / kEventBudgetSeconds;
}

void write(JsonWriter& out, const plugins::ParameterValue& value) {
    if (const bool* boolean = std::get_if<bool>(&value)) {
        out.boolean(*boolean);
    } else if (const double* number = std::get_if<double>(&value)) {
        out.number(*number);
    } else {
        out.text(std::get<std::string>(value));
    }
}

void write_account(JsonWriter& out, const PluginVersion& version) {
    const PluginTally& tally = version.tally;
    const plugins::PluginAccount account = version.account();
    out.member("calls", tally.calls).member("acted", tally.acted);
    out.member("would_have", tally.would_have).member("emitted", tally.emitted);
    out.member("anomalies", tally.anomalies).member("errors", tally.errors);
    out.member("killed_time", tally.killed_time).member("killed_memory", tally.killed_memory);
    out.member("refused_wishes", tally.refused + account.refused_wishes);
    out.member("quarantines", tally.quarantines).member("last_call", tally.last_call);
    out.member("memory_bytes", std::uint64_t{account.memory_bytes});
    out.member("memory_bytes_highest", std::uint64_t{account.memory_bytes_highest});
    out.member("cpu_seconds", cpu_seconds(account)).member("budget_share", budget_share(account));
    out.member("log_lines", account.log_lines);
    out.member("series_forgotten", account.series_forgotten);
}

void write_fault(JsonWriter& out, const PluginVersion& version) {
    out.key("last_fault");
    if (version.last_fault.at == model::kNoTime && version.broken.empty()) {
        out.null();
        return;
    }
    out.begin_object().member("at", version.last_fault.at);
    out.member("message", version.broken.empty() ? version.last_fault.message : version.broken);
    out.member("traceback", version.last_fault.traceback).end_object();
}

void write_version(JsonWriter& out, const PluginVersion& version) {
    out.begin_object();
    out.member("version", version.plugin == nullptr ? "" : version.plugin->manifest().version);
    out.member("hash", version.hash).member("file", version.file.name);
    out.member("state", state_of(version, plugins::PluginMode::Shadow));
    write_account(out, version);
    write_fault(out, version);
    out.end_object();
}

void write_precision(JsonWriter& out, const char* key, const Precision::OfVersion& version) {
    out.key(key).begin_object().member("right", version.right).member("wrong", version.wrong);
    out.member("unlabelled", version.unlabelled).key("precision");
    const std::uint64_t labelled = version.right + version.wrong;
    if (labelled == 0) {
        out.null();
    } else {
        out.number(static_cast<double>(version.right) / static_cast<double>(labelled));
    }
    out.end_object();
}

// What was told, and what people's labels make of it.
void write_told(JsonWriter& out, const State& state, const PluginComparison& of) {
    const Precision precision = precision_of(state, of);
    out.key("labelled").begin_object();
    write_precision(out, "old", precision.before);
    write_precision(out, "new", precision.after);
    out.end_object().key("told").begin_array();
    for (const PluginComparison::Told& told : of.told) {
        out.begin_object().member("at", told.at).member("resource", told.resource);
        out.member("check", told.check).member("old", told.by_old);
        out.member("new", told.by_new).end_object();
    }
    out.end_array();
}

void write_comparison(JsonWriter& out, const State& state, const RackedPlugin& racked) {
    const PluginComparison& of = racked.comparison;
    out.begin_object().member("plugin", racked.name);
    out.member("is_on_trial", racked.trial.has_value()).member("since", of.since);
    out.key("current");
    write_version(out, racked.current);
    out.key("trial");
    racked.trial ? write_version(out, *racked.trial) : void(out.null());
    out.member("calls", of.calls).member("same", of.same);
    out.member("agreement",
               of.calls == 0 ? 1.0 : static_cast<double>(of.same) / static_cast<double>(of.calls));
    out.member("only_old", of.only_old).member("only_new", of.only_new);
    out.member("differ", of.differ).member("scores_differ", of.scores_differ);
    out.key("examples").begin_array();
    for (const PluginComparison::Example& example : of.examples) {
        out.begin_object().member("at", example.at).member("about", example.about);
        out.member("old", example.before).member("new", example.after).end_object();
    }
    out.end_array();
    write_told(out, state, of);
    out.end_object();
}

void write_parameters(JsonWriter& out, const State& state, const RackedPlugin& racked) {
    out.key("parameters").begin_array();
    for (const plugins::Parameter& parameter : racked.current.plugin->manifest().parameters) {
        out.begin_object().member("name", parameter.name).key("default");
        write(out, parameter.standard);
        out.member("help", parameter.help).key("set").begin_array();
        for (const model::PluginValue& value : state.plugins->revision().values) {
            if (value.plugin == racked.name && value.parameter == parameter.name) {
                out.begin_object().member("value", value.value).member("where", value.scope);
                out.member("place", value.place).end_object();
            }
        }
        out.end_array().end_object();
    }
    out.end_array();
}

void write_wants(JsonWriter& out, const plugins::Wants& wants) {
    out.key("wants").begin_object().key("events").begin_array();
    for (const model::Kind kind : wants.events) {
        out.text(model::name_of(kind));
    }
    out.end_array().member("graph", wants.graph).member("changes", wants.changes);
    out.member("history", wants.history).key("tables").begin_array();
    for (const std::string& table : wants.tables) {
        out.text(table);
    }
    out.end_array();
    out.member("state_bytes_max", std::uint64_t{wants.state_bytes_max});
    out.member("series_max", std::uint64_t{wants.series_max}).end_object();
}

void write_members(JsonWriter& out, const RackedPlugin& racked) {
    const PluginVersion& current = racked.current;
    out.member("name", racked.name).member("file", current.file.name);
    out.member("kind",
               current.plugin == nullptr ? "" : plugins::name_of(current.plugin->manifest().kind));
    out.member("version", current.plugin == nullptr ? "" : current.plugin->manifest().version);
    out.member("hash", current.hash).member("mode", plugins::name_of(racked.mode));
    out.member("state", state_of(current, racked.mode));
    out.member("summary", current.plugin == nullptr ? "" : current.plugin->manifest().summary);
    out.key("quarantined_until");
    current.breaker.is_open() ? out.time(current.breaker.until()) : out.null();
    out.member("has_trial", racked.trial.has_value());
    out.member("has_previous", racked.previous.has_value());
    write_account(out, current);
    write_fault(out, current);
}

using Value = std::function<double(const RackedPlugin&)>;

void append_family(const State& state, std::string& out, std::string_view name,
                   std::string_view help, std::string_view type, const Value& value) {
    const std::string full = "nocturne_plugin_" + std::string(name);
    out += "# HELP " + full + " " + std::string(help) + "\n# TYPE " + full + " " +
           std::string(type) + "\n";
    for (const RackedPlugin& racked : state.plugins->all()) {
        std::array<char, 48> text{};
        const int size = std::snprintf(text.data(), text.size(), "%.15g", value(racked));
        out += full + "{plugin=\"" + racked.name + "\"} " +
               std::string(text.data(), static_cast<std::size_t>(size)) + "\n";
    }
}

void append_kills(const State& state, std::string& out) {
    out += "# HELP nocturne_plugin_kills_total Calls that were ended from outside, by what ran "
           "out.\n# TYPE nocturne_plugin_kills_total counter\n";
    for (const RackedPlugin& racked : state.plugins->all()) {
        const PluginTally& tally = racked.current.tally;
        out += "nocturne_plugin_kills_total{plugin=\"" + racked.name + "\",kind=\"time\"} " +
               std::to_string(tally.killed_time) + "\n";
        out += "nocturne_plugin_kills_total{plugin=\"" + racked.name + "\",kind=\"memory\"} " +
               std::to_string(tally.killed_memory) + "\n";
    }
}

void append_states(const State& state, std::string& out) {
    out += "# HELP nocturne_plugin_state In which state the plugin is: 1 for that one.\n"
           "# TYPE nocturne_plugin_state gauge\n";
    for (const RackedPlugin& racked : state.plugins->all()) {
        const std::string_view is = state_of(racked.current, racked.mode);
        for (const std::string_view name :
             {"running", "shadow", "suspended", "quarantined", "probation", "broken"}) {
            out += "nocturne_plugin_state{plugin=\"" + racked.name + "\",state=\"" +
                   std::string(name) + "\"} " + (is == name ? "1\n" : "0\n");
        }
    }
}

}  // namespace

void write_plugin(JsonWriter& out, const RackedPlugin& racked) {
    out.begin_object();
    write_members(out, racked);
    out.end_object();
}

std::string render_plugins(const Core& core) {
    const State& state = core.state();
    JsonWriter out;
    out.begin_object().key("plugins").begin_array();
    for (const RackedPlugin& racked : state.plugins->all()) {
        write_plugin(out, racked);
    }
    out.end_array().key("refused").begin_array();
    for (const RefusedPlugin& refused : state.plugins->refused()) {
        out.begin_object().member("file", refused.file).member("error", refused.message);
        out.end_object();
    }
    out.end_array().end_object();
    return out.take();
}

namespace {

const RackedPlugin* find(const State& state, std::string_view name) {
    const std::vector<RackedPlugin>& all = state.plugins->all();
    const auto found = std::find_if(all.begin(), all.end(),
                                    [&](const RackedPlugin& one) { return one.name == name; });
    return found == all.end() ? nullptr : &*found;
}

}  // namespace

std::optional<std::string> render_plugin(const Core& core, std::string_view name) {
    const State& state = core.state();
    const RackedPlugin* racked = find(state, name);
    if (racked == nullptr) {
        return std::nullopt;
    }
    JsonWriter out;
    out.begin_object();
    write_members(out, *racked);
    if (racked->current.plugin != nullptr) {
        write_wants(out, racked->current.plugin->manifest().wants);
        write_parameters(out, state, *racked);
    }
    out.key("history").begin_array();
    for (const PluginTurn& turn : racked->turns) {
        out.begin_object().member("at", turn.at).member("reason", model::name_of(turn.reason));
        out.member("text", turn.text).end_object();
    }
    out.end_array().key("comparison");
    write_comparison(out, core.state(), *racked);
    out.end_object();
    return out.take();
}

std::optional<std::string> render_comparison(const Core& core, std::string_view name) {
    const RackedPlugin* racked = find(core.state(), name);
    if (racked == nullptr) {
        return std::nullopt;
    }
    JsonWriter out;
    write_comparison(out, core.state(), *racked);
    return out.take();
}

Status can_do(const Core& core, PluginCommand command, std::string_view name,
              std::string_view mode) {
    const RackedPlugin* racked = find(core.state(), name);
    if (racked == nullptr) {
        return fail(ErrorCode::NotFound, "no plugin \"" + std::string(name.substr(0, 64)) + "\"");
    }
    switch (command) {
        case PluginCommand::Promote:
            if (!racked->trial) {
                return fail(ErrorCode::Invalid, racked->name + " has no new version on trial");
            }
            break;
        case PluginCommand::RollBack:
            if (!racked->trial && !racked->previous) {
                return fail(ErrorCode::Invalid,
                            racked->name + " has neither a new version on trial nor one before");
            }
            break;
        case PluginCommand::Release:
            if (racked->current.breaker.state() == PluginBreaker::State::Closed) {
                return fail(ErrorCode::Invalid, racked->name + " is not in quarantine");
            }
            break;
        case PluginCommand::SetMode:
            if (mode != "shadow" && mode != "suggest" && mode != "auto" && !mode.empty()) {
                return fail(ErrorCode::Invalid, "mode: \"" + std::string(mode.substr(0, 64)) +
                                                    "\" is not one of shadow, suggest, auto");
            }
            break;
    }
    return {};
}

void append_plugin_metrics(const Core& core, std::string& out) {
    const State& state = core.state();
    if (state.plugins->empty()) {
        return;
    }
    const auto count = [&](std::string_view name, std::string_view help, auto member) {
        append_family(state, out, name, help, "counter", [member](const RackedPlugin& racked) {
            return static_cast<double>(racked.current.tally.*member);
        });
    };
    const auto account = [&](std::string_view name, std::string_view help, std::string_view type,
                             double (*read)(const plugins::PluginAccount&)) {
        append_family(state, out, name, help, type, [read](const RackedPlugin& racked) {
            return read(racked.current.account());
        });
    };
    using Account = plugins::PluginAccount;
    count("calls_total", "Calls of handlers.", &PluginTally::calls);
    count("acted_total", "Calls that changed something.", &PluginTally::acted);
    count("would_have_total", "Calls that its mode kept from changing something.",
          &PluginTally::would_have);
    count("errors_total", "Calls that ended in an error of the plugin's own.",
          &PluginTally::errors);
    count("emitted_total", "Events that it sent.", &PluginTally::emitted);
    count("anomalies_total", "Samples that a detector scored at or above its threshold.",
          &PluginTally::anomalies);
    count("quarantines_total", "How often it went into quarantine.", &PluginTally::quarantines);
    append_family(state, out, "refused_wishes_total", "What it asked for and was not granted.",
                  "counter", [](const RackedPlugin& racked) {
                      return static_cast<double>(racked.current.tally.refused +
                                                 racked.current.account().refused_wishes);
                  });
    append_kills(state, out);
    account("memory_bytes", "Memory of its Lua state.", "gauge",
            [](const Account& of) { return static_cast<double>(of.memory_bytes); });
    account("memory_bytes_highest", "The same, the highest since the start.", "gauge",
            [](const Account& of) { return static_cast<double>(of.memory_bytes_highest); });
    account("cpu_seconds_total", "CPU time of its calls, from one call in 256.", "counter",
            cpu_seconds);
    account("event_budget_share",
            "CPU time of a call as a share of 10 us, which an event has at 100,000 a second.",
            "gauge", budget_share);
    account("log_lines_total", "Lines that it logged.", "counter",
            [](const Account& of) { return static_cast<double>(of.log_lines); });
    account("series_forgotten_total", "Series of a detector given up at its series_max.", "counter",
            [](const Account& of) { return static_cast<double>(of.series_forgotten); });
    append_states(state, out);
}

}  // namespace nocturne::engine
