#include "cli/anomaly_labels.hpp"

#include "cli/detection.hpp"
#include "cli/json_text.hpp"
#include "cli/plugin_files.hpp"
#include "rules/csv.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace nocturne::cli {

namespace {

constexpr std::size_t kRowsMax = 1'000'000;

Error at_line(const std::string& file, std::uint32_t line, std::string message) {
    return {ErrorCode::Invalid, std::move(message), {{file, line, 0}}};
}

Result<model::Time> time_in(const std::string& text) {
    const Result<double> seconds = parse_seconds(text);
    if (!seconds) {
        return fail(ErrorCode::Invalid,
                    "\"" + text + "\" is not a time; expected e.g. 2014-04-10 07:15:00");
    }
    return model::from_unix_ms(static_cast<std::int64_t>(*seconds * 1000));
}

// "art_daily.csv" is the series art_daily.
std::string without_extension(std::string name) {
    constexpr std::string_view kExtension = ".csv";
    if (name.ends_with(kExtension)) {
        name.resize(name.size() - kExtension.size());
    }
    return name;
}

}  // namespace

Result<AnomalyLabels> AnomalyLabels::read(const std::filesystem::path& file) {
    NOCTURNE_TRY(const std::string text, read_plugin_text(file));
    return parse(text, file.string());
}

Result<AnomalyLabels> AnomalyLabels::parse(const std::string& text, const std::string& file) {
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    return first != std::string::npos && text[first] == '{' ? parse_json_labels(text, file)
                                                            : parse_csv_labels(text, file);
}

Status AnomalyLabels::add(const std::string& resource, const std::string& from,
                          const std::string& to) {
    std::vector<Window>& windows = windows_[resource];
    if (from.empty() && to.empty()) {
        return {};
    }
    NOCTURNE_TRY(const model::Time begin, time_in(from));
    NOCTURNE_TRY(const model::Time end, time_in(to));
    if (end < begin) {
        return fail(ErrorCode::Invalid, "the window ends before it begins");
    }
    windows.push_back({begin, end});
    return {};
}

Result<AnomalyLabels> AnomalyLabels::parse_json_labels(const std::string& text,
                                                       const std::string& file) {
    constexpr const char* kExpected = R"(expected {"name": [["from", "to"], ...]})";
    const Result<boost::json::value> json = parse_json(text);
    if (!json || !json->is_object()) {
        return fail(at_line(file, 0, kExpected));
    }
    AnomalyLabels labels;
    for (const auto& [name, windows] : json->as_object()) {
        const std::string resource = without_extension(std::string(name));
        if (!windows.is_array()) {
            return fail(at_line(file, 0, "\"" + resource + "\": " + kExpected));
        }
        labels.windows_[resource];  // labelled, if without a window
        for (const boost::json::value& window : windows.as_array()) {
            const bool is_pair = window.is_array() && window.as_array().size() == 2 &&
                                 window.as_array()[0].is_string() &&
                                 window.as_array()[1].is_string();
            if (!is_pair) {
                return fail(at_line(file, 0, "\"" + resource + "\": " + kExpected));
            }
            const boost::json::array& ends = window.as_array();
            if (const Status added = labels.add(resource, std::string(ends[0].as_string().c_str()),
                                                std::string(ends[1].as_string().c_str()));
                !added) {
                return fail(at_line(file, 0, "\"" + resource + "\": " + added.error().message));
            }
        }
    }
    return labels;
}

Result<AnomalyLabels> AnomalyLabels::parse_csv_labels(const std::string& text,
                                                      const std::string& file) {
    rules::ProblemList problems;
    const std::vector<rules::CsvRow> rows = rules::parse_csv(text, file, kRowsMax, problems);
    for (const rules::Problem& problem : problems.take()) {
        return fail(problem.error);
    }
    constexpr std::array<const char*, 3> kColumns{"resource", "from", "to"};
    std::array<std::size_t, kColumns.size()> places{};
    for (std::size_t i = 0; i < kColumns.size(); ++i) {
        const auto place =
            rows.empty() ? std::size_t{0}
                         : static_cast<std::size_t>(
                               std::find(rows[0].cells.begin(), rows[0].cells.end(), kColumns[i]) -
                               rows[0].cells.begin());
        if (rows.empty() || place == rows[0].cells.size()) {
            return fail(at_line(file, 1,
                                "has no column " + std::string(kColumns[i]) +
                                    "; expected resource,from,to"));
        }
        places[i] = place;
    }
    AnomalyLabels labels;
    for (std::size_t i = 1; i < rows.size(); ++i) {
        std::vector<std::string> cells = rows[i].cells;
        cells.resize(rows[0].cells.size());
        if (const Status added = labels.add(cells[places[0]], cells[places[1]], cells[places[2]]);
            !added) {
            return fail(at_line(file, rows[i].line, added.error().message));
        }
    }
    return labels;
}

AnomalyLabels::Score AnomalyLabels::score(const std::vector<Told>& told) const {
    Score score;
    std::set<const Window*> found;
    for (const Told& one : told) {
        const auto windows = windows_.find(one.resource);
        if (windows == windows_.end()) {
            ++score.unlabelled;
            continue;
        }
        bool is_right = false;
        for (const Window& window : windows->second) {
            if (window.from <= one.at && one.at <= window.to) {
                is_right = true;
                found.insert(&window);
            }
        }
        ++(is_right ? score.right : score.wrong);
    }
    score.found = found.size();
    return score;
}

std::uint64_t AnomalyLabels::windows() const {
    std::uint64_t count = 0;
    for (const auto& [resource, windows] : windows_) {
        count += windows.size();
    }
    return count;
}

}  // namespace nocturne::cli
