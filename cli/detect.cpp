// `nocturne detect`: a detector over recorded metrics.
#include "cli/commands.hpp"
#include "cli/detection.hpp"
#include "cli/exit_code.hpp"
#include "cli/json_text.hpp"
#include "cli/output.hpp"
#include "cli/plugin_scorer.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <variant>
#include <vector>

namespace nocturne::cli {

namespace {

namespace fs = std::filesystem;

constexpr unsigned kThreadsMax = 16;

struct DetectOptions {
    std::string plugin;
    std::vector<std::string> parameters;
    std::string metrics;
    std::string in;
    std::string out;
    std::string index;
    bool list = false;
};

using Index = std::map<std::string, SampleTimes, std::less<>>;

// What every file needs; read by many threads, written by none.
struct Detection {
    plugins::PluginSource source;
    std::vector<plugins::PluginSetting> settings;
    Index index;
};

Result<std::string> read_whole(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    if (!file.is_open() || file.bad()) {
        return fail(ErrorCode::NotFound, path.string() + ": cannot be read");
    }
    return text;
}

Result<std::vector<plugins::PluginSetting>>
settings_of(const std::vector<std::string>& parameters) {
    std::vector<plugins::PluginSetting> settings;
    for (const std::string& parameter : parameters) {
        const std::size_t mark = parameter.find('=');
        if (mark == std::string::npos || mark == 0) {
            return fail(ErrorCode::Invalid,
                        "--param \"" + parameter + "\" is not NAME=VALUE; expected e.g. level=0.1");
        }
        settings.push_back({parameter.substr(0, mark), parameter.substr(mark + 1), "", "--param"});
    }
    return settings;
}

Result<Index> index_of(const std::string& path) {
    Index index;
    if (path.empty()) {
        return index;
    }
    NOCTURNE_TRY(const std::string text, read_whole(path));
    Result<boost::json::value> json = parse_json(text);
    if (!json || !json->is_object()) {
        return fail(ErrorCode::Invalid,
                    path + R"(: expected {"<name>": {"start": SECONDS, "interval": SECONDS}})");
    }
    for (const auto& [name, about] : json->as_object()) {
        const double interval = number_of(about, "interval");
        if (!about.is_object() || !(interval > 0)) {
            return fail(ErrorCode::Invalid, path + ": \"" + std::string(name) +
                                                "\" has no interval; expected seconds above 0");
        }
        index.emplace(name, SampleTimes{number_of(about, "start"), interval});
    }
    return index;
}

Result<Detection> prepare(const DetectOptions& options) {
    NOCTURNE_TRY(auto source, find_plugin_source(options.plugin));
    NOCTURNE_TRY(auto settings, settings_of(options.parameters));
    NOCTURNE_TRY(auto index, index_of(options.index));
    // Once in front, so that what is wrong with the plugin is told once and not for each file.
    NOCTURNE_TRY([[maybe_unused]] const auto tried, PluginScorer::make(source, settings, ""));
    return Detection{std::move(source), std::move(settings), std::move(index)};
}

// Times by the name below the folder without ".csv", or by the bare name.
std::optional<SampleTimes> times_of(const Index& index, const fs::path& relative) {
    fs::path name = relative;
    name.replace_extension();
    auto found = index.find(name.generic_string());
    if (found == index.end()) {
        found = index.find(name.filename().string());
    }
    return found == index.end() ? std::nullopt : std::optional(found->second);
}

// Each file has a plugin of its own: files share nothing.
Status detect_file(const Detection& detection, const fs::path& path, const fs::path& relative,
                   std::ostream& out) {
    fs::path series = relative;
    series.replace_extension();
    NOCTURNE_TRY(const auto scorer,
                 PluginScorer::make(detection.source, detection.settings, series.generic_string()));
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        return fail(ErrorCode::NotFound, path.string() + ": cannot be read");
    }
    Status status = detect_csv(file, *scorer, times_of(detection.index, relative), out);
    if (!status) {
        Error error = std::move(status).error();
        if (!error.places.empty()) {
            error.places.front().file = path.string();
        }
        return fail(std::move(error));
    }
    if (file.bad()) {
        return fail(ErrorCode::NotFound, path.string() + ": cannot be read to its end");
    }
    return {};
}

// Nothing stays of what could not be written to its end.
Status detect_into(const Detection& detection, const DetectOptions& options,
                   const fs::path& relative) {
    const fs::path path = fs::path(options.out) / relative;
    std::error_code error;
    fs::create_directories(path.parent_path(), error);
    std::ofstream file(path, std::ios::binary);
    Status status = detect_file(detection, fs::path(options.in) / relative, relative, file);
    file.close();
    if (status && !file) {
        status = fail(ErrorCode::Unavailable, path.string() + ": cannot be written");
    }
    if (!status) {
        fs::remove(path, error);
    }
    return status;
}

std::vector<fs::path> csv_files_below(const fs::path& folder, std::error_code& error) {
    std::vector<fs::path> files;
    for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error)) {
        if (entry->is_regular_file(error) && entry->path().extension() == ".csv") {
            files.push_back(entry->path().lexically_relative(folder));
        }
    }
    std::sort(files.begin(), files.end());
    return files;
}

