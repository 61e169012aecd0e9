// What a text with names in braces is made of: "{resource}: {labels.device} is full".
#pragma once

#include "model/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace nocturne::rules {

struct TemplatePiece {
    std::string literal;          // before the name; its "{{" and "}}" are single braces
    bool has_name = false;        // only the last may have none
    std::string_view name;        // as written, without the braces; into the template's text
    std::size_t name_begins = 0;  // the place of its brace
};

// An Error: a brace that is not closed or not opened, or too many pieces.
Result<std::vector<TemplatePiece>> split_template(std::string_view text);

// Names the template and the column of `at`.
Error template_error(std::string_view text, std::size_t at, std::string_view what);

}  // namespace nocturne::rules
