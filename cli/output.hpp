// How commands print: --format, stdout, complaints on stderr.
#pragma once

#include "cli/incident_page.hpp"
#include "model/result.hpp"
#include "model/time.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace nocturne::cli {

enum class Format : std::uint8_t {
    Auto,  // Text on a terminal, Json elsewhere
    Text,
    Json,
};

// Adds --format; shared with the command's action, which runs after the command line is read.
std::shared_ptr<Format> add_format(CLI::App& command, Format by_default = Format::Text);

// To stdout, as it is.
void print(std::string_view text);
// "nocturne: ..." to stderr, harmless for a terminal.
void complain(std::string_view text);
// Each problem with its place and its line, to stderr.
void complain(const std::vector<Error>& problems);

// Of this terminal and this moment.
PageOptions page_options(PageOptions::Length length = PageOptions::Length::Whole);

// The clock of this machine; what "3m ago" counts from.
model::Time wall_clock();

// The whole of a small file, for showing a line of it; "" when it cannot be read.
std::string line_of_file(const std::string& path, std::uint32_t line);

// "file:line:column: message", and below it the line itself with a mark under the column.
std::string explain(const Error& problem, const Palette& palette);

}  // namespace nocturne::cli
