#include "rules/lint.hpp"

#include "rules/match_index.hpp"

#include <algorithm>
#include <optional>
#include <string>

namespace nocturne::rules {

namespace {

using Operator = model::Matcher::Operator;

constexpr std::size_t kAlwaysAskedMax = 50;

bool admits(const Test& test, const std::string& value) {
    return test.any_of.empty() ? test.matcher.matches(value)
                               : std::binary_search(test.any_of.begin(), test.any_of.end(), value);
}

// Why nothing can meet the condition, or nothing.
std::optional<std::string> contradiction(const Condition& condition) {
    if (condition.severity_min && condition.severity_max &&
        *condition.severity_min > *condition.severity_max) {
        return "severity_min is above severity_max";
    }
    for (const Test& test : condition.tests) {
        const std::vector<std::string> values = equals({{test}, {}, {}}, test.field);
        if (values.empty()) {
            continue;
        }
        for (const Test& other : condition.tests) {
            if (other.field == test.field &&
                std::none_of(values.begin(), values.end(),
                             [&](const std::string& value) { return admits(other, value); })) {
                return to_string(test.field) + " cannot be \"" + values.front() +
                       "\" and meet the other test of it";
            }
        }
        const auto is_word = [&](const auto& words) {
            return std::any_of(values.begin(), values.end(), [&](const std::string& value) {
                return std::find(words.begin(), words.end(), value) != words.end();
            });
        };
        const bool is_possible =
            test.field.part == Field::Part::Severity ? is_word(model::kSeverityNames)
            : test.field.part == Field::Part::Status
                ? is_word(model::kStatusNames) ||
                      std::find(values.begin(), values.end(), "suppressed") != values.end()
            : test.field.part == Field::Part::Kind ? is_word(model::kKindNames)
                                                   : true;
        if (!is_possible) {
            return to_string(test.field) + " is never \"" + values.front() + "\"";
        }
    }
    return std::nullopt;
}

// Whether all that meets `narrow` meets `wide`: each test of `wide` stands in `narrow` too.
bool implies(const Condition& narrow, const Condition& wide) {
    if (wide.severity_min && (!narrow.severity_min || *narrow.severity_min < *wide.severity_min)) {
        return false;
    }
    if (wide.severity_max && (!narrow.severity_max || *narrow.severity_max > *wide.severity_max)) {
        return false;
    }
    return std::all_of(wide.tests.begin(), wide.tests.end(), [&](const Test& test) {
        const std::vector<std::string> values = equals(narrow, test.field);
        if (!values.empty()) {
            return std::all_of(values.begin(), values.end(),
                               [&](const std::string& value) { return admits(test, value); });
        }
        return std::any_of(narrow.tests.begin(), narrow.tests.end(), [&](const Test& same) {
            return same.field == test.field && same.any_of == test.any_of &&
                   same.matcher.op() == test.matcher.op() &&
                   same.matcher.value() == test.matcher.value();
        });
    });
}

class Linter {
   public:
    explicit Linter(const RuleSet& rules) : rules_(rules) {}

    std::vector<Problem> run() {
        for_each_condition([&](RuleIndex rule, const char* key, const Condition& condition) {
            if (const auto reason = contradiction(condition)) {
                warn(rule, std::string(key) + " can never match: " + *reason);
            }
        });
        find_shadowed(rules_.dedups);
        find_shadowed(rules_.groups);
        find_shadowed(rules_.lifecycles);
        find_shadowed(rules_.routes);
        find_contradicting_dedups();
        find_always_asked();
        std::stable_sort(problems_.begin(), problems_.end(),
                         [](const auto& a, const auto& b) { return a.first < b.first; });
        std::vector<Problem> problems;
        for (auto& [rule, problem] : problems_) {
            problems.push_back(std::move(problem));
        }
        return problems;
    }

   private:
    void warn(RuleIndex index, const std::string& what) {
        const Rule& rule = rules_.rules[index];
        problems_.emplace_back(
            index, Problem{Problem::Level::Warning,
                           {ErrorCode::Invalid,
                            std::string(name_of(rule.kind)) + " \"" + rule.name + "\": " + what,
                            {rule.place}},
                           ""});
    }

    template <typename Visit>
    void for_each_condition(Visit visit) {
        const auto matches = [&](const auto& all) {
            for (const auto& rule : all) {
                visit(rule.rule, "match", rule.match);
            }
        };
        matches(rules_.masks);
        matches(rules_.normalises);
        matches(rules_.dedups);
        matches(rules_.heartbeats);
        matches(rules_.maintenances);
        matches(rules_.flappings);
        matches(rules_.change_windows);
        matches(rules_.storms);
        matches(rules_.groups);
        matches(rules_.lifecycles);
        matches(rules_.routes);
        for (const PatternRule& rule : rules_.patterns) {
            visit(rule.rule, "match", rule.match);
            visit(rule.rule, "then", rule.then);
            visit(rule.rule, "unless", rule.unless);
            for (const PatternRule::Member& member : rule.members) {
                visit(rule.rule, "members", member.match);
            }
        }
        for (const InhibitRule& rule : rules_.inhibits) {
            for (const Condition& source : rule.sources) {
                visit(rule.rule, "source", source);
            }
            visit(rule.rule, "target", rule.target);
        }
        for (const DependencyRule& rule : rules_.dependencies) {
            visit(rule.rule, "cause", rule.cause);
            visit(rule.rule, "target", rule.target);
        }
    }

    // Of sections in which the first rule that matches counts. A rule in shadow mode hides none.
    template <typename Rules>
    void find_shadowed(const Rules& all) {
        constexpr std::size_t kComparedMax = 500;  // earlier rules; more would take long
        for (std::size_t i = 0; i < all.size(); ++i) {
            for (std::size_t j = 0; j < std::min(i, kComparedMax); ++j) {
                if (rules_.rules[all[j].rule].mode == Mode::On &&
                    implies(all[i].match, all[j].match)) {
                    const Rule& earlier = rules_.rules[all[j].rule];
                    warn(all[i].rule, "is never asked: \"" + earlier.name + "\" (" +
                                          to_string(earlier.place) +
                                          ") comes first and matches all that it does");
                    break;
                }
            }
        }
    }

    void find_contradicting_dedups() {
        for (std::size_t i = 0; i < rules_.dedups.size(); ++i) {
            const DedupRule& rule = rules_.dedups[i];
            if (rule.clears && !rule.match.is_empty()) {
                Condition both = rule.match;
                both.tests.insert(both.tests.end(), rule.clears->tests.begin(),
                                  rule.clears->tests.end());
                if (const auto reason = contradiction(both)) {
                    warn(rule.rule, "clear never happens within match: " + *reason);
                }
            }
        }
    }

    void find_always_asked() {
        std::vector<const Condition*> asked;
        std::vector<RuleIndex> who;
        const auto ask = [&](const auto& all) {
            for (const auto& rule : all) {
                asked.push_back(&rule.match);
                who.push_back(rule.rule);
            }
        };
        ask(rules_.masks);
        ask(rules_.normalises);
        ask(rules_.dedups);
        ask(rules_.patterns);
        const std::size_t always = MatchIndex(asked).always_asked();
        if (always > kAlwaysAskedMax && !who.empty()) {
            warn(who.front(), std::to_string(always) +
                                  " rules about events have no equality (such as check=\"...\") "
                                  "and are asked for each event");
        }
    }

    const RuleSet& rules_;
    std::vector<std::pair<RuleIndex, Problem>> problems_;
};

}  // namespace

std::vector<Problem> lint(const RuleSet& rules) {
    return Linter(rules).run();
}

}  // namespace nocturne::rules
