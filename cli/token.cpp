// `nocturne token`: who may use the HTTP interface. Works on the file; a reload of the daemon takes
// it up.
#include "cli/commands.hpp"
#include "cli/daemon_configuration.hpp"
#include "cli/exit_code.hpp"
#include "cli/output.hpp"
#include "cli/terminal.hpp"
#include "model/json_writer.hpp"
#include "model/severity.hpp"
#include "rules/tokens.hpp"

#include <CLI/CLI.hpp>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <utility>

namespace nocturne::cli {

namespace {

struct TokenOptions {
    std::string file;
    std::string config;
    std::string name;
    std::string role;
    std::string expires;
    std::shared_ptr<Format> format;
};

// The one that --file names, or else the configuration.
Result<std::filesystem::path> file_of(const TokenOptions& options) {
    if (!options.file.empty()) {
        return std::filesystem::path(options.file);
    }
    RunOptions run;
    run.config = options.config;
    const DaemonConfiguration read = read_daemon_configuration(run);
    if (!read.problems.empty()) {
        return fail(read.problems.front());
    }
    if (read.configuration.http_tokens.empty()) {
        return fail(ErrorCode::Invalid,
                    "which file? Name it with --file, or in nocturne.yaml: http_auth: {tokens: "
                    "tokens.yaml}");
    }
    return read.configuration.http_tokens;
}

Result<std::vector<rules::Token>> read_file(const std::filesystem::path& path) {
    NOCTURNE_TRY(rules::TokenFile file, rules::read_tokens(path));
    if (!file.problems.empty()) {
        return fail(file.problems.front());
    }
    return std::move(file.tokens);
}

// Whole or not at all, and for its owner's eyes.
Status write_file(const std::filesystem::path& path, const std::vector<rules::Token>& tokens) {
    const std::string text = rules::render_tokens(tokens);
    const std::string draft = path.string() + ".new";
    const auto failed = [&] {
        const std::string why = std::strerror(errno);
        ::unlink(draft.c_str());
        return fail(ErrorCode::Unavailable, path.string() + ": cannot be written: " + why);
    };
    ::unlink(draft.c_str());
    const int file = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) {
        return failed();
    }
    const bool is_written =
        ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
        ::fsync(file) == 0;
    ::close(file);
    if (!is_written || ::rename(draft.c_str(), path.c_str()) != 0) {
        return failed();
    }
    return {};
}

int complain_of(const Error& error) {
    complain(to_string(error));
    return kFindings;
}

std::string expiry_of(const rules::Token& token) {
    if (token.expires_at == model::kNoTime) {
        return "never";
    }
    return model::format_time(token.expires_at) +
           (token.expires_at <= wall_clock() ? " (expired)" : "");
}

Result<rules::Token> make(const TokenOptions& options, const std::string& secret) {
    rules::Token token;
    if (!rules::is_token_name(options.name)) {
        return fail(ErrorCode::Invalid, "--name: expected letters, digits and ._@-, at most 64");
    }
    token.name = options.name;
    token.role = *model::find_name<model::Role>(model::kRoleNames, options.role);
    token.hash = rules::hash_of_secret(secret);
    token.created_at = wall_clock();
    if (!options.expires.empty()) {
        NOCTURNE_TRY(const model::Duration span, model::parse_duration(options.expires));
        token.expires_at = token.created_at + span;
    }
    return token;
}

int create(const TokenOptions& options) {
    const Result<std::filesystem::path> path = file_of(options);
    if (!path) {
        return complain_of(path.error());
    }
    std::vector<rules::Token> tokens;
    if (std::error_code ignored; std::filesystem::exists(*path, ignored)) {
        Result<std::vector<rules::Token>> before = read_file(*path);
        if (!before) {
            return complain_of(before.error());
        }
        tokens = *std::move(before);
    }
    if (tokens.size() >= rules::kTokensMax) {
        complain("there are as many tokens as can be; revoke some");
        return kFindings;
    }
    const std::string secret = rules::make_secret();
    const Result<rules::Token> token = make(options, secret);
    if (!token) {
        return complain_of(token.error());
    }
    tokens.push_back(*token);
    if (const Status written = write_file(*path, tokens); !written) {
        return complain_of(written.error());
    }
    if (*options.format == Format::Json) {
        model::JsonWriter out;
        out.begin_object().member("id", rules::id_of(*token)).member("name", token->name);
        out.member("role", model::name_of(token->role)).member("expires", token->expires_at);
        out.member("file", path->string()).member("secret", secret).end_object();
        print(out.take() + "\n");
        return kOk;
    }
    // The secret alone to stdout, so that `... > token.txt` keeps what is to be kept.
    print(secret + "\n");
    std::fprintf(stderr,
                 "the token of %s (%s, expires: %s), shown this once; the daemon knows it after "
                 "its next reload\n",
                 token->name.c_str(), options.role.c_str(), expiry_of(*token).c_str());
    return kOk;
}

int list(const TokenOptions& options) {
    const Result<std::filesystem::path> path = file_of(options);
    const Result<std::vector<rules::Token>> tokens =
        path ? read_file(*path) : Result<std::vector<rules::Token>>(fail(path.error()));
    if (!tokens) {
        return complain_of(tokens.error());
    }
    if (*options.format == Format::Json) {
        model::JsonWriter out;
        out.begin_object().key("tokens").begin_array();
        for (const rules::Token& token : *tokens) {
            out.begin_object().member("id", rules::id_of(token)).member("name", token.name);
            out.member("role", model::name_of(token.role)).member("created", token.created_at);
            out.member("expires", token.expires_at).end_object();
        }
        out.end_array().end_object();
        print(out.take() + "\n");
        return kOk;
    }
    Table table({{"ID"}, {"NAME"}, {"ROLE"}, {"CREATED"}, {"EXPIRES"}});
    for (const rules::Token& token : *tokens) {
        table.add({rules::id_of(token), token.name, std::string(model::name_of(token.role)),
                   model::format_time(token.created_at), expiry_of(token)});
    }
    const PageOptions page = page_options();
    print(tokens->empty() ? "no tokens\n" : table.render(page.palette, page.width));
    return kOk;
}

int revoke(const TokenOptions& options) {
    const Result<std::filesystem::path> path = file_of(options);
    Result<std::vector<rules::Token>> tokens =
        path ? read_file(*path) : Result<std::vector<rules::Token>>(fail(path.error()));
    if (!tokens) {
        return complain_of(tokens.error());
    }
    const std::size_t gone = std::erase_if(*tokens, [&](const rules::Token& token) {
        return token.name == options.name || rules::id_of(token) == options.name;
    });
    if (gone == 0) {
        complain("no token with the name or id \"" + options.name +
                 "\"; `nocturne token list` shows them");
        return kFindings;
    }
    if (const Status written = write_file(*path, *tokens); !written) {
        return complain_of(written.error());
    }
    print(std::to_string(gone) + (gone == 1 ? " token" : " tokens") + " of " + options.name +
          " revoked; let the daemon reload: until then it lets them in\n");
    return kOk;
}

CLI::App* add_verb(CLI::App& command, Action& chosen, const char* name, const char* what,
                   const std::shared_ptr<TokenOptions>& options, int (*act)(const TokenOptions&)) {
    CLI::App* verb = command.add_subcommand(name, what);
    verb->add_option("--file", options->file, "the token file (what nocturne.yaml names)")
        ->option_text("FILE");
    verb->add_option("--config", options->config, "the configuration (nocturne.yaml)")
        ->option_text("FILE");
    options->format = add_format(*verb);
    verb->callback([&chosen, options, act] { chosen = [options, act] { return act(*options); }; });
    return verb;
}

}  // namespace

void add_token(CLI::App& app, Action& chosen) {
    CLI::App* command =
        app.add_subcommand("token", "Who may use the HTTP interface: create, list, revoke");
    command->require_subcommand(1);

    auto creating = std::make_shared<TokenOptions>();
    CLI::App* verb = add_verb(*command, chosen, "create", "Make a token; prints its secret, once",
                              creating, create);
    verb->add_option("--name", creating->name, "whose it is, for the audit log")
        ->required()
        ->option_text("NAME");
    verb->add_option("--role", creating->role, "viewer, responder, approver, admin or ingest")
        ->required()
        ->check(CLI::IsMember({"viewer", "responder", "approver", "admin", "ingest"}))
        ->option_text("ROLE");
    verb->add_option("--expires", creating->expires, "after so long, e.g. 90d (never)")
        ->option_text("TIME");

    add_verb(*command, chosen, "list", "List tokens, without their secrets",
             std::make_shared<TokenOptions>(), list);

    auto revoking = std::make_shared<TokenOptions>();
    add_verb(*command, chosen, "revoke", "Take tokens back", revoking, revoke)
        ->add_option("name", revoking->name, "a name (all of its tokens), or an id")
        ->required()
        ->option_text("NAME");
}

}  // namespace nocturne::cli
