#include "rules/match_index.hpp"

#include "model/fingerprint.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <tuple>
#include <utility>

namespace nocturne::rules {

namespace {

using Numbers = std::vector<std::uint32_t>;

std::uint64_t hash_of(std::string_view text) {
    return model::fingerprint_of(text).low;
}

// Each field and value that a condition asks to be equal: once for an alternative. Not the status:
// it has two values, so it tells too few events apart.
template <typename Visit>
void for_each_equality(const Condition& condition, Visit&& visit) {
    for (const Test& test : condition.tests) {
        if (test.field.part == Field::Part::Status) {
            continue;
        }
        if (!test.any_of.empty()) {
            visit(test.field, test.any_of);
        } else if (test.matcher.op() == model::Matcher::Operator::Equal &&
                   !test.matcher.value().empty()) {
            visit(test.field, std::vector<std::string>{test.matcher.value()});
        }
    }
}

}  // namespace

// Most conditions that one value leads to do not hold. What tells so must lie together: the
// conditions themselves are scattered over memory, and to look at one costs more than the rest.
struct MatchIndex::Inside {
    static constexpr std::size_t kHashesMax = 16;  // fields that a second question may be about
    static constexpr std::uint32_t kNoField = UINT32_MAX;

    // A condition, and one more equality of it.
    struct Candidate {
        std::uint32_t number = 0;
        std::uint32_t field = kNoField;  // of `fields`
        std::uint64_t hash = 0;          // of the value that it must have
    };

    // All values that conditions ask of one field, by hash: holds() has the last word.
    struct Values {
        Field field;
        boost::unordered_flat_map<std::uint64_t, std::vector<Candidate>> candidates;
    };

    std::vector<Condition> conditions;
    std::vector<Values> fields;                      // sorted by field
    std::vector<std::pair<Field, Numbers>> present;  // asked where the field is not empty
    Numbers always;

    std::uint32_t number_of(const Field& field) const {
        const auto place = std::lower_bound(
            fields.begin(), fields.end(), field,
            [](const Values& values, const Field& wanted) { return values.field < wanted; });
        return static_cast<std::uint32_t>(place - fields.begin());
    }

    // Many labels and annotations are nowhere but with one source: rules about them cost the others
    // nothing.
    void file_without_equality(std::uint32_t number) {
        const std::vector<Test>& tests = conditions[number].tests;
        const auto needed = std::find_if(tests.begin(), tests.end(), [](const Test& test) {
            const bool may_be_missing =
                test.field.part == Field::Part::Label || test.field.part == Field::Part::Annotation;
            return may_be_missing && test.any_of.empty() && !test.matcher.matches("");
        });
        if (needed == tests.end()) {
            always.push_back(number);
            return;
        }
        const auto known = std::find_if(present.begin(), present.end(), [&](const auto& one) {
            return one.first == needed->field;
        });
        if (known == present.end()) {
            present.push_back({needed->field, {number}});
        } else {
            known->second.push_back(number);
        }
    }

    // The equality of one value that most conditions do not share; but the one of `filed`.
    Candidate candidate_of(std::uint32_t number, const Field& filed,
                           const std::map<std::pair<Field, std::string>, std::size_t>& asked) {
        Candidate candidate{number, kNoField, 0};
        std::size_t rarest = SIZE_MAX;
        for_each_equality(conditions[number], [&](const Field& field, const auto& values) {
            const std::uint32_t place = number_of(field);
            if (field == filed || values.size() != 1 || place >= kHashesMax) {
                return;
            }
            if (const std::size_t count = asked.at({field, values.front()}); count < rarest) {
                rarest = count;
                candidate.field = place;
                candidate.hash = hash_of(values.front());
            }
        });
        return candidate;
    }
};

MatchIndex::MatchIndex() : inside_(std::make_unique<Inside>()) {}

MatchIndex::~MatchIndex() = default;
MatchIndex::MatchIndex(MatchIndex&&) noexcept = default;
MatchIndex& MatchIndex::operator=(MatchIndex&&) noexcept = default;

MatchIndex::MatchIndex(const std::vector<const Condition*>& conditions) : MatchIndex() {
    std::map<std::pair<Field, std::string>, std::size_t> asked;
    for (const Condition* condition : conditions) {
        for_each_equality(*condition, [&](const Field& field, const auto& values) {
            for (const std::string& value : values) {
                ++asked[{field, value}];
            }
        });
    }
    for (const auto& [question, count] : asked) {  // sorted by field
        if (inside_->fields.empty() || inside_->fields.back().field != question.first) {
            inside_->fields.push_back({question.first, {}});
        }
    }
    inside_->conditions.reserve(conditions.size());
    for (std::uint32_t number = 0; number < conditions.size(); ++number) {
        const Condition& condition = *conditions[number];
        inside_->conditions.push_back(condition);
        // Under the equality whose most frequent value is rarest.
        std::size_t rarest = SIZE_MAX;
        std::pair<Field, std::vector<std::string>> best;
        for_each_equality(condition, [&](const Field& field, const auto& values) {
            std::size_t most = 0;
            for (const std::string& value : values) {
                most = std::max(most, asked[{field, value}]);
            }
            if (most < rarest) {
                rarest = most;
                best = {field, values};
            }
        });
        if (rarest == SIZE_MAX) {
            inside_->file_without_equality(number);
            continue;
        }
        const Inside::Candidate candidate = inside_->candidate_of(number, best.first, asked);
        Inside::Values& filed = inside_->fields[inside_->number_of(best.first)];
        for (const std::string& value : best.second) {
            filed.candidates[hash_of(value)].push_back(candidate);
        }
    }
}

void MatchIndex::find(const SubjectView& subject, std::vector<std::uint32_t>& found) const {
    found.clear();
    if (empty()) {
        return;
    }
    const auto ask = [&](const Numbers& numbers) {
        for (const std::uint32_t number : numbers) {
            if (inside_->conditions[number].holds(subject)) {
                found.push_back(number);
            }
        }
    };
    ask(inside_->always);
    for (const auto& [field, numbers] : inside_->present) {
        if (!value_of(subject, field).empty()) {
            ask(numbers);
        }
    }
    std::array<std::uint64_t, Inside::kHashesMax> hashes;
    const std::vector<Inside::Values>& fields = inside_->fields;
    for (std::size_t i = 0; i < std::min(fields.size(), hashes.size()); ++i) {
        hashes[i] = hash_of(value_of(subject, fields[i].field));
    }
    for (std::size_t i = 0; i < fields.size(); ++i) {
        if (fields[i].candidates.empty()) {
            continue;
        }
        const auto place = fields[i].candidates.find(
            i < hashes.size() ? hashes[i] : hash_of(value_of(subject, fields[i].field)));
        if (place == fields[i].candidates.end()) {
            continue;
        }
        for (const Inside::Candidate& candidate : place->second) {
            if ((candidate.field == Inside::kNoField ||
                 hashes[candidate.field] == candidate.hash) &&
                inside_->conditions[candidate.number].holds(subject)) {
                found.push_back(candidate.number);
            }
        }
    }
    std::sort(found.begin(), found.end());
}

bool MatchIndex::empty() const {
    return inside_->conditions.empty();
}

std::size_t MatchIndex::always_asked() const {
    std::size_t count = inside_->always.size();
    for (const auto& [field, numbers] : inside_->present) {
        count += numbers.size();
    }
    return count;
}

}  // namespace nocturne::rules
