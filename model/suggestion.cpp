#include "model/suggestion.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <vector>

namespace nocturne::model {

namespace {

constexpr std::size_t kComparedBytes = 64;

// How many letters to change to come from one word to the other (Levenshtein).
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t above = row[j];
            row[j] =
                std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U)});
            diagonal = above;
        }
    }
    return row.back();
}

}  // namespace

std::string suggest(std::string_view word, std::span<const std::string_view> words) {
    const std::string_view compared = word.substr(0, kComparedBytes);
    const auto best =
        std::min_element(words.begin(), words.end(), [&](std::string_view a, std::string_view b) {
            return distance(compared, a) < distance(compared, b);
        });
    if (distance(compared, *best) <= 1 + best->size() / 3) {
        return "did you mean \"" + std::string(*best) + "\"?";
    }
    std::string list;
    for (const std::string_view known : words) {
        list += (list.empty() ? "" : ", ") + std::string(known);
    }
    return "known keys: " + list;
}

}  // namespace nocturne::model
