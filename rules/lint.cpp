#include "rules/lint.hpp"

#include "rules/grammar.hpp"
#include "rules/match_index.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace nocturne::rules {

namespace {

using Operator = model::Matcher::Operator;

constexpr std::size_t kAlwaysAskedMax = 50;
constexpr std::size_t kComparedMax = 1000;  // rules of a kind that are compared with one another

bool admits(const Test& test, const std::string& value) {
    return test.any_of.empty() ? test.matcher.matches(value)
                               : std::binary_search(test.any_of.begin(), test.any_of.end(), value);
}

bool is_equality(const Test& test) {
    return !test.any_of.empty() || test.matcher.op() == Operator::Equal;
}

// The values that an equality asks for.
std::vector<std::string> values_of(const Test& test) {
    return test.any_of.empty() ? std::vector<std::string>{test.matcher.value()} : test.any_of;
}

std::vector<std::string> words_of(Field::Part part) {
    const auto list = [](const auto& words) {
        return std::vector<std::string>(words.begin(), words.end());
    };
    switch (part) {
        case Field::Part::Severity: return list(model::kSeverityNames);
        case Field::Part::Status: return list(model::kStatusNames);
        case Field::Part::Kind: return list(model::kKindNames);
        default: return {};
    }
}

// What the field can be at all for the condition to hold; nothing when that is without end.
std::optional<std::vector<std::string>> possible(const Condition& condition, const Field& field) {
    std::optional<std::vector<std::string>> values;
    if (const std::vector<std::string> words = words_of(field.part); !words.empty()) {
        values = words;
    }
    for (const Test& test : condition.tests) {
        if (!values && test.field == field && is_equality(test)) {
            values = values_of(test);
        }
    }
    if (!values) {
        return std::nullopt;
    }
    std::erase_if(*values, [&](const std::string& value) {
        const bool is_severity = field.part == Field::Part::Severity;
        const auto severity = is_severity
                                  ? model::find_name<model::Severity>(model::kSeverityNames, value)
                                  : std::nullopt;
        const bool is_outside =
            severity && ((condition.severity_min && *severity < *condition.severity_min) ||
                         (condition.severity_max && *severity > *condition.severity_max));
        return is_outside ||
               std::any_of(condition.tests.begin(), condition.tests.end(), [&](const Test& test) {
                   return test.field == field && !admits(test, value);
               });
    });
    return values;
}

// Why nothing can meet the condition, or nothing.
std::optional<std::string> contradiction(const Condition& condition) {
    if (condition.severity_min && condition.severity_max &&
        *condition.severity_min > *condition.severity_max) {
        return "severity_min is above severity_max";
    }
    for (const Test& test : condition.tests) {
        const std::optional<std::vector<std::string>> values = possible(condition, test.field);
        if (values && values->empty()) {
            const std::vector<std::string> words = words_of(test.field.part);
            return "no " + to_string(test.field) + " meets " + to_string(condition) +
                   (words.empty() ? "" : "; there is " + [&] {
                       std::string list;
                       for (const std::string& word : words) {
                           list += (list.empty() ? "" : ", ") + word;
                       }
                       return list;
                   }());
        }
    }
    return std::nullopt;
}

// A word of a list of severities, statuses or kinds that is none; "" when all are.
std::string unknown_word(const Condition& condition) {
    for (const Test& test : condition.tests) {
        const std::vector<std::string> words = words_of(test.field.part);
        if (words.empty() || !is_equality(test)) {
            continue;
        }
        for (const std::string& value : values_of(test)) {
            if (std::find(words.begin(), words.end(), value) == words.end()) {
                const std::vector<std::string_view> known(words.begin(), words.end());
                return "\"" + value + "\" is no " + to_string(test.field) + "; " +
                       nearest(value, known, "there is");
            }
        }
    }
    return "";
}

bool is_same(const Test& a, const Test& b) {
    return a.field == b.field && a.any_of == b.any_of && a.matcher.op() == b.matcher.op() &&
           a.matcher.value() == b.matcher.value();
}

// Whether all that meets `narrow` surely meets `wide`.
bool implies(const Condition& narrow, const Condition& wide) {
    if (wide.severity_min || wide.severity_max) {
        const auto severities = possible(narrow, {Field::Part::Severity, ""});
        for (const std::string& word : *severities) {
            const auto severity = *model::find_name<model::Severity>(model::kSeverityNames, word);
            if ((wide.severity_min && severity < *wide.severity_min) ||
                (wide.severity_max && severity > *wide.severity_max)) {
                return false;
            }
        }
    }
    return std::all_of(wide.tests.begin(), wide.tests.end(), [&](const Test& test) {
        if (std::any_of(narrow.tests.begin(), narrow.tests.end(),
                        [&](const Test& other) { return is_same(test, other); })) {
            return true;
        }
        const auto values = possible(narrow, test.field);
        return values && std::all_of(values->begin(), values->end(),
                                     [&](const std::string& value) { return admits(test, value); });
    });
}

class Linter {
   public:
    Linter(const RuleSet& set, ProblemList& problems) : set_(set), problems_(problems) {}

