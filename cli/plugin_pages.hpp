// The API's plugins as tables and pages for people.
#pragma once

#include "cli/incident_page.hpp"

#include <boost/json/fwd.hpp>

#include <string>

namespace nocturne::cli {

// {"plugins":[...],"refused":[...]}
std::string render_plugin_list(const boost::json::value& reply, const PageOptions& options);
// One plugin with its history.
std::string render_plugin_page(const boost::json::value& plugin, const PageOptions& options);
// What a new version would have done otherwise.
std::string render_comparison_page(const boost::json::value& reply, const PageOptions& options);

}  // namespace nocturne::cli
