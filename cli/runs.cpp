// `nocturne runs`, `plan`, `approve`, `reject`, `stop-actions`, `freeze`: what playbooks do, and
// the words of people about it.
#include "cli/commands.hpp"
#include "cli/dry_run_page.hpp"
#include "cli/exit_code.hpp"
#include "cli/json_text.hpp"
#include "cli/run_pages.hpp"
#include "cli/server.hpp"
#include "model/json_writer.hpp"
#include "model/role.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace nocturne::cli {

namespace {

// A person's word: who, as what, and the rest that the command needs.
struct Word {
    std::string id;  // a run, or a node
    std::string by = this_person();
    std::string role = "approver";
    std::string hash;
    std::string why;
    std::string choice;  // a label or a verdict
    bool yes = false;
    bool off = false;
    std::shared_ptr<ServerOptions> server;
};

std::shared_ptr<Word> add_word(CLI::App& command) {
    auto word = std::make_shared<Word>();
    command.add_option("--by", word->by, "who says so (NOCTURNE_USER, or the user of this shell)")
        ->option_text("NAME");
    command.add_option("--role", word->role, "as what")
        ->check(CLI::IsMember(
            std::vector<std::string>(model::kRoleNames.begin(), model::kRoleNames.end())))
        ->capture_default_str()
        ->option_text("ROLE");
    word->server = add_server_options(command);
    return word;
}

void add_run_id(CLI::App& command, Word& word) {
    command.add_option("id", word.id, "a run, e.g. R1042-0")->required()->option_text("ID");
}

std::string body_of(const Word& word,
                    const std::vector<std::pair<std::string, std::string>>& more) {
    model::JsonWriter body;
    body.begin_object().member("by", word.by).member("role", word.role).member("from", "cli");
    for (const auto& [name, value] : more) {
        if (!value.empty()) {
            body.member(name, value);
        }
    }
    body.end_object();
    return body.take();
}

std::string path_of(const Word& word, const std::string& verb) {
    return "/api/v1/runs/" + gateway::url_encode(word.id) + (verb.empty() ? "" : "/" + verb);
}

int say(const Word& word, const std::string& verb, const std::string& body) {
    return answer(Server(*word.server).post(path_of(word, verb), body), *word.server->format,
                  [](const boost::json::value& run, const PageOptions&) {
                      const std::string reason = text_of(run, "reason_text");
                      return text_of(run, "id") + " is " + text_of(run, "state") +
                             (reason.empty() ? "" : ": " + reason) + "\n";
                  });
}

// The run as the daemon knows it; nothing, and a complaint, when there is none.
std::optional<boost::json::value> fetch(const Word& word) {
    const Result<gateway::HttpReply> reply = Server(*word.server).get(path_of(word, ""));
    if (!reply || !reply->is_ok()) {
        complain(reply ? gateway::error_of(*reply) : to_string(reply.error()));
        return std::nullopt;
    }
    const Result<boost::json::value> run = parse_json(reply->body);
    if (!run) {
        complain(run.error().message);
        return std::nullopt;
    }
    return *run;
}

bool is_asked_and_agreed() {
    std::cerr << "approve exactly this? [y/N] " << std::flush;
    std::string line;
    std::getline(std::cin, line);
    return line == "y" || line == "Y" || line == "yes";
}

// What is approved is the plan that the person has seen: shown here, or named by its hash.
int approve(const Word& word) {
    std::string hash = word.hash;
    if (hash.empty()) {
        const bool can_ask = isatty(STDIN_FILENO) != 0 && isatty(STDERR_FILENO) != 0;
        if (!word.yes && !can_ask) {
            complain("an approval is for one plan: name its --hash, as `nocturne runs show " +
                     word.id + "` prints it, or say --yes to whatever it is");
            return kUsage;
        }
        const std::optional<boost::json::value> run = fetch(word);
        if (!run) {
            return kFindings;
        }
        hash = text_of(*run, "hash");
        if (!word.yes) {
            std::cerr << render_run_page(*run, page_options());
            if (!is_asked_and_agreed()) {
                complain("not approved");
                return kFindings;
            }
        }
    }
    return say(word, "approve", body_of(word, {{"hash", hash}}));
}

int settle(const Word& word) {
    const std::optional<boost::json::value> run = fetch(word);
    if (!run) {
        return kFindings;
    }
    const boost::json::value* attempt = object_of(*run, "attempt");
    if (attempt == nullptr) {
        complain(word.id + " is " + text_of(*run, "state") + " and waits for nobody");
        return kFindings;
    }
    return say(word, "settle",
               body_of(word, {{"verdict", word.choice}, {"attempt", text_of(*attempt, "key")}}));
}

// The file's text; "-" is stdin. Nothing, and a complaint, when it cannot be read.
std::optional<std::string> read_plan(const std::string& file) {
    if (file == "-") {
        return std::string(std::istreambuf_iterator<char>(std::cin), {});
    }
    std::ifstream in(file, std::ios::binary);
    if (!in) {
        complain(file + ": cannot be read");
        return std::nullopt;
    }
    return std::string(std::istreambuf_iterator<char>(in), {});
}

int propose(const std::string& file, const ServerOptions& server) {
    const std::optional<std::string> plan = read_plan(file);
    if (!plan) {
        return kFindings;
    }
    return answer(Server(server).post("/api/v1/runs", *plan), *server.format, render_run_page);
}

// The plan that a playbook is to make.
struct PlanWish {
    std::string incident;
    std::string playbook;  // "": the first that has one
    std::string by = this_person();
    std::string file;  // or the plan itself
    std::shared_ptr<ServerOptions> server;
};

void add_playbook_options(CLI::App& command, PlanWish& wish) {
    command.add_option("--playbook", wish.playbook, "whose plan; default: the first that has one")
        ->option_text("NAME");
    command
        .add_option("--by", wish.by,
                    "whose proposal it is (NOCTURNE_USER, or the user of this shell)")
        ->option_text("NAME");
    wish.server = add_server_options(command);
}

std::string body_of(const PlanWish& wish) {
    model::JsonWriter body;
    body.begin_object().member("incident", wish.incident).member("by", wish.by);
    body.member("from", "cli");
    if (!wish.playbook.empty()) {
        body.member("playbook", wish.playbook);
    }
    body.end_object();
    return body.take();
}

// A dry run may take a minute, and wait for four others.
constexpr std::chrono::minutes kDryRunPatience{6};

int dry_run(const PlanWish& wish) {
    if (wish.file.empty() == wish.incident.empty() ||
        (!wish.file.empty() && !wish.playbook.empty())) {
        complain("name a FILE with a plan, or --incident ID for a playbook's; runs dry-run --help");
        return kUsage;
    }
    std::string body = body_of(wish);
    std::string proposes = "nocturne plan " + wish.incident +
                           (wish.playbook.empty() ? "" : " --playbook " + wish.playbook);
    if (!wish.file.empty()) {
        const std::optional<std::string> plan = read_plan(wish.file);
        if (!plan) {
            return kFindings;
        }
        body = *plan;
        proposes = "nocturne runs propose " + wish.file;
    }
    const Result<gateway::HttpReply> reply =
        Server(*wish.server).post("/api/v1/runs/dry-run", body, kDryRunPatience);
    const int code = answer(reply, *wish.server->format,
                            [&](const boost::json::value& report, const PageOptions& options) {
                                return render_dry_run_page(report, options, proposes);
                            });
    if (code != kOk) {
        return code;
    }
    const Result<boost::json::value> report = parse_json(reply->body);
    return report && flag_of(*report, "good") ? kOk : kFindings;
}

void add_dry_run(CLI::App& command, Action& chosen) {
    auto wish = std::make_shared<PlanWish>();
    command.add_option("file", wish->file, "the plan as JSON; - is stdin")->option_text("FILE");
    command
        .add_option("--incident", wish->incident, "instead of a file: what a playbook would do now")
        ->option_text("ID");
    add_playbook_options(command, *wish);
    command.footer(
        "Nothing is done: only checks are really made. Exit code 0 when nothing stands in "
        "its way, else 1.");
    command.callback([&chosen, wish] { chosen = [wish] { return dry_run(*wish); }; });
}

void add_plans(CLI::App& command, Action& chosen) {
    auto incident = std::make_shared<std::string>();
    command.add_option("incident", *incident, "e.g. I1042-3")->required()->option_text("INCIDENT");
    auto server = add_server_options(command);
    command.callback([&chosen, incident, server] {
        chosen = [incident, server] {
            return answer(Server(*server).get("/api/v1/incidents/" +
                                              gateway::url_encode(*incident) + "/plans"),
                          *server->format, render_plans);
        };
    });
}

// `is_default`: of `nocturne runs` itself, which lists when nothing else was said.
void add_list(CLI::App& command, Action& chosen, bool is_default) {
    struct Options {
        bool open = false;
        std::string state;
        std::string incident;
        std::uint32_t limit = 100;
    };

    auto options = std::make_shared<Options>();
    command.add_flag("--open", options->open, "only those that are not finished");
    command.add_option("--state", options->state, "only those in this state")->option_text("STATE");
    command.add_option("--incident", options->incident, "only those for this incident")
        ->option_text("ID");
    command.add_option("--limit", options->limit, "at most so many")->capture_default_str();
    auto server = add_server_options(command);
    command.callback([&chosen, options, server, is_default] {
        if (is_default && chosen) {
            return;
        }
        chosen = [options, server] {
            std::string path = "/api/v1/runs?limit=" + std::to_string(options->limit);
            path += options->open ? "&open=true" : "";
            path += options->state.empty() ? "" : "&state=" + gateway::url_encode(options->state);
            path += options->incident.empty()
                        ? ""
                        : "&incident=" + gateway::url_encode(options->incident);
            return answer(Server(*server).get(path), *server->format, render_run_list);
        };
    });
}

void add_show_run(CLI::App& command, Action& chosen) {
    auto word = std::make_shared<Word>();
    add_run_id(command, *word);
    word->server = add_server_options(command);
    command.callback([&chosen, word] {
        chosen = [word] {
            return answer(Server(*word->server).get(path_of(*word, "")), *word->server->format,
                          render_run_page);
        };
    });
}

void add_choice(CLI::App& command, Action& chosen, const std::vector<std::string>& choices,
                int (*act)(const Word&)) {
    auto word = add_word(command);
    add_run_id(command, *word);
    command.add_option("word", word->choice, "what you say")
        ->required()
        ->check(CLI::IsMember(choices))
        ->option_text("WORD");
    command.callback([&chosen, word, act] { chosen = [word, act] { return act(*word); }; });
}

}  // namespace

