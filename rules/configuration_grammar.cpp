// The keys of the configuration file, for editors. That the reader knows the same ones, within the
// same bounds, is what tests/rules/schema_test.cpp proves.
#include "rules/grammar.hpp"

#include <array>

namespace nocturne::rules {

namespace {

using namespace std::string_view_literals;

constexpr std::int64_t kSecond = model::Duration(std::chrono::seconds(1)).count();
constexpr std::int64_t kMinute = model::Duration(std::chrono::minutes(1)).count();
constexpr std::int64_t kDecade = model::Duration(std::chrono::days(3660)).count();
constexpr std::int64_t kCountMax = 1'000'000'000;

constexpr std::array kLogLevels{"trace"sv, "debug"sv, "info"sv, "warn"sv, "error"sv, "off"sv};
constexpr std::array kSeverities{"info"sv, "warning"sv, "minor"sv, "major"sv, "critical"sv};

constexpr Key section(std::string_view name, Keys keys, std::string_view what) {
    Key key{name, Shape::Section, what};
    key.keys = keys;
    return key;
}

constexpr Key word(std::string_view name, std::span<const std::string_view> words,
                   std::string_view what, std::string_view fallback) {
    Key key{name, Shape::Word, what, false, fallback};
    key.words = words;
    return key;
}

constexpr Key text(std::string_view name, std::string_view what, std::string_view fallback) {
    return {name, Shape::Text, what, false, fallback};
}

constexpr Key span(std::string_view name, std::int64_t min, std::string_view what,
                   std::string_view fallback) {
    return {name, Shape::Duration, what, false, fallback, min, kDecade};
}

constexpr Key number(std::string_view name, std::string_view what, std::string_view fallback,
                     std::int64_t min = 1, std::int64_t max = kCountMax) {
    return {name, Shape::Number, what, false, fallback, min, max};
}

constexpr Key size(std::string_view name, std::string_view what, std::string_view fallback) {
    return {name, Shape::Bytes, what, false, fallback, 64, 16 << 20};
}

constexpr std::array kCurve{
    text("secret_key_file", "the server's secret key", ""),
    Key{"clients", Shape::OptionalTexts, "public keys of those that get in, 40 letters each"},
};
constexpr std::array kZmq{
    text("pull", "fire and forget; \"\" opens no socket", "tcp://127.0.0.1:5555"),
    text("ack", "answered once what was sent is durable", "tcp://127.0.0.1:5556"),
    text("pub", "what happens, for those who listen", "tcp://127.0.0.1:5557"),
    section("curve", kCurve, "with it only listed clients get in"),
};
constexpr std::array kAlerts{
    span("ttl", kSecond, "firing, but not told again for so long: expired", "30m"),
    span("resolved_keep", kSecond, "an ended alert is known for so long", "15m"),
    span("lateness", 0, "a resolution that overtakes its event by so much still counts", "1m"),
    number("max", "alerts that are known at a time", "1000000"),
    number("message_ids_max", "(source, id) pairs remembered against repeats", "262144"),
};
constexpr std::array kIncidents{
    word("severity_min", kSeverities, "below it an alert opens no incident", "warning"),
    span("correlation_window", kSecond, "not grown for so long: takes no neighbours", "10m"),
    number("correlation_hops", "on the graph", "2", 0, 8),
    span("resolve_after", 0, "all alerts ended for so long: resolved", "10s"),
    span("reopen_window", 0, "an alert of it fires again: reopened, not a new one", "10m"),
    span("keep", kSecond, "a resolved incident stays in memory", "24h"),
    number("alerts_max", "of one incident", "100000"),
    number("max", "incidents that are known at a time", "10000"),
};
constexpr std::array kRanking{
    span("interval", 0, "an incident that grows slowly is ranked at most so often", "1s"),
    span("change_window", 0, "a change so long before the first alert is evidence", "1h"),
    number("suspects_max", "that are listed", "10", 1, 1000),
};
constexpr std::array kLimits{
    size("event_bytes_max", "of one event", "256KiB"),
    number("labels_max", "of one event", "64", 1, 10'000),
    number("annotations_max", "of one event", "256", 1, 10'000),
    size("text_bytes_max", "of a name or value, resource, check, id, source", "4KiB"),
    size("summary_bytes_max", "of a summary", "16KiB"),
};
constexpr std::array kRetention{
    span("journal", kMinute, "how long the journal is kept", "7d"),
    span("history", kMinute, "how long incidents are kept", "90d"),
    span("snapshot_every", kSecond, "how often the state is written", "10m"),
};
constexpr std::array kSourceKinds{"prometheus"sv, "kubernetes"sv, "consul"sv, "netbox"sv, "csv"sv};
constexpr Key kSourceKind{.name = "kind",
                          .shape = Shape::Word,
                          .what = "what answers there",
                          .is_required = true,
                          .words = kSourceKinds};
constexpr std::array kNameRule{
    Key{"match", Shape::Expression, "looked for in each name", true},
    Key{"to", Shape::Text, "the name instead; {1}, {2} stand for groups", true},
};
constexpr Key kNameRules{.name = "names",
                         .shape = Shape::Listed,
                         .what = "several names of one thing become one",
                         .keys = kNameRule};
constexpr std::array kTopologySource{
    text("name", "of its own; what it says is known by it", "the kind"),
    kSourceKind,
    Key{"url", Shape::Text, "http:// or https://", true},
    text("query", "of prometheus", "a service graph's"),
    text("token_file", "read at each pull", "no authentication"),
    text("ca_file", "whom to trust", "the system's"),
    span("interval", kSecond, "between two pulls", "60s"),
    span("timeout", kSecond, "of one request", "10s"),
    span("ttl", 0, "what it no longer says is forgotten after so long", "by kind"),
    Key{"bytes_max", Shape::Bytes, "of one round", false, "256MiB", 1, std::int64_t{2} << 30},
    Key{"confidence", Shape::Share, "in what it says", false, "by kind"},
    kNameRules,
};
constexpr Key kTopologySources{.name = "topology_sources",
                               .shape = Shape::Listed,
                               .what = "where the service graph is pulled from",
                               .fallback = "none",
                               .keys = kTopologySource};
constexpr std::array kHttpAuth{
    text("tokens", "the token file, which `nocturne token` writes", "nobody is asked"),
    Key{"hosts", Shape::OptionalTexts, "names that it may be called by, besides localhost", false,
        "none"},
    Key{"open", Shape::Flag, "beyond loopback even without tokens", false, "false"},
};
constexpr std::array kPluginModes{"shadow"sv, "suggest"sv, "auto"sv};
constexpr std::array kCanaries{"shadow"sv, "off"sv};
constexpr std::array kPluginSetting{
    Key{"plugin", Shape::Text, "the name in its table", true},
    word("mode", kPluginModes, "what becomes of what it does", "as its table says"),
    word("canary", kCanaries, "shadow: a new version runs beside the old one until promoted",
         "off"),
    text("where", "matchers over resource, type, check and labels", "everywhere"),
    Key{"set", Shape::Values, "parameters and their values"},
};
constexpr Key kPluginSettings{.name = "plugin_settings",
                              .shape = Shape::Listed,
                              .what = "parameters and modes of plugins; what comes later wins",
                              .fallback = "none",
                              .keys = kPluginSetting};

constexpr Key listed(std::string_view name, Keys keys, std::string_view what) {
    return {.name = name, .shape = Shape::Listed, .what = what, .fallback = "none", .keys = keys};
}

constexpr Key texts(std::string_view name, std::string_view what, std::string_view fallback) {
    return {name, Shape::OptionalTexts, what, false, fallback};
}

constexpr std::array kSecret{
    Key{"name", Shape::Text, "by which it is asked for", true},
    text("file", "that holds it", ""),
    text("env", "the variable of the environment that holds it", ""),
};
constexpr Key kPorts{.name = "ports",
                     .shape = Shape::Any,
                     .what = "that may be talked to",
                     .fallback = "80 for http, 443 for https"};
constexpr std::array kHost{
    Key{"name", Shape::Text, "of the host, or its address", true},
    kPorts,
    texts("networks", "that its name may resolve to", "public addresses only"),
    texts("methods", "that may be used", "all of GET, POST, PUT, PATCH, DELETE"),
    texts("secrets", "that may be sent to it, by name", "none"),
    text("ca_file", "whom to trust", "the system's"),
};
constexpr std::array kActionsHttp{
    Key{"timeout", Shape::Duration, "of one request, at most", false, "30s", kSecond, 60 * kMinute},
    Key{"answer_bytes_max", Shape::Bytes, "read of an answer", false, "1MiB", 64, 64 << 20},
    Key{"body_bytes_max", Shape::Bytes, "of a request", false, "1MiB", 64, 64 << 20},
    listed("hosts", kHost, "that actions may talk to"),
};
constexpr std::array kParameterTypes{"node"sv, "integer"sv, "choice"sv, "pattern"sv};
constexpr Key kParameterType{.name = "type",
                             .shape = Shape::Word,
                             .what = "what it may be",
                             .is_required = true,
                             .words = kParameterTypes};
constexpr Key kLeast{.name = "min", .shape = Shape::Any, .what = "of an integer"};
constexpr Key kMost{.name = "max", .shape = Shape::Any, .what = "of an integer"};
constexpr std::array kParameter{
    Key{"name", Shape::Text, "as it stands in braces in the arguments", true},
    kParameterType,
    kLeast,
    kMost,
    texts("choices", "of a choice", ""),
    Key{"pattern", Shape::Expression, "of the whole value"},
};
constexpr std::array kCommand{
    Key{"name", Shape::Text, "by which a plan calls it", true},
    Key{"program", Shape::Text, "an absolute path", true},
    texts("arguments", "with parameters in braces", "none"),
    listed("parameters", kParameter, "what a plan may say"),
    Key{"read_only", Shape::Flag, "a check, and so a dry run, may start it", false, "false"},
    text("folder", "in which it starts", "/"),
    texts("environment", "names of variables that it is given", "none"),
    texts("secrets", "that it is given, each in a variable of its name", "none"),
    Key{"cpu", Shape::Duration, "time on the processor", false, "30s", kSecond, 1440 * kMinute},
    Key{"memory_bytes_max", Shape::Bytes, "of its address space", false, "1GiB", 1 << 20,
        std::int64_t{1} << 40},
    Key{"output_bytes_max", Shape::Bytes, "kept of what it says", false, "64KiB", 64, 16 << 20},
    Key{"timeout", Shape::Duration, "then its process group is killed", false, "5m", kSecond,
        1440 * kMinute},
};
constexpr std::array kActions{
    number("workers", "actions under way at a time", "4", 1, 64),
    number("queue_max", "actions that wait", "256", 1, 100'000),
    section("http", kActionsHttp, "requests that actions may make"),
    listed("commands", kCommand, "programs that actions may start"),
};
constexpr std::array kRoles{"viewer"sv, "responder"sv, "approver"sv, "admin"sv};
constexpr Key kRole{.name = "role",
                    .shape = Shape::Word,
                    .what = "what they may do",
                    .is_required = true,
                    .words = kRoles};
constexpr std::array kChatUser{
    Key{"name", Shape::Text, "of the person, as it is noted down", true},
    kRole,
    text("slack", "their id in Slack", ""),
    text("mattermost", "their id in Mattermost", ""),
    text("irc_account", "their account with the network's services", ""),
    text("irc_mask", "nick!user@host, with * and ?", ""),
};
constexpr std::array kChatKinds{"slack"sv, "mattermost"sv, "webhook"sv, "irc"sv};
constexpr Key kChatKind{.name = "kind",
                        .shape = Shape::Word,
                        .what = "which medium it is",
                        .is_required = true,
                        .words = kChatKinds};
constexpr std::array kChatChannel{
    Key{"name", Shape::Text, "by which plans call it", true},
    kChatKind,
    Key{"incidents", Shape::Flag, "is told of incidents", false, "true"},
    word("severity_min", kSeverities, "of those that it is told of", "warning"),
    text("url", "of the API, the server or the hook", "https://slack.com/api"),
    text("callback_url", "of ours, for the buttons of Mattermost", ""),
    text("channel", "its id, or #name on IRC", ""),
    text("token", "the secret that is the bot's token", ""),
    text("signing_secret", "the secret that signs", ""),
    text("command_token", "the secret that is the slash command's token", ""),
    text("ca_file", "whom to trust", "the system's"),
    text("server", "host:port, of IRC", ""),
    Key{"tls", Shape::Flag, "of IRC", false, "true"},
    text("nick", "ours on IRC", "nocturne"),
    text("account", "of IRC, for SASL", ""),
    text("password", "the secret that is its password, or the server's", ""),
};
constexpr std::array kChat{
    Key{"update_interval", Shape::Duration, "of one message, at most so often", false, "2s", 100,
        60 * kMinute},
    listed("users", kChatUser, "who may do what from a chat"),
    listed("channels", kChatChannel, "that are told"),
};
constexpr std::array kRunModes{"observe"sv, "suggest"sv, "approve"sv, "auto"sv};
constexpr std::array kRisks{"low"sv, "medium"sv, "high"sv};

// Of what gates look back at.
constexpr Key window(std::string_view name, std::string_view what, std::string_view fallback,
                     std::int64_t min = kSecond) {
    return {name, Shape::Duration, what, false, fallback, min, 1440 * kMinute};
}

constexpr std::array kPlaybookValue{
    Key{"playbook", Shape::Text, "the name in its table", true},
    text("where", "matchers over resource, type, check and labels", "everywhere"),
    Key{"set", Shape::Values, "parameters and their values"},
};
constexpr Key kRunMode{.name = "mode",
                       .shape = Shape::Word,
                       .what = "as far as a playbook may go there",
                       .is_required = true,
                       .words = kRunModes};
constexpr std::array kModeRule{
    text("playbook", "its name", "any"),        word("risk", kRisks, "of the plan", "any"),
    text("node", "the target's name", "any"),   text("type", "the target's type", "any"),
    text("owner", "the target's owner", "any"), kRunMode,
};
constexpr std::array kBlastRadius{
    window("window", "what was touched within it counts", "10m"),
    Key{"share_max", Shape::Share, "of siblings touched within it", false, "0.5"},
};
constexpr std::array kCircuitBreaker{
    number("failures_max", "of a playbook in a row, then it rests", "3", 1, 1000),
    window("rest", "then one run is tried", "1h"),
    number("successes_max", "on one target within success_window: it does not last", "3", 1, 1000),
    window("success_window", "in which successes are counted", "1h"),
};
constexpr std::array kErrorBudget{
    number("failures", "of all playbooks within the window, then nothing runs", "10", 1, 100'000),
    window("window", "in which failures are counted", "24h"),
};
constexpr std::array kRemediation{
    Key{"playbooks", Shape::OptionalTexts, "Lua playbooks: files, or folders of them", false,
        "none"},
    listed("values", kPlaybookValue, "parameters of playbooks; what comes later wins"),
    word("mode", kRunModes, "as far as any playbook may go by itself", "approve"),
    listed("modes", kModeRule, "where it is another; the first that fits decides"),
    texts("capabilities", "that plans may use; an empty list: none", "all"),
    number("approvals", "people who must say yes, at least", "1", 1, 100),
    number("approvals_high", "the same, where the risk is high", "1", 1, 100),
    Key{"self_approval", Shape::Flag, "who proposed a plan may approve it", false, "false"},
    window("approval_ttl", "a request waits for so long, at most", "1h"),
    Key{"confidence_min", Shape::Share, "of the first suspect; below it never automatic", false,
        "0.5"},
    number("runs_max", "begun within an hour, of all playbooks", "30", 1, 100'000),
    number("active_max", "runs at one time", "10", 1, 1000),
    window("cooldown_min", "between two runs of a playbook on a target, at least", "0", 0),
    section("blast_radius", kBlastRadius, "how much may be touched together"),
    section("circuit_breaker", kCircuitBreaker, "when a playbook is left alone"),
    section("error_budget", kErrorBudget, "how many runs may fail"),
    window("loop_window", "a run that touched what opens an incident so soon is its cause", "10m"),
    texts("frozen", "nodes that nothing may touch", "none"),
    Key{"stopped", Shape::Flag, "nothing runs", false, "false"},
};
constexpr std::array kConfiguration{
    text("data", "the folder of journal, history and audit log", "nocturne-data"),
    word("log_level", kLogLevels, "how much is logged", "info"),
    Key{"topology", Shape::OptionalTexts, "topology files", false, "none"},
    kTopologySources,
    Key{"rules", Shape::OptionalTexts, "rule files, or folders of them", false, "none"},
    Key{"packs", Shape::OptionalTexts, "shipped rule packs, by name", false, "none"},
    Key{"plugins", Shape::OptionalTexts, "Lua plugins: files, or folders of them", false, "none"},
    kPluginSettings,
    section("zmq", kZmq, "sockets of ZeroMQ"),
    text("http", "address and port", "127.0.0.1:9193"),
    section("http_auth", kHttpAuth, "who may use it"),
    section("alerts", kAlerts, "how long alerts live, and how many"),
    section("incidents", kIncidents, "what is one incident, and how long it lives"),
    section("ranking", kRanking, "how causes are sought"),
    section("limits", kLimits, "of one event"),
    section("retention", kRetention, "how long what is stored is kept"),
    listed("secrets", kSecret, "where secrets are read from"),
    section("actions", kActions, "what actions may do"),
    section("chat", kChat, "who is told of incidents in which chat, and who may do what there"),
    section("remediation", kRemediation, "what playbooks may do"),
};

}  // namespace

Keys configuration_keys() {
    return kConfiguration;
}

}  // namespace nocturne::rules
