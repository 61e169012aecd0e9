// Matcher: Alertmanager's label matchers, with regular expressions by RE2 (linear time).
#pragma once

#include "model/result.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace re2 {
class RE2;
}

namespace nocturne::model {

// One `name op "value"`. Expressions are anchored at both ends. A label that is missing counts as
// empty, as in Prometheus. Copies share the compiled expression.
class Matcher {
   public:
    enum class Operator : std::uint8_t { Equal, NotEqual, Matches, NotMatches };

    static Result<Matcher> make(std::string name, Operator op, std::string value);

    const std::string& name() const { return name_; }

    Operator op() const { return op_; }

    const std::string& value() const { return value_; }

    bool matches(std::string_view text) const;

   private:
    Matcher() = default;

    std::string name_;
    std::string value_;
    Operator op_ = Operator::Equal;
    std::shared_ptr<const re2::RE2> expression_;  // shared: immutable, and copies are cheap
};

using Matchers = std::vector<Matcher>;

// Parses `{a="b", c!~"d.*"}`; braces and quotes may be left out, as in amtool. At least one.
Result<Matchers> parse_matchers(std::string_view text);

// The text that parse_matchers reads back.
std::string to_string(const Matchers& matchers);

}  // namespace nocturne::model
