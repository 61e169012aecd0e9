// Rules about incidents: group, precedence, lifecycle, route.
#include "rules/compilation.hpp"

#include <algorithm>
#include <array>

namespace nocturne::rules {

GroupRule read_group(MapReader& in) {
    GroupRule rule;
    in.condition("match", rule.match);
    static constexpr std::array<std::string_view, 4> kWays{"by", "distance", "likeness", "alone"};
    const auto ways = std::count_if(kWays.begin(), kWays.end(),
                                    [&](std::string_view way) { return in.has(way); });
    if (ways != 1) {
        in.file().error(in.map(), in.about() + ": says " + std::to_string(ways) +
                                      " ways to group, expected exactly one of by, distance, "
                                      "likeness, alone");
    }
    in.fields("by", rule.fields);
    in.number("distance", rule.hops);
    in.share("likeness", rule.likeness);
    bool is_alone = true;
    in.flag("alone", is_alone);
    if (!is_alone) {
        in.wrong("alone", "found false, expected true, or another way to group");
    }
    rule.by = in.has("by")         ? GroupRule::By::Fields
              : in.has("likeness") ? GroupRule::By::Likeness
              : in.has("alone")    ? GroupRule::By::Alone
                                   : GroupRule::By::Distance;
    rule.window = std::chrono::minutes(10);
    in.duration("window", rule.window);
    in.word("window_kind", rule.window_kind);
    constexpr int kCapWindows = 6;
    rule.cap = rule.window * kCapWindows;
    in.duration("cap", rule.cap);
    if (in.has("cap") && rule.window_kind != GroupRule::Window::Extending) {
        in.wrong("cap", "belongs to window_kind extending; a fixed or sliding window ends by "
                        "itself");
    } else if (in.has("cap") && rule.cap < rule.window) {
        in.wrong("cap", "is shorter than the window; expected at least " +
                            model::format_duration(rule.window));
    }
    for (const std::string_view key : {"window", "window_kind", "cap"}) {
        if (rule.by == GroupRule::By::Alone && in.has(key)) {
            in.wrong(key, "an alert that is alone waits for no other; leave it out");
        } else if (in.has("distance") && key != "window" && in.has(key)) {
            in.wrong(key, "distance goes by window alone; leave it out");
        }
    }
    return rule;
}

PrecedenceRule read_precedence(MapReader& in) {
    PrecedenceRule rule;
    in.text("cause", rule.cause);
    in.text("effect", rule.effect);
    in.word("where", rule.where);
    in.number("lift", rule.lift);
    return rule;
}

LifecycleRule read_lifecycle(MapReader& in) {
    LifecycleRule rule;
    in.condition("match", rule.match);
    in.duration("expire_after", rule.expire_after);
    in.duration("resolve_after", rule.resolve_after);
    in.duration("reopen_window", rule.reopen_window);
    in.flag("auto_resolve", rule.auto_resolve);
    if (!in.has("expire_after") && !in.has("resolve_after") && !in.has("reopen_window") &&
        !in.has("auto_resolve")) {
        in.file().error(in.map(), in.about() + ": says nothing, expected one of expire_after, "
                                               "resolve_after, reopen_window, auto_resolve");
    }
    if (!rule.auto_resolve && in.has("resolve_after")) {
        in.wrong("resolve_after", "means nothing beside auto_resolve: false; leave one");
    }
    return rule;
}

RouteRule read_route(MapReader& in) {
    RouteRule rule;
    rule.interval = std::chrono::minutes(5);
    in.condition("match", rule.match);
    in.word("to", rule.to);
    in.text("receiver", rule.receiver);
    in.duration("wait", rule.wait);
    in.duration("interval", rule.interval);
    in.duration("repeat", rule.repeat);
    in.map("budget", [&](MapReader& budget) {
        budget.number("max", rule.budget);
        budget.duration("per", rule.budget_window);
    });
    return rule;
}

}  // namespace nocturne::rules
