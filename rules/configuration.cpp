#include "rules/configuration.hpp"

#include "model/severity.hpp"
#include "rules/action_reading.hpp"
#include "rules/chat_reading.hpp"
#include "rules/field_reader.hpp"
#include "rules/plugin_value_reading.hpp"
#include "rules/remediation_reading.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

namespace nocturne::rules {

namespace {

constexpr std::size_t kFileBytesMax = 1U << 20;
constexpr std::array<std::string_view, 6> kLogLevels{"trace", "debug", "info",
                                                     "warn",  "error", "off"};

constexpr std::array<std::string_view, 3> kPluginModes{"shadow", "suggest", "auto"};
constexpr std::array<std::string_view, 2> kCanaries{"shadow", "off"};

class ConfigurationReader : private FieldReader {
   public:
    explicit ConfigurationReader(const std::string& file_name) : FieldReader(file_name) {}

    ConfigurationFile read(std::string_view text) {
        try {
            const YAML::Node root = YAML::Load(std::string(text));
            if (root.IsDefined() && !root.IsNull()) {
                read_root(root);
            }
        } catch (const YAML::Exception& error) {
            report(error.mark, error.msg);
        }
        file_.problems = std::move(problems);
        return std::move(file_);
    }

   private:
    // ---- the file, section by section ----

    void read_root(const YAML::Node& root) {
        Configuration& to = file_.configuration;
        read_map(
            root, "",
            {
                {"data", [&](const YAML::Node& node) { read_path(node, "data", to.data); }},
                {"log_level", [&](const YAML::Node& node) { read_log_level(node); }},
                {"topology", [&](const YAML::Node& node) { read_topology(node); }},
                {"topology_sources", [&](const YAML::Node& node) { read_topology_sources(node); }},
                {"rules", [&](const YAML::Node& node) { read_rule_paths(node); }},
                {"packs",
                 [&](const YAML::Node& node) {
                     each_text(node, "packs", "a list of shipped packs, e.g. [zabbix]",
                               [&](const YAML::Node& item) { to.packs.push_back(item.Scalar()); });
                 }},
                {"plugins", [&](const YAML::Node& node) { read_plugin_paths(node); }},
                {"plugin_settings", [&](const YAML::Node& node) { read_plugin_settings(node); }},
                {"zmq", [&](const YAML::Node& node) { read_zmq(node); }},
                {"http", [&](const YAML::Node& node) { read_http(node); }},
                {"http_auth", [&](const YAML::Node& node) { read_http_auth(node); }},
                {"alerts", [&](const YAML::Node& node) { read_alerts(node); }},
                {"incidents", [&](const YAML::Node& node) { read_incidents(node); }},
                {"ranking", [&](const YAML::Node& node) { read_ranking(node); }},
                {"limits", [&](const YAML::Node& node) { read_limits(node); }},
                {"retention", [&](const YAML::Node& node) { read_retention(node); }},
                {"secrets", [&](const YAML::Node& node) { read_secrets(*this, node, to.secrets); }},
                {"actions", [&](const YAML::Node& node) { read_actions(*this, node, to.actions); }},
                {"chat", [&](const YAML::Node& node) { read_chat(*this, node, to.chat); }},
                {"remediation", [&](const YAML::Node& node) { read_remediation(*this, node, to); }},
            });
        check_secrets(root);
    }

    // When all is read: what is asked for may stand above the list of secrets.
    void check_secrets(const YAML::Node& root) {
        const Configuration& to = file_.configuration;
        for (const HttpHost& host : to.actions.hosts) {
            check_secret_names(*this, root["actions"], to.secrets, host.secrets);
        }
        for (const CommandRule& command : to.actions.commands) {
            check_secret_names(*this, root["actions"], to.secrets, command.secrets);
        }
        for (const ChatChannel& channel : to.chat.channels) {
            check_secret_names(*this, root["chat"], to.secrets, secrets_of(channel));
        }
    }

