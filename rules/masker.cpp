#include "rules/masker.hpp"

#include "rules/event_draft.hpp"

#include <sodium.h>

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

namespace nocturne::rules {

namespace {

using Part = Field::Part;

MatchIndex index_of(const std::vector<MaskRule>& masks) {
    std::vector<const Condition*> conditions;
    conditions.reserve(masks.size());
    for (const MaskRule& mask : masks) {
        conditions.push_back(&mask.match);
    }
    return MatchIndex(conditions);
}

bool must_be_there(const Field& field) {
    return field.part == Part::Resource || field.part == Part::Check || field.part == Part::Source;
}

// ---- raw texts ----

// Escapes of plain letters, behind which a pattern would not find its text: "\u0040", "\/". Those
// of quotes and backslashes stay, so that members begin and end where they did.
std::string without_needless_escapes(std::string_view text) {
    std::string plain;
    plain.reserve(text.size());
    const auto digit = [](char c) -> int {
        return c >= '0' && c <= '9'   ? c - '0'
               : c >= 'a' && c <= 'f' ? c - 'a' + 10
               : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                      : -1;
    };
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\' || i + 1 == text.size()) {
            plain += text[i];
            continue;
        }
        if (text[i + 1] == '/') {
            plain += text[++i];
            continue;
        }
        if (text[i + 1] == 'u' && text.substr(i + 2).starts_with("00") && i + 5 < text.size()) {
            const int code = digit(text[i + 4]) * 16 + digit(text[i + 5]);
            const bool is_hex = digit(text[i + 4]) >= 0 && digit(text[i + 5]) >= 0;
            if (is_hex && code >= 0x20 && code < 0x7F && code != '"' && code != '\\') {
                plain += static_cast<char>(code);
                i += 5;
                continue;
            }
        }
        plain += text[i];
        plain += text[++i];
    }
    return plain;
}

// Where the JSON value at `begin` ends, also when it breaks off.
std::size_t end_of_value(std::string_view text, std::size_t begin) {
    std::size_t depth = 0;
    bool in_text = false;
    for (std::size_t i = begin; i < text.size(); ++i) {
        const char byte = text[i];
        if (in_text) {
            i += byte == '\\' ? 1U : 0U;
            in_text = byte != '"';
            if (!in_text && depth == 0) {
                return std::min(i + 1, text.size());
            }
            continue;
        }
        if (byte == '"') {
            in_text = true;
        } else if (byte == '{' || byte == '[') {
            ++depth;
        } else if (byte == '}' || byte == ']' || byte == ',') {
            if (depth == 0) {
                return i;
            }
            depth -= byte == ',' ? 0U : 1U;
            if (depth == 0 && byte != ',') {
                return i + 1;
            }
        } else if (depth == 0 && byte == '\n') {
            return i;
        }
    }
    return text.size();
}

// Blanks the value of each member `"name": value`.
std::string without_member(std::string_view text, std::string_view name) {
    constexpr std::string_view kBlanks = " \t\r\n";
    const std::string key = "\"" + std::string(name) + "\"";
    std::string out;
    std::size_t at = 0;
    for (std::size_t found = text.find(key); found != std::string_view::npos;
         found = text.find(key, found + 1)) {
        std::size_t colon = text.find_first_not_of(kBlanks, found + key.size());
        if (found < at || colon == std::string_view::npos || text[colon] != ':') {
            continue;
        }
        const std::size_t begin = std::min(text.find_first_not_of(kBlanks, colon + 1), text.size());
        out.append(text.substr(at, begin - at)).append("\"").append(Masker::kMasked).append("\"");
        at = end_of_value(text, begin);
    }
    return out.append(text.substr(std::min(at, text.size())));
}

// The names by which an event may call the field.
std::vector<std::string> member_names(const Field& field) {
    switch (field.part) {
        case Part::Label:
        case Part::Annotation: return {field.name};
        case Part::Check: return {"check", "alertname"};
        default: return {to_string(field)};
    }
}

}  // namespace

Masker::Masker(std::shared_ptr<const RuleSet> rules, const Key& key)
    : rules_(std::move(rules)), key_(key), index_(index_of(rules_->masks)),
      hits_(std::make_unique<std::atomic<std::uint64_t>[]>(rules_->masks.size())) {}

