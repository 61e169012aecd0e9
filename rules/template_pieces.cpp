#include "rules/template_pieces.hpp"

#include <utility>

namespace nocturne::rules {

namespace {

constexpr std::size_t kPiecesMax = 64;

}  // namespace

Error template_error(std::string_view text, std::size_t at, std::string_view what) {
    return {ErrorCode::Invalid,
            "template \"" + std::string(text) + "\", column " + std::to_string(at + 1) + ": " +
                std::string(what),
            {}};
}

Result<std::vector<TemplatePiece>> split_template(std::string_view text) {
    std::vector<TemplatePiece> pieces;
    std::string literal;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char byte = text[at];
        if (byte != '{' && byte != '}') {
            literal += byte;
            continue;
        }
        if (at + 1 < text.size() && text[at + 1] == byte) {
            literal += byte;
            ++at;
            continue;
        }
        if (byte == '}') {
            return fail(template_error(text, at, "a } without {; for the brace itself write }}"));
        }
        const std::size_t end = text.find('}', at);
        if (end == std::string_view::npos) {
            return fail(
                template_error(text, at, "the { is not closed; for the brace itself write {{"));
        }
        pieces.push_back({std::exchange(literal, {}), true, text.substr(at + 1, end - at - 1), at});
        at = end;
    }
    if (!literal.empty()) {
        pieces.push_back({std::move(literal), false, {}, text.size()});
    }
    if (pieces.size() > kPiecesMax) {
        return fail(ErrorCode::Invalid,
                    "a template has at most " + std::to_string(kPiecesMax) + " names in braces");
    }
    return pieces;
}

}  // namespace nocturne::rules
