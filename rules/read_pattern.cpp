// Patterns: each type needs some keys, may have others, and refuses the rest.
#include "rules/compilation.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace nocturne::rules {

namespace {

using Type = PatternRule::Type;

bool contains(std::span<const std::string_view> words, std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_of_all(std::string_view key) {
    static constexpr std::array<std::string_view, 4> kOfAll{"name", "comment", "mode", "type"};
    return contains(kOfAll, key);
}

std::string types_with(std::string_view key) {
    std::string list;
    for (std::size_t i = 0; i < kPatternTypeNames.size(); ++i) {
        const PatternUse use = use_of(static_cast<Type>(i));
        if (contains(use.needs, key) || contains(use.may, key)) {
            list += (list.empty() ? "" : ", ") + std::string(kPatternTypeNames[i]);
        }
    }
    return list;
}

void check_keys(MapReader& in, Type type) {
    const PatternUse use = use_of(type);
    const std::string name(kPatternTypeNames[static_cast<std::size_t>(type)]);
    for (const Key& key : keys_of(RuleKind::Pattern)) {
        const bool is_needed = contains(use.needs, key.name);
        if (is_needed && !in.has(key.name)) {
            in.file().error(in.map(), in.about() + ": " + std::string(key.name) +
                                          " is missing, type " + name + " needs it; expected " +
                                          expected(key));
        } else if (!is_needed && !contains(use.may, key.name) && !is_of_all(key.name) &&
                   in.has(key.name)) {
            in.wrong(key.name,
                     "type " + name + " does not use it, these do: " + types_with(key.name));
        }
    }
}

// "Disk will fill soon" is "disk-will-fill-soon"; letters outside of ASCII stay as they are.
std::string kebab_of(std::string_view name) {
    std::string kebab;
    for (const char byte : name) {
        const auto code = static_cast<unsigned char>(byte);
        if (code >= 0x80 || std::isalnum(code) != 0) {
            kebab += static_cast<char>(code < 0x80 ? std::tolower(code) : code);
        } else if (!kebab.empty() && kebab.back() != '-') {
            kebab += '-';
        }
    }
    if (kebab.ends_with('-')) {
        kebab.pop_back();
    }
    return kebab.empty() ? "pattern" : kebab;
}

TextTemplate literal(std::string_view text) {
    std::string escaped;
    for (const char byte : text) {
        escaped += byte;
        if (byte == '{' || byte == '}') {
            escaped += byte;
        }
    }
    return TextTemplate::parse(escaped).value_or(TextTemplate());
}

Emit default_emit(const std::string& name) {
    Emit emit;
    emit.resource = TextTemplate::parse("{resource}").value_or(TextTemplate());
    emit.check = literal(kebab_of(name));
    emit.summary = literal(name);
    return emit;
}

// A template that names nothing must not be empty: an event needs a resource and a check.
void read_named(MapReader& in, std::string_view key, TextTemplate& to) {
    in.text_template(key, to);
    if (to.empty()) {
        in.wrong(key, "is empty, expected " + expected(in.key_of(key)));
    }
}

void read_emit(MapReader& in, Emit& emit) {
    read_named(in, "resource", emit.resource);
    read_named(in, "check", emit.check);
    in.text_template("summary", emit.summary);
    in.word("severity", emit.severity);
    in.word("status", emit.status);
    in.members(
        "labels", [&](const std::string& name, const YAML::Node& node, const YAML::Node& value) {
            if (name.empty() || name.starts_with("labels.")) {
                in.wrong(node, "labels",
                         "found " + quote(name) +
                             ", expected the label's name alone, e.g. "
                             "env");
                return;
            }
            std::optional<TextTemplate> text = in.template_of(value, "labels");
            const auto same = std::find_if(emit.labels.begin(), emit.labels.end(),
                                           [&](const auto& one) { return one.first == name; });
            if (text && same != emit.labels.end()) {
                same->second = *std::move(text);  // of `emit`, of which this is a copy
            } else if (text) {
                emit.labels.emplace_back(name, *std::move(text));
            }
        });
}

void read_emits(MapReader& in, const std::string& name, PatternRule& rule) {
    rule.emit = default_emit(name);
    in.map("emit", [&](MapReader& emit) {
        if (rule.type == Type::Calendar && !emit.has("resource")) {
            emit.file().error(emit.map(), emit.about() + ": resource is missing, type calendar has "
                                                         "no event to take it from");
        }
        read_emit(emit, *rule.emit);
    });
    if (in.has("emit_then")) {
        rule.emit_then = rule.emit;
        in.map("emit_then", [&](MapReader& emit) {
            read_emit(emit, *rule.emit_then);
            if (!emit.has("status") && rule.emit_then->check.text() == rule.emit->check.text()) {
                rule.emit_then->status = model::EventStatus::Resolved;  // of the same: its end
            }
        });
    }
}

void read_members(MapReader& in, PatternRule& rule) {
    in.list("members", [&](MapReader& one) {
        PatternRule::Member member;
        one.condition("match", member.match);
        one.number("count", member.count);
        rule.members.push_back(std::move(member));
    });
    constexpr std::size_t kMembersMax = 32;
    if (rule.members.size() > kMembersMax) {
        in.wrong("members", std::to_string(rule.members.size()) + " are more than " +
                                std::to_string(kMembersMax));
    }
}

bool asks_for_status(const Condition& condition) {
    const std::vector<std::string> severities = equals(condition, {Field::Part::Severity, ""});
    const bool asks_for_ok =  // which means resolved
        std::find(severities.begin(), severities.end(), "ok") != severities.end();
    return asks_for_ok ||
           std::any_of(condition.tests.begin(), condition.tests.end(),
                       [](const Test& test) { return test.field.part == Field::Part::Status; });
}

void count_firing_only(Condition& condition) {
    if (!asks_for_status(condition)) {
        Result<Test> test = make_test({Field::Part::Status, ""}, {"firing"});
        NOCTURNE_ASSERT(test);
        condition.tests.push_back(*std::move(test));
    }
}

// The end of a fault is no second fault: whoever counts means what fires. A sign of life may be a
// resolution, and so may what comes second.
void read_resolutions(MapReader& in, PatternRule& rule) {
    bool resolutions = rule.type == Type::Absence;
    in.flag("resolutions", resolutions);
    if (resolutions) {
        return;
    }
    if (in.has("match")) {
        count_firing_only(rule.match);
    }
    for (PatternRule::Member& member : rule.members) {
        count_firing_only(member.match);
    }
}

}  // namespace

PatternRule read_pattern(MapReader& in, const std::string& name, Compilation& with) {
    PatternRule rule;
    const std::size_t errors = in.file().problems().errors();
    in.word("type", rule.type);
    if (!in.has("type") || in.file().problems().errors() != errors) {
        return rule;  // what else is right depends on it
    }
    check_keys(in, rule.type);
    in.condition("match", rule.match);
    in.fields("by", rule.by);
    in.duration("window", rule.window);
    in.number("count", rule.count);
    rule.window_low = rule.window;
    in.duration("window_low", rule.window_low);
    in.number("count_low", rule.count_low);
    in.condition("then", rule.then);
    in.condition("unless", rule.unless);
    read_members(in, rule);
    read_resolutions(in, rule);
    if (const std::optional<std::string> cron = in.text_of("cron")) {
        Result<Schedule> schedule = Schedule::parse_cron(*cron);
        if (schedule) {
            rule.schedule = *std::move(schedule);
        } else {
            in.wrong("cron", schedule.error().message);
        }
    }
    rule.zone = with.zone(in, "zone");
    read_emits(in, name, rule);
    in.flag("consume", rule.consumes);
    in.number("keys_max", rule.keys_max);
    if (rule.type == Type::Thresholds && in.has("count_low") && rule.count_low >= rule.count) {
        in.wrong("count_low", "found " + std::to_string(rule.count_low) +
                                  ", expected less than count (" + std::to_string(rule.count) +
                                  ")");
    }
    return rule;
}

}  // namespace nocturne::rules
