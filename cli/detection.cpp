#include "cli/detection.hpp"

#include "model/time.hpp"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace nocturne::cli {

namespace {

constexpr std::size_t kColumnsMax = 1000;
constexpr std::size_t kNoColumn = SIZE_MAX;
constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

std::string_view trimmed(std::string_view text) {
    const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
    while (!text.empty() && is_space(text.front())) {
        text.remove_prefix(1);
    }
    while (!text.empty() && is_space(text.back())) {
        text.remove_suffix(1);
    }
    return text;
}

std::string_view next_line(std::string_view& rest) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    return trimmed(line);
}

// Cells without quotes: numbers and times need none.
void split(std::string_view line, std::vector<std::string_view>& cells) {
    cells.clear();
    while (cells.size() < kColumnsMax) {
        const std::size_t comma = line.find(',');
        cells.push_back(trimmed(line.substr(0, comma)));
        if (comma == std::string_view::npos) {
            return;
        }
        line.remove_prefix(comma + 1);
    }
}

double number_in(std::string_view text) {
    double number = kMissing;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size() ? number : kMissing;
}

Result<double> seconds_of(std::string_view text) {
    if (const double epoch = number_in(text); std::isfinite(epoch)) {
        return epoch;
    }
    std::string whole(text);
    if (whole.size() > 10 && whole[10] == ' ') {
        whole[10] = 'T';
    }
    if (whole.find_first_of("Z+", 10) == std::string::npos &&
        whole.find('-', 10) == std::string::npos) {
        whole += 'Z';
    }
    NOCTURNE_TRY(const model::Time time, model::parse_time(whole));
    return static_cast<double>(model::to_unix_ms(time)) / 1000.0;
}

template <typename T>
void append(std::string& out, T number) {
    char digits[32];
    const auto [end, error] = std::to_chars(digits, digits + sizeof digits, number);
    out.append(digits, error == std::errc() ? end : digits);
}

struct Columns {
    std::size_t timestamp = kNoColumn;
    std::size_t value = kNoColumn;
};

Columns columns_of(const std::vector<std::string_view>& header) {
    Columns columns;
    for (std::size_t i = 0; i < header.size(); ++i) {
        columns.timestamp = header[i] == "timestamp" ? i : columns.timestamp;
        columns.value = header[i] == "value" ? i : columns.value;
    }
    return columns;
}

tl::unexpected<Error> fail_at(std::uint32_t line, std::string message) {
    Error error{ErrorCode::Invalid, std::move(message), {}};
    error.places.push_back({"", line, 0});
    return fail(std::move(error));
}

}  // namespace

Result<std::string> detect_csv(std::string_view csv, plugins::Detector& detector,
                               std::optional<SampleTimes> times) {
    std::vector<std::string_view> cells;
    split(next_line(csv), cells);
    const Columns columns = columns_of(cells);
    if (columns.value == kNoColumn) {
        return fail_at(1, "no column \"value\"; expected a header like timestamp,value");
    }
    if (columns.timestamp == kNoColumn && !times) {
        return fail_at(1, "no column \"timestamp\"; give the times with --index");
    }
    std::string out = "timestamp,value,anomaly_score\n";
    out.reserve(2 * csv.size() + 64);
    std::uint32_t line = 1;
    std::uint64_t row = 0;
    while (!csv.empty()) {
        ++line;
        const std::string_view text = next_line(csv);
        if (text.empty()) {
            continue;
        }
        split(text, cells);
        if (columns.value >= cells.size() ||
            (columns.timestamp != kNoColumn && columns.timestamp >= cells.size())) {
            return fail_at(line, "the row has fewer cells than the header");
        }
        double time_s = 0;
        if (columns.timestamp != kNoColumn) {
            Result<double> parsed = seconds_of(cells[columns.timestamp]);
            if (!parsed) {
                return fail_at(line, "\"" + std::string(cells[columns.timestamp]) +
                                         "\" is not a time; expected e.g. 2026-11-21T02:13:05Z, "
                                         "2026-11-21 02:13:05 or epoch seconds");
            }
            time_s = *parsed;
            out += cells[columns.timestamp];
        } else {
            time_s = times->start_s + static_cast<double>(row) * times->interval_s;
            append(out, time_s);
        }
        const std::string_view value = cells[columns.value];
        (out += ',') += value;
        out += ',';
        append(out, static_cast<float>(detector.score(time_s, number_in(value))));
        out += '\n';
        ++row;
    }
    return out;
}

}  // namespace nocturne::cli
