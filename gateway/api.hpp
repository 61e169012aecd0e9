// Api: the routes of the HTTP interface, without a socket in sight. See docs/reference/http.md.
#pragma once

#include "model/result.hpp"
#include "model/role.hpp"
#include "model/time.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nocturne::engine {
class Loop;
}

namespace nocturne::rules {
struct RuleSet;
}

namespace nocturne::store {
class Store;
}

namespace nocturne::gateway {

class Access;
class DryRuns;
class Ingest;
class Planner;
class TopologyFeed;
struct ApiContext;

// Who sends a request.
struct Caller {
    std::string name;                      // of the token; "" when there is none
    std::optional<model::Role> role = {};  // of the token
    std::string from;                      // the address, or "signal"

    [[nodiscard]] std::string_view role_name() const {
        return role ? model::name_of(*role) : std::string_view();
    }
};

struct HttpRequest {
    enum class Method : std::uint8_t { Get, Head, Post, Delete, Other };

    Method method = Method::Get;
    std::string target;  // as sent: path and query
    std::string body;
    std::string host;              // the header; empty: not sent
    std::string origin;            // the header; empty: not sent
    std::string fetch_site;        // the header Sec-Fetch-Site; empty: not sent
    std::string media_type;        // the header Content-Type; empty: not sent
    std::string content_encoding;  // the header; empty: not sent
    std::string authorization;     // the header; empty: not sent
    std::string peer;              // the address it comes from, without the port
    std::string slack_signature;   // the header X-Slack-Signature; empty: not sent
    std::string slack_timestamp;   // the header X-Slack-Request-Timestamp; empty: not sent
};

struct HttpResponse {
    unsigned status = 200;
    std::string content_type = "application/json";
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;
    std::optional<std::string>
        stream_prefix;       // answer with the stream of these topics instead of a body
    std::string error = {};  // what the body tells, when that is an error
};

// {"error":"..."}.
HttpResponse error_response(unsigned status, std::string_view message);

struct ApiParts {
    // An incident that is no more in memory, as JSON. Called on the background thread; may be
    // empty.
    std::function<std::optional<std::string>(std::string_view id)> read_history = {};
    // Called on the background thread; may be empty.
    std::function<Status(const Caller&)> reload = {};
    // The rules in force at the edge, whose payloads tell how other tools' documents become
    // events. Called for each such document on the server's thread; may be empty.
    std::function<std::shared_ptr<const rules::RuleSet>()> rules = {};
    // Whose audit log is shown; must outlive the server. nullptr: none.
    store::Store* audit = nullptr;
    // Who may do what; default: anybody, from this machine.
    std::shared_ptr<Access> access = {};  // shared: with requests under way
    // Requests that a chat's server sends: "slack" or "mattermost". Called on the server's thread,
    // must not block; may be empty.
    std::function<void(std::string_view medium, HttpRequest, std::function<void(HttpResponse)>)>
        chat = {};
    // Takes spans and knows the sources of the graph; must outlive the server. nullptr: none.
    TopologyFeed* topology = nullptr;
    // Makes the plans of playbooks; must outlive the server. nullptr: no playbooks run here.
    Planner* planner = nullptr;
    // Must outlive the server. nullptr: none are made here.
    DryRuns* dry_runs = nullptr;
    // Each appends its part of /metrics; called on the server's thread, must not block.
    std::vector<std::function<void(std::string&)>> metrics = {};
    std::string version = "unknown";
    std::string commit = "unknown";
    std::function<model::Time()> clock = {};  // default: the system's

    // Given by the server: runs work on its background thread, and on its own thread a moment
    // later. Both may be called from any thread.
    std::function<void(std::function<void()>)> in_background = {};
    std::function<void(std::function<void()>)> a_moment_later = {};
};

class Api {
   public:
    // Called once, from whatever thread finished the work.
    using Respond = std::function<void(HttpResponse)>;

    // Both must outlive this object.
    Api(engine::Loop& loop, Ingest& ingest, ApiParts parts);
    ~Api();

    // Answers the request; never blocks. Calls come from one thread at a time.
    void handle(HttpRequest request, Respond respond);

   private:
    std::shared_ptr<const ApiContext> context_;  // shared: with work under way in the engine
};

// Whether the answer may take minutes: it asks for what looks at the world.
bool takes_long(const HttpRequest& request);

// Whether a browser sent this on behalf of another site: such a request must not change anything.
bool is_cross_site(const HttpRequest& request);

}  // namespace nocturne::gateway