void add_runs(CLI::App& app, Action& chosen) {
    CLI::App* command = app.add_subcommand("runs", "Runs of playbooks: list (the default), show, "
                                                   "stats, plans, dry-run, propose, label, settle");
    command->require_subcommand(0, 1);
    add_list(*command, chosen, true);
    add_list(*command->add_subcommand("list", "List runs, newest first"), chosen, false);
    add_show_run(*command->add_subcommand("show", "Show one run: plan, gates, steps, timeline"),
                 chosen);

    auto server = std::make_shared<std::shared_ptr<ServerOptions>>();
    CLI::App* stats =
        command->add_subcommand("stats", "How often each playbook helped: what promotes it");
    *server = add_server_options(*stats);
    stats->callback([&chosen, server] {
        chosen = [server] {
            return answer(Server(**server).get("/api/v1/runs/stats"), *(*server)->format,
                          render_run_stats);
        };
    });

    add_plans(*command->add_subcommand(
                  "plans", "Show what each playbook would do about an incident, or why nothing"),
              chosen);
    add_dry_run(*command->add_subcommand("dry-run",
                                         "Show what a plan would do and meet now, and do nothing"),
                chosen);

    auto file = std::make_shared<std::string>();
    CLI::App* proposing =
        command->add_subcommand("propose", "Propose a plan of your own, for somebody else's yes");
    proposing->add_option("file", *file, "the plan as JSON; - is stdin")
        ->required()
        ->option_text("FILE");
    auto target = add_server_options(*proposing);
    proposing->callback(
        [&chosen, file, target] { chosen = [file, target] { return propose(*file, *target); }; });

    add_choice(*command->add_subcommand("label", "Say afterwards whether it helped"), chosen,
               {"helped", "did_not_help", "made_worse", "none"}, [](const Word& word) {
                   return say(word, "label", body_of(word, {{"label", word.choice}}));
               });
    add_choice(*command->add_subcommand(
                   "settle", "Say what became of an action that nobody knows the end of"),
               chosen, {"done", "failed", "again", "abandon"}, settle);
}

