#include "cli/plugin_files.hpp"

#include "rules/csv.hpp"
#include "rules/grammar.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <sstream>

namespace nocturne::cli {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFilesMax = 1000;
constexpr const char* kTestModules = "testing";  // the folder of what tests share

// The .lua files of a folder, as require() has them.
void add_modules(plugins::PluginSource& source, const fs::path& folder,
                 std::vector<Error>& problems) {
    for (const fs::path& file : files_in(folder, ".lua")) {
        if (!is_plugin_file(file)) {
            continue;
        }
        if (Result<std::string> text = read_plugin_text(file)) {
            source.modules.push_back({file.stem().string(), *std::move(text), file.string()});
        } else {
            problems.push_back(std::move(text).error());
        }
    }
}

Result<plugins::PluginSource> first_problem_or(std::optional<plugins::PluginSource> source,
                                               std::vector<Error>& problems) {
    if (!problems.empty()) {
        return fail(std::move(problems.front()));
    }
    return *std::move(source);
}

}  // namespace

bool is_plugin_file(const fs::path& file) {
    return file.extension() == ".lua" && !file.stem().string().ends_with("_test");
}

std::vector<fs::path> files_in(const fs::path& folder, const char* extension) {
    std::vector<fs::path> files;
    std::error_code error;
    for (auto it = fs::directory_iterator(folder.empty() ? "." : folder, error);
         !error && it != fs::directory_iterator() && files.size() < kFilesMax;
         it.increment(error)) {
        if (it->is_regular_file(error) && it->path().extension() == extension) {
            files.push_back(it->path());
        }
    }
    std::sort(files.begin(), files.end());
    return files;
}

Result<std::string> read_plugin_text(const fs::path& file) {
    std::error_code error;
    std::ifstream in(file, std::ios::binary);
    if (!in || fs::is_directory(file, error)) {
        return fail(
            {ErrorCode::NotFound, "cannot be read; is the name right?", {{file.string(), 0, 0}}});
    }
    std::string text;
    std::array<char, 32U << 10> block;
    while (text.size() <= kPluginFileBytesMax && in.good()) {
        in.read(block.data(), block.size());
        text.append(block.data(), static_cast<std::size_t>(in.gcount()));
    }
    if (text.size() > kPluginFileBytesMax) {
        return fail({ErrorCode::Invalid,
                     "is larger than " + std::to_string(kPluginFileBytesMax >> 20) + " MiB",
                     {{file.string(), 0, 0}}});
    }
    return text;
}

std::optional<plugins::PluginSource> read_plugin_source(const fs::path& file,
                                                        std::vector<Error>& problems) {
    Result<std::string> text = read_plugin_text(file);
    if (!text) {
        problems.push_back(std::move(text).error());
        return std::nullopt;
    }
    plugins::PluginSource source{file.string(), *std::move(text), {}};
    fs::path own = file;
    own.replace_extension();
    if (own != file) {
        add_modules(source, own, problems);
    }
    return source;
}

Result<plugins::PluginSource> read_plugin_source(const fs::path& file) {
    std::vector<Error> problems;
    std::optional<plugins::PluginSource> source = read_plugin_source(file, problems);
    return first_problem_or(std::move(source), problems);
}

Result<plugins::PluginSource> read_test_source(const fs::path& file) {
    std::vector<Error> problems;
    std::optional<plugins::PluginSource> source = read_plugin_source(file, problems);
    if (source) {
        add_modules(*source, file.parent_path() / kTestModules, problems);
    }
    return first_problem_or(std::move(source), problems);
}

Result<plugins::PluginTable> read_plugin_table(const fs::path& file) {
    NOCTURNE_TRY(const std::string text, read_plugin_text(file));
    rules::ProblemList problems;
    std::vector<rules::CsvRow> rows =
        rules::parse_csv(text, file.string(), rules::kTableRowsMax, problems);
    for (const rules::Problem& problem : problems.take()) {
        if (problem.level == rules::Problem::Level::Error) {
            return fail(problem.error);
        }
    }
    if (rows.empty()) {
        return fail({ErrorCode::Invalid, "has no header, so no columns", {{file.string(), 1, 0}}});
    }
    plugins::PluginTable table{file.filename().string(), std::move(rows.front().cells), {}};
    for (std::size_t i = 1; i < rows.size(); ++i) {
        rows[i].cells.resize(table.columns.size());
        table.rows.push_back(std::move(rows[i].cells));
    }
    return table;
}

Result<std::vector<plugins::PluginTable>> read_plugin_tables(const fs::path& folder) {
    std::vector<plugins::PluginTable> tables;
    for (const fs::path& file : files_in(folder, ".csv")) {
        NOCTURNE_TRY(plugins::PluginTable table, read_plugin_table(file));
        tables.push_back(std::move(table));
    }
    return tables;
}

std::vector<Error> problems_of(const std::string& message) {
    std::vector<Error> problems;
    std::istringstream in(message);
    for (std::string line; std::getline(in, line);) {
        if (line == "[C]") {
            continue;  // of a traceback
        }
        Error problem{ErrorCode::Invalid, line, {}};
        const std::size_t after_file = line.find(".lua:");
        if (after_file != std::string::npos && line.find(' ') > after_file) {
            const std::size_t number = after_file + 5;
            std::uint32_t at = 0;
            const char* end = line.data() + line.size();
            const auto [stop, error] = std::from_chars(line.data() + number, end, at);
            const auto rest = static_cast<std::size_t>(stop - line.data());
            if (error == std::errc() && line.compare(rest, 2, ": ") == 0) {
                problem.places.push_back({line.substr(0, number - 1), at, 0});
                problem.message = line.substr(rest + 2);
            }
        }
        problems.push_back(std::move(problem));
    }
    std::stable_sort(problems.begin(), problems.end(), [](const Error& a, const Error& b) {
        return !a.places.empty() && !b.places.empty() &&
               a.places.front().file == b.places.front().file &&
               a.places.front().line < b.places.front().line;
    });
    return problems;
}

}  // namespace nocturne::cli
