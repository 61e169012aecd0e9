#include "engine/state.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace nocturne::engine {

namespace {

bool matches(const State& state, const model::Alert& alert, const model::Matcher& matcher) {
    const std::string& name = matcher.name();
    if (name == "resource") {
        return matcher.matches(state.alerts.text(alert.resource));
    }
    if (name == "check" || name == "alertname") {
        return matcher.matches(state.alerts.text(alert.check));
    }
    if (name == "severity") {
        return matcher.matches(model::name_of(alert.severity));
    }
    if (name == "status") {
        return matcher.matches(model::name_of(alert.state));
    }
    if (name == "source") {
        return std::any_of(alert.sources.begin(), alert.sources.end(), [&](model::Symbol source) {
            return matcher.matches(state.alerts.text(source));
        });
    }
    for (const model::LabelSymbols& label : alert.labels) {
        if (state.alerts.text(label.name) == name) {
            return matcher.matches(state.alerts.text(label.value));
        }
    }
    return matcher.matches("");
}

// In shadow mode they say nothing to the walk.
topology::PrecedenceTable precedences_of(const RuleBook& book) {
    using Where = rules::PrecedenceRule::Where;
    std::vector<topology::KnownPrecedence> known;
    for (const rules::PrecedenceRule& rule : book.rules().precedences) {
        if (!book.is_shadow(rule.rule)) {
            known.push_back({rule.cause, rule.effect,
                             rule.where == Where::Dependent ? topology::Relation::Dependent
                                                            : topology::Relation::Dependency,
                             static_cast<double>(rule.lift), book.text_of(rule.rule)});
        }
    }
    return topology::PrecedenceTable(std::move(known));
}

}  // namespace

bool matches(const State& state, const model::Alert& alert, const model::Matchers& matchers) {
    return std::all_of(matchers.begin(), matchers.end(), [&](const model::Matcher& matcher) {
        return matches(state, alert, matcher);
    });
}

void load_rules(State& state, Deadlines* deadlines) {
    const rules::RuleSet& rules = state.book.rules();
    state.normaliser = rules.normalises.empty()
                           ? nullptr
                           : std::make_shared<rules::Normaliser>(state.book.shared());
    state.identities.load(rules);
    state.maintenances.load(rules, state.now);
    state.change_windows.load(rules);
    state.flapping.load(rules);
    state.inhibitions.load(rules);
    state.dependencies.load(rules);
    state.storms.load(rules);
    state.precedences = precedences_of(state.book);
    state.groupings.load(rules);
    state.routes.load(rules);
    state.patterns.load(rules, state.now, deadlines);
    if (deadlines != nullptr) {
        state.maintenances.plan(*deadlines);
    }
}

void remind(State& state, Deadline::Kind kind, Slot slot, model::Time due) {
    model::Time& reminder = kind == Deadline::Kind::Alert ? state.alerts[slot].reminder
                                                          : state.incidents[slot].reminder;
    if (reminder == model::kNoTime || due < reminder) {
        reminder = due;
        state.deadlines.add(due, kind, slot);
    }
}

}  // namespace nocturne::engine