void add_plan(CLI::App& app, Action& chosen) {
    CLI::App* command = app.add_subcommand(
        "plan", "Propose what a playbook would do about an incident, for somebody else's yes");
    auto wish = std::make_shared<PlanWish>();
    command->add_option("incident", wish->incident, "e.g. I1042-3")
        ->required()
        ->option_text("INCIDENT");
    add_playbook_options(*command, *wish);
    command->footer("`nocturne runs plans INCIDENT` shows what would be proposed.");
    command->callback([&chosen, wish] {
        chosen = [wish] {
            return answer(Server(*wish->server).post("/api/v1/runs", body_of(*wish)),
                          *wish->server->format, render_run_page);
        };
    });
}

void add_approve(CLI::App& app, Action& chosen) {
    CLI::App* command = app.add_subcommand("approve", "Say yes to exactly one plan");
    auto word = add_word(*command);
    add_run_id(*command, *word);
    command->add_option("--hash", word->hash, "of the plan, as `nocturne runs show` prints it")
        ->option_text("HASH");
    command->add_flag("--yes", word->yes, "without looking at it");
    command->callback([&chosen, word] { chosen = [word] { return approve(*word); }; });
}

void add_reject(CLI::App& app, Action& chosen) {
    CLI::App* command = app.add_subcommand("reject", "Say no to a plan");
    auto word = add_word(*command);
    add_run_id(*command, *word);
    command->add_option("--why", word->why, "for the others")->option_text("TEXT");
    command->callback([&chosen, word] {
        chosen = [word] { return say(*word, "reject", body_of(*word, {{"why", word->why}})); };
    });
}

