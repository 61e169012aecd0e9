#include "cli/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace nocturne::cli {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr char32_t kBroken = 0x110000;                     // no code point

struct CodePoint {
    char32_t value = kBroken;
    std::size_t bytes = 1;
};

// The code point at the beginning of the text, which is not empty.
CodePoint first_of(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(0);
    if (lead < 0x80) {
        return {lead, 1};
    }
    const std::size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || text.size() < bytes) {
        return {};
    }
    char32_t value = lead & (0xFFU >> (bytes + 1));
    for (std::size_t i = 1; i < bytes; ++i) {
        if ((byte(i) & 0xC0U) != 0x80U) {
            return {};
        }
        value = (value << 6) | (byte(i) & 0x3FU);
    }
    static constexpr std::array<char32_t, 5> kLeast{0, 0, 0x80, 0x800, 0x10000};
    const bool is_surrogate = value >= 0xD800 && value <= 0xDFFF;
    return value < kLeast[bytes] || value > 0x10FFFF || is_surrogate ? CodePoint{}
                                                                     : CodePoint{value, bytes};
}

struct Range {
    char32_t first;
    char32_t last;
};

template <std::size_t N>
bool is_in(const std::array<Range, N>& ranges, char32_t value) {
    return std::any_of(ranges.begin(), ranges.end(),
                       [&](Range it) { return it.first <= value && value <= it.last; });
}

// C0, DEL and C1; marks of direction; line and paragraph separators; tags that nobody sees.
constexpr std::array<Range, 7> kSteering{{{0x00, 0x1F},
                                          {0x7F, 0x9F},
                                          {0x200E, 0x200F},
                                          {0x2028, 0x202E},
                                          {0x2066, 0x2069},
                                          {0xFFF9, 0xFFFB},
                                          {0xE0000, 0xE007F}}};
constexpr std::array<Range, 6> kZeroWidth{{{0x300, 0x36F},
                                           {0x200B, 0x200D},
                                           {0x20D0, 0x20FF},
                                           {0xFE00, 0xFE0F},
                                           {0xFE20, 0xFE2F},
                                           {0xFEFF, 0xFEFF}}};
constexpr std::array<Range, 9> kWide{{{0x1100, 0x115F},
                                      {0x2E80, 0xA4CF},
                                      {0xAC00, 0xD7A3},
                                      {0xF900, 0xFAFF},
                                      {0xFE30, 0xFE6F},
                                      {0xFF00, 0xFF60},
                                      {0xFFE0, 0xFFE6},
                                      {0x1F300, 0x1FAFF},
                                      {0x20000, 0x3FFFD}}};

std::size_t width_of(char32_t value) {
    if (is_in(kZeroWidth, value)) {
        return 0;
    }
    return is_in(kWide, value) ? 2 : 1;
}

// How many bytes of a colour sequence stand at the beginning of the text: what Palette writes, ESC
// [ digits m.
std::size_t colour_bytes(std::string_view text) {
    if (!text.starts_with("\x1b[")) {
        return 0;
    }
    const std::size_t end = text.find('m');
    return end == std::string_view::npos ? 0 : end + 1;
}

std::string_view code_of(Style style) {
    switch (style) {
        case Style::Plain: return "";
        case Style::Bold: return "1";
        case Style::Dim: return "2";
        case Style::Red: return "31";
        case Style::BoldRed: return "1;31";
        case Style::Yellow: return "33";
        case Style::Green: return "32";
        case Style::Cyan: return "36";
    }
    return "";
}

std::string repeat(std::string_view text, std::size_t times) {
    std::string out;
    for (std::size_t i = 0; i < times; ++i) {
        out += text;
    }
    return out;
}

std::string right_trimmed(std::string text) {
    text.erase(text.find_last_not_of(' ') + 1);
    return text;
}

}  // namespace

std::string sanitise(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const CodePoint point = first_of(text);
        if (point.value == '\n' || point.value == '\t' || point.value == '\r') {
            out += ' ';
        } else if (point.value == kBroken || is_in(kSteering, point.value)) {
            out += kReplacement;
        } else {
            out += text.substr(0, point.bytes);
        }
        text.remove_prefix(point.bytes);
    }
    return out;
}

std::size_t display_width(std::string_view text) {
    std::size_t width = 0;
    while (!text.empty()) {
        if (const std::size_t colour = colour_bytes(text); colour > 0) {
            text.remove_prefix(colour);
            continue;
        }
        const CodePoint point = first_of(text);
        width += width_of(point.value);
        text.remove_prefix(point.bytes);
    }
    return width;
}

std::string cut(std::string_view text, std::size_t width) {
    if (display_width(text) <= width) {
        return std::string(text);
    }
    std::size_t used = 0;
    std::size_t end = 0;
    while (end < text.size()) {
        const CodePoint point = first_of(text.substr(end));
        if (used + width_of(point.value) + 1 > width) {
            break;
        }
        used += width_of(point.value);
        end += point.bytes;
    }
    return width == 0 ? "" : std::string(text.substr(0, end)) + "…";
}

std::string pad(std::string text, std::size_t width) {
    const std::size_t used = display_width(text);
    text.append(width > used ? width - used : 0, ' ');
    return text;
}

std::vector<std::string> wrap(std::string_view text, std::size_t width) {
    std::vector<std::string> lines;
    std::string line;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(' '), text.size());
        const std::string_view word = text.substr(0, end);
        if (!line.empty() && display_width(line) + 1 + display_width(word) > width) {
            lines.push_back(std::exchange(line, ""));
        }
        line += (line.empty() || word.empty() ? "" : " ") + std::string(word);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    if (!line.empty()) {
        lines.push_back(std::move(line));
    }
    return lines;
}

