#include "rules/problem_list.hpp"

#include "rules/grammar.hpp"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

namespace nocturne::rules {

namespace {

constexpr std::size_t kLineBytesMax = 4096;
constexpr std::size_t kMessageBytesMax = 1000;
constexpr std::size_t kShownBefore = 60;  // of a long line, before and after the caret
constexpr std::size_t kShownAfter = 60;

bool is_continuation(char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

// Blanks as wide as the text: what is no letter of its own takes no room.
std::string blanks_for(std::string_view text) {
    std::string blanks;
    for (const char byte : text) {
        if (!is_continuation(byte)) {
            blanks += byte == '\t' ? '\t' : ' ';
        }
    }
    return blanks;
}

std::string printable(std::string_view line) {
    std::string text(line);
    for (char& byte : text) {
        const auto code = static_cast<unsigned char>(byte);
        byte = (code < 0x20 && byte != '\t') || code == 0x7F ? '?' : byte;
    }
    return text;
}

// From the start of each line of the text, so that many problems cost one pass.
std::vector<std::size_t> starts_of(std::string_view text) {
    std::vector<std::size_t> starts{0};
    for (std::size_t at = text.find('\n'); at != std::string_view::npos;
         at = text.find('\n', at + 1)) {
        starts.push_back(at + 1);
    }
    return starts;
}

std::string line_at(std::string_view text, const std::vector<std::size_t>& starts,
                    std::uint32_t line) {
    if (line == 0 || line > starts.size()) {
        return "";
    }
    std::string_view rest = text.substr(starts[line - 1]);
    rest = rest.substr(0, rest.find('\n'));
    if (rest.ends_with('\r')) {
        rest.remove_suffix(1);
    }
    return std::string(rest.substr(0, kLineBytesMax));
}

const Place& place_of(const Problem& problem) {
    static const Place kNowhere;
    return problem.error.places.empty() ? kNowhere : problem.error.places.front();
}

}  // namespace

std::string to_string(const Problem& problem) {
    const bool is_error = problem.level == Problem::Level::Error;
    const Place& place = place_of(problem);
    std::string text = to_string(place);
    text += (text.empty() ? "" : ": ") + std::string(is_error ? "error: " : "warning: ") +
            problem.error.message;
    if (problem.line.empty() || place.column == 0 || place.column > problem.line.size() + 1) {
        return text;
    }
    const std::string line = printable(problem.line);
    const std::size_t caret = place.column - 1;
    std::size_t from = caret > kShownBefore ? caret - kShownBefore : 0;
    std::size_t to = std::min(line.size(), caret + kShownAfter);
    while (from > 0 && is_continuation(line[from])) {
        --from;
    }
    while (to < line.size() && is_continuation(line[to])) {
        ++to;
    }
    const std::string_view head = from > 0 ? "..." : "";
    text += "\n    " + std::string(head) + line.substr(from, to - from);
    text += to < line.size() ? "..." : "";
    text += "\n    " + std::string(head.size(), ' ') +
            blanks_for(std::string_view(line).substr(from, caret - from)) + "^";
    return text;
}

bool has_errors(const std::vector<Problem>& problems) {
    return std::any_of(problems.begin(), problems.end(), [](const Problem& problem) {
        return problem.level == Problem::Level::Error;
    });
}

void ProblemList::add_file(const std::string& name, std::string_view text) {
    if (files_.emplace(name, texts_.size()).second) {
        texts_.push_back(text);
    }
}

void ProblemList::error(Place place, std::string message) {
    ++errors_;
    add(Problem::Level::Error, std::move(place), std::move(message));
}

void ProblemList::warning(Place place, std::string message) {
    add(Problem::Level::Warning, std::move(place), std::move(message));
}

void ProblemList::add(Problem::Level level, Place place, std::string message) {
    if (message.size() > kMessageBytesMax) {
        message.resize(kMessageBytesMax);  // it quotes a text that nobody wrote by hand
        message += "...";
    }
    if (!told_.insert(to_string(place) + " " + message).second) {
        return;  // an alias brought us here again
    }
    if (problems_.size() >= kProblemsMax) {
        told_.clear();
        ++untold_;
        return;
    }
    problems_.push_back(
        {level, {ErrorCode::Invalid, std::move(message), {std::move(place)}}, std::string()});
}

std::size_t ProblemList::rank_of(const Problem& problem) const {
    const auto found = files_.find(place_of(problem).file);
    return found == files_.end() ? texts_.size() : found->second;
}

std::vector<Problem> ProblemList::take() {
    std::stable_sort(problems_.begin(), problems_.end(), [&](const Problem& a, const Problem& b) {
        const Place& at = place_of(a);
        const Place& bt = place_of(b);
        return std::tuple(rank_of(a), at.line, at.column) <
               std::tuple(rank_of(b), bt.line, bt.column);
    });
    std::size_t file = SIZE_MAX;
    std::vector<std::size_t> starts;
    for (Problem& problem : problems_) {
        const std::size_t rank = rank_of(problem);
        if (rank == texts_.size()) {
            continue;
        }
        if (rank != file) {
            file = rank;
            starts = starts_of(texts_[file]);
        }
        problem.line = line_at(texts_[file], starts, place_of(problem).line);
    }
    if (untold_ > 0) {
        problems_.push_back({Problem::Level::Error,
                             {ErrorCode::Invalid,
                              std::to_string(untold_) + " more problems are not told; " +
                                  "the first " + std::to_string(kProblemsMax) + " are",
                              {}},
                             std::string()});
    }
    return std::move(problems_);
}

std::vector<Problem> join_problems(std::vector<Problem> first, std::vector<Problem> second) {
    std::map<std::string, std::size_t> files;
    const auto key_of = [&](const Problem& problem) {
        const Place& place = place_of(problem);
        return std::tuple(files.emplace(place.file, files.size()).first->second, place.line,
                          place.column);
    };
    std::set<std::tuple<std::size_t, std::uint32_t, std::uint32_t>> told;
    for (const Problem& problem : second) {
        key_of(problem);  // the second knows the order of all files
    }
    for (const Problem& problem : first) {
        told.insert(key_of(problem));
    }
    for (Problem& problem : second) {
        if (told.count(key_of(problem)) == 0) {
            first.push_back(std::move(problem));
        }
    }
    std::stable_sort(first.begin(), first.end(),
                     [&](const Problem& a, const Problem& b) { return key_of(a) < key_of(b); });
    return first;
}

}  // namespace nocturne::rules
