#include "rules/text_template.hpp"

#include "rules/template_pieces.hpp"

#include <algorithm>

namespace nocturne::rules {

namespace {

const std::string_view* find_extra(const ExtraView& extra, std::string_view name) {
    const auto found = std::find_if(extra.begin(), extra.end(),
                                    [&](const auto& pair) { return pair.first == name; });
    return found == extra.end() ? nullptr : &found->second;
}

}  // namespace

Result<TextTemplate> TextTemplate::parse(std::string_view text) {
    TextTemplate made;
    made.text_ = text;
    NOCTURNE_TRY(std::vector<TemplatePiece> pieces, split_template(text));
    for (TemplatePiece& piece : pieces) {
        if (!piece.has_name) {
            made.pieces_.push_back({std::move(piece.literal), "", {}});
            continue;
        }
        if (piece.name.empty() || piece.name.find_first_of(" \t{") != std::string_view::npos) {
            return fail(template_error(text, piece.name_begins,
                                       "expected the name of a field in braces, e.g. {resource}"));
        }
        made.pieces_.push_back(
            {std::move(piece.literal), std::string(piece.name), parse_field(piece.name)});
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
