// RuleSet: all rules of one revision, compiled. What each kind means to a user stands in
// docs/reference/rules.md; what the engine does with it, in the stage of that name.
//
// A rule set is immutable. Its parts name one another by their place in it, and everything in it is
// a function of the revision's texts alone.
#pragma once

#include "model/expression.hpp"
#include "model/fingerprint.hpp"
#include "model/result.hpp"
#include "model/rules_revision.hpp"
#include "model/severity.hpp"
#include "model/time.hpp"
#include "rules/condition.hpp"
#include "rules/payload_rule.hpp"
#include "rules/schedule.hpp"
#include "rules/text_template.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::rules {

// The sections of a rule file, in the order in which an event meets them.
enum class RuleKind : std::uint8_t {
    Payload,
    Mask,
    Normalise,
    Dedup,
    Heartbeat,
    Pattern,
    Inhibit,
    Maintenance,
    Flapping,
    Dependency,
    ChangeWindow,
    Storm,
    Group,
    Precedence,
    Lifecycle,
    Route,
    Count,  // not a kind
};

inline constexpr std::array<std::string_view, static_cast<std::size_t>(RuleKind::Count)>
    kRuleKindNames{"payload", "mask",        "normalise", "dedup",      "heartbeat",     "pattern",
                   "inhibit", "maintenance", "flapping",  "dependency", "change_window", "storm",
                   "group",   "precedence",  "lifecycle", "route"};

inline constexpr std::string_view name_of(RuleKind kind) {
    return kRuleKindNames[static_cast<std::size_t>(kind)];
}

// `off` rules are checked, and then are not in the set.
enum class Mode : std::uint8_t { On, Shadow };

using RuleIndex = std::uint32_t;
inline constexpr RuleIndex kNoRule = UINT32_MAX;

// What all rules have.
struct Rule {
    RuleKind kind = RuleKind::Normalise;
    Mode mode = Mode::On;
    std::string name;            // unique within its kind
    Place place;                 // of its first line
    model::Fingerprint content;  // of all that it says: as long as it stays, so does its state
    std::string comment;
};

// "inhibit/dead switch": how state, metrics and people name a rule.
std::string key_of(const Rule& rule);
// "rules/net.yaml:14 inhibit \"dead switch\"": how `why` shows it.
std::string to_string(const Rule& rule);

// ---- mask: before anything is written or shown ----

struct MaskRule {
    enum class With : std::uint8_t {
        Remove,  // the text is cut out
        Token,   // a keyed token that is the same for the same text
    };

    RuleIndex rule = kNoRule;
    Condition match;
    std::vector<Field> fields;                 // a label or annotation named "*": all of them
    std::optional<model::Expression> pattern;  // what in the field; nothing: all of it
    With with = With::Remove;
};

// ---- normalise: what sources say, in our words ----

struct Extract {
    Field from;
    model::Expression expression;  // its named groups serve as names in templates
};

struct Lookup {
    std::uint32_t table = 0;                           // of RuleSet::tables
    std::vector<Field> by;                             // one for each key column of the table
    std::vector<std::pair<Field, std::uint32_t>> set;  // field, column
};

struct Translate {
    Field to;
    Field from;
    std::map<std::string, std::string, std::less<>> values;
    std::optional<std::string> otherwise;  // nothing: stays as it is
};

struct Assign {
    Field to;
    TextTemplate value;
};

// In this order: extract, lookup, map, set, remove, drop.
struct NormaliseRule {
    RuleIndex rule = kNoRule;
    Condition match;
    std::vector<Extract> extracts;
    std::vector<Lookup> lookups;
    std::vector<Translate> translates;
    std::vector<Assign> assigns;
    std::vector<Field> removes;
    bool drops = false;
    bool is_last = false;  // no further normalise rule for this event
};

// Rows of a CSV file with a header. A row's age counts from its column `updated`, or from when the
// file was written.
struct LookupTable {
    std::string name;
    Place place;
    std::vector<std::string> columns;
    std::vector<std::uint32_t> key;          // columns
    std::optional<model::Duration> expires;  // an older row is as if it were not there

    struct Row {
        std::vector<std::string> cells;
        model::Time updated = model::kNoTime;
    };

    std::vector<Row> rows;
    std::map<std::vector<std::string>, std::uint32_t> by_key;  // to the row

    // nullptr: no such row, or it is too old at `now`.
    const Row* find(const std::vector<std::string>& values, model::Time now) const;
};

