#include "rules/payload_rule.hpp"

#include "rules/template_pieces.hpp"

#include <algorithm>
#include <utility>

namespace nocturne::rules {

namespace {

// Takes one step off the front of `rest`, which is not empty.
Result<std::string> take_step(std::string_view whole, std::string_view& rest) {
    const auto wrong = [&](std::string_view what) {
        return fail(ErrorCode::Invalid,
                    "path \"" + std::string(whole) + "\": " + std::string(what));
    };
    std::string step;
    if (rest.front() == '"') {
        const std::size_t end = rest.find('"', 1);
        if (end == std::string_view::npos) {
            return wrong("a quote is not closed");
        }
        step = rest.substr(1, end - 1);
        rest.remove_prefix(end + 1);
        if (!rest.empty() && rest.front() != '.') {
            return wrong("expected a dot after the quote");
        }
    } else {
        const std::size_t end = std::min(rest.find('.'), rest.size());
        step = rest.substr(0, end);
        rest.remove_prefix(end);
    }
    if (step.empty()) {
        return wrong("expected a name, e.g. labels.alertname");
    }
    if (!rest.empty()) {
        rest.remove_prefix(1);
        if (rest.empty()) {
            return wrong("ends with a dot");
        }
    }
    return step;
}

}  // namespace

Result<DocumentPath> DocumentPath::parse(std::string_view text) {
    DocumentPath path;
    std::string_view rest = text;
    if (rest == "$" || rest.starts_with("$.")) {
        path.from_root = true;
        rest.remove_prefix(rest == "$" ? 1 : 2);
        if (rest.empty() && text != "$") {
            return fail(ErrorCode::Invalid, "path \"" + std::string(text) + "\": ends with a dot");
        }
    } else if (rest.empty()) {
        return fail(ErrorCode::Invalid, "an empty path; expected e.g. labels.alertname");
    }
    while (!rest.empty()) {
        NOCTURNE_TRY(std::string step, take_step(text, rest));
        path.steps.push_back(std::move(step));
    }
    if (path.steps.size() > kStepsMax) {
        return fail(ErrorCode::Invalid, "path \"" + std::string(text) + "\" has more than " +
                                            std::to_string(kStepsMax) + " steps");
    }
    return path;
}

std::string to_string(const DocumentPath& path) {
    std::string text = path.from_root ? "$" : "";
    for (const std::string& step : path.steps) {
        text += text.empty() ? "" : ".";
        text += step.find('.') == std::string::npos ? step : "\"" + step + "\"";
    }
    return text;
}

Result<DocumentTemplate> DocumentTemplate::parse(std::string_view text) {
    DocumentTemplate made;
    NOCTURNE_TRY(std::vector<TemplatePiece> pieces, split_template(text));
    for (TemplatePiece& piece : pieces) {
        if (!piece.has_name) {
            made.pieces.push_back({std::move(piece.literal), std::nullopt});
            continue;
        }
        Result<DocumentPath> path = DocumentPath::parse(piece.name);
        if (!path) {
            return fail(template_error(text, piece.name_begins, path.error().message));
        }
        made.pieces.push_back({std::move(piece.literal), *std::move(path)});
    }
    return made;
}

}  // namespace nocturne::rules
