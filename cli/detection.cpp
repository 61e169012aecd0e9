#include "cli/detection.hpp"

#include "model/time.hpp"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <istream>
#include <limits>
#include <ostream>
#include <string>
#include <string_view>
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

tl::unexpected<Error> fail_at(std::uint32_t line, std::string message) {
    Error error{ErrorCode::Invalid, std::move(message), {}};
    error.places.push_back({"", line, 0});
    return fail(std::move(error));
}

// Lines of a stream, which is read in large pieces.
class Lines {
   public:
    explicit Lines(std::istream& in) : in_(in), buffer_(kBufferBytes) {}

    // The next line, until the one after it is asked for; an error when it is too long.
    Result<bool> next(std::string_view& line) {
        for (;;) {
            const std::string_view rest(buffer_.data() + begin_, end_ - begin_);
            const std::size_t length = rest.find('\n');
            if (length != std::string_view::npos || (is_at_end_ && !rest.empty())) {
                line = rest.substr(0, length);
                begin_ += length == std::string_view::npos ? rest.size() : length + 1;
                ++number_;
                return true;
            }
            if (is_at_end_) {
                return false;
            }
            if (rest.size() > kLineBytesMax) {
                return fail_at(number_ + 1, "the line is longer than 65536 bytes");
            }
            refill();
        }
    }

    std::uint32_t number() const { return number_; }  // of the last line, from 1

   private:
    static constexpr std::size_t kBufferBytes = 256U << 10;
    static constexpr std::size_t kLineBytesMax = 64U << 10;

    void refill() {
        std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
                  buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
        end_ -= begin_;
        begin_ = 0;
        in_.read(buffer_.data() + end_, static_cast<std::streamsize>(buffer_.size() - end_));
        end_ += static_cast<std::size_t>(in_.gcount());
        is_at_end_ = !in_;
    }

    std::istream& in_;
    std::vector<char> buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::uint32_t number_ = 0;
    bool is_at_end_ = false;
};

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

// What is written, in large pieces.
class Rows {
   public:
    explicit Rows(std::ostream& out) : out_(out) { text_ = "timestamp,value,anomaly_score\n"; }

    std::string& text() { return text_; }

    void end_row() {
        text_ += '\n';
        if (text_.size() >= kPieceBytes) {
            flush();
        }
    }

    void flush() {
        out_.write(text_.data(), static_cast<std::streamsize>(text_.size()));
        text_.clear();
    }

   private:
    static constexpr std::size_t kPieceBytes = 64U << 10;

    std::ostream& out_;
    std::string text_;
};

// The time of a row, which it writes.
Result<double> take_time(std::string_view cell, std::uint32_t line, std::string& out) {
    Result<double> parsed = parse_seconds(cell);
    if (!parsed) {
        return fail_at(line, "\"" + std::string(cell) +
                                 "\" is not a time; expected e.g. 2026-11-21T02:13:05Z, "
                                 "2026-11-21 02:13:05 or epoch seconds");
    }
    out += cell;
    return parsed;
}

Result<Columns> read_header(Lines& lines, bool has_times, std::vector<std::string_view>& cells) {
    std::string_view line;
    NOCTURNE_TRY([[maybe_unused]] const bool is_there, lines.next(line));
    split(trimmed(line), cells);
    const Columns columns = columns_of(cells);
    if (columns.value == kNoColumn) {
        return fail_at(1, "no column \"value\"; expected a header like timestamp,value");
    }
    if (columns.timestamp == kNoColumn && !has_times) {
        return fail_at(1, "no column \"timestamp\"; give the times with --index");
    }
    return columns;
}

// All rows below the header.
Status read_rows(Lines& lines, const Columns& columns, Scorer& scorer,
                 const std::optional<SampleTimes>& times, Rows& rows) {
    std::vector<std::string_view> cells;
    std::string_view text;
    for (double row = 0;;) {
        NOCTURNE_TRY(const bool is_there, lines.next(text));
        if (!is_there) {
            return {};
        }
        text = trimmed(text);
        if (text.empty()) {
            continue;
        }
        split(text, cells);
        if (columns.value >= cells.size() ||
            (columns.timestamp != kNoColumn && columns.timestamp >= cells.size())) {
            return fail_at(lines.number(), "the row has fewer cells than the header");
        }
        std::string& out = rows.text();
        double time_s = 0;
        if (columns.timestamp != kNoColumn) {
            NOCTURNE_TRY(time_s, take_time(cells[columns.timestamp], lines.number(), out));
        } else {
            time_s = times->start_s + row * times->interval_s;
            append(out, time_s);
        }
        const std::string_view value = cells[columns.value];
        NOCTURNE_TRY(const double score, scorer.score(time_s, number_in(value)));
        ((out += ',') += value) += ',';
        append(out, static_cast<float>(score));
        rows.end_row();
        ++row;
    }
}

}  // namespace

Result<double> parse_seconds(std::string_view text) {
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

Status detect_csv(std::istream& csv, Scorer& scorer, std::optional<SampleTimes> times,
                  std::ostream& out) {
    Lines lines(csv);
    Rows rows(out);
    std::vector<std::string_view> cells;
    NOCTURNE_TRY(const Columns columns, read_header(lines, times.has_value(), cells));
    Status status = read_rows(lines, columns, scorer, times, rows);
    rows.flush();
    return status;
}

}  // namespace nocturne::cli