    void run() {
        look_at_conditions();
        find_shadowed(set_.dedups, [](const DedupRule& early, const DedupRule& late) {
            return early.identity != late.identity ? "another identity" : "";
        });
        find_shadowed(set_.groups, [](const GroupRule&, const GroupRule&) { return ""; });
        find_shadowed(set_.lifecycles,
                      [](const LifecycleRule&, const LifecycleRule&) { return ""; });
        find_shadowed(set_.routes, [](const RouteRule& early, const RouteRule& late) {
            return early.receiver != late.receiver ? "another receiver" : "";
        });
        find_contradicting_sets();
        find_always_asked();
    }

   private:
    void warn(RuleIndex index, const std::string& what) {
        const Rule& rule = set_.rules[index];
        problems_.warning(rule.place,
                          std::string(name_of(rule.kind)) + " \"" + rule.name + "\": " + what);
    }

    // A rule of alerts: of them less can be asked than of events.
    void look_at_alerts(RuleIndex rule, const std::string& key, const Condition& condition) {
        bool is_told = false;
        for (const Test& test : condition.tests) {
            if (test.field.part == Field::Part::Annotation) {
                warn(rule, key + ": alerts do not keep annotations, so " + to_string(test.field) +
                               (admits(test, "") ? " is always empty; " : " never holds; ") +
                               as_label(test.field));
            } else if (test.field.part == Field::Part::Status && asks_for(test, "suppressed")) {
                warn(rule, key + ": an alert that is hidden has the status firing like any that "
                                 "burns; leave the status out");
                is_told = true;
            } else if (test.field.part == Field::Part::Kind && !admits(test, "alert") &&
                       !contradiction(condition)) {
                warn(rule, key + " can never hold: the kind of alerts is alert; leave it out");
            }
        }
        if (!is_told) {
            look_at(rule, key.c_str(), condition);
        }
    }

    static bool asks_for(const Test& test, std::string_view value) {
        const std::vector<std::string> values =
            is_equality(test) ? values_of(test) : std::vector<std::string>();
        return std::find(values.begin(), values.end(), value) != values.end();
    }

    static std::string as_label(const Field& annotation) {
        return "make it a label in the section normalise, set: {labels." + annotation.name +
               ": \"{annotations." + annotation.name + "}\"}, and ask for labels." +
               annotation.name;
    }

    void look_at_fields(RuleIndex rule, const std::string& key, const std::vector<Field>& fields) {
        for (const Field& field : fields) {
            if (field.part == Field::Part::Annotation) {
                warn(rule, key + ": alerts do not keep annotations, so " + to_string(field) +
                               " is always empty; " + as_label(field));
            }
        }
    }

    void look_at(RuleIndex rule, const char* key, const Condition& condition) {
        if (const auto reason = contradiction(condition)) {
            warn(rule, std::string(key) + " can never hold: " + *reason);
        } else if (const std::string word = unknown_word(condition); !word.empty()) {
            warn(rule, std::string(key) + ": " + word);
        }
    }

    template <typename Rules>
    void look_at_matches(const Rules& all) {
        for (const auto& rule : all) {
            look_at(rule.rule, "match", rule.match);
        }
    }

    template <typename Rules>
    void look_at_matches_of_alerts(const Rules& all) {
        for (const auto& rule : all) {
            look_at_alerts(rule.rule, "match", rule.match);
        }
    }

