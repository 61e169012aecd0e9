#include "model/json_writer.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace nocturne::model {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

// Length of the valid UTF-8 sequence at the start of `text`, or 0.
std::size_t sequence_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const auto continues = [&](std::size_t i) {
        return i < text.size() && (byte(i) & 0xC0) == 0x80;
    };
    const unsigned char lead = byte(0);
    if (lead < 0x80) {
        return 1;
    }
    if (lead >= 0xC2 && lead <= 0xDF) {
        return continues(1) ? 2 : 0;
    }
    if (lead >= 0xE0 && lead <= 0xEF) {
        const bool fits = continues(1) && continues(2) && !(lead == 0xE0 && byte(1) < 0xA0) &&
                          !(lead == 0xED && byte(1) > 0x9F);
        return fits ? 3 : 0;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        const bool fits = continues(1) && continues(2) && continues(3) &&
                          !(lead == 0xF0 && byte(1) < 0x90) && !(lead == 0xF4 && byte(1) > 0x8F);
        return fits ? 4 : 0;
    }
    return 0;
}

void append_escaped(std::string& out, char byte) {
    static constexpr char kDigits[] = "0123456789abcdef";
    switch (byte) {
        case '"': out += "\\\""; return;
        case '\\': out += "\\\\"; return;
        case '\n': out += "\\n"; return;
        case '\r': out += "\\r"; return;
        case '\t': out += "\\t"; return;
        default:
            out += "\\u00";
            out += kDigits[(byte >> 4) & 0xF];
            out += kDigits[byte & 0xF];
    }
}

bool is_plain(char byte) {
    return byte >= 0x20 && byte < 0x7F && byte != '"' && byte != '\\';
}

template <typename Number>
void append_number(std::string& out, Number value) {
    char digits[32];
    const auto [end, error] = std::to_chars(digits, digits + sizeof(digits), value);
    out.append(digits, error == std::errc() ? end : digits);
}

}  // namespace

void append_json_text(std::string& out, std::string_view text) {
    out += '"';
    std::size_t at = 0;
    while (at < text.size()) {
        std::size_t end = at;
        while (end < text.size() && is_plain(text[end])) {
            ++end;
        }
        out.append(text.substr(at, end - at));
        at = end;
        if (at == text.size()) {
            break;
        }
        if (static_cast<unsigned char>(text[at]) <= 0x7F) {
            append_escaped(out, text[at++]);
            continue;
        }
        const std::size_t length = sequence_length(text.substr(at));
        out.append(length > 0 ? text.substr(at, length) : kReplacement);
        at += length > 0 ? length : 1;
    }
    out += '"';
}

std::string clean_text(std::string_view text, std::size_t bytes_max) {
    std::string out;
    while (!text.empty()) {
        const std::size_t length = sequence_length(text);
        std::string_view next = length > 0 ? text.substr(0, length) : kReplacement;
        if (const auto lead = static_cast<unsigned char>(next[0]); lead < 0x20 || lead == 0x7F) {
            next = " ";
        }
        if (out.size() + next.size() > bytes_max) {
            break;
        }
        out += next;
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return out;
}

void JsonWriter::separate() {
    if (need_comma_) {
        out_ += ',';
    }
    need_comma_ = true;
}

JsonWriter& JsonWriter::begin_object() {
    separate();
    out_ += '{';
    need_comma_ = false;
    return *this;
}

JsonWriter& JsonWriter::end_object() {
    out_ += '}';
    need_comma_ = true;
    return *this;
}

JsonWriter& JsonWriter::begin_array() {
    separate();
    out_ += '[';
    need_comma_ = false;
    return *this;
}

JsonWriter& JsonWriter::end_array() {
    out_ += ']';
    need_comma_ = true;
    return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
    separate();
    append_json_text(out_, name);
    out_ += ':';
    need_comma_ = false;
    return *this;
}

JsonWriter& JsonWriter::text(std::string_view value) {
    separate();
    append_json_text(out_, value);
    return *this;
}

JsonWriter& JsonWriter::number(double value) {
    if (!std::isfinite(value)) {
        return null();
    }
    separate();
    append_number(out_, value);
    return *this;
}

JsonWriter& JsonWriter::number(std::uint64_t value) {
    separate();
    append_number(out_, value);
    return *this;
}

JsonWriter& JsonWriter::number(std::int64_t value) {
    separate();
    append_number(out_, value);
    return *this;
}

JsonWriter& JsonWriter::boolean(bool value) {
    return raw(value ? "true" : "false");
}

JsonWriter& JsonWriter::null() {
    return raw("null");
}

JsonWriter& JsonWriter::time(Time value) {
    if (value == kNoTime) {
        return null();
    }
    separate();
    out_ += '"';
    append_time(out_, value);
    out_ += '"';
    return *this;
}

JsonWriter& JsonWriter::raw(std::string_view json) {
    separate();
    out_ += json;
    return *this;
}

}  // namespace nocturne::model
