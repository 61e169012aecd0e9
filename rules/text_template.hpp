// TextTemplate: a text with fields in braces, "{resource}: {labels.device} is full".
#pragma once

#include "model/result.hpp"
#include "rules/subject.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nocturne::rules {

// Further names that a template may use, e.g. the groups of an expression, "count" of a pattern.
// Borrows.
using ExtraView = std::vector<std::pair<std::string_view, std::string_view>>;

class TextTemplate {
   public:
    TextTemplate() = default;

    // "{{" and "}}" stand for single braces. `extra` are the names allowed beside fields; a bare
    // name that is neither is a label.
    static Result<TextTemplate> parse(std::string_view text);

    // A field that the subject does not have is empty.
    std::string render(const SubjectView& subject, const ExtraView& extra) const;
    // The same, after what stands in `out`.
    void append(std::string& out, const SubjectView& subject, const ExtraView& extra) const;

    bool empty() const { return pieces_.empty(); }

    // What it names, in order.
    std::vector<std::string> names() const;

    const std::string& text() const { return text_; }

   private:
    struct Piece {
        std::string literal;  // before the field
        std::string name;     // as written; empty: only the literal
        Field field;
    };

    std::string text_;
    std::vector<Piece> pieces_;
};

}  // namespace nocturne::rules
