// What can be told of an incident from its JSON with the graph kept in it, live or from history.
#pragma once

#include "model/result.hpp"

#include <string>
#include <string_view>

namespace nocturne::gateway {

// The picture of its neighbourhood, an SVG document. NotFound when no graph was kept with it.
Result<std::string> render_incident_svg(std::string_view incident_json);

// Whom its cause (as labelled, or the first suspect) should have hurt by the graph of then, beside
// whom it hurt:
// {"node":...,"labelled":bool,"hit":[{"resource":...,"likelihood":...}],"missed":[...],
//  "unforeseen":[...],"held":[...],"precision":0.8,"recall":1}. `unforeseen`: alerted, but was not
// predicted; `missed`: predicted, but did not alert.
Result<std::string> render_incident_impact(std::string_view incident_json);

}  // namespace nocturne::gateway