// ---- dedup: which events are one alert ----

struct DedupRule {
    RuleIndex rule = kNoRule;
    Condition match;
    std::vector<Field> identity;      // instead of resource, check and all labels; never empty
    std::optional<Condition> clears;  // such an event resolves the alert, whatever its status says
};

// ---- heartbeat: a source that falls silent ----

struct HeartbeatRule {
    RuleIndex rule = kNoRule;
    Condition match;                  // the events that show life: any kind
    std::vector<Field> by;            // each value is watched for itself; default: source
    model::Duration every{};          // silent for longer: an alert
    std::vector<std::string> expect;  // values that must show up at all; others once they have
    Condition covers;  // the alerts' nodes about which the source would tell: blind spots
    model::Severity severity = model::Severity::Major;
};

// ---- pattern: events that mean something together ----

// An event of our own that a pattern raises.
struct Emit {
    TextTemplate resource;
    TextTemplate check;
    TextTemplate summary;
    model::Severity severity = model::Severity::Warning;
    model::EventStatus status = model::EventStatus::Firing;
    std::vector<std::pair<std::string, TextTemplate>> labels;
};

struct PatternRule {
    // The names of SEC's rule types stand beside ours in docs/guides/moving-from-sec.md.
    enum class Type : std::uint8_t {
        Single,      // each match emits
        First,       // the first emits, and mutes the rest of `window`
        Count,       // `count` matches within `window` emit; once per window
        Thresholds,  // `count` within `window` emit; then `count_low` or fewer in `window_low`
                     // clear
        Pair,        // a match emits and waits for `then`, which emits `emit_then`; no end without
                     // a window
        PairWithin,  // `then` within `window` emits `emit_then`, its absence emits
        Sequence,    // a match, then `then` within `window`, and no `unless` between: emits
        Absence,     // no match for `window` emits; the next one clears
        EventGroup,  // each of `members` so often within `window`: emits
        Calendar,    // the clock emits
    };

    struct Member {
        Condition match;
        std::uint32_t count = 1;
    };

    RuleIndex rule = kNoRule;
    Type type = Type::Single;
    Condition match;
    std::vector<Field> by;  // each combination of values is counted for itself; empty: all as one
    model::Duration window{};
    std::uint32_t count = 1;
    model::Duration window_low{};
    std::uint32_t count_low = 0;
    Condition then;
    Condition unless;
    std::vector<Member> members;
    Schedule schedule;
    std::uint32_t zone = 0;  // of RuleSet::zones
    std::optional<Emit> emit;
    std::optional<Emit> emit_then;
    bool consumes = false;             // events that take part are not alerts themselves
    std::uint32_t keys_max = 100'000;  // beyond it the key that was quiet longest is given up
};

inline constexpr std::array<std::string_view, 10> kPatternTypeNames{
    "single",      "first",    "count",   "thresholds",  "pair",
    "pair_within", "sequence", "absence", "event_group", "calendar"};

// ---- suppression: hides the raising, never the resolution ----

struct InhibitRule {
    // Must have the same, not empty, value; the names may differ.
    struct Equal {
        Field source;
        Field target;
    };

    RuleIndex rule = kNoRule;
    std::vector<Condition> sources;
    bool needs_all = false;  // one burning alert for each of `sources`; otherwise for any
    Condition target;
    std::vector<Equal> equal;
};

struct MaintenanceRule {
    RuleIndex rule = kNoRule;
    Condition match;                    // these alerts, and
    std::vector<std::string> nodes;     // of these nodes (empty: of any), and
    std::uint8_t dependents = 0;        // of what depends on them within so many hops
    model::Time from = model::kNoTime;  // one-off; kNoTime: `schedule` and `lasts`
    model::Time until = model::kNoTime;
    Schedule schedule;
    model::Duration lasts{};
    std::uint32_t zone = 0;  // of RuleSet::zones
};

struct FlappingRule {
    RuleIndex rule = kNoRule;
    Condition match;
    model::Duration window{};
    std::uint32_t start = 0;  // so many turns between firing and resolved within `window`: flapping
    std::uint32_t stop = 0;   // so many or fewer: no longer
};

struct DependencyRule {
    RuleIndex rule = kNoRule;
    Condition cause;   // what must burn on a dependency
    Condition target;  // what it explains on its dependents; anything else stays loud, and what
                       // depends on that is not explained either
    std::uint8_t hops = 8;
    // Dependencies of one node that share the value of this node label stand in for one another:
    // the node is hurt only when fewer than `needs` of them are well. "": none do.
    std::string redundancy_label;
    std::uint32_t needs = 1;
};

