#include "rules/grammar.hpp"

#include "model/severity.hpp"

#include <array>

namespace nocturne::rules {

namespace {

using namespace std::string_view_literals;

constexpr std::int64_t ms(std::chrono::milliseconds span) {
    return span.count();
}

constexpr std::int64_t kSecond = ms(std::chrono::seconds(1));
constexpr std::int64_t kMinute = ms(std::chrono::minutes(1));
constexpr std::int64_t kMonth = ms(std::chrono::days(31));
constexpr std::int64_t kDecade = ms(std::chrono::days(3660));
constexpr std::int64_t kCountMax = 10'000;
constexpr std::int64_t kAlertsMax = 1'000'000;
constexpr std::int64_t kStormMax = 100'000;
constexpr std::int64_t kKeysMax = 10'000'000;
constexpr std::int64_t kNodesMax = 10'000;

constexpr std::span<const std::string_view> kSeverities = model::kSeverityNames;
constexpr std::array kWith{"remove"sv, "token"sv};
constexpr std::array kNeed{"any"sv, "all"sv};
constexpr std::array kWindowKinds{"fixed"sv, "sliding"sv, "extending"sv};

constexpr Key choice(std::span<const std::string_view> words, Key key) {
    key.words = words;
    return key;
}

constexpr Key nested(Keys keys, Key key) {
    key.keys = keys;
    return key;
}

constexpr Key kName{"name", Shape::Text, "how people, metrics and state name the rule", true};
constexpr Key kComment{"comment", Shape::Text, "why it is there; changes nothing"};
constexpr Key kMode{"mode", Shape::Mode,
                    "shadow: decides, and only says what it would have done; off: is only checked",
                    false, "on"};
constexpr Key kMatch{"match", Shape::Condition, "what it concerns", false, "everything"};
constexpr Key kMatchNeeded{"match", Shape::Condition, "what it concerns", true};
constexpr Key kZone{"zone", Shape::Text, "time zone, e.g. Europe/Berlin", false, "UTC"};

constexpr std::array kTable{
    kName,
    kComment,
    Key{"file", Shape::Text, "CSV with a header; the path is relative to the rule file", true},
    Key{"key", Shape::Texts, "the columns by which rows are found", true},
    Key{"expires", Shape::Duration, "an older row is as if it were not there", false, "never",
        kMinute, kDecade},
};

constexpr std::array kWordMap{
    Key{"values", Shape::Values, "their words, whatever their case: ours", true},
    Key{"default", Shape::Text, "for any other word, none included", false, "it is left out"},
};
constexpr std::array kPayload{
    kName,
    kComment,
    kMode,
    Key{"each", Shape::Path, "an array of items", false,
        "the document is the item, or each item of an array"},
    Key{"skip", Shape::Skips, "items with one of these words there are no events"},
    Key{"unset", Shape::Expression, "texts that mean nothing"},
    choice(PayloadRule::kTargetNames,
           {"fields", Shape::Choices,
            "what becomes the event's fields; resource and check must be "
            "among them",
            true}),
    choice(PayloadRule::kTargetNames,
           nested(kWordMap, {"map", Shape::Translations, "the tool's words for a field"})),
    Key{"labels", Shape::Members, "what becomes labels"},
    Key{"annotations", Shape::Members, "what becomes annotations"},
};

constexpr std::array kMask{
    kName,
    kComment,
    kMode,
    kMatch,
    Key{"fields", Shape::Fields, "where; labels.* and annotations.* mean all of them", true},
    Key{"pattern", Shape::Expression, "what in them", false, "all of it"},
    choice(kWith, {"with", Shape::Word, "remove cuts it out; token is the same for the same text",
                   false, "remove"}),
};

constexpr std::array kExtract{
    Key{"from", Shape::Field, "the field that is searched", true},
    Key{"regex", Shape::Expression, "its named groups (?P<name>...) serve as names in templates",
        true},
};
constexpr std::array kLookup{
    Key{"table", Shape::Text, "the name of a table", true},
    Key{"by", Shape::Fields, "one field for each key column", false,
        "fields named as the key columns"},
    Key{"set", Shape::Columns, "field: column", true},
};
constexpr std::array kTranslate{
    Key{"from", Shape::Field, "the field that is read", true},
    Key{"values", Shape::Values, "found: meant", true},
    Key{"default", Shape::Text, "for any other text, none included", false, "stays as it is"},
};
constexpr std::array kNormalise{
    kName,
    kComment,
    kMode,
    kMatch,
    nested(kExtract, {"extract", Shape::List, "names for parts of a field"}),
    nested(kLookup, {"lookup", Shape::List, "fields from a table"}),
    nested(kTranslate, {"map", Shape::Translations, "field: words in place of words"}),
    Key{"set", Shape::Assignments, "field: template"},
    Key{"remove", Shape::Fields, "labels, annotations, the summary"},
    Key{"drop", Shape::Flag, "the event goes no further, and is counted", false, "false"},
    Key{"last", Shape::Flag, "no further normalise rule for this event", false, "false"},
};

constexpr std::array kDedup{
    kName,
    kComment,
    kMode,
    kMatch,
    Key{"identity", Shape::Fields, "events with equal values here are one alert", true},
    Key{"clear", Shape::Condition, "such an event resolves the alert, whatever its status says",
        false, "status decides"},
};

constexpr std::array kHeartbeat{
    kName,
    kComment,
    kMode,
    Key{"match", Shape::Condition, "events that show life", false, "any event"},
    Key{"by", Shape::Fields, "each value is watched for itself", false, "source"},
    Key{"every", Shape::Duration, "silent for longer: an alert", true, "", kSecond, kMonth},
    Key{"expect", Shape::Texts, "values that must show up at all", false,
        "those that have shown up once"},
    Key{"covers", Shape::Condition, "alerts about which it would tell", false, "all"},
    choice(kSeverities, {"severity", Shape::Word, "of the alert", false, "major"}),
};

constexpr std::array kEmit{
    Key{"resource", Shape::Template, "of the event that is raised", false,
        "{resource}; calendar needs it"},
    Key{"check", Shape::Template, "of the event", false, "the rule's name in kebab-case"},
    Key{"summary", Shape::Template, "of the event", false, "the rule's name"},
    choice(kSeverities, {"severity", Shape::Word, "of the event", false, "warning"}),
    choice(model::kStatusNames, {"status", Shape::Word, "of the event", false, "firing"}),
    Key{"labels", Shape::Labels, "of the event"},
};
constexpr std::array kMember{
    kMatchNeeded,
    Key{"count", Shape::Number, "how often", false, "1", 1, kCountMax},
};
constexpr std::array kPattern{
    kName,
    kComment,
    kMode,
    choice(kPatternTypeNames, {"type", Shape::Word, "what kind of pattern", true}),
    Key{"match", Shape::Condition, "the events that count, or that come first"},
    Key{"by", Shape::Fields, "each combination of values is counted for itself", false,
        "all as one"},
    Key{"window", Shape::Duration, "how long is counted or waited", false, "", kSecond, kMonth},
    Key{"count", Shape::Number, "so many within the window", false, "", 1, kCountMax},
    Key{"window_low", Shape::Duration, "how long is counted for the end", false, "the window",
        kSecond, kMonth},
    Key{"count_low", Shape::Number, "so many or fewer: over", false, "0", 0, kCountMax},
    Key{"then", Shape::Condition, "the event that comes second"},
    Key{"unless", Shape::Condition, "an event between that breaks the sequence", false, "none"},
    nested(kMember, {"members", Shape::List, "events that must all be seen within the window"}),
    Key{"cron", Shape::Cron, "when, on the clock of the zone"},
    kZone,
    nested(kEmit, {"emit", Shape::Map, "the event that is raised", false, "all its defaults"}),
    nested(kEmit,
           {"emit_then", Shape::Map, "the event raised by `then`, or by the end of thresholds",
            false, "none; pair and thresholds resolve what emit raised"}),
    Key{"resolutions", Shape::Flag,
        "whether resolutions are counted as well, where the condition "
        "does not ask for a status itself",
        false, "false; of absence true"},
    Key{"consume", Shape::Flag, "events that take part are no alerts themselves", false, "false"},
    Key{"keys_max", Shape::Number, "beyond it the combination that was quiet longest is given up",
        false, "100000", 1, kKeysMax},
};

constexpr std::array kEqual{
    Key{"source", Shape::Field, "the source's field", true},
    Key{"target", Shape::Field, "the target's field", true},
};
constexpr std::array kInhibit{
    kName,
    kComment,
    kMode,
    Key{"source", Shape::Condition, "what must burn"},
    Key{"sources", Shape::Conditions, "several of that, instead of `source`"},
    choice(kNeed, {"need", Shape::Word, "whether any or all of `sources` must burn", false, "any"}),
    Key{"target", Shape::Condition, "what is not told meanwhile", true},
    nested(kEqual, {"equal", Shape::Equals,
                    "fields that must have the same value in both, and have one", false, "none"}),
};

constexpr std::array kMaintenance{
    kName,
    kComment,
    kMode,
    kMatch,
    Key{"node", Shape::Text, "this node", false, "any node"},
    Key{"nodes", Shape::Texts, "these nodes, instead of `node`", false, "any node"},
    Key{"dependents", Shape::Hops, "and what depends on them; true: 16 hops", false, "0", 0,
        kHopsMax},
    Key{"from", Shape::Instant, "the beginning of a single window"},
    Key{"until", Shape::Instant, "its end"},
    Key{"cron", Shape::Cron, "the beginnings of a recurring window"},
    Key{"days", Shape::Texts, "the days of a recurring window, as in cron", false, "every day"},
    Key{"at", Shape::OfDay, "the time of day at which it begins", false, "00:00"},
    Key{"for", Shape::Duration, "how long the window lasts", false, "", kMinute, kMonth},
    kZone,
};

constexpr std::array kFlapping{
    kName,
    kComment,
    kMode,
    kMatch,
    Key{"window", Shape::Duration, "how long turns are counted", false, "10m", kSecond, kMonth},
    Key{"start", Shape::Number, "so many turns within the window: flapping", false, "6", 2, 200},
    Key{"stop", Shape::Number, "so many or fewer: no longer; less than start", false,
        "a third of start", 0, 200},
};

constexpr std::array kRedundancy{
    Key{"label", Shape::Text, "label of the nodes that stand in for one another", true},
    Key{"need", Shape::Number, "so many of them must be well", false, "1", 1, kNodesMax},
};
constexpr std::array kDependency{
    kName,
    kComment,
    kMode,
    Key{"cause", Shape::Condition, "what must burn on a dependency", true},
    Key{"target", Shape::Condition, "what that explains on its dependents", true},
    Key{"hops", Shape::Number, "how far it reaches", false, "8", 1, kHopsMax},
    nested(kRedundancy,
           {"redundancy", Shape::Map, "dependencies that stand in for one another", false, "none"}),
};

constexpr std::array kChangeWindow{
    kName,
    kComment,
    kMode,
    Key{"match", Shape::Condition, "the change events that open a window", false, "all"},
    Key{"for", Shape::Duration, "how long it stays open", true, "", kSecond, kMonth},
    Key{"dependents", Shape::Hops, "and what depends on the node; true: 16 hops", false, "0", 0,
        kHopsMax},
    choice(kSeverities,
           {"severity_max", Shape::Word, "worse alerts are always told", false, "minor"}),
    Key{"alerts_max", Shape::Number, "more alerts than that close the window", false, "20", 1,
        kAlertsMax},
};

constexpr std::array kReserved{
    choice(kSeverities, {"from", Shape::Word, "this severity and worse", false, "critical"}),
    Key{"max", Shape::Number, "told in each window", false, "100", 0, kAlertsMax},
};
constexpr std::array kStorm{
    kName,
    kComment,
    kMode,
    kMatch,
    Key{"window", Shape::Duration, "how long alerts are counted", false, "1m", kSecond, kMonth},
    Key{"start", Shape::Number, "so many raised within the window: a storm", true, "", 2,
        kStormMax},
    Key{"stop", Shape::Number, "so many or fewer: over; less than start", false,
        "a quarter of start", 0, kStormMax},
    Key{"told_max", Shape::Number, "alerts told one by one in each window of a storm", false, "20",
        0, kAlertsMax},
    nested(kReserved, {"reserved", Shape::Map, "a lane of its own for the worst", false,
                       "{from: critical, max: 100}"}),
};

constexpr std::array kGroup{
    kName,
    kComment,
    kMode,
    kMatch,
    Key{"by", Shape::Fields, "alerts with equal values here"},
    Key{"distance", Shape::Number, "alerts within so many hops on the graph", false, "", 0, 8},
    Key{"likeness", Shape::Share, "alerts whose summaries share so many of their words"},
    Key{"alone", Shape::Flag, "each alert is an incident of its own"},
    Key{"window", Shape::Duration, "how long an incident takes alerts", false, "10m", kSecond,
        kMonth},
    choice(
        kWindowKinds,
        {"window_kind", Shape::Word,
         "fixed: windows of the clock; sliding: from its first alert; extending: each alert keeps "
         "it open",
         false, "extending"}),
    Key{"cap", Shape::Duration, "extending: how long in all", false, "6 times the window", kSecond,
        kMonth},
};

constexpr std::array kPrecedence{
    kName,
    kComment,
    kMode,
    Key{"cause", Shape::Text, "a check", true},
    Key{"effect", Shape::Text, "a check that tends to follow it", true},
    choice(
        kPrecedenceWhereNames,
        {"where", Shape::Word, "how the effect's node stands to the cause's", false, "dependent"}),
    Key{"lift", Shape::Number, "so many times as often as by chance", false, "5", 2, 100},
};

constexpr std::array kLifecycle{
    kName,
    kComment,
    kMode,
    kMatch,
    Key{"expire_after", Shape::Duration, "an alert not told again for so long has expired", false,
        "alerts.ttl", kSecond, kDecade},
    Key{"resolve_after", Shape::Duration, "an incident whose alerts ended so long ago is resolved",
        false, "incidents.resolve_after", 0, kDecade},
    Key{"reopen_window", Shape::Duration, "an alert that fires again within reopens its incident",
        false, "incidents.reopen_window", 0, kDecade},
    Key{"auto_resolve", Shape::Flag, "false: a person resolves it", false, "true"},
};

constexpr std::array kBudget{
    Key{"max", Shape::Number, "so many words", true, "", 1, kStormMax},
    Key{"per", Shape::Duration, "within so long", true, "", kSecond, kMonth},
};
constexpr std::array kRoute{
    kName,
    kComment,
    kMode,
    kMatch,
    choice(kRouteNames, {"to", Shape::Word, "how loudly", true}),
    Key{"receiver", Shape::Text, "who", false, "the receiver without a name"},
    Key{"wait", Shape::Duration, "from the opening of the incident to the first word", false, "0",
        0, kMonth},
    Key{"interval", Shape::Duration, "between words about growth", false, "5m", 0, kMonth},
    Key{"repeat", Shape::Duration, "again, while nobody has acknowledged", false, "0: never", 0,
        kMonth},
    nested(kBudget, {"budget", Shape::Map, "more words than that become tickets", false, "no end"}),
};

constexpr std::array<Keys, static_cast<std::size_t>(RuleKind::Count)> kKinds{
    kPayload, kMask,        kNormalise, kDedup,      kHeartbeat,    kPattern,
    kInhibit, kMaintenance, kFlapping,  kDependency, kChangeWindow, kStorm,
    kGroup,   kPrecedence,  kLifecycle, kRoute};

// ---- patterns: which type uses which key ----

constexpr std::array kSingleNeeds{"match"sv};
constexpr std::array kSingleMay{"by"sv, "emit"sv, "resolutions"sv, "consume"sv, "keys_max"sv};
constexpr std::array kWindowNeeds{"match"sv, "window"sv};
constexpr std::array kFirstMay{"by"sv, "emit"sv, "resolutions"sv, "consume"sv, "keys_max"sv};
constexpr std::array kCountNeeds{"match"sv, "window"sv, "count"sv};
constexpr std::array kThresholdsMay{"by"sv,        "window_low"sv,  "count_low"sv, "emit"sv,
                                    "emit_then"sv, "resolutions"sv, "consume"sv,   "keys_max"sv};
constexpr std::array kPairNeeds{"match"sv, "then"sv};
constexpr std::array kPairMay{"window"sv,      "by"sv,      "emit"sv,    "emit_then"sv,
                              "resolutions"sv, "consume"sv, "keys_max"sv};
constexpr std::array kThenNeeds{"match"sv, "then"sv, "window"sv};
constexpr std::array kPairWithinMay{"by"sv,          "emit"sv,    "emit_then"sv,
                                    "resolutions"sv, "consume"sv, "keys_max"sv};
constexpr std::array kSequenceMay{"unless"sv,      "by"sv,      "emit"sv,
                                  "resolutions"sv, "consume"sv, "keys_max"sv};
constexpr std::array kMembersNeeds{"members"sv, "window"sv};
constexpr std::array kCalendarNeeds{"cron"sv, "emit"sv};
constexpr std::array kCalendarMay{"zone"sv};

constexpr std::array<PatternUse, kPatternTypeNames.size()> kUses{{
    {kSingleNeeds, kSingleMay},
    {kWindowNeeds, kFirstMay},
    {kCountNeeds, kFirstMay},
    {kCountNeeds, kThresholdsMay},
    {kPairNeeds, kPairMay},
    {kThenNeeds, kPairWithinMay},
    {kThenNeeds, kSequenceMay},
    {kWindowNeeds, kFirstMay},
    {kMembersNeeds, kFirstMay},
    {kCalendarNeeds, kCalendarMay},
}};

}  // namespace

Keys keys_of(RuleKind kind) {
    return kKinds[static_cast<std::size_t>(kind)];
}

Keys table_keys() {
    return kTable;
}

PatternUse use_of(PatternRule::Type type) {
    return kUses[static_cast<std::size_t>(type)];
}

}  // namespace nocturne::rules
