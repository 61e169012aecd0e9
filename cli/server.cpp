#include "cli/server.hpp"

#include "cli/exit_code.hpp"
#include "cli/json_text.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include <cstdlib>

namespace nocturne::cli {

std::shared_ptr<ServerOptions> add_server_options(CLI::App& command) {
    auto options = std::make_shared<ServerOptions>();
    command.add_option("--url", options->url, "where the daemon listens")
        ->envname("NOCTURNE_URL")
        ->capture_default_str()
        ->option_text("URL");
    options->format = add_format(command);
    return options;
}

Server::Server(const ServerOptions& options) : url_(options.url) {
    while (url_.ends_with('/')) {
        url_.pop_back();
    }
    if (url_.find("://") == std::string::npos) {
        url_ = "http://" + url_;
    }
}

Result<gateway::HttpReply> Server::get(const std::string& path) const {
    return gateway::http_get(url_ + path);
}

Result<gateway::HttpReply> Server::post(const std::string& path, std::string_view body) const {
    return gateway::http_post(url_ + path, body);
}

Result<gateway::HttpReply> Server::remove(const std::string& path) const {
    return gateway::http_delete(url_ + path);
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
