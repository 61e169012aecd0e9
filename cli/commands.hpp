// The subcommands: each adds itself to the command line, and says what it came to when it was
// chosen.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace nocturne::cli {

// What main() runs once the command line is read; gives the exit code.
using Action = std::function<int()>;

void add_run(CLI::App& app, Action& chosen);
void add_replay(CLI::App& app, Action& chosen);
void add_rank(CLI::App& app, Action& chosen);
void add_learn(CLI::App& app, Action& chosen);
void add_detect(CLI::App& app, Action& chosen);
void add_send(CLI::App& app, Action& chosen);
void add_check(CLI::App& app, Action& chosen);
void add_incidents(CLI::App& app, Action& chosen);
void add_alerts(CLI::App& app, Action& chosen);
void add_show(CLI::App& app, Action& chosen);
void add_impact(CLI::App& app, Action& chosen);
void add_ack(CLI::App& app, Action& chosen);
void add_resolve(CLI::App& app, Action& chosen);
void add_label(CLI::App& app, Action& chosen);
void add_test(CLI::App& app, Action& chosen);
void add_why(CLI::App& app, Action& chosen);
void add_rules(CLI::App& app, Action& chosen);
void add_merge(CLI::App& app, Action& chosen);
void add_split(CLI::App& app, Action& chosen);
void add_unmerge(CLI::App& app, Action& chosen);
void add_plugin(CLI::App& app, Action& chosen);
void add_schema(CLI::App& app, Action& chosen);
void add_silence(CLI::App& app, Action& chosen);
void add_topology(CLI::App& app, Action& chosen);
void add_audit(CLI::App& app, Action& chosen);
void add_token(CLI::App& app, Action& chosen);
void add_runs(CLI::App& app, Action& chosen);
void add_plan(CLI::App& app, Action& chosen);
void add_approve(CLI::App& app, Action& chosen);
void add_reject(CLI::App& app, Action& chosen);
void add_stop_actions(CLI::App& app, Action& chosen);
void add_freeze(CLI::App& app, Action& chosen);
void add_version(CLI::App& app, Action& chosen);

}  // namespace nocturne::cli
