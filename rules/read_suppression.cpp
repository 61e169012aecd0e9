// Rules that keep alerts from being told: inhibit, maintenance, flapping, dependency, change
// windows, storms.
#include "rules/compilation.hpp"

#include <charconv>
#include <chrono>

namespace nocturne::rules {

namespace {

// Two digits of a clock.
std::optional<int> digits(std::string_view text, int max) {
    int number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool is_well = text.size() == 2 && text[0] != '-' && error == std::errc() &&
                         end == text.data() + text.size() && number <= max;
    return is_well ? std::optional(number) : std::nullopt;
}

struct OfDay {
    int hour = 0;
    int minute = 0;
};

std::optional<OfDay> parse_of_day(std::string_view text) {
    if (text.size() != 5 || text[2] != ':') {
        return std::nullopt;
    }
    const std::optional<int> hour = digits(text.substr(0, 2), 23);
    const std::optional<int> minute = digits(text.substr(3), 59);
    return hour && minute ? std::optional(OfDay{*hour, *minute}) : std::nullopt;
}

// "2026-11-21 22:00", seconds if one likes, or RFC 3339 with its own zone.
std::optional<model::Time> parse_instant(const std::string& text, const model::ZoneTable& zone) {
    if (const Result<model::Time> time = model::parse_time(text)) {
        return *time;
    }
    constexpr std::size_t kWithoutSeconds = 16;
    const std::string whole = text.size() == kWithoutSeconds ? text + ":00Z" : text + "Z";
    const Result<model::Time> as_utc = model::parse_time(whole);
    if (!as_utc) {
        return std::nullopt;
    }
    return from_local(std::chrono::local_time<model::Duration>(as_utc->time_since_epoch()), zone);
}

void read_instant(MapReader& in, std::string_view key, const model::ZoneTable& zone,
                  model::Time& to) {
    const std::optional<std::string> text = in.text_of(key);
    if (!text) {
        return;
    }
    if (const std::optional<model::Time> time = parse_instant(*text, zone)) {
        to = *time;
    } else {
        in.wrong(key, "found " + quote(*text) + ", expected " + expected(in.key_of(key)));
    }
}

void read_single_window(MapReader& in, const model::ZoneTable& zone, MaintenanceRule& rule) {
    for (const std::string_view key : {"days", "at", "cron"}) {
        if (in.has(key)) {
            in.wrong(key, "belongs to a recurring window, but from and until make a single one");
        }
    }
    if (!in.has("from") || in.has("until") == in.has("for")) {
        in.file().error(in.map(), in.about() + ": a single window needs from, and either until or "
                                               "for");
    }
    read_instant(in, "from", zone, rule.from);
    read_instant(in, "until", zone, rule.until);
    model::Duration lasts{};
    in.duration("for", lasts);
    if (!in.has("until") && rule.from != model::kNoTime) {
        rule.until = rule.from + lasts;
        return;
    }
    if (rule.from != model::kNoTime && rule.until != model::kNoTime && rule.until <= rule.from) {
        in.wrong("until", "is not after from; expected a later time");
    }
}

// "at" and "days" as the cron text that means the same.
std::optional<std::string> cron_of_days(MapReader& in) {
    const std::string at = in.text_of("at").value_or("00:00");
    const std::optional<OfDay> time = parse_of_day(at);
    if (!time) {
        in.wrong("at", "found " + quote(at) + ", expected " + expected(in.key_of("at")));
    }
    std::string days;
    bool is_well = time.has_value();
    in.items("days", [&](const YAML::Node& item) {
        const std::optional<std::string> day = in.text_of(item, "days");
        if (day && !Schedule::parse_cron("0 0 * * " + *day)) {
            in.wrong(item, "days",
                     "found " + quote(*day) +
                         ", expected days as in cron, e.g. "
                         "[mon-fri] or [sat, sun]");
            is_well = false;
        } else if (day) {
            days += (days.empty() ? "" : ",") + *day;
        }
    });
    if (!is_well) {
        return std::nullopt;
    }
    return std::to_string(time->minute) + " " + std::to_string(time->hour) + " * * " +
           (days.empty() ? "*" : days);
}

void read_recurring_window(MapReader& in, MaintenanceRule& rule) {
    if (in.has("cron") && (in.has("days") || in.has("at"))) {
        in.wrong("cron", "says when already; leave either cron, or days and at");
        return;
    }
    if (!in.has("cron") && !in.has("days") && !in.has("at")) {
        in.file().error(in.map(), in.about() + ": says not when; expected from and until, or cron "
                                               "and for, or at (and days) and for");
        return;
    }
    if (!in.has("for")) {
        in.file().error(in.map(), in.about() + ": for is missing (" +
                                      std::string(in.key_of("for").what) + "); expected " +
                                      expected(in.key_of("for")));
    }
    in.duration("for", rule.lasts);
    const bool is_cron = in.has("cron");
    const std::optional<std::string> cron = is_cron ? in.text_of("cron") : cron_of_days(in);
    if (!cron) {
        return;
    }
    Result<Schedule> schedule = Schedule::parse_cron(*cron);
    if (schedule) {
        rule.schedule = *std::move(schedule);
    } else {
        in.wrong(is_cron ? "cron" : "at", schedule.error().message);
    }
}

// Less than `start`.
void read_stop(MapReader& in, std::uint32_t start, std::uint32_t& stop) {
    in.number("stop", stop);
    if (in.has("stop") && start > 0 && stop >= start) {
        in.wrong("stop", "found " + std::to_string(stop) + ", expected less than start (" +
                             std::to_string(start) + ")");
    }
}

}  // namespace

InhibitRule read_inhibit(MapReader& in) {
    InhibitRule rule;
    if (in.has("source") == in.has("sources")) {
        in.file().error(in.map(), in.about() + (in.has("source")
                                                    ? ": source and sources are both given; leave "
                                                      "one"
                                                    : ": source is missing (what must burn); "
                                                      "expected source or sources"));
    }
    if (in.has("source")) {
        Condition source;
        in.condition("source", source);
        rule.sources.push_back(std::move(source));
        if (in.has("need")) {
            in.wrong("need", "belongs to sources; one source is needed anyway");
        }
    }
    in.conditions("sources", rule.sources);
    in.word("need", rule.needs_all);
    in.condition("target", rule.target);
    in.items("equal", [&](const YAML::Node& item) {
        if (item.IsMap()) {
            MapReader pair(in.file(), item, in.key_of("equal").keys, in.about() + ": equal");
            InhibitRule::Equal equal;
            pair.field("source", equal.source);
            pair.field("target", equal.target);
            rule.equal.push_back(std::move(equal));
        } else if (const std::optional<Field> field = in.field_of(item, "equal")) {
            rule.equal.push_back({*field, *field});
        }
    });
    return rule;
}

MaintenanceRule read_maintenance(MapReader& in, Compilation& with) {
    MaintenanceRule rule;
    in.condition("match", rule.match);
    if (in.has("node") && in.has("nodes")) {
        in.wrong("node", "node and nodes are both given; leave one");
    }
    if (std::optional<std::string> node = in.text_of("node")) {
        rule.nodes.push_back(*std::move(node));
    }
    in.texts("nodes", rule.nodes);
    in.hops("dependents", rule.dependents);
    if (in.has("dependents") && !in.has("node") && !in.has("nodes")) {
        in.wrong("dependents", "of which node? expected node or nodes beside it");
    }
    if (!in.has("match") && !in.has("node") && !in.has("nodes")) {
        in.file().error(in.map(), in.about() + ": hides every alert; expected match, node or "
                                               "nodes, e.g. node: sw-core-1");
    }
    rule.zone = with.zone(in, "zone");
    if (in.has("from") || in.has("until")) {
        read_single_window(in, with.zone_at(rule.zone), rule);
    } else {
        read_recurring_window(in, rule);
    }
    return rule;
}

FlappingRule read_flapping(MapReader& in) {
    FlappingRule rule;
    in.condition("match", rule.match);
    rule.window = std::chrono::minutes(10);
    in.duration("window", rule.window);
    rule.start = 6;
    in.number("start", rule.start);
    rule.stop = rule.start / 3;
    read_stop(in, rule.start, rule.stop);
    return rule;
}

DependencyRule read_dependency(MapReader& in) {
    DependencyRule rule;
    in.condition("cause", rule.cause);
    in.condition("target", rule.target);
    in.number("hops", rule.hops);
    in.map("redundancy", [&](MapReader& redundancy) {
        redundancy.text("label", rule.redundancy_label);
        redundancy.number("need", rule.needs);
        if (redundancy.has("label") && rule.redundancy_label.empty()) {
            redundancy.wrong("label", "is empty, expected the name of a node's label, e.g. pool");
        }
    });
    return rule;
}

ChangeWindowRule read_change_window(MapReader& in) {
    ChangeWindowRule rule;
    in.condition("match", rule.match);
    in.duration("for", rule.lasts);
    in.hops("dependents", rule.dependents);
    in.word("severity_max", rule.severity_max);
    in.number("alerts_max", rule.alerts_max);
    return rule;
}

StormRule read_storm(MapReader& in) {
    StormRule rule;
    rule.told_max = 20;
    rule.reserved_max = 100;
    in.condition("match", rule.match);
    rule.window = std::chrono::minutes(1);
    in.duration("window", rule.window);
    in.number("start", rule.start);
    rule.stop = rule.start / 4;
    read_stop(in, rule.start, rule.stop);
    in.number("told_max", rule.told_max);
    in.map("reserved", [&](MapReader& reserved) {
        reserved.word("from", rule.reserved_from);
        reserved.number("max", rule.reserved_max);
    });
    return rule;
}

}  // namespace nocturne::rules
