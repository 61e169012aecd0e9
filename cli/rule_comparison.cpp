#include "cli/rule_comparison.hpp"

#include "cli/exit_code.hpp"
#include "cli/plugins_reading.hpp"
#include "cli/recorded_reading.hpp"
#include "cli/replayer.hpp"
#include "cli/rules_reading.hpp"
#include "cli/topology_files.hpp"
#include "engine/plugin_rack.hpp"
#include "engine/state.hpp"
#include "model/json_writer.hpp"
#include "store/store.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace nocturne::cli {

namespace {

constexpr model::Duration kSettle = std::chrono::minutes(1);
constexpr std::size_t kShownMax = 20;

// What one run came to. An incident is known by its members, "resource check".
struct Outcome {
    std::map<std::string, std::set<std::string>> incidents;  // by id
    std::map<std::string, std::string> incident_of;          // the last, by member
    std::map<std::string, std::string> hidden;               // by member: why
    std::map<std::string, std::string> alerts;               // by member: severity and annotations
    std::uint64_t pages = 0;
    std::uint64_t tickets = 0;
    std::uint64_t plugin_calls = 0;
    std::uint64_t plugin_faults = 0;  // errors and kills
};

// Of one run.
struct Setting {
    std::optional<model::RulesRevision> rules;  // nothing stands for those of the journal
    std::optional<model::PluginsRevision> plugins;
};

Outcome outcome_of(const Replayer& replayer) {
    Outcome outcome;
    const engine::State& state = replayer.core().state();
    const auto name_of = [&](const model::Alert& alert) {
        return std::string(state.alerts.text(alert.resource)) + " " +
               std::string(state.alerts.text(alert.check));
    };
    for (const auto& [id, slot] : state.incidents.by_id()) {
        const model::Incident& incident = state.incidents[slot];
        if (incident.alerts.empty()) {
            continue;  // merged into another
        }
        const std::string text = model::format_id(model::kIncidentPrefix, id);
        for (const engine::Slot member : incident.alerts) {
            const std::string name = name_of(state.alerts[member]);
            outcome.incidents[text].insert(name);
            outcome.incident_of[name] = text;
        }
    }
    for (engine::Slot slot = 0; slot < state.alerts.bound(); ++slot) {
        if (!state.alerts.is_used(slot)) {
            continue;
        }
        const model::Alert& alert = state.alerts[slot];
        outcome.alerts[name_of(alert)] = std::string(model::name_of(alert.severity_worst)) + " " +
                                         std::string(state.alerts.text(alert.annotations));
        for (const engine::Decision& decision : state.decisions.of(slot)) {
            const bool hides = decision.reason >= model::Reason::SilencedByOperator &&
                               decision.reason <= model::Reason::ChangeWindowExceeded &&
                               !model::is_release(decision.reason);
            if (hides) {
                outcome.hidden[name_of(state.alerts[slot])] =
                    std::string(model::name_of(decision.reason)) +
                    (decision.rule.empty() ? "" : ", " + decision.rule);
            }
        }
    }
    for (const Replayer::Word& word : replayer.words()) {
        outcome.pages += word.topic == model::Effect::Topic::NotifyPage ? 1U : 0U;
        outcome.tickets += word.topic == model::Effect::Topic::NotifyTicket ? 1U : 0U;
    }
    for (const engine::RackedPlugin& racked : state.plugins->all()) {
        const engine::PluginTally& tally = racked.current.tally;
        outcome.plugin_calls += tally.calls;
        outcome.plugin_faults += tally.errors + tally.killed_time + tally.killed_memory;
    }
    return outcome;
}

class Runs {
   public:
    explicit Runs(const ComparisonInputs& inputs) : inputs_(inputs) {}

    Result<Outcome> run(const Setting& setting) const {
        return inputs_.journal.empty() ? run_events(setting) : run_journal(setting.rules);
    }

   private:
    Result<Outcome> run_events(const Setting& setting) const {
        const TopologyFiles topology =
            read_topology_files({inputs_.topology.begin(), inputs_.topology.end()});
        Replayer replayer({}, counting_run());
        replayer.apply(topology.change, model::from_unix_ms(0));
        if (setting.rules) {
            replayer.apply(*setting.rules, model::from_unix_ms(0));
        }
        if (setting.plugins) {
            replayer.apply(*setting.plugins, model::from_unix_ms(0));
        }
        Progress progress(this_terminal().is_err);
        RecordedReading reading(progress);
        std::vector<std::string> files = inputs_.events;
        files.insert(files.end(), inputs_.changes.begin(), inputs_.changes.end());
        if (!reading.read(
                files, [&](const RecordedEvent& event) { replayer.add(event.event, event.at); })) {
            return fail(ErrorCode::NotFound, "the events cannot be read");
        }
        replayer.settle(kSettle);
        return outcome_of(replayer);
    }

