// Grammar: the keys of rule files and of tests as tables, which the reader, the schema for editors
// and the tests of docs/reference/rules.md share.
#pragma once

#include "rules/rule_set.hpp"

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>

namespace nocturne::rules {

// What stands behind a key.
enum class Shape : std::uint8_t {
    Text,
    Texts,       // a list; one alone may stand without
    Mode,        // on, shadow, off
    Flag,        // true or false
    Number,      // whole, within `min` and `max`
    Share,       // above 0, up to 1
    Duration,    // within `min` and `max` milliseconds
    Instant,     // RFC 3339, or local time in the rule's zone
    OfDay,       // HH:MM
    Hops,        // true, or a number up to `max`
    Word,        // one of `words`
    Field,       // e.g. labels.env
    Fields,      // a list; one alone may stand without
    Condition,   // a text of matchers, a list of them, or a map
    Conditions,  // a list of conditions; one alone may stand without
    Expression,  // RE2
    Template,    // a text with fields in braces
    Cron,
    Map,            // of `keys`
    List,           // of maps of `keys`; one alone may stand without
    Translations,   // field, or one of `words`: map of `keys`
    Assignments,    // field: template
    Labels,         // name: template
    Columns,        // field: column
    Listed,         // a list of maps of `keys` that may be empty; one alone may stand without
    Section,        // a map of `keys`, or nothing
    OptionalTexts,  // a list that may be empty; one alone may stand without
    Bytes,          // within `min` and `max`
    Event,          // as on the wire
    Rules,          // paths, or sections as in a rule file
    Any,            // what the reader of the map looks at itself
    Values,         // text: text
    Equals,         // a list of fields, or of maps of `keys`
    Path,           // into a document, e.g. labels.alertname
    Skips,          // path: texts
    Choices,        // one of `words`: template with paths, or a list of them
    Members,        // name: template with paths, or a list of them; "*": paths
};

struct Key {
    std::string_view name;
    Shape shape = Shape::Text;
    std::string_view what = {};  // for people: a phrase without a full stop
    bool is_required = false;
    std::string_view fallback = {};  // what holds without the key, for people
    std::int64_t min = 0;
    std::int64_t max = std::numeric_limits<std::int64_t>::max();
    std::span<const std::string_view> words = {};
    std::span<const Key> keys = {};
};

using Keys = std::span<const Key>;

// Of a rule of that kind: `name`, `comment` and `mode` first.
Keys keys_of(RuleKind kind);
// Of an item of the section `tables`.
Keys table_keys();
// Of a test, `*.test.yaml`.
Keys test_keys();
// Of the configuration file, `nocturne.yaml`.
Keys configuration_keys();
// For people: "a duration, e.g. 30s".
std::string expected(const Key& key);

// `did you mean "route"?`, or all words behind what they are: "known tables: a, b".
std::string nearest(std::string_view word, std::span<const std::string_view> words,
                    std::string_view what);

// Which keys a type of pattern needs, and which it may have, beside those of all rules.
struct PatternUse {
    std::span<const std::string_view> needs;
    std::span<const std::string_view> may;
};

PatternUse use_of(PatternRule::Type type);

// The rooms of time and number that several rules share.
inline constexpr std::size_t kFileBytesMax = 4U << 20;
inline constexpr std::size_t kRulesMax = 20'000;
inline constexpr std::size_t kProblemsMax = 1000;
inline constexpr std::size_t kListItemsMax = 10'000;
inline constexpr std::size_t kNameBytesMax = 200;
inline constexpr std::size_t kExpressionBytesMax = 4096;
inline constexpr std::size_t kTableBytesMax = 16U << 20;
inline constexpr std::size_t kTableRowsMax = 1'000'000;
inline constexpr std::size_t kTableColumnsMax = 64;
inline constexpr std::uint8_t kHopsMax = 16;

}  // namespace nocturne::rules
