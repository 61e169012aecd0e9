// `nocturne audit`: who did what. List it, verify it, take a copy that can be verified anywhere.
#include "cli/audit_file.hpp"
#include "cli/commands.hpp"
#include "cli/daemon_configuration.hpp"
#include "cli/exit_code.hpp"
#include "cli/json_text.hpp"
#include "cli/server.hpp"
#include "cli/terminal.hpp"
#include "model/json_writer.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include <cstdint>
#include <fstream>
#include <iostream>
#include <memory>

namespace nocturne::cli {

namespace json = boost::json;

namespace {

struct ListOptions {
    std::string since;
    std::string actor;
    std::string action;
    std::uint64_t limit = 100;
    std::shared_ptr<ServerOptions> server;
};

std::string or_dash(const std::string& text) {
    return text.empty() ? "-" : text;
}

// Oldest first, as one reads.
std::string render_list(const json::value& reply, const PageOptions& options) {
    const json::array& entries = list_of(reply, "entries");
    Table table({{"NO."},
                 {"TIME"},
                 {"WHO"},
                 {"ROLE"},
                 {"FROM"},
                 {"ACTION"},
                 {"SUBJECT"},
                 {"OUTCOME"},
                 {"REASON"}});
    for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
        const std::string outcome = text_of(*entry, "outcome");
        const bool is_bad = outcome == "refused" || outcome == "failed";
        table.add({text_of(*entry, "sequence"), short_time(time_of(*entry, "time"), options.now),
                   or_dash(text_of(*entry, "actor")), or_dash(text_of(*entry, "role")),
                   or_dash(text_of(*entry, "from")), text_of(*entry, "action"),
                   or_dash(text_of(*entry, "subject")),
                   is_bad ? options.palette.paint(Style::Red, outcome) : outcome,
                   text_of(*entry, "reason")});
    }
    const std::string end = "end of the log: " + text_of(reply, "head") + "\n";
    return table.empty() ? "no entries; " + end
                         : table.render(options.palette, options.width) + end;
}

int list(const ListOptions& options) {
    std::string path = "/api/v1/audit?limit=" + std::to_string(options.limit);
    for (const auto& [name, value] :
         {std::pair("since", &options.since), std::pair("actor", &options.actor),
          std::pair("action", &options.action)}) {
        if (!value->empty()) {
            path += std::string("&") + name + "=" + gateway::url_encode(*value);
        }
    }
    return answer(Server(*options.server).get(path), *options.server->format, render_list);
}

struct FileOptions {
    std::string file;
    std::string data;
    std::string config;
    std::string head;
    std::shared_ptr<Format> format;
    std::shared_ptr<ServerOptions> server;
};

Result<std::unique_ptr<store::Store>> open_data(const FileOptions& options) {
    std::filesystem::path data = options.data;
    if (data.empty()) {
        RunOptions run;
        run.config = options.config;
        const DaemonConfiguration read = read_daemon_configuration(run);
        if (!read.problems.empty()) {
            return fail(read.problems.front());
        }
        data = read.configuration.data;
    }
    return store::Store::open_read_only(data);
}

Result<store::AuditFindings> find(const FileOptions& options,
                                  const std::optional<model::AuditHead>& noted) {
    if (options.file.empty()) {
        NOCTURNE_TRY(const auto store, open_data(options));
        return store->check_audit(noted);
    }
    if (options.file == "-") {
        return check_audit_file(std::cin, noted);
    }
    std::ifstream in(options.file, std::ios::binary);
    if (!in) {
        return fail(ErrorCode::NotFound, options.file + ": cannot be read; is the name right?");
    }
    return check_audit_file(in, noted);
}

int verify(const FileOptions& options) {
    std::optional<model::AuditHead> noted;
    if (!options.head.empty()) {
        noted = model::parse_audit_head(options.head);
        if (!noted) {
            complain("--head: expected what was noted, e.g. 1042:5f3a... with 64 digits");
            return kUsage;
        }
    }
    const Result<store::AuditFindings> findings = find(options, noted);
    if (!findings) {
        complain(to_string(findings.error()));
        return kFindings;
    }
    const std::string head = to_string(findings->head);
    if (*options.format == Format::Json) {
        model::JsonWriter out;
        out.begin_object().member("ok", !findings->problem.has_value());
        out.member("sound_entries", findings->head.sequence).member("head", head).key("problem");
        findings->problem ? out.text(*findings->problem) : out.null();
        out.end_object();
        print(out.take() + "\n");
    } else if (findings->problem) {
        complain(*findings->problem);
    } else {
        print("ok: " + std::to_string(findings->head.sequence) +
              " entries, each as it was written\nnote the end where nobody of this machine can "
              "write; --head checks it later:\n" +
              head + "\n");
    }
    return findings->problem ? kFindings : kOk;
}

int export_data(const FileOptions& options) {
    const auto store = open_data(options);
    if (!store) {
        complain(to_string(store.error()));
        return kFindings;
    }
    model::AuditHead head;
    const Status read = (*store)->read_audit(1, [&](const model::AuditEntry& entry) {
        print(model::render_audit_entry(entry) + "\n");
        head = {entry.sequence, entry.hash};
        return true;
    });
    if (!read) {
        complain(to_string(read.error()));
        return kFindings;
    }
    print(render_audit_end(head));
    return kOk;
}

int export_from_daemon(const FileOptions& options) {
    const Server server(*options.server);
    model::AuditHead head;
    for (;;) {
        const Result<gateway::HttpReply> reply =
            server.get("/api/v1/audit?limit=5000&after=" + std::to_string(head.sequence));
        if (!reply || !reply->is_ok()) {
            complain(reply ? gateway::error_of(*reply) : to_string(reply.error()));
            return reply && reply->status < 500 ? kFindings : kUnreachable;
        }
        const Result<json::value> page = parse_json(reply->body);
        if (!page) {
            complain(page.error().message + "; is this the address of Nocturne?");
            return kUnreachable;
        }
        const json::array& entries = list_of(*page, "entries");
        if (entries.empty()) {
            print(render_audit_end(head));
            return kOk;
        }
        for (const json::value& entry : entries) {
            print(json::serialize(entry) + "\n");
        }
        const auto hash = model::parse_sha256(text_of(entries.back(), "hash"));
        const auto last = static_cast<std::uint64_t>(number_of(entries.back(), "sequence"));
        if (!hash || last <= head.sequence) {
            complain("the daemon's answer is no audit log");
            return kUnreachable;
        }
        head = {last, *hash};
    }
}

CLI::Option* add_data(CLI::App& command, const std::shared_ptr<FileOptions>& options) {
    command.add_option("--config", options->config, "the configuration (nocturne.yaml)")
        ->option_text("FILE");
    return command
        .add_option("--data", options->data,
                    "the data folder (what nocturne.yaml says); a daemon may be running on it")
        ->option_text("DIR");
}

void add_list_options(CLI::App& command, const std::shared_ptr<ListOptions>& options) {
    command.add_option("--since", options->since, "from this time on, or so long ago: 24h")
        ->option_text("TIME");
    command.add_option("--actor", options->actor, "of one person or tool")->option_text("NAME");
    command
        .add_option("--action", options->action, "incident.acknowledge, or incident for all of it")
        ->option_text("ACTION");
    command.add_option("--limit", options->limit, "the newest so many")->capture_default_str();
    options->server = add_server_options(command);
}

}  // namespace