    void read_topology(const YAML::Node& node) {
        if (node.IsScalar()) {
            read_path(node, "topology", file_.configuration.topology.emplace_back());
            return;
        }
        each_text(node, "topology", "a list of files, e.g. [topology.yaml]",
                  [&](const YAML::Node& item) {
                      read_path(item, "topology", file_.configuration.topology.emplace_back());
                  });
    }

    void read_topology_sources(const YAML::Node& node) {
        if (node.IsNull()) {
            return;
        }
        constexpr std::size_t kSourcesMax = 32;
        if (!node.IsSequence() || node.size() > kSourcesMax) {
            report(node, "topology_sources: expected a list of at most " +
                             std::to_string(kSourcesMax) +
                             " sources, e.g. - {kind: prometheus, "
                             "url: \"http://localhost:9090\"}");
            return;
        }
        for (const YAML::Node& item : node) {
            read_topology_source(item);
        }
    }

    void read_topology_source(const YAML::Node& node) {
        TopologySource source;
        model::Duration ttl{-1};
        read_map(node, "topology_sources",
                 {text("name", source.name),
                  text("kind", source.kind),
                  text("url", source.url),
                  text("query", source.query),
                  path("token_file", source.token_file),
                  path("ca_file", source.ca_file),
                  duration("interval", source.interval, kSecond),
                  duration("timeout", source.timeout, kSecond),
                  duration("ttl", ttl),
                  {"bytes_max", [&](const YAML::Node& it) { read_round_bytes(it, source); }},
                  share("confidence", source.confidence),
                  {"names", [&](const YAML::Node& it) { read_name_rules(it, source); }}});
        source.ttl = ttl;
        static constexpr std::array<std::string_view, 5> kKinds{"prometheus", "kubernetes",
                                                                "consul", "netbox", "csv"};
        if (!node.IsMap()) {
            return;
        }
        if (std::find(kKinds.begin(), kKinds.end(), source.kind) == kKinds.end()) {
            report(node, "kind: \"" + shorten(source.kind) + "\" is not one of " + list_of(kKinds));
            return;
        }
        if (!source.url.starts_with("http://") && !source.url.starts_with("https://")) {
            report(node, "url: \"" + shorten(source.url) +
                             "\" is not a URL; expected e.g. http://localhost:9090");
            return;
        }
        if (source.name.empty()) {
            source.name = source.kind;
        }
        std::vector<TopologySource>& sources = file_.configuration.topology_sources;
        static constexpr std::array<std::string_view, 4> kTaken{"file", "api", "otlp", "events"};
        const bool is_taken =
            std::find(kTaken.begin(), kTaken.end(), source.name) != kTaken.end() ||
            std::any_of(sources.begin(), sources.end(),
                        [&](const TopologySource& other) { return other.name == source.name; });
        if (is_taken) {
            report(node, "name: \"" + shorten(source.name) +
                             "\" is taken already; give each source a name of its own");
            return;
        }
        sources.push_back(std::move(source));
    }

    void read_round_bytes(const YAML::Node& node, TopologySource& source) {
        const std::optional<std::string> text = scalar(node, "bytes_max", "a size, e.g. 64MiB");
        const std::optional<std::uint64_t> value = text ? parse_bytes(*text) : std::nullopt;
        constexpr std::uint64_t kMost = 2U << 30;
        if (value && *value > 0 && *value <= kMost) {
            source.bytes_max = *value;
        } else if (text) {
            report(node, "bytes_max: \"" + shorten(*text) +
                             "\" is not a size up to 2GiB; expected e.g. 64MiB");
        }
    }

    void read_name_rules(const YAML::Node& node, TopologySource& source) {
        if (!node.IsSequence() || node.size() > kListItemsMax) {
            report(node, "names: expected a list, e.g. - {match: '^(.+)-canary$', to: \"{1}\"}");
            return;
        }
        for (const YAML::Node& item : node) {
            NameRule rule;
            read_map(item, "names",
                     {{"match",
                       [&](const YAML::Node& it) {
                           rule.match = scalar(it, "match", "a regular expression").value_or("");
                       }},
                      {"to", [&](const YAML::Node& it) {
                           rule.to = scalar(it, "to", "a text").value_or("");
                       }}});
            const Result<model::Expression> match = model::Expression::make(rule.match);
            if (rule.match.empty() || rule.to.empty()) {
                report(item, "names: expected match and to, e.g. {match: '^(.+)-canary$', to: "
                             "\"{1}\"}");
            } else if (!match) {
                report(item, "match: " + match.error().message);
            } else {
                source.names.push_back(std::move(rule));
            }
        }
    }