struct ChangeWindowRule {
    RuleIndex rule = kNoRule;
    Condition match;  // of the change event
    model::Duration lasts{};
    std::uint8_t dependents = 0;                            // hops
    model::Severity severity_max = model::Severity::Minor;  // worse than that is never hidden
    std::uint32_t alerts_max = 20;  // more than a change usually causes: the window closes
};

struct StormRule {
    RuleIndex rule = kNoRule;
    Condition match;
    model::Duration window{};
    std::uint32_t start = 0;     // so many raised within `window`: a storm
    std::uint32_t stop = 0;      // so many or fewer: over
    std::uint32_t told_max = 0;  // alerts told one by one in each window of a storm
    model::Severity reserved_from = model::Severity::Critical;  // has a lane of its own
    std::uint32_t reserved_max = 0;                             // alerts told in each window there
};

// ---- group: which alerts are one incident ----

struct GroupRule {
    enum class By : std::uint8_t { Fields, Distance, Likeness, Alone };
    // Fixed: windows of the clock. Sliding: the incident spans at most `window`. Extending: each
    // alert keeps it open for `window` more, `cap` in all.
    enum class Window : std::uint8_t { Fixed, Sliding, Extending };

    RuleIndex rule = kNoRule;
    Condition match;
    By by = By::Distance;
    std::vector<Field> fields;
    std::uint8_t hops = 2;
    double likeness = 0.7;  // share of equal words of two summaries' templates
    Window window_kind = Window::Extending;
    model::Duration window{};
    model::Duration cap{};
};

// ---- precedence: which check comes before which, as evidence for who caused an incident ----

struct PrecedenceRule {
    // How the node of the effect stands to the node of the cause.
    enum class Where : std::uint8_t {
        Dependent,   // depends on it
        Dependency,  // is depended on by it
    };

    RuleIndex rule = kNoRule;
    std::string cause;   // a check
    std::string effect;  // a check
    Where where = Where::Dependent;
    std::uint32_t lift = 5;  // so many times as often as by chance
};

inline constexpr std::array<std::string_view, 2> kPrecedenceWhereNames{"dependent", "dependency"};

// ---- lifecycle: how long things live; the first that matches counts ----

struct LifecycleRule {
    RuleIndex rule = kNoRule;
    Condition match;
    std::optional<model::Duration> expire_after;   // of the alert
    std::optional<model::Duration> resolve_after;  // of the incident, by its worst alert
    std::optional<model::Duration> reopen_window;
    bool auto_resolve = true;
};

// ---- route: who is told of an incident, and how loudly; the first that matches counts ----

struct RouteRule {
    enum class To : std::uint8_t { Log, Ticket, Page };

    RuleIndex rule = kNoRule;
    Condition match;  // of the incident: its worst alert's fields, its own severity
    To to = To::Page;
    std::string receiver;
    model::Duration wait{};      // from opening to the first word
    model::Duration interval{};  // between words about growth
    model::Duration repeat{};    // while nobody has acknowledged; zero: never
    std::uint32_t budget = 0;  // words in each `budget_window`; further ones are tickets; 0: no end
    model::Duration budget_window{};
};

inline constexpr std::array<std::string_view, 3> kRouteNames{"log", "ticket", "page"};

// ---- all of it ----

struct RuleSet {
    std::vector<Rule> rules;  // all, in the order of files and places; what RuleIndex names
    std::vector<LookupTable> tables;
    std::vector<model::ZoneTable> zones;  // the first is UTC

    std::vector<PayloadRule> payloads;  // see rules/payload_rule.hpp
    std::vector<MaskRule> masks;
    std::vector<NormaliseRule> normalises;
    std::vector<DedupRule> dedups;
    std::vector<HeartbeatRule> heartbeats;
    std::vector<PatternRule> patterns;
    std::vector<InhibitRule> inhibits;
    std::vector<MaintenanceRule> maintenances;
    std::vector<FlappingRule> flappings;
    std::vector<DependencyRule> dependencies;
    std::vector<ChangeWindowRule> change_windows;
    std::vector<StormRule> storms;
    std::vector<GroupRule> groups;
    std::vector<PrecedenceRule> precedences;
    std::vector<LifecycleRule> lifecycles;
    std::vector<RouteRule> routes;
};

}  // namespace nocturne::rules
