// `nocturne test`: runs tests of rules, *.test.yaml, and of plugins, *_test.lua, on virtual time.
#include "cli/commands.hpp"
#include "cli/exit_code.hpp"
#include "cli/output.hpp"
#include "cli/plugin_tests.hpp"
#include "cli/rule_test.hpp"
#include "model/json_writer.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>

namespace nocturne::cli {

namespace {

namespace fs = std::filesystem;

struct TestOptions {
    std::vector<std::string> paths;
    std::string junit;
    bool covers_lines = false;
};

bool is_test(const std::string& name) {
    return name.ends_with(".test.yaml") || name.ends_with(".test.yml") || is_plugin_test(name);
}

// A plugin stands for its test.
std::string test_of(std::string path) {
    if (path.ends_with(".lua") && !is_plugin_test(path)) {
        path.replace(path.size() - 4, 4, "_test.lua");
    }
    return path;
}

std::vector<std::string> find_tests(const std::vector<std::string>& paths) {
    std::vector<std::string> files;
    for (const std::string& path : paths) {
        std::error_code error;
        if (!fs::is_directory(path, error)) {
            files.push_back(test_of(path));
            continue;
        }
        for (const fs::directory_entry& entry : fs::recursive_directory_iterator(path, error)) {
            if (is_test(entry.path().filename().string())) {
                files.push_back(entry.path().string());
            }
        }
    }
    std::sort(files.begin(), files.end());
    files.erase(std::unique(files.begin(), files.end()), files.end());
    return files;
}

std::string escape_xml(std::string_view text) {
    std::string out;
    for (const char byte : text) {
        switch (byte) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '"': out += "&quot;"; break;
            default: out += static_cast<unsigned char>(byte) >= 0x20 || byte == '\n' ? byte : '?';
        }
    }
    return out;
}

std::string to_junit(const std::vector<RuleTestResult>& results, std::size_t failed) {
    std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"nocturne\" "
                      "tests=\"" +
                      std::to_string(results.size()) + "\" failures=\"" + std::to_string(failed) +
                      "\">\n";
    for (const RuleTestResult& result : results) {
        out += "  <testcase name=\"" + escape_xml(result.name) + "\" classname=\"" +
               escape_xml(result.file) + "\"";
        if (result.failures.empty()) {
            out += "/>\n";
            continue;
        }
        out += ">\n";
        for (const std::string& failure : result.failures) {
            out += "    <failure message=\"" + escape_xml(failure.substr(0, failure.find('\n'))) +
                   "\">" + escape_xml(failure) + "</failure>\n";
        }
        out += "  </testcase>\n";
    }
    return out + "</testsuite>\n";
}

void write(model::JsonWriter& out, const plugins::LineCoverage& coverage) {
    out.begin_array();
    for (const auto& [file, lines] : coverage.files) {
        const std::vector<int> missing = lines.missing();
        out.begin_object().member("file", file);
        out.member("lines", std::uint64_t{lines.could.size()});
        out.member("ran", std::uint64_t{lines.could.size() - missing.size()});
        out.key("missing").begin_array();
        for (const int line : missing) {
            out.number(std::int64_t{line});
        }
        out.end_array().end_object();
    }
    out.end_array();
}

// `coverage`: null when nobody asked for it.
std::string to_json(const std::vector<RuleTestResult>& results, std::size_t failed,
                    const plugins::LineCoverage* coverage) {
    model::JsonWriter out;
    out.begin_object().member("tests", std::uint64_t{results.size()});
    out.member("failed", std::uint64_t{failed}).key("results").begin_array();
    for (const RuleTestResult& result : results) {
        out.begin_object().member("name", result.name).member("file", result.file);
        out.key("failures").begin_array();
        for (const std::string& failure : result.failures) {
            out.text(failure);
        }
        out.end_array().end_object();
    }
    out.end_array();
    if (coverage != nullptr) {
        out.key("coverage");
        write(out, *coverage);
    }
    out.end_object();
    return out.take() + "\n";
}

std::string to_text(const std::vector<RuleTestResult>& results, std::size_t failed) {
    const Palette palette = this_terminal().out;
    std::string out;
    for (const RuleTestResult& result : results) {
        const bool passed = result.failures.empty();
        out += (passed ? palette.paint(Style::Green, "pass") : palette.paint(Style::Red, "FAIL")) +
               "  " + sanitise(result.name) + "\n";
        for (const std::string& failure : result.failures) {
            out += "    " + failure + "\n";
        }
    }
    const std::string verdict = std::to_string(results.size() - failed) + " passed" +
                                (failed > 0 ? ", " + std::to_string(failed) + " failed" : "");
    return out + palette.paint(failed > 0 ? Style::Red : Style::Green, verdict) + "\n";
}

int test(const TestOptions& options, Format format) {
    std::vector<RuleTestResult> results;
    plugins::LineCoverage lines;
    plugins::LineCoverage* coverage = options.covers_lines ? &lines : nullptr;
    for (const std::string& file : find_tests(options.paths)) {
        if (!is_plugin_test(file)) {
            results.push_back(run_rule_test(file));
            continue;
        }
        for (RuleTestResult& result : run_plugin_tests(file, coverage)) {
            results.push_back(std::move(result));
        }
    }
    if (results.empty()) {
        complain("no tests found; expected files *.test.yaml or *_test.lua");
        return kFindings;
    }
    const auto failed = static_cast<std::size_t>(
        std::count_if(results.begin(), results.end(),
                      [](const RuleTestResult& result) { return !result.failures.empty(); }));
    if (!options.junit.empty()) {
        std::ofstream out(options.junit, std::ios::binary);
        out << to_junit(results, failed);
        if (!out.flush()) {
            complain("cannot write " + options.junit);
            return kFindings;
        }
    }
    print(format == Format::Json
              ? to_json(results, failed, coverage)
              : (coverage == nullptr ? "" : coverage_page(lines)) + to_text(results, failed));
    return failed == 0 ? kOk : kFindings;
}

}  // namespace

void add_test(CLI::App& app, Action& chosen) {
    CLI::App* command =
        app.add_subcommand("test", "Run tests of rules and plugins on virtual time");
    auto options = std::make_shared<TestOptions>();
    command
        ->add_option("paths", options->paths,
                     "files *.test.yaml and *_test.lua, or folders of them")
        ->required()
        ->option_text("PATH...");
    command->add_option("--junit", options->junit, "write the results for a CI, as JUnit XML")
        ->option_text("FILE");
    command->add_flag("--coverage", options->covers_lines,
                      "tell which lines of plugins ran, and which did not");
    auto format = add_format(*command);
    command->callback([&chosen, options, format] {
        chosen = [options, format] { return test(*options, *format); };
    });
}

}  // namespace nocturne::cli
