// The API's lists as tables for people.
#pragma once

#include "cli/incident_page.hpp"

#include <boost/json/fwd.hpp>

#include <string>

namespace nocturne::cli {

// {"incidents":[...]}
std::string render_incident_list(const boost::json::value& reply, const PageOptions& options);
// {"alerts":[...],"total":N}
std::string render_alert_list(const boost::json::value& reply, const PageOptions& options);
// {"node":...,"hurt":[...]}
// Predicted and actual impact of an incident.
std::string render_foresight(const boost::json::value& reply, const PageOptions& options);
std::string render_impact_list(const boost::json::value& reply, const PageOptions& options);
// {"silences":[...]}
std::string render_silence_list(const boost::json::value& reply, const PageOptions& options);

}  // namespace nocturne::cli
