// Sections inhibit, maintenance, flapping, dependency, change_window, storm.
#include "rules/section_readers.hpp"

#include <charconv>
#include <utility>

namespace nocturne::rules {

namespace {

constexpr std::uint32_t kManyMax = 1'000'000;
constexpr std::uint8_t kAllHops = 16;
constexpr std::uint32_t kTurnsMax = 200;

// "2026-11-21 22:00" on the wall of the zone, or RFC 3339.
model::Time read_time(MapReader& map, std::string_view key, const model::ZoneTable& zone) {
    const std::optional<std::string> text = map.text(key);
    if (!text) {
        return model::kNoTime;
    }
    std::string utc = *text;
    if (utc.size() >= 16 && (utc[10] == ' ' || utc[10] == 'T') &&
        utc.find_first_of("Zz+", 11) == std::string::npos &&
        utc.find('-', 11) == std::string::npos) {
        utc[10] = 'T';
        utc += utc.size() == 16 ? ":00Z" : "Z";
        if (const Result<model::Time> wall = model::parse_time(utc)) {
            return from_local(std::chrono::local_time<model::Duration>(wall->time_since_epoch()),
                              zone);
        }
    } else if (const Result<model::Time> time = model::parse_time(utc)) {
        return *time;
    }
    map.wrong(key,
              "\"" + *text + "\" is not a time; expected e.g. \"2026-11-21 22:00\" or RFC 3339");
    return model::kNoTime;
}

// `days` and `at` as cron says it.
std::string cron_of(MapReader& map) {
    std::string days;
    for (const std::string& day : map.texts("days")) {
        days += (days.empty() ? "" : ",") + day;
    }
    const std::string at = map.text("at").value_or("00:00");
    const std::size_t colon = at.find(':');
    if (colon == std::string::npos) {
        map.wrong("at", "\"" + at + "\" is not a time of day; expected e.g. \"22:00\"");
        return "0 0 * * *";
    }
    const auto number = [](const std::string& text) {
        const std::size_t begin = text.find_first_not_of('0');
        return begin == std::string::npos ? std::string("0") : text.substr(begin);
    };
    return number(at.substr(colon + 1)) + " " + number(at.substr(0, colon)) + " * * " +
           (days.empty() ? "*" : days);
}

std::uint8_t read_dependents(MapReader& map) {
    const std::optional<std::string> text = map.text("dependents");
    if (!text || *text == "false") {
        return 0;
    }
    if (*text == "true") {
        return kAllHops;
    }
    unsigned hops = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), hops);
    if (error != std::errc() || end != text->data() + text->size() || hops > kAllHops) {
        map.wrong("dependents", "\"" + *text + "\" is neither true nor a number of hops up to 16");
        return 0;
    }
    return static_cast<std::uint8_t>(hops);
}

bool check_thresholds(MapReader& map, std::uint32_t start, std::uint32_t stop) {
    if (stop < start) {
        return true;
    }
    map.wrong("stop", "must be below start (" + std::to_string(start) +
                          "), otherwise it ends as soon as it begins");
    return false;
}

}  // namespace

bool read_inhibit(MapReader& map, RuleIndex index, Compilation& compilation, std::string&) {
    InhibitRule rule;
    rule.rule = index;
    if (map.has("source")) {
        rule.sources.push_back(map.condition("source"));
    }
    map.each("sources", [&](const YAML::Node& item) {
        rule.sources.push_back(map.condition_in(item, "sources"));
    });
    if (rule.sources.empty()) {
        map.wrong("source", "is missing; expected what must burn, e.g. check=\"NodeDown\"");
    }
    enum class Needs : std::uint8_t { Any, All };
    static constexpr std::array<std::string_view, 2> kNeeds{"any", "all"};
    rule.needs_all = map.word("need", kNeeds, Needs::Any) == Needs::All;
    rule.target = map.condition("target", Need::Required);
    map.each("equal", [&](const YAML::Node& item) {
        if (item.IsScalar()) {
            rule.equal.push_back({parse_field(item.Scalar()), parse_field(item.Scalar())});
        } else if (item.IsMap()) {
            MapReader pair(map.problems(), item, map.what() + ": equal");
            const auto source = pair.text("source", Need::Required);
            const auto target = pair.text("target", Need::Required);
            pair.finish();
            rule.equal.push_back(
                {parse_field(source.value_or("")), parse_field(target.value_or(""))});
        } else {
            map.wrong(item, "equal: expected a field, or {source: node, target: instance}");
        }
    });
    compilation.set.inhibits.push_back(std::move(rule));
    return true;
}

