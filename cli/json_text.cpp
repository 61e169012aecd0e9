#include "cli/json_text.hpp"

#include "cli/terminal.hpp"

namespace nocturne::cli {

namespace json = boost::json;

namespace {

const json::value* find(const json::value& object, std::string_view key) {
    const json::object* members = object.if_object();
    return members != nullptr ? members->if_contains(key) : nullptr;
}

}  // namespace

Result<json::value> parse_json(std::string_view text) {
    json::error_code error;
    json::value value = json::parse(text, error);
    if (error) {
        return fail(ErrorCode::Invalid, "the answer is no JSON: " + error.message());
    }
    return value;
}

std::string text_of(const json::value& object, std::string_view key) {
    const json::value* member = find(object, key);
    if (member == nullptr || member->is_null() || member->is_structured()) {
        return "";
    }
    return member->is_string() ? sanitise(member->get_string()) : json::serialize(*member);
}

double number_of(const json::value& object, std::string_view key) {
    const json::value* member = find(object, key);
    return member != nullptr && member->is_number() ? member->to_number<double>() : 0;
}

bool flag_of(const json::value& object, std::string_view key) {
    const json::value* member = find(object, key);
    return member != nullptr && member->is_bool() && member->get_bool();
}

model::Time time_of(const json::value& object, std::string_view key) {
    const json::value* member = find(object, key);
    if (member == nullptr || !member->is_string()) {
        return model::kNoTime;
    }
    return model::parse_time(member->get_string()).value_or(model::kNoTime);
}

const json::array& list_of(const json::value& object, std::string_view key) {
    static const json::array kNone;
    const json::value* member = find(object, key);
    return member != nullptr && member->is_array() ? member->get_array() : kNone;
}

const json::value* object_of(const json::value& object, std::string_view key) {
    const json::value* member = find(object, key);
    return member != nullptr && member->is_object() ? member : nullptr;
}

}  // namespace nocturne::cli
