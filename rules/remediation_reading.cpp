#include "rules/remediation_reading.hpp"

#include "model/severity.hpp"
#include "rules/configuration.hpp"
#include "rules/plugin_value_reading.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace nocturne::rules {

namespace {

using model::PlaybookSettings;

// What a grant may name: waiting and asking touch nothing and need none.
constexpr std::array<std::string_view, 5> kGrants{"http", "command", "notify", "check", "silence"};

class RemediationReader {
   public:
    RemediationReader(FieldReader& reader, Configuration& to)
        : reader_(reader), to_(to), settings_(to.playbook_settings) {}

    void read(const YAML::Node& node) {
        reader_.read_map(
            node, "remediation",
            {
                {"playbooks", [&](const YAML::Node& it) { read_paths(it); }},
                {"values",
                 [&](const YAML::Node& it) {
                     reader_.each_map(it, "values",
                                      "a list, e.g. - {playbook: restart, set: {...}}",
                                      [&](const YAML::Node& item) { read_values(item); });
                 }},
                {"mode", [&](const YAML::Node& it) { read_mode(it, settings_.mode_max); }},
                {"modes",
                 [&](const YAML::Node& it) {
                     reader_.each_map(it, "modes", "a list, e.g. - {risk: low, mode: auto}",
                                      [&](const YAML::Node& item) { read_mode_rule(item); });
                 }},
                {"capabilities", [&](const YAML::Node& it) { read_capabilities(it); }},
                reader_.number("approvals", settings_.approvals, 1, 100),
                reader_.number("approvals_high", settings_.approvals_high, 1, 100),
                reader_.flag("self_approval", settings_.self_approval),
                reader_.duration("approval_ttl", settings_.approval_ttl_max, FieldReader::kSecond,
                                 PlaybookSettings::kWindowMax),
                reader_.share("confidence_min", settings_.confidence_min),
                reader_.number("runs_max", settings_.runs_max, 1, 100'000),
                reader_.number("active_max", settings_.active_max, 1, 1000),
                window("cooldown_min", settings_.cooldown_min, model::Duration(0)),
                {"blast_radius", [&](const YAML::Node& it) { read_blast_radius(it); }},
                {"circuit_breaker", [&](const YAML::Node& it) { read_breaker(it); }},
                {"error_budget", [&](const YAML::Node& it) { read_error_budget(it); }},
                window("loop_window", settings_.loop_window),
                {"frozen", [&](const YAML::Node& it) { read_frozen(it); }},
                reader_.flag("stopped", settings_.stopped),
            });
    }

   private:
    FieldReader::Field window(std::string_view key, model::Duration& to,
                              model::Duration min = FieldReader::kSecond) {
        return reader_.duration(key, to, min, PlaybookSettings::kWindowMax);
    }

    void read_paths(const YAML::Node& node) {
        if (node.IsScalar()) {
            reader_.read_path(node, "playbooks", to_.playbooks.emplace_back());
            return;
        }
        reader_.each_text(node, "playbooks", "a list of Lua files or folders, e.g. [playbooks]",
                          [&](const YAML::Node& item) {
                              reader_.read_path(item, "playbooks", to_.playbooks.emplace_back());
                          });
    }

    void read_values(const YAML::Node& node) {
        std::string playbook;
        std::string where;
        std::vector<model::PluginValue> values;
        reader_.read_map(
            node, "values",
            {
                reader_.text("playbook", playbook),
                {"where", [&](const YAML::Node& it) { read_plugin_scope(reader_, it, where); }},
                {"set", [&](const YAML::Node& it) { read_plugin_values(reader_, it, values); }},
            });
        if (playbook.empty()) {
            reader_.report(node, "playbook: is missing; expected the name in its table, e.g. "
                                 "playbook: restart-stateless");
            return;
        }
        for (model::PluginValue& value : values) {
            value.plugin = playbook;
            value.scope = where;
            to_.playbook_values.push_back(std::move(value));
        }
    }

    template <typename Value, typename Names>
    bool read_word(const YAML::Node& node, std::string_view key, const Names& names, Value& to) {
        const std::optional<std::string> text =
            reader_.scalar(node, key, "one of " + list_of(names));
        if (!text) {
            return false;
        }
        const auto found = model::find_name<Value>(names, *text);
        if (!found) {
            reader_.report(node, std::string(key) + ": \"" + shorten(*text) + "\" is not one of " +
                                     list_of(names));
            return false;
        }
        to = *found;
        return true;
    }

    bool read_mode(const YAML::Node& node, model::RunMode& to) {
        return read_word(node, "mode", model::kRunModeNames, to);
    }

    void read_mode_rule(const YAML::Node& node) {
        model::ModeRule rule;
        const std::size_t problems_before = reader_.problems.size();
        bool has_mode = false;
        reader_.read_map(
            node, "modes",
            {
                reader_.text("playbook", rule.playbook),
                {"risk",
                 [&](const YAML::Node& it) {
                     model::Risk risk{};
                     if (read_word(it, "risk", model::kRiskNames, risk)) {
                         rule.risk = risk;
                     }
                 }},
                reader_.text("node", rule.node),
                reader_.text("type", rule.type),
                reader_.text("owner", rule.owner),
                {"mode", [&](const YAML::Node& it) { has_mode = read_mode(it, rule.mode); }},
            });
        if (reader_.problems.size() > problems_before) {
            return;
        }
        if (!has_mode) {
            reader_.report(node,
                           "mode: is missing; expected one of " + list_of(model::kRunModeNames));
            return;
        }
        if (!settings_.modes.empty() && fits_all(settings_.modes.back())) {
            reader_.report(node, "modes: the entry before this one fits every plan, so this one "
                                 "never decides; put it above");
            return;
        }
        settings_.modes.push_back(std::move(rule));
    }

    static bool fits_all(const model::ModeRule& rule) {
        return rule.playbook.empty() && !rule.risk && rule.node.empty() && rule.type.empty() &&
               rule.owner.empty();
    }

    // A list without items grants nothing; without the key everything that there is is granted.
    void read_capabilities(const YAML::Node& node) {
        std::vector<std::string>& grants = settings_.capabilities.emplace();
        const auto read = [&](const YAML::Node& item) {
            const std::string& text = item.Scalar();
            const std::size_t colon = text.find(':');
            const std::string_view effector = std::string_view(text).substr(0, colon);
            if (std::find(kGrants.begin(), kGrants.end(), effector) == kGrants.end() ||
                colon + 1 == text.size()) {
                reader_.report(item, "capabilities: \"" + shorten(text) +
                                         "\" is not a capability; expected one of " +
                                         list_of(kGrants) + ", or command:NAME for one program");
                return;
            }
            grants.push_back(text);
        };
        if (node.IsScalar()) {
            read(node);
            return;
        }
        reader_.each_text(node, "capabilities", "a list, e.g. [http, \"command:restart-unit\"]",
                          read);
    }

    void read_blast_radius(const YAML::Node& node) {
        reader_.read_map(node, "blast_radius",
                         {
                             window("window", settings_.blast_window),
                             reader_.share("share_max", settings_.blast_share_max),
                         });
    }

    void read_breaker(const YAML::Node& node) {
        reader_.read_map(node, "circuit_breaker",
                         {
                             reader_.number("failures_max", settings_.failures_max, 1, 1000),
                             window("rest", settings_.breaker_rest),
                             reader_.number("successes_max", settings_.successes_max, 1, 1000),
                             window("success_window", settings_.success_window),
                         });
    }

    void read_error_budget(const YAML::Node& node) {
        reader_.read_map(node, "error_budget",
                         {
                             reader_.number("failures", settings_.error_budget, 1, 100'000),
                             window("window", settings_.error_window),
                         });
    }

    void read_frozen(const YAML::Node& node) {
        reader_.texts("frozen", settings_.frozen).read(node);
        if (std::find(settings_.frozen.begin(), settings_.frozen.end(), "") !=
            settings_.frozen.end()) {
            reader_.report(node, "frozen: expected names of nodes, one of these is empty");
        }
    }

    FieldReader& reader_;
    Configuration& to_;
    PlaybookSettings& settings_;
};

}  // namespace

void read_remediation(FieldReader& reader, const YAML::Node& node, Configuration& to) {
    RemediationReader(reader, to).read(node);
}

}  // namespace nocturne::rules
