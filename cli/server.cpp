#include "cli/server.hpp"

#include "cli/exit_code.hpp"
#include "cli/json_text.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include <cstdlib>
#include <fstream>

namespace nocturne::cli {

std::shared_ptr<ServerOptions> add_server_options(CLI::App& command) {
    auto options = std::make_shared<ServerOptions>();
    command.add_option("--url", options->url, "where the daemon listens")
        ->envname("NOCTURNE_URL")
        ->capture_default_str()
        ->option_text("URL");
    command
        .add_option("--token-file", options->token_file,
                    "the file with your token; NOCTURNE_TOKEN may hold the token itself")
        ->envname("NOCTURNE_TOKEN_FILE")
        ->option_text("FILE");
    options->format = add_format(command);
    return options;
}

namespace {

// The first word of the file, or of the environment.
Result<std::string> read_token(const std::string& file) {
    std::string token;
    if (!file.empty()) {
        std::ifstream in(file);
        if (!(in >> token)) {
            return fail(ErrorCode::NotFound,
                        file + ": cannot be read, or is empty; expected a token, as `nocturne "
                               "token create` prints it");
        }
    } else if (const char* value = std::getenv("NOCTURNE_TOKEN"); value != nullptr) {
        token = value;
    }
    // It becomes a line of the request's header.
    if (token.find_first_of("\r\n") != std::string::npos) {
        return fail(ErrorCode::Invalid, "NOCTURNE_TOKEN: a token has one line");
    }
    return token;
}

}  // namespace

Server::Server(const ServerOptions& options)
    : url_(options.url), token_(read_token(options.token_file)) {
    while (url_.ends_with('/')) {
        url_.pop_back();
    }
    if (url_.find("://") == std::string::npos) {
        url_ = "http://" + url_;
    }
}

Result<gateway::HttpReply> Server::get(const std::string& path) const {
    NOCTURNE_TRY(const std::string token, token_);
    return gateway::http_get(url_ + path, gateway::kHttpTimeout, token);
}

Result<gateway::HttpReply> Server::post(const std::string& path, std::string_view body,
                                        std::chrono::milliseconds patience) const {
    NOCTURNE_TRY(const std::string token, token_);
    return gateway::http_post(url_ + path, body, patience, "application/json", token);
}

Result<gateway::HttpReply> Server::remove(const std::string& path) const {
    NOCTURNE_TRY(const std::string token, token_);
    return gateway::http_delete(url_ + path, gateway::kHttpTimeout, token);
}

int answer(const Result<gateway::HttpReply>& reply, Format format, const Render& render) {
    if (!reply) {
        complain(to_string(reply.error()));
        return kUnreachable;
    }
    if (!reply->is_ok()) {
        complain(gateway::error_of(*reply));
        return reply->status >= 500 ? kUnreachable : kFindings;
    }
    if (format == Format::Json) {
        print(reply->body.ends_with('\n') ? reply->body : reply->body + "\n");
        return kOk;
    }
    const Result<boost::json::value> value = parse_json(reply->body);
    if (!value) {
        complain(value.error().message + "; is this the address of Nocturne?");
        return kUnreachable;
    }
    print(render(*value, page_options()));
    return kOk;
}

std::string this_person() {
    for (const char* name : {"NOCTURNE_USER", "USER", "LOGNAME"}) {
        if (const char* value = std::getenv(name); value != nullptr && *value != '\0') {
            return value;
        }
    }
    return "unknown";
}

}  // namespace nocturne::cli
