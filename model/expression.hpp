// Expression: a regular expression with named groups, by RE2 (linear time whatever the pattern).
#pragma once

#include "model/result.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace re2 {
class RE2;
}

namespace nocturne::model {

// Not anchored: it is found anywhere in a text. Copies share the compiled form.
class Expression {
   public:
    static constexpr std::size_t kGroupsMax = 16;

    // An error says what RE2 says.
    static Result<Expression> make(std::string text);

    const std::string& text() const { return text_; }

    // Names of the groups, in order; "" for one without a name.
    const std::vector<std::string>& groups() const { return groups_; }

    bool is_in(std::string_view text) const;
    // The texts of the groups into `captured` (as many as groups(); those that did not take part
    // are empty), which borrow from `text`. False when the expression is not in it.
    bool find(std::string_view text, std::vector<std::string_view>& captured) const;
    // Where it is found from `start` on: false when nowhere. For replacing piece by piece.
    bool find_piece(std::string_view text, std::size_t start, std::string_view& piece) const;

   private:
    Expression() = default;

    std::string text_;
    std::vector<std::string> groups_;
    std::shared_ptr<const re2::RE2> expression_;  // shared: immutable, and copies are cheap
};

}  // namespace nocturne::model
