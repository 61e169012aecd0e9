// The objects of a JSON document one by one, also when the document is cut short or broken.
#pragma once

#include "gateway/topology_document.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace nocturne::gateway {

struct JsonItem {
    const boost::json::object& value;
    std::string path;        // "items[3]"
    std::uint32_t line = 0;  // where it begins
    std::string_view kind;   // of the list that it is in: "PodList"; empty: none said
};

// Visits the objects of `text`: a list of them, an object whose `list_key` is a list (its pages
// one after the other), single objects one after the other. What does not parse is reported to
// `document`, which is then not whole. Linear in the size of the text, whatever stands in it.
void for_each_json_item(std::string_view text, const std::string& file, std::string_view list_key,
                        TopologyDocument& document,
                        const std::function<void(const JsonItem&)>& visit);

// Looks into objects; nothing where there is none of that kind.
std::string_view json_text(const boost::json::object& object, std::string_view key);
const boost::json::object* json_object(const boost::json::object& object, std::string_view key);
const boost::json::array* json_array(const boost::json::object& object, std::string_view key);

}  // namespace nocturne::gateway