    void read_rule_paths(const YAML::Node& node) {
        if (node.IsScalar()) {
            read_path(node, "rules", file_.configuration.rules.emplace_back());
            return;
        }
        each_text(node, "rules", "a list of rule files or folders, e.g. [rules]",
                  [&](const YAML::Node& item) {
                      read_path(item, "rules", file_.configuration.rules.emplace_back());
                  });
    }

    void read_plugin_paths(const YAML::Node& node) {
        if (node.IsScalar()) {
            read_path(node, "plugins", file_.configuration.plugins.emplace_back());
            return;
        }
        each_text(node, "plugins", "a list of Lua files or folders, e.g. [plugins]",
                  [&](const YAML::Node& item) {
                      read_path(item, "plugins", file_.configuration.plugins.emplace_back());
                  });
    }

    void read_plugin_settings(const YAML::Node& node) {
        if (node.IsNull()) {
            return;
        }
        if (!node.IsSequence() || node.size() > kListItemsMax) {
            report(node, "plugin_settings: expected a list of at most " +
                             std::to_string(kListItemsMax) +
                             " entries, e.g. - {plugin: spike, set: {threshold: 4}}");
            return;
        }
        for (const YAML::Node& item : node) {
            read_plugin_setting(item);
        }
    }

    // What is said later wins, for values and for stances.
    void read_plugin_setting(const YAML::Node& node) {
        model::PluginStance stance;
        std::string where;
        std::vector<model::PluginValue> values;
        read_map(node, "plugin_settings",
                 {{"plugin",
                   [&](const YAML::Node& it) {
                       stance.plugin = scalar(it, "plugin", "a plugin's name").value_or("");
                   }},
                  {"mode",
                   [&](const YAML::Node& it) { read_word(it, "mode", kPluginModes, stance.mode); }},
                  {"canary",
                   [&](const YAML::Node& it) {
                       std::string word;
                       read_word(it, "canary", kCanaries, word);
                       stance.tries_versions = word == "shadow";
                   }},
                  {"where", [&](const YAML::Node& it) { read_plugin_scope(*this, it, where); }},
                  {"set", [&](const YAML::Node& it) { read_plugin_values(*this, it, values); }}});
        if (!node.IsMap()) {
            return;
        }
        if (stance.plugin.empty()) {
            report(node, "plugin_settings: plugin is missing; expected the name in its table, "
                         "e.g. plugin: spike");
            return;
        }
        for (model::PluginValue& value : values) {
            value.plugin = stance.plugin;
            value.scope = where;
            file_.configuration.plugin_values.push_back(std::move(value));
        }
        if (!stance.mode.empty() || stance.tries_versions) {
            note_stance(stance);
        }
    }

    void note_stance(const model::PluginStance& stance) {
        std::vector<model::PluginStance>& stances = file_.configuration.plugin_stances;
        auto found = std::find_if(stances.begin(), stances.end(),
                                  [&](const auto& one) { return one.plugin == stance.plugin; });
        if (found == stances.end()) {
            stances.push_back(stance);
            return;
        }
        found->mode = stance.mode.empty() ? found->mode : stance.mode;
        found->tries_versions = found->tries_versions || stance.tries_versions;
    }

    template <typename Words>
    void read_word(const YAML::Node& node, std::string_view key, const Words& words,
                   std::string& to) {
        const std::optional<std::string> text = scalar(node, key, "a word");
        if (text && std::find(words.begin(), words.end(), *text) == words.end()) {
            report(node, std::string(key) + ": \"" + shorten(*text) + "\" is not one of " +
                             list_of(words));
        } else if (text) {
            to = *text;
        }
    }

