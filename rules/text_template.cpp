#include "rules/text_template.hpp"

#include <algorithm>

namespace nocturne::rules {

namespace {

constexpr std::size_t kPiecesMax = 64;

const std::string_view* find_extra(const ExtraView& extra, std::string_view name) {
    const auto found = std::find_if(extra.begin(), extra.end(),
                                    [&](const auto& pair) { return pair.first == name; });
    return found == extra.end() ? nullptr : &found->second;
}

}  // namespace

Result<TextTemplate> TextTemplate::parse(std::string_view text) {
    TextTemplate made;
    made.text_ = text;
    std::string literal;
    const auto wrong = [&](std::size_t at, std::string_view what) {
        return fail(ErrorCode::Invalid, "template \"" + std::string(text) + "\", column " +
                                            std::to_string(at + 1) + ": " + std::string(what));
    };
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
            return wrong(at, "a } without {; for the brace itself write }}");
        }
        const std::size_t end = text.find('}', at);
        if (end == std::string_view::npos) {
            return wrong(at, "the { is not closed; for the brace itself write {{");
        }
        const std::string_view name = text.substr(at + 1, end - at - 1);
        if (name.empty() || name.find_first_of(" \t{") != std::string_view::npos) {
            return wrong(at, "expected the name of a field in braces, e.g. {resource}");
        }
        made.pieces_.push_back({std::move(literal), std::string(name), parse_field(name)});
        literal.clear();
        at = end;
    }
    if (!literal.empty()) {
        made.pieces_.push_back({std::move(literal), "", {}});
    }
    if (made.pieces_.size() > kPiecesMax) {
        return fail(ErrorCode::Invalid,
                    "a template names at most " + std::to_string(kPiecesMax) + " fields");
    }
    return made;
}

void TextTemplate::append(std::string& out, const SubjectView& subject,
                          const ExtraView& extra) const {
    for (const Piece& piece : pieces_) {
        out += piece.literal;
        if (piece.name.empty()) {
            continue;
        }
        const std::string_view* known = find_extra(extra, piece.name);
        out += known != nullptr ? *known : value_of(subject, piece.field);
    }
}

std::string TextTemplate::render(const SubjectView& subject, const ExtraView& extra) const {
    std::string out;
    append(out, subject, extra);
    return out;
}

std::vector<std::string> TextTemplate::names() const {
    std::vector<std::string> names;
    for (const Piece& piece : pieces_) {
        if (!piece.name.empty()) {
            names.push_back(piece.name);
        }
    }
    return names;
}

}  // namespace nocturne::rules
