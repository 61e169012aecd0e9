// JsonWriter: appends JSON to a string, without a document in between.
// See docs/decisions/0005-json.md for why this is not a library.
#pragma once

#include "model/time.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace nocturne::model {

// Appends the text as a JSON string with quotes. Broken UTF-8 becomes U+FFFD, so that what we
// print is always valid JSON.
void append_json_text(std::string& out, std::string_view text);

// The text with broken UTF-8 as U+FFFD and control characters as spaces, in at most `bytes_max`
// bytes, whole characters. Its JSON reads back as the same bytes.
std::string clean_text(std::string_view text, std::size_t bytes_max);

// Commas are the writer's business, nesting is the caller's: begin and end must pair.
class JsonWriter {
   public:
    JsonWriter& begin_object();
    JsonWriter& end_object();
    JsonWriter& begin_array();
    JsonWriter& end_array();
    JsonWriter& key(std::string_view name);

    JsonWriter& text(std::string_view value);
    JsonWriter&
    number(double value);  // shortest form that reads back the same; NaN and infinity: null
    JsonWriter& number(std::uint64_t value);
    JsonWriter& number(std::int64_t value);
    JsonWriter& boolean(bool value);
    JsonWriter& null();
    JsonWriter& time(Time value);  // RFC 3339; kNoTime: null
    // A whole JSON value that is already written.
    JsonWriter& raw(std::string_view json);

    // key and value in one.
    JsonWriter& member(std::string_view name, std::string_view value) {
        return key(name).text(value);
    }

    JsonWriter& member(std::string_view name, const char* value) { return key(name).text(value); }

    JsonWriter& member(std::string_view name, double value) { return key(name).number(value); }

    JsonWriter& member(std::string_view name, std::uint64_t value) {
        return key(name).number(value);
    }

    JsonWriter& member(std::string_view name, bool value) { return key(name).boolean(value); }

    JsonWriter& member(std::string_view name, Time value) { return key(name).time(value); }

    const std::string& json() const { return out_; }

    std::string take() { return std::move(out_); }

    std::size_t size() const { return out_.size(); }

   private:
    void separate();

    std::string out_;
    bool need_comma_ = false;
};

}  // namespace nocturne::model