    void read_zmq(const YAML::Node& node) {
        Configuration& to = file_.configuration;
        read_map(
            node, "zmq",
            {
                {"pull", [&](const YAML::Node& it) { read_endpoint(it, "pull", to.zmq_pull); }},
                {"ack", [&](const YAML::Node& it) { read_endpoint(it, "ack", to.zmq_ack); }},
                {"pub", [&](const YAML::Node& it) { read_endpoint(it, "pub", to.zmq_pub); }},
                {"curve", [&](const YAML::Node& it) { read_curve(it); }},
            });
    }

    void read_curve(const YAML::Node& node) {
        Configuration& to = file_.configuration;
        const auto read_key = [&](const YAML::Node& it) {
            constexpr std::size_t kKeyLetters = 40;  // Z85 of 32 bytes
            if (it.Scalar().size() != kKeyLetters) {
                report(it, "clients: a public key has 40 letters (Z85), this has " +
                               std::to_string(it.Scalar().size()));
            }
            to.curve_client_keys.push_back(it.Scalar());
        };
        read_map(node, "curve",
                 {
                     {"secret_key_file",
                      [&](const YAML::Node& it) {
                          read_path(it, "secret_key_file", to.curve_secret_key_file);
                      }},
                     {"clients",
                      [&](const YAML::Node& it) {
                          each_text(it, "clients", "a list of public keys", read_key);
                      }},
                 });
        if (node.IsMap() && to.curve_secret_key_file.empty()) {
            report(node, "curve: secret_key_file is missing; without it nothing is encrypted");
        }
    }

    void read_alerts(const YAML::Node& node) {
        model::Settings& to = file_.configuration.settings;
        read_map(node, "alerts",
                 {
                     duration("ttl", to.alert_ttl, kSecond),
                     duration("resolved_keep", to.resolved_keep, kSecond),
                     duration("lateness", to.lateness),
                     number("max", to.alerts_max, 1),
                     number("message_ids_max", to.message_ids_max, 1),
                 });
    }

    void read_incidents(const YAML::Node& node) {
        model::Settings& to = file_.configuration.settings;
        read_map(node, "incidents",
                 {
                     {"severity_min",
                      [&](const YAML::Node& it) { read_severity(it, to.incident_severity_min); }},
                     duration("correlation_window", to.correlation_window, kSecond),
                     number("correlation_hops", to.correlation_hops, 0, 8),
                     duration("resolve_after", to.resolve_after),
                     duration("reopen_window", to.reopen_window),
                     duration("keep", to.incident_keep, kSecond),
                     number("alerts_max", to.incident_alerts_max, 1),
                     number("max", to.incidents_max, 1),
                 });
    }

    void read_ranking(const YAML::Node& node) {
        model::Settings& to = file_.configuration.settings;
        read_map(node, "ranking",
                 {
                     duration("interval", to.rank_interval),
                     duration("change_window", to.change_window),
                     number("suspects_max", to.suspects_max, 1, 1000),
                 });
    }