int detect_folder(const Detection& detection, const DetectOptions& options) {
    std::error_code error;
    const std::vector<fs::path> files = csv_files_below(options.in, error);
    if (error || files.empty()) {
        complain("--in " + options.in + ": no *.csv below it");
        return kFindings;
    }
    std::atomic<std::size_t> next = 0;
    std::mutex lock;
    std::map<std::size_t, Error> problems;  // guarded by lock; told in the order of the files
    const auto work = [&] {
        for (std::size_t i = next++; i < files.size(); i = next++) {
            if (Status status = detect_into(detection, options, files[i]); !status) {
                const std::scoped_lock guard(lock);
                problems.emplace(i, std::move(status).error());
            }
        }
    };
    const unsigned threads = std::clamp(std::thread::hardware_concurrency(), 1U, kThreadsMax);
    std::vector<std::jthread> workers;
    for (unsigned i = 0; i < threads; ++i) {
        workers.emplace_back(work);
    }
    workers.clear();  // joins
    for (const auto& [place, problem] : problems) {
        complain(to_string(problem));
    }
    return problems.empty() ? kOk : kFindings;
}

std::string shown(const plugins::ParameterValue& value) {
    if (const auto* text = std::get_if<std::string>(&value)) {
        return *text;
    }
    if (const auto* flag = std::get_if<bool>(&value)) {
        return *flag ? "true" : "false";
    }
    std::ostringstream out;
    out << std::get<double>(value);
    return out.str();
}

// The shipped detectors of metrics.
int print_list() {
    for (const plugins::ShippedScript& script : plugins::shipped_scripts()) {
        if (!script.file.starts_with("scripts/detectors/")) {
            continue;
        }
        plugins::PluginSource source{std::string(script.file), std::string(script.text), {}};
        const auto plugin = plugins::Plugin::load(std::move(source), {});
        if (!plugin) {
            complain(to_string(plugin.error()));
            return kFindings;
        }
        const plugins::Manifest& manifest = (*plugin)->manifest();
        if (!manifest.handlers.on_sample) {
            continue;
        }
        std::string text = manifest.name + ": " + manifest.summary + "\n";
        for (const plugins::Parameter& parameter : manifest.parameters) {
            text += "    " + parameter.name + "=" + shown(parameter.standard) + "  " +
                    parameter.help + "\n";
        }
        print(text);
    }
    return kOk;
}

int detect(const DetectOptions& options) {
    if (options.list) {
        return print_list();
    }
    const bool is_folder = !options.in.empty();
    if (options.plugin.empty() || options.metrics.empty() != is_folder ||
        options.out.empty() == is_folder) {
        complain("detect needs --plugin, and either --metrics FILE or --in DIR and --out DIR");
        return kUsage;
    }
    const Result<Detection> detection = prepare(options);
    if (!detection) {
        complain(to_string(detection.error()));
        return kFindings;
    }
    if (is_folder) {
        return detect_folder(*detection, options);
    }
    const fs::path path = options.metrics;
    if (const Status status = detect_file(*detection, path, path.filename(), std::cout); !status) {
        complain(to_string(status.error()));
        return kFindings;
    }
    std::cout.flush();
    return std::cout ? kOk : kFindings;
}

}  // namespace

void add_detect(CLI::App& app, Action& chosen) {
    CLI::App* command =
        app.add_subcommand("detect", "Run a detector over recorded metrics, a score a sample");
    auto options = std::make_shared<DetectOptions>();
    command->add_option("--plugin", options->plugin, "a shipped detector, e.g. best, or a Lua file")
        ->option_text("NAME|FILE.lua");
    command
        ->add_option("--param", options->parameters, "a parameter of the detector, e.g. level=0.1")
        ->option_text("NAME=VALUE");
    command->add_option("--metrics", options->metrics, "a CSV with the columns timestamp,value")
        ->option_text("FILE");
    command->add_option("--in", options->in, "all *.csv below this folder, in parallel")
        ->option_text("DIR");
    command->add_option("--out", options->out, "where their scores go, by the same paths")
        ->option_text("DIR");
    command
        ->add_option("--index", options->index,
                     "JSON with start and interval (seconds) of files without timestamps")
        ->option_text("FILE");
    command->add_flag("--list", options->list, "show the detectors and their parameters");
    command->footer("Prints timestamp,value,anomaly_score; a score of 0.5 and above is an alert. "
                    "docs/detectors.md has the formulas.");
    command->callback([&chosen, options] { chosen = [options] { return detect(*options); }; });
}

}  // namespace nocturne::cli
