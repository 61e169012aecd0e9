// TextShape: what messages of one kind have in common, once numbers and names of things are out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nocturne::engine {

// The words of a message, where each that holds a digit, an address, a path or a quoted text is
// "<*>"; the fixed-depth idea of Drain (He et al., ICWS 2017): words at the same place are
// compared.
class TextShape {
   public:
    static constexpr std::size_t kWordsMax = 64;

    static TextShape of(std::string_view message);
    // What text() gave.
    static TextShape parse(std::string_view text);

    // 0..1: the share of places with equal words; 0 for different numbers of words.
    double likeness(const TextShape& other) const;

    std::string text() const;

   private:
    std::vector<std::string> words_;
};

}  // namespace nocturne::engine