    void read_limits(const YAML::Node& node) {
        model::EventLimits& to = file_.configuration.limits;
        read_map(node, "limits",
                 {
                     bytes("event_bytes_max", to.event_bytes_max),
                     number("labels_max", to.labels_max, 1, 10'000),
                     number("annotations_max", to.annotations_max, 1, 10'000),
                     bytes("text_bytes_max", to.text_bytes_max),
                     bytes("summary_bytes_max", to.summary_bytes_max),
                 });
    }

    void read_retention(const YAML::Node& node) {
        Configuration& to = file_.configuration;
        read_map(node, "retention",
                 {
                     duration("journal", to.journal_keep, std::chrono::minutes(1)),
                     duration("history", to.history_keep, std::chrono::minutes(1)),
                     duration("snapshot_every", to.snapshot_every, kSecond),
                 });
    }

    // ---- values ----

    void read_severity(const YAML::Node& node, model::Severity& to) {
        const std::optional<std::string> text = scalar(node, "severity_min", "a severity");
        const auto severity =
            text ? model::find_name<model::Severity>(model::kSeverityNames, *text) : std::nullopt;
        if (severity && *severity != model::Severity::Ok) {
            to = *severity;
        } else if (text) {
            report(node, "severity_min: \"" + shorten(*text) +
                             "\" is not one of info, warning, minor, major, critical");
        }
    }

    void read_log_level(const YAML::Node& node) {
        const std::optional<std::string> text = scalar(node, "log_level", "a level");
        if (text && std::find(kLogLevels.begin(), kLogLevels.end(), *text) == kLogLevels.end()) {
            report(node,
                   "log_level: \"" + shorten(*text) + "\" is not one of " + list_of(kLogLevels));
        } else if (text) {
            file_.configuration.log_level = *text;
        }
    }

    void read_endpoint(const YAML::Node& node, std::string_view key, std::string& to) {
        const std::optional<std::string> text =
            scalar(node, key, "an endpoint, e.g. tcp://127.0.0.1:5555");
        if (!text) {
            return;
        }
        const bool known = text->starts_with("tcp://") || text->starts_with("ipc://") ||
                           text->starts_with("inproc://");
        if (!text->empty() && !known) {
            report(
                node,
                std::string(key) + ": \"" + shorten(*text) +
                    "\" is not an endpoint; expected e.g. tcp://127.0.0.1:5555, or \"\" for none");
            return;
        }
        to = *text;
    }

    void read_http(const YAML::Node& node) {
        const std::optional<std::string> text =
            scalar(node, "http", "an address, e.g. 127.0.0.1:9193");
        if (!text) {
            return;
        }
        const std::size_t colon = text->rfind(':');
        if (colon == std::string::npos || colon == 0 ||
            !parse_number<std::uint16_t>(text->substr(colon + 1))) {
            report(node, "http: \"" + shorten(*text) +
                             "\" is not an address with a port; expected e.g. 127.0.0.1:9193");
            return;
        }
        file_.configuration.http = *text;
    }

    void read_http_auth(const YAML::Node& node) {
        Configuration& to = file_.configuration;
        const auto read_open = [&](const YAML::Node& it) {
            if (!it.IsScalar() || (it.Scalar() != "true" && it.Scalar() != "false")) {
                report(it, "open: expected true or false");
                return;
            }
            to.http_open = it.Scalar() == "true";
        };
        const auto read_host = [&](const YAML::Node& it) {
            std::string host = it.Scalar();
            std::transform(host.begin(), host.end(), host.begin(), [](char c) {
                return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
            });
            if (host.empty() || host.find_first_of(":/ ") != std::string::npos) {
                report(it, "hosts: \"" + shorten(host) +
                               "\" is not a name without a port; expected e.g. "
                               "nocturne.example.org");
            }
            to.http_hosts.push_back(std::move(host));
        };
        read_map(
            node, "http_auth",
            {
                {"tokens", [&](const YAML::Node& it) { read_path(it, "tokens", to.http_tokens); }},
                {"hosts",
                 [&](const YAML::Node& it) {
                     each_text(it, "hosts", "a list of names, e.g. [nocturne.example.org]",
                               read_host);
                 }},
                {"open", read_open},
            });
    }

    ConfigurationFile file_;
};

}  // namespace

ConfigurationFile parse_configuration(std::string_view yaml, const std::string& file_name) {
    if (yaml.size() > kFileBytesMax) {
        Error error{ErrorCode::Invalid,
                    std::to_string(yaml.size()) +
                        " bytes are too long for a configuration; at most 1 MiB",
                    {{file_name, 1, 1}}};
        return {{}, {std::move(error)}};
    }
    return ConfigurationReader(file_name).read(yaml);
}

Result<ConfigurationFile> read_configuration(const std::filesystem::path& path) {
    std::error_code ignored;
    std::ifstream file(path, std::ios::binary);
    if (!file || std::filesystem::is_directory(path, ignored)) {
        return fail(ErrorCode::NotFound, path.string() + ": cannot be read; is the name right?");
    }
    std::string text(kFileBytesMax + 1, '\0');  // one more than allowed, so that too long shows
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    return parse_configuration(text, path.string());
}

}  // namespace nocturne::rules
