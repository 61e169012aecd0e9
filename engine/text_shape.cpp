#include "engine/text_shape.hpp"

#include <algorithm>
#include <cctype>

namespace nocturne::engine {

namespace {

constexpr std::string_view kVariable = "<*>";

template <typename Visit>
void for_each_word(std::string_view text, Visit visit) {
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t begin = text.find_first_not_of(" \t\r\n", at);
        if (begin == std::string_view::npos) {
            return;
        }
        std::size_t end = text.find_first_of(" \t\r\n", begin);
        end = end == std::string_view::npos ? text.size() : end;
        visit(text.substr(begin, end - begin));
        at = end;
    }
}

bool is_variable(std::string_view word) {
    const auto is_digit = [](char byte) {
        return std::isdigit(static_cast<unsigned char>(byte)) != 0;
    };
    return std::any_of(word.begin(), word.end(), is_digit) ||
           word.find_first_of("/\\@\"'`") != std::string_view::npos ||
           word.find("::") != std::string_view::npos;
}

}  // namespace

TextShape TextShape::of(std::string_view message) {
    TextShape shape;
    for_each_word(message, [&](std::string_view word) {
        if (shape.words_.size() < kWordsMax) {
            shape.words_.emplace_back(is_variable(word) ? kVariable : word);
        }
    });
    return shape;
}

TextShape TextShape::parse(std::string_view text) {
    TextShape shape;
    for_each_word(text, [&](std::string_view word) { shape.words_.emplace_back(word); });
    return shape;
}

double TextShape::likeness(const TextShape& other) const {
    if (words_.size() != other.words_.size() || words_.empty()) {
        return 0;
    }
    std::size_t equal = 0;
    for (std::size_t i = 0; i < words_.size(); ++i) {
        equal += words_[i] == other.words_[i] ? 1U : 0U;
    }
    return static_cast<double>(equal) / static_cast<double>(words_.size());
}

std::string TextShape::text() const {
    std::string text;
    for (const std::string& word : words_) {
        text += (text.empty() ? "" : " ") + word;
    }
    return text;
}

}  // namespace nocturne::engine