void add_stop_actions(CLI::App& app, Action& chosen) {
    CLI::App* command =
        app.add_subcommand("stop-actions", "Stop all actions of playbooks, everywhere, now");
    auto word = add_word(*command);
    command->add_flag("--off", word->off, "let them run again");
    command->add_option("--why", word->why, "for the others")->option_text("TEXT");
    command->callback([&chosen, word] {
        chosen = [word] {
            model::JsonWriter body;
            body.begin_object().member("by", word->by).member("role", word->role);
            body.member("from", "cli").member("why", word->why).member("on", !word->off);
            body.end_object();
            return answer(Server(*word->server).post("/api/v1/actions/stop", body.json()),
                          *word->server->format, render_actions);
        };
    });
}

void add_freeze(CLI::App& app, Action& chosen) {
    CLI::App* command =
        app.add_subcommand("freeze", "Let no playbook touch a node, or list what is frozen");
    auto word = add_word(*command);
    command->add_option("node", word->id, "of the service graph")->option_text("NODE");
    command->add_flag("--off", word->off, "let them touch it again");
    command->add_option("--why", word->why, "for the others")->option_text("TEXT");
    command->callback([&chosen, word] {
        chosen = [word] {
            const Server server(*word->server);
            const std::string path = "/api/v1/nodes/" + gateway::url_encode(word->id) + "/freeze";
            if (word->id.empty()) {
                return answer(server.get("/api/v1/actions"), *word->server->format, render_actions);
            }
            return answer(word->off ? server.remove(path + "?by=" + gateway::url_encode(word->by))
                                    : server.post(path, body_of(*word, {{"why", word->why}})),
                          *word->server->format, render_actions);
        };
    });
}

}  // namespace nocturne::cli
