// What reaches a terminal: texts made harmless, widths, colour, tables, bars, progress.
#pragma once

#include "model/time.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::cli {

// The text without anything that could steer a terminal: control characters, escape sequences,
// marks that turn the direction of writing, and broken UTF-8 become U+FFFD; line ends and tabs
// become a blank.
std::string sanitise(std::string_view text);

// Columns that the text takes. Wide East Asian letters and emoji take two, combining marks none;
// colours that Palette wrote take none.
std::size_t display_width(std::string_view text);

// Cut to at most `width` columns, with an ellipsis in the last one when something is missing. For
// texts without colours.
std::string cut(std::string_view text, std::size_t width);

// Filled with blanks to `width` columns; a longer text stays as it is.
std::string pad(std::string text, std::size_t width);

// Broken at blanks into lines of at most `width` columns.
std::vector<std::string> wrap(std::string_view text, std::size_t width);

enum class Style : std::uint8_t { Plain, Bold, Dim, Red, BoldRed, Yellow, Green, Cyan };

// Colours, or none.
class Palette {
   public:
    enum class Colour : std::uint8_t { Off, On };

    explicit Palette(Colour colour = Colour::Off) : colour_(colour) {}

    std::string paint(Style style, std::string_view text) const;
    // A severity, or anything else that has one, in its colour.
    std::string severity(std::string_view severity, std::string_view text) const;

   private:
    Colour colour_;
};

// Columns of text, aligned. The last column is cut to what the terminal has room for.
class Table {
   public:
    enum class Align : std::uint8_t { Left, Right };

    struct Column {
        std::string title;
        Align align = Align::Left;
    };

    explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

    // Cells may hold colours; texts from outside are to be sanitised before.
    void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }

    bool empty() const { return rows_.empty(); }

    // `width` 0: no limit.
    std::string render(const Palette& palette, std::size_t width) const;

   private:
    std::vector<Column> columns_;
    std::vector<std::vector<std::string>> rows_;
};

// "█████░░░" for a share of 0 to 1.
std::string bar(double share, std::size_t width);
// "71 %"
std::string percent(double share);

// "02:13:05" on the day of `now`, with the date on any other; UTC. "-" for kNoTime.
std::string short_time(model::Time time, model::Time now);
// "3m ago", "in 2h", "now"; "" for kNoTime.
std::string ago(model::Time time, model::Time now);

// What the terminal of this process is like.
struct Terminal {
    Palette out;            // for stdout
    std::size_t width = 0;  // of stdout; 0: it is no terminal
    bool is_out = false;    // stdout is a terminal
    bool is_err = false;    // stderr is a terminal
};

// Asks the system and NO_COLOR.
Terminal this_terminal();

// A line on stderr that grows; silent when stderr is no terminal.
class Progress {
   public:
    explicit Progress(bool shown) : shown_(shown) {}

    ~Progress() { clear(); }

    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    // `total` 0: not known. Draws at most ten times a second.
    void show(std::uint64_t done, std::uint64_t total, std::string_view what);
    // Takes the line away, before something else is printed.
    void clear();

   private:
    bool shown_;
    bool drawn_ = false;
    std::int64_t drawn_at_ms_ = 0;
};

}  // namespace nocturne::cli
