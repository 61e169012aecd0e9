#include "gateway/request_body/body_reader.hpp"

#include "model/result.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace nocturne::gateway {

namespace json = boost::json;

namespace {

constexpr std::size_t kProblemsMax = 50;

std::string_view kind_name(const json::value& value) {
    switch (value.kind()) {
        case json::kind::null: return "null";
        case json::kind::bool_: return "a boolean";
        case json::kind::int64:
        case json::kind::uint64:
        case json::kind::double_: return "a number";
        case json::kind::string: return "a text";
        case json::kind::array: return "an array";
        case json::kind::object: return "an object";
    }
    return "something else";
}

std::string element_path(std::string_view path, std::size_t index) {
    return std::string(path) + "[" + std::to_string(index) + "]";
}

}  // namespace

std::string cut(std::string_view text) {
    return text.size() <= 64 ? std::string(text) : std::string(text.substr(0, 64)) + "...";
}

void BodyReader::note(std::string_view path, std::string_view what) {
    if (problems_.size() < kProblemsMax) {
        problems_.push_back(path.empty() ? std::string(what)
                                         : std::string(path) + ": " + std::string(what));
    }
}

void BodyReader::wrong(std::string_view path, std::string_view expected, const Value& found) {
    note(path, "expected " + std::string(expected) + ", found " + std::string(kind_name(found)));
}

std::optional<json::object> BodyReader::parse(std::string_view text) {
    boost::system::error_code error;
    json::value value = json::parse(text, error);
    if (error) {
        note("", "the body is not valid JSON: " + error.message());
        return std::nullopt;
    }
    if (!value.is_object()) {
        note("", "the body is " + std::string(kind_name(value)) + ", expected a JSON object");
        return std::nullopt;
    }
    return std::move(value.as_object());
}

void BodyReader::check_keys(const Object& object, std::string_view path,
                            std::initializer_list<std::string_view> known) {
    for (const auto& member : object) {
        if (std::find(known.begin(), known.end(), std::string_view(member.key())) != known.end()) {
            continue;
        }
        std::string list;
        for (const std::string_view name : known) {
            list += (list.empty() ? "" : ", ") + std::string(name);
        }
        note(path, "unknown key \"" + cut(member.key()) + "\"; expected one of " + list);
    }
}

std::string BodyReader::text(const Value& value, std::string_view path, std::size_t bytes_max) {
    if (!value.is_string()) {
        wrong(path, "a text", value);
        return {};
    }
    if (value.as_string().size() > bytes_max) {
        note(path, std::to_string(value.as_string().size()) + " bytes are over the limit of " +
                       std::to_string(bytes_max));
        return {};
    }
    return std::string(value.as_string());
}

std::string BodyReader::text(const Object& object, std::string_view key, std::string_view path,
                             std::size_t bytes_max) {
    const Value* value = find(object, key);
    return value == nullptr ? std::string() : text(*value, join(path, key), bytes_max);
}

std::string BodyReader::required_text(const Object& object, std::string_view key,
                                      std::string_view path) {
    const std::size_t before = problems_.size();
    std::string found = text(object, key, path);
    if (found.empty() && problems_.size() == before) {
        note(join(path, key), "is missing or empty");
    }
    return found;
}

model::Time BodyReader::time(const Object& object, std::string_view key) {
    const Value* value = find(object, key);
    if (value == nullptr) {
        return model::kNoTime;
    }
    constexpr std::int64_t kYear10000Ms = 253'402'300'800'000;
    if (value->is_int64() && value->as_int64() >= 0 && value->as_int64() < kYear10000Ms) {
        return model::from_unix_ms(value->as_int64());
    }
    if (!value->is_string()) {
        wrong(key, "RFC 3339 text or milliseconds since 1970", *value);
        return model::kNoTime;
    }
    const Result<model::Time> parsed = model::parse_time(std::string_view(value->as_string()));
    if (!parsed) {
        note(key, parsed.error().message);
        return model::kNoTime;
    }
    return *parsed;
}

void BodyReader::each_of(const Object& object, std::string_view key, std::string_view path,
                         const std::function<void(const Value&, const std::string&)>& each) {
    const Value* value = find(object, key);
    if (value == nullptr) {
        return;
    }
    const std::string array_path = join(path, key);
    if (!value->is_array()) {
        wrong(array_path, "an array", *value);
        return;
    }
    std::size_t index = 0;
    for (const Value& element : value->as_array()) {
        each(element, element_path(array_path, index++));
    }
}

const json::value* BodyReader::find(const Object& object, std::string_view key) {
    const Value* value = object.if_contains(key);
    return value == nullptr || value->is_null() ? nullptr : value;
}

std::string BodyReader::join(std::string_view path, std::string_view key) {
    return path.empty() ? std::string(key) : std::string(path) + "." + std::string(key);
}

std::string BodyReader::shown(const Value& value) {
    return cut(json::serialize(value));
}

}  // namespace nocturne::gateway
