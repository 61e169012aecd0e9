// `nocturne silence`: hide the raising of alerts for a while, list what is hidden, end it.
#include "cli/commands.hpp"
#include "cli/json_text.hpp"
#include "cli/lists.hpp"
#include "cli/server.hpp"
#include "model/json_writer.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include <memory>

namespace nocturne::cli {

namespace {

struct SilenceOptions {
    std::vector<std::string> matchers;
    std::string duration = "1h";
    std::string comment;
    bool until_clear = false;
    std::string by = this_person();
    std::string id;
    std::shared_ptr<ServerOptions> server;
};

int add(const SilenceOptions& options) {
    model::JsonWriter body;
    body.begin_object().key("matchers").begin_array();
    for (const std::string& matcher : options.matchers) {
        body.text(matcher);
    }
    body.end_array().member("duration", options.duration).member("created_by", options.by);
    if (options.until_clear) {
        body.key("until_clear").boolean(true);
    }
    body.member("comment", options.comment).end_object();
    return answer(Server(*options.server).post("/api/v1/silences", body.json()),
                  *options.server->format, [](const boost::json::value& reply, const PageOptions&) {
                      const std::string id = text_of(reply, "id");
                      return id + " added; `nocturne silence expire " + id + "` ends it early\n";
                  });
}

int list(const SilenceOptions& options) {
    return answer(Server(*options.server).get("/api/v1/silences"), *options.server->format,
                  render_silence_list);
}

int expire(const SilenceOptions& options) {
    const std::string path = "/api/v1/silences/" + gateway::url_encode(options.id) +
                             "?by=" + gateway::url_encode(options.by);
    return answer(Server(*options.server).remove(path), *options.server->format,
                  [](const boost::json::value& reply, const PageOptions&) {
                      return text_of(reply, "id") + " ended\n";
                  });
}

void add_action(CLI::App& command, Action& chosen, const std::shared_ptr<SilenceOptions>& options,
                int (*act)(const SilenceOptions&)) {
    options->server = add_server_options(command);
    command.callback(
        [&chosen, options, act] { chosen = [options, act] { return act(*options); }; });
}

}  // namespace

void add_silence(CLI::App& app, Action& chosen) {
    CLI::App* command = app.add_subcommand("silence", "Hide alerts for a while: add, list, expire");
    command->require_subcommand(1);

    auto adding = std::make_shared<SilenceOptions>();
    CLI::App* add_command = command->add_subcommand("add", "Hide the raising of alerts that match");
    add_command
        ->add_option("matchers", adding->matchers,
                     "like resource=orders-db 'check=~\"disk.*\"'; all must match")
        ->required()
        ->option_text("MATCHER...");
    add_command->add_option("--duration,-d", adding->duration, "for how long")
        ->capture_default_str()
        ->option_text("TIME");
    add_command->add_flag("--until-clear", adding->until_clear,
                          "end it as soon as all that it hid has cleared");
    add_command->add_option("--comment,-c", adding->comment, "why")->option_text("TEXT");
    add_command->add_option("--by", adding->by, "who does it")->option_text("NAME");
    add_action(*add_command, chosen, adding, add);

    auto listing = std::make_shared<SilenceOptions>();
    add_action(*command->add_subcommand("list", "List silences and what they hid"), chosen, listing,
               list);

    auto ending = std::make_shared<SilenceOptions>();
    CLI::App* expire_command = command->add_subcommand("expire", "End a silence now");
    expire_command->add_option("id", ending->id, "a silence, e.g. S1042-0")
        ->required()
        ->option_text("ID");
    expire_command->add_option("--by", ending->by, "who does it")->option_text("NAME");
    add_action(*expire_command, chosen, ending, expire);
}

}  // namespace nocturne::cli
