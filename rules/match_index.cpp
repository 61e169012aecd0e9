#include "rules/match_index.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <utility>

namespace nocturne::rules {

namespace {

using Numbers = std::vector<std::uint32_t>;

struct TextHash {
    using is_transparent = void;

    std::size_t operator()(std::string_view text) const {
        return std::hash<std::string_view>()(text);
    }
};

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

struct MatchIndex::Inside {
    // All values that conditions ask of one field.
    struct Values {
        Field field;
        boost::unordered_flat_map<std::string, Numbers, TextHash, std::equal_to<>> numbers;
    };

    std::vector<Condition> conditions;
    std::vector<Values> fields;  // sorted by field
    Numbers always;

    Values& values_of(const Field& field) {
        auto place = std::lower_bound(
            fields.begin(), fields.end(), field,
            [](const Values& values, const Field& wanted) { return values.field < wanted; });
        if (place == fields.end() || place->field != field) {
            place = fields.insert(place, Values{field, {}});
        }
        return *place;
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
            inside_->always.push_back(number);
            continue;
        }
        for (const std::string& value : best.second) {
            inside_->values_of(best.first).numbers[value].push_back(number);
        }
    }
}

void MatchIndex::find(const SubjectView& subject, std::vector<std::uint32_t>& found) const {
    found.clear();
    const auto ask = [&](const Numbers& numbers) {
        for (const std::uint32_t number : numbers) {
            if (inside_->conditions[number].holds(subject)) {
                found.push_back(number);
            }
        }
    };
    ask(inside_->always);
    const bool sorted = found.empty();
    std::size_t fields_with_matches = 0;
    for (const Inside::Values& values : inside_->fields) {
        const std::string_view value = value_of(subject, values.field);
        if (value.empty()) {
            continue;
        }
        if (const auto numbers = values.numbers.find(value); numbers != values.numbers.end()) {
            const std::size_t before = found.size();
            ask(numbers->second);
            fields_with_matches += found.size() > before ? 1U : 0U;
        }
    }
    if (!sorted || fields_with_matches > 1) {
        std::sort(found.begin(), found.end());
    }
}

std::size_t MatchIndex::always_asked() const {
    return inside_->always.size();
}

}  // namespace nocturne::rules
