// CSV as RFC 4180 has it, with a place for each row and problem.
#pragma once

#include "rules/problem_list.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::rules {

struct CsvRow {
    std::uint32_t line = 0;
    std::vector<std::string> cells;
};

// The rows that are well formed, the header first; empty lines are left out. At most `rows_max`.
std::vector<CsvRow> parse_csv(std::string_view text, const std::string& file_name,
                              std::size_t rows_max, ProblemList& problems);

}  // namespace nocturne::rules
