#include "cli/plugin_tests.hpp"

#include "cli/plugin_files.hpp"
#include "cli/terminal.hpp"
#include "plugins/test_file.hpp"

#include <cmath>
#include <filesystem>

namespace nocturne::cli {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffix = "_test.lua";

// The name of a plugin's file: plain, so that a test stays in its folder.
Result<plugins::PluginSource> find_plugin(const fs::path& test, std::string_view file) {
    if (file.find('/') != std::string_view::npos) {
        return fail(ErrorCode::Invalid, "t.plugin takes the plain name of a file beside the test, "
                                        "without a path");
    }
    std::string name(file);
    if (name.empty()) {
        name = test.filename().string();
        name.replace(name.size() - kSuffix.size(), kSuffix.size(), ".lua");
    }
    Result<plugins::PluginSource> source = read_plugin_source(test.parent_path() / name);
    if (!source) {
        Error error = std::move(source).error();
        error.message = to_string(error);
        error.places.clear();
        return fail(std::move(error));
    }
    return source;
}

}  // namespace

bool is_plugin_test(const std::string& file) {
    return file.size() > kSuffix.size() && file.ends_with(kSuffix);
}

std::vector<RuleTestResult> run_plugin_tests(const std::string& file,
                                             plugins::LineCoverage* coverage) {
    Result<plugins::PluginSource> source = read_test_source(file);
    if (!source) {
        return {{file, file, {to_string(source.error())}}};
    }
    std::string subject = fs::path(file).filename().string();
    subject.resize(subject.size() - kSuffix.size());
    std::vector<RuleTestResult> results;
    const auto find = [test = fs::path(file)](std::string_view name) {
        return find_plugin(test, name);
    };
    for (plugins::TestOutcome& test : plugins::run_test_file(*source, find, coverage)) {
        RuleTestResult result{subject + (test.name.empty() ? "" : ": " + test.name), file, {}};
        if (!test.failure.empty()) {
            result.failures.push_back(std::move(test.failure));
        }
        results.push_back(std::move(result));
    }
    return results;
}

std::string line_ranges(const std::vector<int>& lines) {
    std::string text;
    for (std::size_t i = 0; i < lines.size();) {
        std::size_t last = i;
        while (last + 1 < lines.size() && lines[last + 1] == lines[last] + 1) {
            ++last;
        }
        text += (text.empty() ? "" : ", ") + std::to_string(lines[i]);
        text += last > i ? "-" + std::to_string(lines[last]) : "";
        i = last + 1;
    }
    return text;
}

std::string coverage_page(const plugins::LineCoverage& coverage) {
    std::string page;
    for (const auto& [file, lines] : coverage.files) {
        const std::vector<int> missing = lines.missing();
        const std::size_t ran = lines.could.size() - missing.size();
        const double share = lines.could.empty() ? 1
                                                 : static_cast<double>(ran) /
                                                       static_cast<double>(lines.could.size());
        page += pad(percent(std::floor(share * 100) / 100), 6) + sanitise(file) + "  " +
                std::to_string(ran) + " of " + std::to_string(lines.could.size()) + " lines";
        page += missing.empty() ? "\n" : ", not " + line_ranges(missing) + "\n";
    }
    return page;
}

}  // namespace nocturne::cli
