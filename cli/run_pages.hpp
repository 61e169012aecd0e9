// Runs of playbooks as tables and as a page for people.
#pragma once

#include "cli/incident_page.hpp"

#include <boost/json/fwd.hpp>

#include <string>

namespace nocturne::cli {

// {"runs":[...],"stopped":...}
std::string render_run_list(const boost::json::value& reply, const PageOptions& options);
// One run: what would be done, what each gate says, what became of it, what to type next.
std::string render_run_page(const boost::json::value& run, const PageOptions& options);
// {"incident":...,"plans":[...]}: what each playbook would do, or why nothing.
std::string render_plans(const boost::json::value& reply, const PageOptions& options);
// {"playbooks":[...]}
std::string render_run_stats(const boost::json::value& reply, const PageOptions& options);
// {"stopped":...,"frozen":[...]}
std::string render_actions(const boost::json::value& reply, const PageOptions& options);

}  // namespace nocturne::cli
