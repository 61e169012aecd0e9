#include "cli/plugin_commands.hpp"

#include "cli/anomaly_labels.hpp"
#include "cli/exit_code.hpp"
#include "cli/json_text.hpp"
#include "cli/plugin_pages.hpp"
#include "cli/server.hpp"
#include "model/json_writer.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include <memory>

namespace nocturne::cli {

namespace {

struct PluginOptions {
    std::string name;
    std::string mode;
    std::string by = this_person();
    std::string labels;
    std::shared_ptr<ServerOptions> server;
};

std::string path_of(const PluginOptions& options, const std::string& what) {
    return "/api/v1/plugins/" + gateway::url_encode(options.name) + what;
}

int list(const PluginOptions& options) {
    return answer(Server(*options.server).get("/api/v1/plugins"), *options.server->format,
                  render_plugin_list);
}

int show(const PluginOptions& options) {
    return answer(Server(*options.server).get(path_of(options, "")), *options.server->format,
                  render_plugin_page);
}

// What of a version's words the labels confirm.
void add_score(boost::json::object& labelled, const char* version, const AnomalyLabels& labels,
               const boost::json::value& comparison) {
    std::vector<AnomalyLabels::Told> told;
    for (const boost::json::value& one : list_of(comparison, "told")) {
        if (flag_of(one, version)) {
            told.push_back({text_of(one, "resource"), time_of(one, "at")});
        }
    }
    const AnomalyLabels::Score score = labels.score(told);
    const std::uint64_t known = score.right + score.wrong;
    boost::json::object& out = labelled[version].emplace_object();
    out["right"] = score.right;
    out["wrong"] = score.wrong;
    out["unlabelled"] = score.unlabelled;
    out["precision"] = nullptr;
    if (known > 0) {
        out["precision"] = static_cast<double>(score.right) / static_cast<double>(known);
    }
    out["windows_found"] = score.found;
    out["windows"] = labels.windows();
}

// The labels of a file in place of those that people gave incidents.
Result<std::string> relabelled(const std::string& comparison, const std::string& file) {
    NOCTURNE_TRY(const AnomalyLabels labels, AnomalyLabels::read(file));
    NOCTURNE_TRY(boost::json::value json, parse_json(comparison));
    boost::json::object labelled;
    add_score(labelled, "old", labels, json);
    add_score(labelled, "new", labels, json);
    json.as_object()["labelled"] = std::move(labelled);
    return boost::json::serialize(json);
}

int compare(const PluginOptions& options) {
    auto reply = Server(*options.server).get(path_of(options, "/comparison"));
    if (!options.labels.empty() && reply && reply->is_ok()) {
        Result<std::string> body = relabelled(reply->body, options.labels);
        if (!body) {
            complain(to_string(body.error()));
            return kFindings;
        }
        reply->body = *std::move(body);
    }
    return answer(reply, *options.server->format, render_comparison_page);
}

int act(const PluginOptions& options, const std::string& verb) {
    model::JsonWriter body;
    body.begin_object().member("by", options.by);
    if (verb == "mode") {
        body.member("mode", options.mode == "default" ? std::string() : options.mode);
    }
    body.end_object();
    return answer(Server(*options.server).post(path_of(options, "/" + verb), body.json()),
                  *options.server->format, render_plugin_page);
}

std::shared_ptr<PluginOptions> add_options(CLI::App& command, bool has_name) {
    auto options = std::make_shared<PluginOptions>();
    if (has_name) {
        command.add_option("name", options->name, "a plugin, as `plugin list` names it")
            ->required()
            ->option_text("NAME");
    }
    options->server = add_server_options(command);
    return options;
}

void add_reading(CLI::App& plugin, Action& chosen, const char* name, const char* what,
                 bool has_name, int (*read)(const PluginOptions&)) {
    CLI::App* command = plugin.add_subcommand(name, what);
    const auto options = add_options(*command, has_name);
    if (read == compare) {
        command
            ->add_option("--labels", options->labels,
                         "precision by these labels instead of those of incidents: a CSV with the "
                         "columns resource,from,to, or JSON as NAB has it")
            ->option_text("FILE");
    }
    command->callback(
        [&chosen, options, read] { chosen = [options, read] { return read(*options); }; });
}

void add_acting(CLI::App& plugin, Action& chosen, const std::string& name, const char* what) {
    CLI::App* command = plugin.add_subcommand(name, what);
    const auto options = add_options(*command, true);
    if (name == "mode") {
        command->add_option("mode", options->mode, "shadow, suggest, auto, or default")
            ->required()
            ->check(CLI::IsMember({"shadow", "suggest", "auto", "default"}))
            ->option_text("MODE");
    }
    command->add_option("--by", options->by, "who does it")->option_text("NAME");
    command->callback(
        [&chosen, options, name] { chosen = [options, name] { return act(*options, name); }; });
}

}  // namespace

void add_plugin_commands(CLI::App& plugin, Action& chosen) {
    add_reading(plugin, chosen, "list", "The plugins of a running daemon", false, list);
    add_reading(plugin, chosen, "show", "One of them: faults, parameters, history", true, show);
    add_reading(plugin, chosen, "compare", "What its new version would have done otherwise", true,
                compare);
    add_acting(plugin, chosen, "promote", "Let the new version take the old one's place");
    add_acting(plugin, chosen, "rollback", "End the trial, or go back to the version before");
    add_acting(plugin, chosen, "release", "Take it out of quarantine now");
    add_acting(plugin, chosen, "mode", "Set what becomes of what it does");
}

}  // namespace nocturne::cli