std::string Palette::paint(Style style, std::string_view text) const {
    if (colour_ == Colour::Off || style == Style::Plain) {
        return std::string(text);
    }
    return "\x1b[" + std::string(code_of(style)) + "m" + std::string(text) + "\x1b[0m";
}

std::string Palette::severity(std::string_view severity, std::string_view text) const {
    static constexpr std::array<std::pair<std::string_view, Style>, 6> kStyles{
        {{"critical", Style::BoldRed},
         {"major", Style::Red},
         {"minor", Style::Yellow},
         {"warning", Style::Yellow},
         {"info", Style::Cyan},
         {"ok", Style::Green}}};
    const auto style = std::find_if(kStyles.begin(), kStyles.end(),
                                    [&](const auto& it) { return it.first == severity; });
    return paint(style == kStyles.end() ? Style::Plain : style->second, text);
}

std::string Table::render(const Palette& palette, std::size_t width) const {
    std::vector<std::size_t> widths;
    for (const Column& column : columns_) {
        widths.push_back(display_width(column.title));
    }
    for (const std::vector<std::string>& row : rows_) {
        for (std::size_t i = 0; i < widths.size(); ++i) {
            widths[i] = std::max(widths[i], display_width(row[i]));
        }
    }
    const auto line_of = [&](const auto& cell) {
        std::string line;
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            std::string text = cell(i);
            const bool is_last = i + 1 == columns_.size();
            if (is_last && width > 0) {
                constexpr std::size_t kLeast = 10;  // below it a cut tells nothing
                const std::size_t used = display_width(line);
                text = text.find('\x1b') == std::string::npos
                           ? cut(text, std::max(width - std::min(width, used), kLeast))
                           : text;
            }
            const std::size_t blanks = widths[i] - std::min(widths[i], display_width(text));
            line += columns_[i].align == Align::Right ? std::string(blanks, ' ') + text
                                                      : pad(text, widths[i]);
            line += is_last ? "" : "  ";
        }
        return right_trimmed(std::move(line)) + "\n";
    };
    std::string out =
        line_of([&](std::size_t i) { return palette.paint(Style::Bold, columns_[i].title); });
    for (const std::vector<std::string>& row : rows_) {
        out += line_of([&](std::size_t i) { return row[i]; });
    }
    return out;
}

std::string bar(double share, std::size_t width) {
    const double part =
        std::clamp(std::isfinite(share) ? share : 0.0, 0.0, 1.0) * static_cast<double>(width);
    const std::size_t full = std::min(width, static_cast<std::size_t>(std::lround(part)));
    return repeat("█", full) + repeat("░", width - full);
}

std::string percent(double share) {
    std::array<char, 32> text{};
    const double shown = std::clamp(std::isfinite(share) ? share : 0.0, 0.0, 1.0) * 100;
    const int size = std::snprintf(text.data(), text.size(),
                                   shown > 0 && shown < 1 ? "%.1f %%" : "%.0f %%", shown);
    return {text.data(), static_cast<std::size_t>(size)};
}

std::string short_time(model::Time time, model::Time now) {
    if (time == model::kNoTime) {
        return "-";
    }
    const std::string whole = model::format_time(time);  // 2026-11-21T02:13:05.250Z
    const std::size_t letter = whole.find('T');
    if (letter == std::string::npos) {
        return whole;
    }
    const std::string clock = whole.substr(letter + 1, 8);
    const bool is_today =
        std::chrono::floor<std::chrono::days>(time) == std::chrono::floor<std::chrono::days>(now);
    return is_today ? clock : whole.substr(0, letter) + " " + clock;
}

std::string ago(model::Time time, model::Time now) {
    if (time == model::kNoTime) {
        return "";
    }
    const model::Duration distance =
        std::chrono::floor<std::chrono::seconds>(now > time ? now - time : time - now);
    if (distance.count() == 0) {
        return "now";
    }
    return now > time ? model::format_duration(distance) + " ago"
                      : "in " + model::format_duration(distance);
}

Terminal this_terminal() {
    Terminal terminal;
    terminal.is_out = isatty(STDOUT_FILENO) == 1;
    terminal.is_err = isatty(STDERR_FILENO) == 1;
    const char* no_colour = std::getenv("NO_COLOR");
    const char* kind = std::getenv("TERM");
    const bool is_dumb = kind != nullptr && std::string_view(kind) == "dumb";
    const bool coloured =
        terminal.is_out && !is_dumb && (no_colour == nullptr || *no_colour == '\0');
    terminal.out = Palette(coloured ? Palette::Colour::On : Palette::Colour::Off);
    winsize size{};
    if (terminal.is_out && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) {
        terminal.width = size.ws_col;
    }
    return terminal;
}

void Progress::show(std::uint64_t done, std::uint64_t total, std::string_view what) {
    constexpr std::int64_t kPauseMs = 100;
    constexpr std::size_t kBarWidth = 24;
    if (!shown_) {
        return;
    }
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    const std::int64_t now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
    if (now_ms - drawn_at_ms_ < kPauseMs) {
        return;
    }
    drawn_at_ms_ = now_ms;
    drawn_ = true;
    std::string line = sanitise(what);
    if (total > 0) {
        const double share =
            static_cast<double>(std::min(done, total)) / static_cast<double>(total);
        line = bar(share, kBarWidth) + " " + percent(share) + "  " + line;
    }
    std::fprintf(stderr, "\r\x1b[K%s", cut(line, 100).c_str());
    std::fflush(stderr);
}

void Progress::clear() {
    if (std::exchange(drawn_, false)) {
        std::fputs("\r\x1b[K", stderr);
        std::fflush(stderr);
    }
}

}  // namespace nocturne::cli