    // The rules of the time are left out when others are given.
    Result<Outcome> run_journal(const std::optional<model::RulesRevision>& rules) const {
        NOCTURNE_TRY(const std::unique_ptr<store::Store> store,
                     store::Store::open_read_only(inputs_.journal));
        Replayer replayer;
        NOCTURNE_TRY(const model::Position first, store->first_position());
        if (first > 1) {
            NOCTURNE_TRY(std::optional<store::Snapshot> snapshot, store->load_latest_snapshot());
            if (!snapshot) {
                return fail(ErrorCode::Damaged, "the journal begins at " + std::to_string(first) +
                                                    " and there is no snapshot");
            }
            model::Reader in(snapshot->bytes);
            NOCTURNE_TRY(engine::Core core, engine::Core::decode(in));
            replayer = Replayer(std::move(core));
        }
        bool is_told = !rules;
        Status decoded;
        NOCTURNE_TRY_STATUS(
            store->read(replayer.core().position() + 1, [&](const store::Entry& entry) {
                Result<model::Input::Body> body = model::decode_body(entry.bytes);
                if (!body) {
                    decoded = fail(body.error());
                    return false;
                }
                if (!std::exchange(is_told, true)) {
                    replayer.apply(*rules, entry.at);
                }
                if (!rules || !std::holds_alternative<model::RulesRevision>(*body)) {
                    replayer.apply(*std::move(body), entry.at);
                }
                return true;
            }));
        NOCTURNE_TRY_STATUS(decoded);
        replayer.settle(kSettle);
        return outcome_of(replayer);
    }

    const ComparisonInputs& inputs_;
};

struct Difference {
    std::vector<std::string> missed;    // incidents of the old rules that nothing of is one now
    std::vector<std::string> opened;    // the other way round
    std::vector<std::string> split;     // one that is several now
    std::vector<std::string> merged;    // several that are one now
    std::vector<std::string> hidden;    // alerts that were told of before
    std::vector<std::string> released;  // the other way round
    // Of plugins only.
    std::vector<std::string> raised;  // alerts that were none before
    std::vector<std::string> unraised;
    std::vector<std::string> changed;  // another severity, other annotations

