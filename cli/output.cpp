#include "cli/output.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <map>

namespace nocturne::cli {

std::shared_ptr<Format> add_format(CLI::App& command, Format by_default) {
    static const std::map<std::string, Format> kFormats{{"text", Format::Text},
                                                        {"json", Format::Json}};
    auto format =
        std::make_shared<Format>(by_default);  // shared: the parser writes it, the action reads it
    command.add_option("--format", *format, "text for people, json for programs")
        ->transform(CLI::CheckedTransformer(kFormats).description("text|json"))
        ->option_text("text|json");
    return format;
}

void print(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
}

void complain(std::string_view text) {
    const std::string harmless = sanitise(text);
    std::fprintf(stderr, "nocturne: %s\n", harmless.c_str());
}

void complain(const std::vector<Error>& problems) {
    constexpr std::size_t kTold = 20;
    for (std::size_t i = 0; i < std::min(problems.size(), kTold); ++i) {
        std::fputs(explain(problems[i], Palette()).c_str(), stderr);
    }
    if (problems.size() > kTold) {
        complain("and " + std::to_string(problems.size() - kTold) +
                 " problems more; nocturne check tells all");
    }
}

PageOptions page_options(PageOptions::Length length) {
    const Terminal terminal = this_terminal();
    return {wall_clock(), terminal.out, terminal.width, length};
}

model::Time wall_clock() {
    return std::chrono::floor<model::Duration>(std::chrono::system_clock::now());
}

std::string line_of_file(const std::string& path, std::uint32_t line) {
    std::ifstream file(path);
    std::string text;
    for (std::uint32_t i = 0; i < line; ++i) {
        if (!std::getline(file, text)) {
            return "";
        }
    }
    return text;
}

std::string explain(const Error& problem, const Palette& palette) {
    std::string out = sanitise(to_string(problem)) + "\n";
    if (problem.places.empty() || problem.places.front().line == 0) {
        return out;
    }
    constexpr std::size_t kShown = 160;
    const Place& place = problem.places.front();
    const std::string line = line_of_file(place.file, place.line).substr(0, kShown);
    if (line.find_first_not_of(" \t\r") == std::string::npos) {
        return out;
    }
    const std::string number = std::to_string(place.line);
    out += palette.paint(Style::Dim, "  " + number + " | ") + sanitise(line) + "\n";
    if (place.column > 0 && place.column <= line.size() + 1) {
        const std::size_t before = display_width(sanitise(line.substr(0, place.column - 1)));
        out += std::string(number.size() + 2, ' ') + palette.paint(Style::Dim, " | ") +
               std::string(before, ' ') + palette.paint(Style::Red, "^") + "\n";
    }
    return out;
}

}  // namespace nocturne::cli
