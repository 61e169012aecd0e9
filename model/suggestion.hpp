// Suggestion: what somebody may have meant by a word that nobody knows.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace nocturne::model {

// `did you mean "depends_on"?` when one of the words is near enough (Levenshtein), else
// `known keys: a, b, c`. `words` must not be empty; long input is compared by its beginning.
std::string suggest(std::string_view word, std::span<const std::string_view> words);

}  // namespace nocturne::model
