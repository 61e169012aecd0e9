// Reading JSON that came from outside, for people: what is missing is empty, and every text is made
// harmless.
#pragma once

#include "model/result.hpp"
#include "model/time.hpp"

#include <boost/json.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace nocturne::cli {

Result<boost::json::value> parse_json(std::string_view text);

// A member as a text that a terminal may see; "" when it is not there, null, an object or an array.
std::string text_of(const boost::json::value& object, std::string_view key);
// 0 when it is no number.
double number_of(const boost::json::value& object, std::string_view key);
bool flag_of(const boost::json::value& object, std::string_view key);
// kNoTime when it is no time.
model::Time time_of(const boost::json::value& object, std::string_view key);
// An empty array when it is none.
const boost::json::array& list_of(const boost::json::value& object, std::string_view key);
// The member when it is an object, or null.
const boost::json::value* object_of(const boost::json::value& object, std::string_view key);

}  // namespace nocturne::cli
