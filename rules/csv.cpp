#include "rules/csv.hpp"

#include <utility>

namespace nocturne::rules {

namespace {

class CsvReader {
   public:
    CsvReader(std::string_view text, const std::string& file_name, ProblemList& problems)
        : text_(text), file_name_(file_name), problems_(problems) {
        if (text_.starts_with("\xEF\xBB\xBF")) {
            text_.remove_prefix(3);  // as spreadsheets write it
        }
    }

    std::vector<CsvRow> read(std::size_t rows_max) {
        std::vector<CsvRow> rows;
        while (at_ < text_.size()) {
            CsvRow row{line_, {}};
            const bool is_well = read_row(row.cells);
            if (!is_well || (row.cells.size() == 1 && row.cells.front().empty())) {
                continue;
            }
            if (rows.size() == rows_max) {
                problems_.error({file_name_, row.line, 1},
                                "more than " + std::to_string(rows_max) + " rows");
                break;
            }
            rows.push_back(std::move(row));
        }
        return rows;
    }

   private:
    // False when a cell is wrong, which is told; then it is at the next line.
    bool read_row(std::vector<std::string>& cells) {
        for (;;) {
            if (!read_cell(cells.emplace_back())) {
                skip_line();
                return false;
            }
            if (at_ < text_.size() && text_[at_] == ',') {
                ++at_;
                continue;
            }
            skip_line();  // what is left is the line's end
            return true;
        }
    }

    bool read_cell(std::string& cell) {
        if (at_ < text_.size() && text_[at_] == '"') {
            return read_quoted(cell);
        }
        while (at_ < text_.size() && text_[at_] != ',' && !is_line_end()) {
            if (text_[at_] == '"') {
                return wrong(
                    at_, line_, line_start_,
                    "found a quote inside of a cell, expected the whole cell in quotes and "
                    "this one doubled");
            }
            cell += text_[at_++];
        }
        return true;
    }

    bool read_quoted(std::string& cell) {
        const std::size_t start = at_;
        const std::uint32_t start_line = line_;
        const std::size_t start_of_line = line_start_;
        for (++at_; at_ < text_.size(); ++at_) {
            if (text_[at_] == '"' && at_ + 1 < text_.size() && text_[at_ + 1] == '"') {
                ++at_;
            } else if (text_[at_] == '"') {
                ++at_;
                if (at_ == text_.size() || text_[at_] == ',' || is_line_end()) {
                    return true;
                }
                return wrong(at_, line_, line_start_,
                             "found text after the closing quote, expected a comma or the line's "
                             "end; a quote inside is doubled");
            } else if (text_[at_] == '\n') {
                ++line_;
                line_start_ = at_ + 1;
            }
            cell += text_[at_];
        }
        return wrong(start, start_line, start_of_line, "the quote is not closed");
    }

    bool is_line_end() const {
        return text_[at_] == '\n' ||
               (text_[at_] == '\r' && (at_ + 1 == text_.size() || text_[at_ + 1] == '\n'));
    }

    void skip_line() {
        while (at_ < text_.size() && text_[at_] != '\n') {
            ++at_;
        }
        ++at_;
        ++line_;
        line_start_ = at_;
    }

    bool wrong(std::size_t at, std::uint32_t line, std::size_t line_start, std::string message) {
        problems_.error({file_name_, line, static_cast<std::uint32_t>(at - line_start + 1)},
                        std::move(message));
        return false;
    }

    std::string_view text_;
    const std::string& file_name_;
    ProblemList& problems_;
    std::size_t at_ = 0;
    std::size_t line_start_ = 0;
    std::uint32_t line_ = 1;
};

}  // namespace

std::vector<CsvRow> parse_csv(std::string_view text, const std::string& file_name,
                              std::size_t rows_max, ProblemList& problems) {
    return CsvReader(text, file_name, problems).read(rows_max);
}

}  // namespace nocturne::rules