std::string Masker::token_of(std::string_view text) const {
    static_assert(std::tuple_size_v<Key> == crypto_shorthash_siphashx24_KEYBYTES);
    constexpr std::size_t kShownBytes = 8;
    std::array<unsigned char, crypto_shorthash_siphashx24_BYTES> hash{};
    (void)crypto_shorthash_siphashx24(
        hash.data(), reinterpret_cast<const unsigned char*>(text.data()), text.size(), key_.data());
    std::string token = "tok_";
    for (std::size_t i = 0; i < kShownBytes; ++i) {
        constexpr std::string_view kDigits = "0123456789abcdef";
        token += kDigits[hash[i] >> 4U];
        token += kDigits[hash[i] & 0xFU];
    }
    return token;
}

void Masker::apply(model::EventBatch& batch) const {
    if (is_idle()) {
        return;
    }
    for (std::size_t i = 0; i < batch.size(); ++i) {
        model::EventView masked;
        if (apply(batch.events()[i], masked, batch.arena())) {
            batch.replace_owned(i, masked);
        }
    }
}

bool Masker::apply(const model::EventView& in, model::EventView& out, model::Arena& arena) const {
    if (is_idle()) {
        return false;
    }
    std::vector<std::uint32_t> found;
    index_.find(subject_of(in), found);
    if (found.empty()) {
        return false;
    }
    EventDraft draft;
    draft.start(in, arena);
    bool is_changed = false;
    for (const std::uint32_t number : found) {
        const MaskRule& mask = rules_->masks[number];
        if (rules_->rules[mask.rule].mode == Mode::Shadow) {
            EventDraft thrown_away = draft;
            hits_[number] += apply(mask, thrown_away) ? 1U : 0U;
        } else if (apply(mask, draft)) {
            ++hits_[number];
            is_changed = true;
        }
    }
    if (is_changed) {
        out = draft.finish();
    }
    return is_changed;
}

bool Masker::apply(const MaskRule& mask, EventDraft& draft) const {
    const std::uint32_t before = draft.changes();
    for (const Field& field : mask.fields) {
        if (field.name != "*") {
            mask_field(mask, field, draft);
            continue;
        }
        std::vector<std::string> names;
        const SubjectView subject = draft.subject();
        if (field.part == Part::Label) {
            for (const model::LabelView& label : subject.labels) {
                names.emplace_back(label.name);
            }
        } else {
            for (const model::AnnotationView& annotation : subject.annotations) {
                names.emplace_back(annotation.name);
            }
        }
        for (std::string& name : names) {
            mask_field(mask, {field.part, std::move(name)}, draft);
        }
    }
    return draft.changes() > before;
}

bool Masker::mask_field(const MaskRule& mask, const Field& field, EventDraft& draft) const {
    const std::string_view text = value_of(draft.subject(), field);
    if (text.empty()) {
        return false;
    }
    std::string value = masked(mask, text);
    if (value.empty() && must_be_there(field)) {
        value = kMasked;
    }
    return draft.set(field, value) == EventDraft::Outcome::Changed;
}

std::string Masker::masked(const MaskRule& mask, std::string_view text) const {
    const auto instead_of = [&](std::string_view piece) {
        return mask.with == MaskRule::With::Token ? token_of(piece) : std::string();
    };
    if (!mask.pattern) {
        return instead_of(text);
    }
    std::string out;
    std::size_t at = 0;
    std::string_view piece;
    for (std::size_t from = 0; mask.pattern->find_piece(text, from, piece);) {
        const auto begin = static_cast<std::size_t>(piece.data() - text.data());
        out.append(text.substr(at, begin - at));
        at = begin + piece.size();
        from = at;
        if (piece.empty()) {  // found between two letters: there is nothing to hide
            ++from;
        } else {
            out += instead_of(piece);
        }
    }
    return out.append(text.substr(at));
}

std::string Masker::mask_text(std::string text, std::size_t bytes_max) const {
    if (is_idle()) {
        return text;
    }
    if (text.size() >= bytes_max) {
        const std::size_t last_whole = text.find_last_of(",{[\n");
        text.resize(last_whole == std::string::npos ? 0 : last_whole);
    }
    text = without_needless_escapes(text);
    for (const MaskRule& mask : rules_->masks) {
        if (rules_->rules[mask.rule].mode == Mode::Shadow) {
            continue;
        }
        if (mask.pattern) {
            text = masked(mask, text);
            continue;
        }
        for (const Field& field : mask.fields) {
            if (field.name == "*") {
                return std::string(kMasked) + ": a mask covers all that could stand here";
            }
            for (const std::string& name : member_names(field)) {
                text = without_member(text, name);
            }
        }
    }
    return text;
}

}  // namespace nocturne::rules
