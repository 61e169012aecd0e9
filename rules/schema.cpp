// JSON Schemas, out of the same tables of keys that the readers go by.
#include "model/json_writer.hpp"
#include "rules/grammar.hpp"
#include "rules/loader.hpp"

#include <array>
#include <span>
#include <string>

namespace nocturne::rules {

namespace {

using model::JsonWriter;

constexpr std::string_view kDurationPattern = "^(0|([0-9]+(ms|s|m|h|d|w))+)$";
constexpr std::string_view kBytesPattern = "^[0-9]+(KiB|MiB|GiB)?$";
constexpr std::string_view kOfDayPattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$";

void write_map(JsonWriter& out, Keys keys);

void refer(JsonWriter& out, std::string_view name) {
    out.member("$ref", "#/$defs/" + std::string(name));
}

void words(JsonWriter& out, std::span<const std::string_view> all) {
    out.key("enum").begin_array();
    for (const std::string_view word : all) {
        out.text(word);
    }
    out.end_array();
}

// {"anyOf": [first, second]} with what each writes.
template <typename First, typename Second>
void either(JsonWriter& out, First first, Second second) {
    out.key("anyOf").begin_array().begin_object();
    first();
    out.end_object().begin_object();
    second();
    out.end_object().end_array();
}

template <typename Item>
void list_of(JsonWriter& out, std::uint64_t items_min, Item item) {
    out.member("type", "array").member("minItems", items_min);
    out.key("items").begin_object();
    item();
    out.end_object();
}

template <typename Item>
void one_or_list(JsonWriter& out, Item item, std::uint64_t items_min = 1) {
    either(out, item, [&] { list_of(out, items_min, item); });
}

// An object of any names with one kind of values.
template <typename Value>
void map_of(JsonWriter& out, std::span<const std::string_view> names, Value value) {
    out.member("type", "object").member("minProperties", std::uint64_t{1});
    if (!names.empty()) {
        out.key("propertyNames").begin_object();
        words(out, names);
        out.end_object();
    }
    out.key("additionalProperties").begin_object();
    value();
    out.end_object();
}

void number(JsonWriter& out, const Key& key) {
    out.member("type", "integer");
    out.key("minimum").number(key.min).key("maximum").number(key.max);
}

void write_shape(JsonWriter& out, const Key& key) {
    const auto map_of_keys = [&] { write_map(out, key.keys); };
    switch (key.shape) {
        case Shape::Text: return refer(out, "text");
        case Shape::Instant:
        case Shape::Path:
        case Shape::Template:
        case Shape::Cron:
        case Shape::Expression: out.member("type", "string"); return;
        case Shape::Texts: return one_or_list(out, [&] { refer(out, "text"); });
        case Shape::Mode:
            out.key("enum").begin_array().text("on").text("shadow").text("off");
            out.boolean(true).boolean(false).end_array();
            return;
        case Shape::Any: return;
        case Shape::Event: return refer(out, "event");
        case Shape::Rules:
            return either(
                out, [&] { one_or_list(out, [&] { refer(out, "text"); }); },
                [&] { refer(out, "rules"); });
        case Shape::Section: return either(out, map_of_keys, [&] { out.member("type", "null"); });
        case Shape::OptionalTexts:
            return one_or_list(
                out, [&] { out.key("type").begin_array().text("string").text("null").end_array(); },
                0);
        case Shape::Listed: return one_or_list(out, map_of_keys, 0);
        case Shape::Bytes:
            return either(
                out, [&] { number(out, key); },
                [&] { out.member("type", "string").member("pattern", kBytesPattern); });
        case Shape::Flag: return refer(out, "flag");
        case Shape::Number: return number(out, key);
        case Shape::Share:
            out.member("type", "number").member("exclusiveMinimum", std::uint64_t{0});
            out.member("maximum", std::uint64_t{1});
            return;
        case Shape::Duration: return refer(out, "duration");
        case Shape::OfDay: out.member("type", "string").member("pattern", kOfDayPattern); return;
        case Shape::Hops:
            return either(
                out, [&] { refer(out, "flag"); }, [&] { number(out, key); });
        case Shape::Word: return words(out, key.words);
        case Shape::Field: return refer(out, "field");
        case Shape::Fields: return one_or_list(out, [&] { refer(out, "field"); });
        case Shape::Condition: return refer(out, "condition");
        case Shape::Conditions: return one_or_list(out, [&] { refer(out, "condition"); });
        case Shape::Map: return map_of_keys();
        case Shape::List: return one_or_list(out, map_of_keys);
        case Shape::Translations: return map_of(out, key.words, map_of_keys);
        case Shape::Assignments:
        case Shape::Labels:
        case Shape::Columns:
        case Shape::Values: return map_of(out, {}, [&] { refer(out, "text"); });
        case Shape::Skips:
        case Shape::Choices:
        case Shape::Members:
            return map_of(out, key.words, [&] { one_or_list(out, [&] { refer(out, "text"); }); });
        case Shape::Equals:
            return one_or_list(out, [&] {
                either(
                    out, [&] { refer(out, "field"); }, map_of_keys);
            });
    }
}

std::string description(const Key& key) {
    std::string text(key.what);
    if (!key.fallback.empty()) {
        text += " (default: " + std::string(key.fallback) + ")";
    }
    return text;
}

void write_required(JsonWriter& out, std::span<const std::string_view> names) {
    out.key("required").begin_array();
    for (const std::string_view name : names) {
        out.text(name);
    }
    out.end_array();
}

// The members of an object, without its braces.
void write_map(JsonWriter& out, Keys keys) {
    out.member("type", "object").key("additionalProperties").boolean(false);
    out.key("properties").begin_object();
    for (const Key& key : keys) {
        out.key(key.name).begin_object().member("description", description(key));
        write_shape(out, key);
        out.end_object();
    }
    out.end_object();
    out.key("required").begin_array();
    for (const Key& key : keys) {
        if (key.is_required) {
            out.text(key.name);
        }
    }
    out.end_array();
}

// What each type of pattern needs.
void write_pattern_types(JsonWriter& out) {
    out.key("allOf").begin_array();
    for (std::size_t i = 0; i < kPatternTypeNames.size(); ++i) {
        const PatternUse use = use_of(static_cast<PatternRule::Type>(i));
        out.begin_object().key("if").begin_object().key("properties").begin_object();
        out.key("type").begin_object().member("const", kPatternTypeNames[i]).end_object();
        out.end_object().end_object().key("then").begin_object();
        write_required(out, use.needs);
        out.end_object().end_object();
    }
    out.end_array();
}

void write_section(JsonWriter& out, std::string_view name, Keys keys) {
    out.key(name).begin_object();
    out.key("type").begin_array().text("array").text("null").end_array();
    out.key("items").begin_object();
    write_map(out, keys);
    if (name == name_of(RuleKind::Pattern)) {
        write_pattern_types(out);
    }
    out.end_object().end_object();
}

void write_condition(JsonWriter& out) {
    const std::span<const std::string_view> severities = model::kSeverityNames;
    out.key("condition").begin_object().key("anyOf").begin_array();
    out.begin_object().member("type", "string");
    out.member("description", "matchers, e.g. source=\"zabbix\", check=~\"Disk.*\"").end_object();
    out.begin_object();
    list_of(out, 1, [&] { out.member("type", "string"); });
    out.end_object();
    out.begin_object().member("type", "object").member("minProperties", std::uint64_t{1});
    out.key("properties").begin_object();
    for (const std::string_view bound : {"severity_min", "severity_max"}) {
        out.key(bound).begin_object();
        words(out, severities);
        out.end_object();
    }
    out.key("expr").begin_object().member("type", "string").end_object();
    out.end_object().key("additionalProperties").begin_object();
    one_or_list(out, [&] { refer(out, "text"); });
    out.end_object().end_object();
    out.end_array().end_object();
}

// The members of a rule file, without its braces.
void write_sections(JsonWriter& out) {
    out.key("type").begin_array().text("object").text("null").end_array();
    out.key("additionalProperties").boolean(false);
    out.key("properties").begin_object();
    write_section(out, "tables", table_keys());
    for (std::size_t i = 0; i < kRuleKindNames.size(); ++i) {
        write_section(out, kRuleKindNames[i], keys_of(static_cast<RuleKind>(i)));
    }
    out.end_object();
}

// What docs/reference has about events; other keys are annotations.
void write_event(JsonWriter& out) {
    out.key("event").begin_object().member("type", "object");
    out.key("properties").begin_object();
    const auto one_of = [&](std::string_view name, std::span<const std::string_view> names) {
        out.key(name).begin_object();
        words(out, names);
        out.end_object();
    };
    one_of("kind", model::kKindNames);
    one_of("status", model::kStatusNames);
    one_of("severity", model::kSeverityNames);
    for (const std::string_view name : {"resource", "check", "source", "summary", "id"}) {
        out.key(name).begin_object();
        refer(out, "text");
        out.end_object();
    }
    out.end_object();
    write_required(out, std::array<std::string_view, 1>{"resource"});
    out.end_object();
}

void write_definitions(JsonWriter& out) {
    out.key("text").begin_object().key("type").begin_array();
    out.text("string").text("number").text("boolean").end_array().end_object();
    out.key("flag").begin_object().key("enum").begin_array().boolean(true).boolean(false);
    out.text("yes").text("no").text("on").text("off").end_array().end_object();
    out.key("duration").begin_object().key("anyOf").begin_array();
    out.begin_object().member("type", "string").member("pattern", kDurationPattern).end_object();
    out.begin_object().member("const", std::uint64_t{0}).end_object();
    out.end_array().member("description", "e.g. 250ms, 30s, 1h30m, 2d, 1w").end_object();
    out.key("field").begin_object().member("type", "string").member("minLength", std::uint64_t{1});
    out.member("description", "e.g. resource, check, labels.env, annotations.runbook");
    out.end_object();
    write_condition(out);
}

// What `members` and `definitions` write, within a schema.
template <typename Members, typename Definitions>
std::string schema(std::string_view title, Members members, Definitions definitions) {
    JsonWriter out;
    out.begin_object();
    out.member("$schema", "https://json-schema.org/draft/2020-12/schema");
    out.member("title", title);
    members(out);
    out.key("$defs").begin_object();
    write_definitions(out);
    definitions(out);
    out.end_object().end_object();
    return out.take();
}

}  // namespace

std::string rules_schema() {
    return schema("Nocturne rules", write_sections, [](JsonWriter&) {});
}

std::string tests_schema() {
    return schema(
        "Nocturne test of rules", [](JsonWriter& out) { write_map(out, test_keys()); },
        [](JsonWriter& out) {
            write_event(out);
            out.key("rules").begin_object();
            write_sections(out);
            out.end_object();
        });
}

std::string configuration_schema() {
    return schema(
        "Nocturne configuration",
        [](JsonWriter& out) {
            either(
                out, [&] { write_map(out, configuration_keys()); },
                [&] { out.member("type", "null"); });
        },
        [](JsonWriter&) {});
}

}  // namespace nocturne::rules
