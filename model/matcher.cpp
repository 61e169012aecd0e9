#include "model/matcher.hpp"

#include <re2/re2.h>

#include <array>
#include <cctype>

namespace nocturne::model {

namespace {

constexpr std::array<std::string_view, 4> kOperators{"=", "!=", "=~", "!~"};
constexpr std::int64_t kExpressionMemoryMax = 8 << 20;  // RE2's own default, said aloud

// Reads matchers from left to right; the position serves for errors.
class MatcherParser {
   public:
    explicit MatcherParser(std::string_view text) : text_(text) {}

    Result<Matchers> parse() {
        Matchers matchers;
        skip_space();
        const bool braced = take('{');
        for (;;) {
            skip_space();
            if (braced && !matchers.empty() && take('}')) {
                break;
            }
            NOCTURNE_TRY(Matcher matcher, parse_one());
            matchers.push_back(std::move(matcher));
            skip_space();
            if (take(',')) {
                skip_space();
                if (at_ == text_.size() && !braced) {
                    break;
                }
                continue;
            }
            if (braced && !take('}')) {
                return error("expected , or }");
            }
            break;
        }
        skip_space();
        if (at_ != text_.size()) {
            return error("expected the end");
        }
        return matchers;
    }

   private:
    Result<Matcher> parse_one() {
        NOCTURNE_TRY(std::string name, parse_name());
        skip_space();
        NOCTURNE_TRY(const Matcher::Operator op, parse_operator());
        skip_space();
        NOCTURNE_TRY(std::string value, parse_value());
        return Matcher::make(std::move(name), op, std::move(value));
    }

    Result<std::string> parse_name() {
        if (at_ < text_.size() && text_[at_] == '"') {
            return parse_quoted();
        }
        const std::size_t start = at_;
        while (at_ < text_.size() && is_name_byte(text_[at_])) {
            ++at_;
        }
        if (at_ == start) {
            return error("expected a label name");
        }
        return std::string(text_.substr(start, at_ - start));
    }

    Result<Matcher::Operator> parse_operator() {
        for (const std::size_t i : {1UL, 2UL, 3UL, 0UL}) {  // the long ones before "="
            if (text_.substr(at_).starts_with(kOperators[i])) {
                at_ += kOperators[i].size();
                return static_cast<Matcher::Operator>(i);
            }
        }
        return error("expected one of = != =~ !~");
    }

    Result<std::string> parse_value() {
        if (at_ < text_.size() && text_[at_] == '"') {
            return parse_quoted();
        }
        const std::size_t start = at_;
        while (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '}' &&
               std::isspace(static_cast<unsigned char>(text_[at_])) == 0) {
            ++at_;
        }
        return std::string(text_.substr(start, at_ - start));
    }

    Result<std::string> parse_quoted() {
        std::string value;
        for (++at_; at_ < text_.size(); ++at_) {
            if (text_[at_] == '"') {
                ++at_;
                return value;
            }
            if (text_[at_] == '\\' && at_ + 1 < text_.size()) {
                ++at_;
                switch (text_[at_]) {
                    case 'n': value.push_back('\n'); continue;
                    case '"':
                    case '\\': value.push_back(text_[at_]); continue;
                    default: value.push_back('\\');  // "\d" stays an escape of the expression
                }
            }
            value.push_back(text_[at_]);
        }
        return error("expected a closing quote");
    }

    static bool is_name_byte(char byte) {
        return std::isalnum(static_cast<unsigned char>(byte)) != 0 || byte == '_' || byte == ':' ||
               byte == '.' || byte == '-' || byte == '/';
    }

    void skip_space() {
        while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) {
            ++at_;
        }
    }

    bool take(char byte) {
        if (at_ < text_.size() && text_[at_] == byte) {
            ++at_;
            return true;
        }
        return false;
    }

    tl::unexpected<Error> error(std::string_view expected) const {
        return fail(ErrorCode::Invalid,
                    "matcher \"" + std::string(text_) + "\", column " + std::to_string(at_ + 1) +
                        ": " + std::string(expected) +
                        "; for example {severity=\"critical\", resource=~\"db-.*\"}");
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

}  // namespace

Result<Matcher> Matcher::make(std::string name, Operator op, std::string value) {
    Matcher matcher;
    matcher.name_ = std::move(name);
    matcher.value_ = std::move(value);
    matcher.op_ = op;
    if (op == Operator::Matches || op == Operator::NotMatches) {
        re2::RE2::Options options;
        options.set_log_errors(false);
        options.set_max_mem(kExpressionMemoryMax);
        auto expression = std::make_shared<const re2::RE2>(matcher.value_, options);
        if (!expression->ok()) {
            return fail(ErrorCode::Invalid, "matcher on \"" + matcher.name_ + "\": expression \"" +
                                                matcher.value_ + "\": " + expression->error());
        }
        matcher.expression_ = std::move(expression);
    }
    return matcher;
}

bool Matcher::matches(std::string_view text) const {
    switch (op_) {
        case Operator::Equal: return text == value_;
        case Operator::NotEqual: return text != value_;
        case Operator::Matches: return re2::RE2::FullMatch(text, *expression_);
        case Operator::NotMatches: return !re2::RE2::FullMatch(text, *expression_);
    }
    return false;
}

Result<Matchers> parse_matchers(std::string_view text) {
    return MatcherParser(text).parse();
}

namespace {

void append_quoted(std::string& out, std::string_view text) {
    out += '"';
    for (const char byte : text) {
        if (byte == '\n') {
            out += "\\n";
            continue;
        }
        if (byte == '"' || byte == '\\') {
            out += '\\';
        }
        out += byte;
    }
    out += '"';
}

}  // namespace

std::string to_string(const Matchers& matchers) {
    std::string text = "{";
    for (const Matcher& matcher : matchers) {
        if (text.size() > 1) {
            text += ",";
        }
        append_quoted(text, matcher.name());
        text += kOperators[static_cast<std::size_t>(matcher.op())];
        append_quoted(text, matcher.value());
    }
    return text + "}";
}

}  // namespace nocturne::model
