// PayloadRule: how a foreign JSON document becomes events of ours. Which words it uses stands in
// docs/reference/payloads.md; the gateway, which speaks JSON, applies it.
#pragma once

#include "model/expression.hpp"
#include "model/result.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::rules {

// A way into a document: "labels.alertname", "tags.0.value", "labels.\"app.kubernetes.io/name\"";
// "$.receiver" starts at the whole document, "$" is it; all others start at the item.
struct DocumentPath {
    static constexpr std::size_t kStepsMax = 16;

    bool from_root = false;
    std::vector<std::string> steps;

    static Result<DocumentPath> parse(std::string_view text);

    friend bool operator==(const DocumentPath&, const DocumentPath&) = default;
};

std::string to_string(const DocumentPath& path);

// A text with paths in braces: "{namespace}/{name}". It counts only when the document has something
// at each of them.
struct DocumentTemplate {
    struct Piece {
        std::string literal;               // before the path
        std::optional<DocumentPath> path;  // nothing: only the literal
    };

    std::vector<Piece> pieces;

    // "{{" and "}}" stand for single braces.
    static Result<DocumentTemplate> parse(std::string_view text);
};

struct PayloadRule {
    enum class Target : std::uint8_t {
        Resource,
        Check,
        Severity,
        Status,
        Kind,
        Summary,
        Source,
        Id,
        Time,
        Value,
    };
    static constexpr std::array<std::string_view, 10> kTargetNames{
        "resource", "check",  "severity", "status", "kind",
        "summary",  "source", "id",       "time",   "value"};

    // The first that counts is taken.
    using Choice = std::vector<DocumentTemplate>;

    // Foreign words of a field, in small letters, and ours for them.
    struct Words {
        std::map<std::string, std::string, std::less<>> values;
        std::optional<std::string> otherwise;  // also when the document has nothing there
    };

    struct Skip {
        DocumentPath path;
        std::vector<std::string> values;  // in small letters
    };

    struct Named {
        std::string name;
        Choice choice;
    };

    // Labels or annotations: all of some objects' members, then some by name, which may also be
    // empty and so leave one out.
    struct Members {
        std::vector<DocumentPath> objects;
        std::vector<Named> named;
    };

    std::uint32_t rule = 0;  // RuleIndex
    std::string name;        // of the rule: part of the address that documents are sent to
    std::optional<DocumentPath> each;        // an array of items; nothing: the document is the item
    std::vector<Skip> skips;                 // such items are no events
    std::optional<model::Expression> unset;  // texts that mean "nothing"
    std::array<Choice, kTargetNames.size()> fields;
    std::array<std::optional<Words>, kTargetNames.size()> words;
    Members labels;
    Members annotations;
};

}  // namespace nocturne::rules
