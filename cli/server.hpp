// Server: a running daemon, asked over HTTP by the operator commands.
#pragma once

#include "cli/incident_page.hpp"
#include "cli/output.hpp"
#include "gateway/http_client.hpp"
#include "model/result.hpp"

#include <boost/json/fwd.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace nocturne::cli {

// The options that every operator command has.
struct ServerOptions {
    std::string url = "http://127.0.0.1:9193";
    std::string token_file;
    std::shared_ptr<Format> format;
};

// Adds --url (or NOCTURNE_URL), --token-file (or NOCTURNE_TOKEN, the token itself) and --format;
// shared with the command's action.
std::shared_ptr<ServerOptions> add_server_options(CLI::App& command);

class Server {
   public:
    explicit Server(const ServerOptions& options);

    // `path` begins with "/api/v1/". Reply of any status; an Error when there is none.
    Result<gateway::HttpReply> get(const std::string& path) const;
    // Waits for the answer for `patience` at most.
    Result<gateway::HttpReply>
    post(const std::string& path, std::string_view body,
         std::chrono::milliseconds patience = gateway::kHttpTimeout) const;
    Result<gateway::HttpReply> remove(const std::string& path) const;

   private:
    std::string url_;
    Result<std::string> token_;  // "" where there is none
};

// Turns the JSON of a reply into what people read.
using Render =
    std::function<std::string(const boost::json::value& reply, const PageOptions& options)>;

// Prints a reply as it is (--format json) or rendered; complains about one that is not ok. Gives
// the exit code.
int answer(const Result<gateway::HttpReply>& reply, Format format, const Render& render);

// The person at this terminal, for commands that are noted down: NOCTURNE_USER, or USER.
std::string this_person();

}  // namespace nocturne::cli
