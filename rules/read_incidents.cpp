// Sections group, lifecycle, route.
#include "rules/section_readers.hpp"

#include <utility>

namespace nocturne::rules {

bool read_group(MapReader& map, RuleIndex index, Compilation& compilation, std::string&) {
    static constexpr std::array<std::string_view, 3> kWindows{"fixed", "sliding", "extending"};
    GroupRule rule;
    rule.rule = index;
    rule.match = map.condition("match");
    std::size_t ways = 0;
    if (map.has("by")) {
        rule.by = GroupRule::By::Fields;
        rule.fields = map.fields("by", Need::Required);
        ++ways;
    }
    if (map.has("distance")) {
        rule.by = GroupRule::By::Distance;
        rule.hops = static_cast<std::uint8_t>(map.number("distance", 2, 0, 8));
        ++ways;
    }
    if (map.has("likeness")) {
        rule.by = GroupRule::By::Likeness;
        rule.likeness = map.share("likeness", rule.likeness);
        ++ways;
    }
    if (map.has("alone")) {
        rule.by = GroupRule::By::Alone;
        if (!map.flag("alone", true)) {
            map.wrong("alone", "can only be true");
        }
        ++ways;
    }
    if (ways != 1) {
        map.wrong(map.map(), "says " + std::string(ways == 0 ? "not" : "in several ways") +
                                 " how to group; expected one of by, distance, likeness, alone");
    }
    rule.window_kind = map.word("window_kind", kWindows, GroupRule::Window::Extending);
    rule.window = map.duration("window").value_or(std::chrono::minutes(10));
    if (rule.window <= model::Duration{}) {
        map.wrong("window", "must be longer than nothing");
        rule.window = std::chrono::minutes(10);
    }
    if (map.has("cap") && rule.window_kind != GroupRule::Window::Extending) {
        map.wrong("cap", "only an extending window has one");
    }
    rule.cap = map.duration("cap").value_or(6 * rule.window);
    compilation.set.groups.push_back(std::move(rule));
    return true;
}

bool read_lifecycle(MapReader& map, RuleIndex index, Compilation& compilation, std::string&) {
    LifecycleRule rule;
    rule.rule = index;
    rule.match = map.condition("match");
    rule.expire_after = map.duration("expire_after");
    rule.resolve_after = map.duration("resolve_after");
    rule.reopen_window = map.duration("reopen_window");
    rule.auto_resolve = map.flag("auto_resolve", true);
    if (!rule.expire_after && !rule.resolve_after && !rule.reopen_window && rule.auto_resolve) {
        map.wrong(map.map(), "changes nothing; expected expire_after, resolve_after, "
                             "reopen_window or auto_resolve: false");
    }
    if (!rule.auto_resolve && rule.resolve_after) {
        map.wrong("resolve_after", "contradicts auto_resolve: false");
    }
    compilation.set.lifecycles.push_back(std::move(rule));
    return true;
}

bool read_route(MapReader& map, RuleIndex index, Compilation& compilation, std::string&) {
    RouteRule rule;
    rule.rule = index;
    rule.match = map.condition("match");
    rule.to = map.word("to", kRouteNames, RouteRule::To::Page, Need::Required);
    rule.receiver = map.text("receiver").value_or("");
    rule.wait = map.duration("wait").value_or(model::Duration{});
    rule.interval = map.duration("interval").value_or(std::chrono::minutes(5));
    rule.repeat = map.duration("repeat").value_or(model::Duration{});
    if (const YAML::Node node = map.node("budget"); node.IsDefined()) {
        if (!node.IsMap()) {
            map.wrong(node, "budget: expected e.g. {max: 10, per: 1h}");
        } else {
            MapReader budget(map.problems(), node, map.what() + ": budget");
            rule.budget = budget.number("max", 0, 1, 100'000, Need::Required);
            rule.budget_window =
                budget.duration("per", Need::Required).value_or(std::chrono::hours(1));
            budget.finish();
        }
    }
    compilation.set.routes.push_back(std::move(rule));
    return true;
}

}  // namespace nocturne::rules