bool read_maintenance(MapReader& map, RuleIndex index, Compilation& compilation,
                      std::string& used) {
    MaintenanceRule rule;
    rule.rule = index;
    rule.match = map.condition("match");
    rule.nodes = map.texts("nodes");
    if (const auto node = map.text("node")) {
        rule.nodes.push_back(*node);
    }
    rule.dependents = read_dependents(map);
    if (rule.dependents > 0 && rule.nodes.empty()) {
        map.wrong("dependents", "says of which node? name it with node");
    }
    if (rule.match.is_empty() && rule.nodes.empty()) {
        map.wrong(map.map(), "needs match or node; a window over everything is written "
                             "match: {resource: ...} or as a silence");
    }
    rule.zone = compilation.zone(map, "zone", used);
    const model::ZoneTable& zone = compilation.set.zones[rule.zone];
    rule.from = read_time(map, "from", zone);
    rule.until = read_time(map, "until", zone);
    const std::optional<model::Duration> lasts = map.duration("for");
    if (map.has("from") || map.has("until")) {
        if (rule.until == model::kNoTime && lasts && rule.from != model::kNoTime) {
            rule.until = rule.from + *lasts;
        }
        if (rule.from == model::kNoTime || rule.until <= rule.from) {
            map.wrong("from", "a window needs from and a later until (or for)");
        }
        for (const std::string_view key : {"cron", "days", "at"}) {
            if (map.has(key)) {
                (void)map.node(key);
                map.wrong(key, "says that it recurs, but from says that it does not");
            }
        }
    } else {
        std::optional<std::string> cron = map.text("cron");
        if (cron && (map.has("days") || map.has("at"))) {
            map.wrong("cron", "says the same as days and at; leave one of them out");
        }
        const bool recurs = cron || map.has("days") || map.has("at");
        const std::string text = cron ? *cron : cron_of(map);
        if (!recurs) {
            map.wrong(map.map(), "says not when; expected from and until, or days and at, or cron");
        } else if (Result<Schedule> schedule = Schedule::parse_cron(text)) {
            rule.schedule = *schedule;
        } else {
            map.wrong(cron ? "cron" : map.has("days") ? "days" : "at", schedule.error().message);
        }
        if (!lasts || *lasts <= model::Duration{}) {
            map.wrong("for", "says how long the window lasts, e.g. 2h");
        }
        rule.lasts = lasts.value_or(model::Duration{});
    }
    compilation.set.maintenances.push_back(std::move(rule));
    return true;
}

bool read_flapping(MapReader& map, RuleIndex index, Compilation& compilation, std::string&) {
    FlappingRule rule;
    rule.rule = index;
    rule.match = map.condition("match");
    rule.window = map.duration("window").value_or(std::chrono::minutes(10));
    rule.start = map.number("start", 6, 2, kTurnsMax);
    rule.stop = map.number("stop", rule.start / 3, 0, kTurnsMax);
    (void)check_thresholds(map, rule.start, rule.stop);
    compilation.set.flappings.push_back(std::move(rule));
    return true;
}

bool read_dependency(MapReader& map, RuleIndex index, Compilation& compilation, std::string&) {
    DependencyRule rule;
    rule.rule = index;
    rule.cause = map.condition("cause", Need::Required);
    rule.target = map.condition("target", Need::Required);
    rule.hops = static_cast<std::uint8_t>(map.number("hops", 8, 1, kAllHops));
    if (const YAML::Node node = map.node("redundancy"); node.IsDefined()) {
        if (!node.IsMap()) {
            map.wrong(node, "redundancy: expected e.g. {label: pool, need: 1}");
        } else {
            MapReader redundancy(map.problems(), node, map.what() + ": redundancy");
            rule.redundancy_label = redundancy.text("label", Need::Required).value_or("");
            rule.needs = redundancy.number("need", 1, 1, 10'000);
            redundancy.finish();
        }
    }
    compilation.set.dependencies.push_back(std::move(rule));
    return true;
}

bool read_change_window(MapReader& map, RuleIndex index, Compilation& compilation, std::string&) {
    ChangeWindowRule rule;
    rule.rule = index;
    rule.match = map.condition("match");
    rule.lasts = map.duration("for", Need::Required).value_or(model::Duration{});
    rule.dependents = read_dependents(map);
    rule.severity_max = map.severity("severity_max").value_or(model::Severity::Minor);
    rule.alerts_max = map.number("alerts_max", 20, 1, kManyMax);
    compilation.set.change_windows.push_back(std::move(rule));
    return true;
}

bool read_storm(MapReader& map, RuleIndex index, Compilation& compilation, std::string&) {
    StormRule rule;
    rule.rule = index;
    rule.match = map.condition("match");
    rule.window = map.duration("window").value_or(std::chrono::minutes(1));
    rule.start = map.number("start", 200, 2, 100'000, Need::Required);
    rule.stop = map.number("stop", rule.start / 4, 0, 100'000);
    (void)check_thresholds(map, rule.start, rule.stop);
    rule.told_max = map.number("told_max", 20, 0, kManyMax);
    rule.reserved_max = 100;
    if (const YAML::Node node = map.node("reserved"); node.IsDefined()) {
        if (!node.IsMap()) {
            map.wrong(node, "reserved: expected e.g. {from: critical, max: 100}");
        } else {
            MapReader reserved(map.problems(), node, map.what() + ": reserved");
            rule.reserved_from = reserved.severity("from").value_or(model::Severity::Critical);
            rule.reserved_max = reserved.number("max", 100, 0, kManyMax);
            reserved.finish();
        }
    }
    compilation.set.storms.push_back(std::move(rule));
    return true;
}

}  // namespace nocturne::rules