    bool is_empty() const {
        return missed.empty() && opened.empty() && split.empty() && merged.empty() &&
               hidden.empty() && released.empty() && raised.empty() && unraised.empty() &&
               changed.empty();
    }
};

std::string describe(const std::string& id, const std::set<std::string>& members) {
    std::string text = id + ": " + *members.begin();
    if (members.size() > 1) {
        text += " and " + std::to_string(members.size() - 1) + " more";
    }
    return text;
}

// The incidents of `from`, by what their members are in `to`.
void look(const Outcome& from, const Outcome& to, std::vector<std::string>& gone,
          std::vector<std::string>& several) {
    for (const auto& [id, members] : from.incidents) {
        std::set<std::string> now;
        for (const std::string& member : members) {
            if (const auto found = to.incident_of.find(member); found != to.incident_of.end()) {
                now.insert(found->second);
            }
        }
        if (now.empty()) {
            gone.push_back(describe(id, members));
        } else if (now.size() > 1) {
            several.push_back(describe(id, members) + " -> " + std::to_string(now.size()));
        }
    }
}

void look_at_alerts(const Outcome& before, const Outcome& after, Difference& difference) {
    for (const auto& [alert, now] : after.alerts) {
        const auto old = before.alerts.find(alert);
        if (old == before.alerts.end()) {
            difference.raised.push_back(alert);
        } else if (old->second != now) {
            difference.changed.push_back(alert + ": " + old->second + " -> " + now);
        }
    }
    for (const auto& [alert, then] : before.alerts) {
        if (!after.alerts.contains(alert)) {
            difference.unraised.push_back(alert);
        }
    }
}

Difference difference_of(const Outcome& before, const Outcome& after) {
    Difference difference;
    look(before, after, difference.missed, difference.split);
    look(after, before, difference.opened, difference.merged);
    for (const auto& [alert, why] : after.hidden) {
        if (!before.hidden.contains(alert)) {
            difference.hidden.push_back(alert + " (" + why + ")");
        }
    }
    for (const auto& [alert, why] : before.hidden) {
        if (!after.hidden.contains(alert)) {
            difference.released.push_back(alert + " (was " + why + ")");
        }
    }
    return difference;
}

struct Line {
    const char* key;
    const char* text;
    const std::vector<std::string>* items;
};

std::vector<Line> lines_of(const Difference& difference) {
    return {{"missed", "incidents missed", &difference.missed},
            {"opened", "incidents opened in addition", &difference.opened},
            {"split", "incidents that become several", &difference.split},
            {"merged", "incidents that join several", &difference.merged},
            {"hidden", "alerts hidden in addition", &difference.hidden},
            {"released", "alerts no longer hidden", &difference.released},
            {"raised", "alerts raised in addition", &difference.raised},
            {"unraised", "alerts no longer raised", &difference.unraised},
            {"changed", "alerts with another severity or other annotations", &difference.changed}};
}

std::string to_json(const Outcome& before, const Outcome& after, const Difference& difference) {
    model::JsonWriter out;
    out.begin_object();
    for (const auto& [key, outcome] : {std::pair("old", &before), std::pair("new", &after)}) {
        out.key(key).begin_object();
        out.member("incidents", std::uint64_t{outcome->incidents.size()});
        out.member("pages", outcome->pages).member("tickets", outcome->tickets);
        out.member("hidden_alerts", std::uint64_t{outcome->hidden.size()});
        out.member("alerts", std::uint64_t{outcome->alerts.size()});
        out.member("plugin_calls", outcome->plugin_calls);
        out.member("plugin_faults", outcome->plugin_faults).end_object();
    }
    for (const Line& line : lines_of(difference)) {
        out.key(line.key).begin_array();
        for (const std::string& item : *line.items) {
            out.text(item);
        }
        out.end_array();
    }
    out.end_object();
    return out.take() + "\n";
}

std::string to_text(const Outcome& before, const Outcome& after, const Difference& difference) {
    const Palette palette = this_terminal().out;
    const auto change = [](const char* what, std::uint64_t old_count, std::uint64_t new_count) {
        return std::string(what) + " " + std::to_string(old_count) + " -> " +
               std::to_string(new_count);
    };
    std::string out = change("incidents", before.incidents.size(), after.incidents.size()) + ", " +
                      change("pages", before.pages, after.pages) + ", " +
                      change("tickets", before.tickets, after.tickets) + ", " +
                      change("hidden alerts", before.hidden.size(), after.hidden.size()) + "\n";
    if (before.plugin_calls + after.plugin_calls > 0) {
        out += change("plugin calls", before.plugin_calls, after.plugin_calls) + ", " +
               change("faults", before.plugin_faults, after.plugin_faults) + "\n";
    }
    for (const Line& line : lines_of(difference)) {
        if (line.items->empty()) {
            continue;
        }
        out += palette.paint(Style::Bold, line.text) + ": " + std::to_string(line.items->size()) +
               "\n";
        for (std::size_t i = 0; i < std::min(line.items->size(), kShownMax); ++i) {
            out += "  " + sanitise((*line.items)[i]) + "\n";
        }
        if (line.items->size() > kShownMax) {
            out += "  ... (--format json lists all)\n";
        }
    }
    return difference.is_empty() ? out + "no difference in incidents and alerts\n" : out;
}

Result<std::optional<model::RulesRevision>> rules_at(const std::string& path) {
    if (path == "none") {
        return std::optional(model::RulesRevision());
    }
    if (path == "journal") {
        return std::optional<model::RulesRevision>();
    }
    RulesReading reading = read_rules({path});
    NOCTURNE_TRY_STATUS(status_of(reading));
    return std::optional(std::move(reading.revision));
}

Result<std::optional<model::PluginsRevision>>
plugins_at(const std::string& path, const std::vector<model::PluginValue>& values) {
    if (path.empty() || path == "none") {
        return std::optional<model::PluginsRevision>();
    }
    PluginsReading reading = read_plugins({path}, values, {}, counting_run());
    NOCTURNE_TRY_STATUS(status_of(reading));
    return std::optional(std::move(reading.revision));
}

Status compare(const ComparisonInputs& inputs, Format format, bool& differs) {
    Setting old_setting;
    Setting new_setting;
    NOCTURNE_TRY(old_setting.rules, rules_at(inputs.old_rules));
    NOCTURNE_TRY(new_setting.rules, rules_at(inputs.new_rules));
    // Where rules are compared the same plugins run beside both.
    NOCTURNE_TRY(old_setting.plugins,
                 plugins_at(inputs.old_plugins, inputs.compares_plugins
                                                    ? std::vector<model::PluginValue>()
                                                    : inputs.values));
    NOCTURNE_TRY(new_setting.plugins, plugins_at(inputs.new_plugins, inputs.values));
    const Runs runs(inputs);
    NOCTURNE_TRY(const Outcome before, runs.run(old_setting));
    NOCTURNE_TRY(const Outcome after, runs.run(new_setting));
    Difference difference = difference_of(before, after);
    if (inputs.compares_plugins) {
        look_at_alerts(before, after, difference);
    }
    differs =
        !difference.is_empty() || before.pages != after.pages || before.tickets != after.tickets;
    print(format == Format::Json ? to_json(before, after, difference)
                                 : to_text(before, after, difference));
    return {};
}

}  // namespace

int compare_runs(const ComparisonInputs& inputs, Format format) {
    bool differs = false;
    if (const Status status = compare(inputs, format, differs); !status) {
        complain(to_string(status.error()));
        return kFindings;
    }
    return differs ? kFindings : kOk;
}

}  // namespace nocturne::cli
