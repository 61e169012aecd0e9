// What belongs behind a key, in words.
#include "model/suggestion.hpp"
#include "rules/grammar.hpp"

#include <string>
#include <vector>

namespace nocturne::rules {

namespace {

std::string list_of(std::span<const std::string_view> words) {
    std::string list;
    for (const std::string_view word : words) {
        list += (list.empty() ? "" : ", ") + std::string(word);
    }
    return list;
}

std::string keys_in(Keys keys) {
    std::vector<std::string_view> names;
    for (const Key& key : keys) {
        names.push_back(key.name);
    }
    return list_of(names);
}

}  // namespace

std::string nearest(std::string_view word, std::span<const std::string_view> words,
                    std::string_view what) {
    std::string text = words.empty() ? "known keys: none" : model::suggest(word, words);
    constexpr std::string_view kKeys = "known keys";
    return text.starts_with(kKeys) ? text.replace(0, kKeys.size(), what) : text;
}

std::string expected(const Key& key) {
    switch (key.shape) {
        case Shape::Text: return "a text";
        case Shape::OptionalTexts:
        case Shape::Texts: return "a text or a list of texts";
        case Shape::Mode: return "on, shadow or off";
        case Shape::Flag: return "true or false";
        case Shape::Number:
            return "a whole number from " + std::to_string(key.min) + " to " +
                   std::to_string(key.max);
        case Shape::Bytes: return "a size, e.g. 256KiB";
        case Shape::Share: return "a share above 0, up to 1, e.g. 0.7";
        case Shape::Duration: return "a duration, e.g. 30s";
        case Shape::Instant:
            return "a time, e.g. \"2026-11-21 22:00\" in the rule's zone, or 2026-11-21T22:00:00Z";
        case Shape::OfDay: return "a time of day, e.g. \"22:00\"";
        case Shape::Hops:
            return "true, false or a number of hops from 0 to " + std::to_string(key.max);
        case Shape::Word: return "one of " + list_of(key.words);
        case Shape::Field: return "a field, e.g. resource or labels.env";
        case Shape::Fields: return "a field or a list of fields, e.g. [resource, labels.env]";
        case Shape::Condition:
            return "matchers, e.g. 'source=\"zabbix\", check=~\"Disk.*\"', or a map, e.g. {check: "
                   "DiskFull}";
        case Shape::Conditions: return "a list of conditions, e.g. [{check: DiskFull}]";
        case Shape::Expression: return "a regular expression (RE2), e.g. 'host (?P<host>\\S+)'";
        case Shape::Template: return "a text with fields in braces, e.g. \"{resource} is down\"";
        case Shape::Cron:
            return "minute, hour, day, month and weekday as in cron, e.g. \"0 3 * * *\"";
        case Shape::Section:
        case Shape::Map: return "a map with the keys " + keys_in(key.keys);
        case Shape::List:
        case Shape::Listed: return "a list of maps with the keys " + keys_in(key.keys);
        case Shape::Translations:
            return key.words.empty() ? "a map of fields, e.g. {severity: {from: labels.priority, "
                                       "values: {High: critical}}}"
                                     : "a map of fields, e.g. {severity: {values: {High: "
                                       "critical}}}";
        case Shape::Assignments: return "a map of fields, e.g. {resource: \"{labels.host}\"}";
        case Shape::Labels: return "a map of labels, e.g. {env: prod}";
        case Shape::Columns: return "a map of fields to columns, e.g. {labels.owner: owner}";
        case Shape::Values: return "a map of words, e.g. {Disaster: critical}";
        case Shape::Path: return "a path into the document, e.g. labels.alertname";
        case Shape::Skips: return "a map of paths, e.g. {type: [test, heartbeat]}";
        case Shape::Choices: return "a map of fields, e.g. {resource: \"{host.name}\"}";
        case Shape::Members: return "a map, e.g. {\"*\": labels, region: \"{$.region}\"}";
        case Shape::Event: return "an event, e.g. {resource: db, check: down}";
        case Shape::Rules:
        case Shape::Any: return std::string(key.what);
        case Shape::Equals:
            return "a list of fields, e.g. [labels.cluster, {source: labels.node, target: "
                   "labels.instance}]";
    }
    return "";
}

}  // namespace nocturne::rules