void add_audit(CLI::App& app, Action& chosen) {
    CLI::App* command =
        app.add_subcommand("audit", "Who did what: list (the default), verify, export");
    command->require_subcommand(0, 1);
    auto listing = std::make_shared<ListOptions>();
    add_list_options(*command, listing);
    command->callback([&chosen, listing] {
        if (!chosen) {
            chosen = [listing] { return list(*listing); };
        }
    });
    auto named = std::make_shared<ListOptions>();
    CLI::App* list_command = command->add_subcommand("list", "List the newest entries");
    add_list_options(*list_command, named);
    list_command->callback([&chosen, named] { chosen = [named] { return list(*named); }; });

    auto verifying = std::make_shared<FileOptions>();
    CLI::App* verify_command = command->add_subcommand(
        "verify", "Find any change, deletion or reordering; without FILE: in the data folder");
    verify_command->add_option("file", verifying->file, "an export; - is stdin")
        ->option_text("FILE");
    add_data(*verify_command, verifying);
    verify_command
        ->add_option("--head", verifying->head,
                     "an end that was noted elsewhere: it must be in the log")
        ->option_text("NO:HASH");
    verifying->format = add_format(*verify_command);
    verify_command->callback(
        [&chosen, verifying] { chosen = [verifying] { return verify(*verifying); }; });

    auto exporting = std::make_shared<FileOptions>();
    CLI::App* export_command = command->add_subcommand(
        "export", "Print all entries, one JSON a line, for `audit verify FILE` anywhere");
    CLI::Option* data = add_data(*export_command, exporting);
    exporting->server = add_server_options(*export_command);
    export_command->callback([&chosen, exporting, data] {
        const bool is_offline = data->count() > 0;
        chosen = [exporting, is_offline] {
            return is_offline ? export_data(*exporting) : export_from_daemon(*exporting);
        };
    });
}

}  // namespace nocturne::cli