    void look_at_conditions() {
        look_at_matches(set_.masks);
        look_at_matches(set_.normalises);
        look_at_matches(set_.dedups);
        look_at_matches(set_.heartbeats);
        look_at_matches(set_.patterns);
        look_at_matches_of_alerts(set_.maintenances);
        look_at_matches_of_alerts(set_.flappings);
        look_at_matches(set_.change_windows);
        look_at_matches_of_alerts(set_.storms);
        look_at_matches_of_alerts(set_.groups);
        look_at_matches_of_alerts(set_.lifecycles);
        look_at_matches_of_alerts(set_.routes);
        for (const DedupRule& rule : set_.dedups) {
            if (!rule.clears) {
                continue;
            }
            look_at(rule.rule, "clear", *rule.clears);
            Condition both = rule.match;
            both.tests.insert(both.tests.end(), rule.clears->tests.begin(),
                              rule.clears->tests.end());
            if (!contradiction(rule.match) && !contradiction(*rule.clears) && contradiction(both)) {
                warn(rule.rule, "clear never happens within match: " + *contradiction(both));
            }
        }
        for (const HeartbeatRule& rule : set_.heartbeats) {
            look_at_alerts(rule.rule, "covers", rule.covers);
        }
        for (const PatternRule& rule : set_.patterns) {
            look_at(rule.rule, "then", rule.then);
            look_at(rule.rule, "unless", rule.unless);
            for (const PatternRule::Member& member : rule.members) {
                look_at(rule.rule, "members", member.match);
            }
        }
        for (const InhibitRule& rule : set_.inhibits) {
            for (const Condition& source : rule.sources) {
                look_at_alerts(rule.rule, "source", source);
            }
            look_at_alerts(rule.rule, "target", rule.target);
            for (const InhibitRule::Equal& equal : rule.equal) {
                look_at_fields(rule.rule, "equal", {equal.source});
                if (equal.source != equal.target) {
                    look_at_fields(rule.rule, "equal", {equal.target});
                }
            }
        }
        for (const GroupRule& rule : set_.groups) {
            look_at_fields(rule.rule, "by", rule.fields);
        }
        for (const DependencyRule& rule : set_.dependencies) {
            look_at_alerts(rule.rule, "cause", rule.cause);
            look_at_alerts(rule.rule, "target", rule.target);
        }
    }

    bool is_on(RuleIndex rule) const { return set_.rules[rule].mode == Mode::On; }

    std::string name(RuleIndex index) const {
        const Rule& rule = set_.rules[index];
        Place place = rule.place;
        place.column = 0;
        return "\"" + rule.name + "\" (" + to_string(place) + ")";
    }

    // Of kinds whose first rule that matches counts. A rule in shadow mode hides none.
    template <typename Rules, typename Differ>
    void find_shadowed(const Rules& all, Differ differ) {
        const std::size_t count = std::min(all.size(), kComparedMax);
        for (std::size_t late = 1; late < count; ++late) {
            if (contradiction(all[late].match)) {
                continue;  // said already
            }
            for (std::size_t early = 0; early < late; ++early) {
                if (!is_on(all[early].rule) || !implies(all[late].match, all[early].match)) {
                    continue;
                }
                const std::string other = differ(all[early], all[late]);
                warn(all[late].rule, "is never asked, because " + name(all[early].rule) +
                                         " comes first and matches all that it does" +
                                         (other.empty() ? "" : ", with " + other));
                break;
            }
        }
    }

    // Two texts for one field of the same events; a text with fields in it may build on the other.
    void find_contradicting_sets() {
        struct Said {
            RuleIndex rule;
            const std::string* text;
        };

        std::map<std::string, Said> said;  // by condition and field
        for (const NormaliseRule& rule : set_.normalises) {
            if (!is_on(rule.rule)) {
                continue;
            }
            const std::string match = to_string(rule.match);
            for (const Assign& assign : rule.assigns) {
                const bool is_literal = assign.value.names().empty();
                const auto [known, is_new] = said.try_emplace(
                    match + "\n" + to_string(assign.to), Said{rule.rule, &assign.value.text()});
                if (!is_new && is_literal && *known->second.text != assign.value.text()) {
                    warn(rule.rule, "sets " + to_string(assign.to) + " of the same events as " +
                                        name(known->second.rule) +
                                        " to another text; the later one counts");
                }
            }
        }
    }

    void find_always_asked() {
        std::vector<RuleIndex> without;
        const auto ask = [&](const auto& all) {
            for (const auto& rule : all) {
                if (MatchIndex({&rule.match}).always_asked() > 0) {
                    without.push_back(rule.rule);
                }
            }
        };
        ask(set_.masks);
        ask(set_.normalises);
        ask(set_.dedups);
        ask(set_.patterns);
        if (without.size() > kAlwaysAskedMax) {
            warn(*std::min_element(without.begin(), without.end()),
                 "this and " + std::to_string(without.size() - 1) +
                     " more rules have a match without an equality (such as check=\"...\"), so "
                     "each event is compared with all of them");
        }
    }

    const RuleSet& set_;
    ProblemList& problems_;
};

}  // namespace

void lint(const RuleSet& set, ProblemList& problems) {
    Linter(set, problems).run();
}

}  // namespace nocturne::rules
