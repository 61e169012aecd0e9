// The report of a dry run as a page for people.
#pragma once

#include "cli/incident_page.hpp"

#include <boost/json/fwd.hpp>

#include <string>
#include <string_view>

namespace nocturne::cli {

// Verdict first, then who must say yes, what the gates say, each step, what could be undone.
// `report`: as gateway::to_json(DryRunReport) writes it. `proposes`: the command that would propose
// the plan.
std::string render_dry_run_page(const boost::json::value& report, const PageOptions& options,
                                std::string_view proposes = "nocturne runs propose FILE");

}  // namespace nocturne::cli
