// `nocturne why`, `nocturne rules`, and the commands that undo what was grouped: merge, split,
// unmerge.
#include "cli/commands.hpp"
#include "cli/incident_command.hpp"
#include "cli/json_text.hpp"
#include "cli/server.hpp"
#include "model/json_writer.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include <memory>
#include <vector>

namespace nocturne::cli {

namespace {

namespace json = boost::json;

template <typename Visit>
void for_each(const json::value& object, const char* key, Visit visit) {
    const json::object* members = object.if_object();
    const json::value* found = members == nullptr ? nullptr : members->if_contains(key);
    const json::array* items = found == nullptr ? nullptr : found->if_array();
    for (std::size_t i = 0; items != nullptr && i < items->size(); ++i) {
        visit((*items)[i]);
    }
}

std::string render_decision(const json::value& decision, const Palette& palette) {
    std::string reason = text_of(decision, "reason");
    std::replace(reason.begin(), reason.end(), '_', ' ');
    const std::string at = text_of(decision, "at");
    std::string line = "  " + palette.paint(Style::Dim, at.size() >= 19 ? at.substr(0, 19) : at) +
                       "  " + palette.paint(Style::Cyan, reason);
    for (const char* key : {"text", "rule"}) {
        if (const std::string text = text_of(decision, key); !text.empty()) {
            line += "  " + sanitise(text);
        }
    }
    const json::value* count = decision.as_object().if_contains("count");
    if (count != nullptr && count->is_int64() && count->get_int64() > 1) {
        line += "  (" + std::to_string(count->get_int64()) + " times)";
    }
    return line + "\n";
}

std::string render_why_page(const json::value& reply, const PageOptions& options) {
    std::string out;
    for_each(reply, "answers", [&](const json::value& answer) {
        out += (out.empty() ? "" : "\n") +
               options.palette.paint(Style::Bold, sanitise(text_of(answer, "title"))) + "\n";
        for_each(answer, "facts", [&](const json::value& fact) {
            out += "  " + sanitise(std::string(fact.as_string())) + "\n";
        });
        for_each(answer, "decisions", [&](const json::value& decision) {
            out += render_decision(decision, options.palette);
        });
    });
    return out;
}

std::string render_rule_list(const json::value& reply, const PageOptions& options) {
    std::string out;
    for_each(reply, "rules", [&](const json::value& rule) {
        const json::object& members = rule.as_object();
        const auto number = [&](const char* key) {
            const json::value* value = members.if_contains(key);
            return value != nullptr && value->is_int64() ? std::to_string(value->get_int64())
                                                         : std::string("0");
        };
        const bool is_shadow = text_of(rule, "mode") == "shadow";
        std::string name = text_of(rule, "kind") + "/" + text_of(rule, "name");
        name.resize(std::max<std::size_t>(name.size(), 40), ' ');
        const std::string did = is_shadow
                                    ? "would have acted " + number("would_have") + " times (shadow)"
                                    : "acted " + number("acted") + " times";
        out += sanitise(name) + "  " +
               options.palette.paint(is_shadow ? Style::Yellow : Style::Plain, did) + "  " +
               options.palette.paint(Style::Dim,
                                     sanitise(text_of(rule, "file")) + ":" + number("line")) +
               "\n";
    });
    return out.empty() ? "no rules\n" : out;
}

}  // namespace

void add_why(CLI::App& app, Action& chosen) {
    CLI::App* command = app.add_subcommand(
        "why", "Tell every decision about an alert, an incident, a resource or an event");
    auto subject = std::make_shared<std::string>();
    command
        ->add_option("subject", *subject,
                     "an alert (A12-3), an incident (I12-0), a resource, or an event's own id")
        ->required()
        ->option_text("SUBJECT");
    auto server = add_server_options(*command);
    command->callback([&chosen, subject, server] {
        chosen = [subject, server] {
            return answer(Server(*server).get("/api/v1/why/" + gateway::url_encode(*subject)),
                          *server->format, render_why_page);
        };
    });
}

void add_rules(CLI::App& app, Action& chosen) {
    CLI::App* command =
        app.add_subcommand("rules", "List the rules in force and what each has done");
    auto server = add_server_options(*command);
    command->callback([&chosen, server] {
        chosen = [server] {
            return answer(Server(*server).get("/api/v1/rules"), *server->format, render_rule_list);
        };
    });
}

void add_merge(CLI::App& app, Action& chosen) {
    CLI::App* command = app.add_subcommand("merge", "Put one incident into another, by hand");
    auto from = std::make_shared<std::string>();
    auto options = add_incident_options(*command);
    command->add_option("from", *from, "the incident that goes into it")
        ->required()
        ->option_text("FROM");
    command->callback([&chosen, options, from] {
        chosen = [options, from] {
            options->from = *from;
            return send_incident_command(*options, "merge");
        };
    });
}

void add_split(CLI::App& app, Action& chosen) {
    CLI::App* command =
        app.add_subcommand("split", "Make alerts of an incident one of their own, by hand");
    auto alerts = std::make_shared<std::vector<std::string>>();
    auto options = add_incident_options(*command);
    command->add_option("alerts", *alerts, "the alerts that leave it, e.g. A12-3")
        ->required()
        ->option_text("ALERT...");
    command->callback([&chosen, options, alerts] {
        chosen = [options, alerts] {
            options->alerts = *alerts;
            return send_incident_command(*options, "split");
        };
    });
}

void add_unmerge(CLI::App& app, Action& chosen) {
    CLI::App* command = app.add_subcommand(
        "unmerge", "Let an identity that a dedup rule folded into an alert be one of its own");
    auto identity = std::make_shared<std::string>();
    command->add_option("identity", *identity, "32 hex digits, as `nocturne why` shows it")
        ->required()
        ->option_text("IDENTITY");
    auto server = add_server_options(*command);
    command->callback([&chosen, identity, server] {
        chosen = [identity, server] {
            model::JsonWriter body;
            body.begin_object().member("by", this_person()).end_object();
            return answer(Server(*server).post("/api/v1/unmerge/" + gateway::url_encode(*identity),
                                               body.json()),
                          *server->format, [](const json::value& reply, const PageOptions&) {
                              return text_of(reply, "identity") + " is on its own from now on\n";
                          });
        };
    });
}

}  // namespace nocturne::cli
