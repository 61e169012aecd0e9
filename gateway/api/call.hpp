// Call, Context, Handler: what a handler of the HTTP interface gets.
#pragma once

#include "gateway/api.hpp"
#include "gateway/request_target.hpp"

#include <memory>
#include <string>

namespace nocturne::gateway {

// What handlers work with.
struct ApiContext {
    engine::Loop& loop;
    Ingest& ingest;
    ApiParts parts;  // with a clock and an access, always
};

// Shared: with work under way, which may outlive the Api.
using Context = std::shared_ptr<const ApiContext>;

// A request on its way to its handler.
struct Call {
    HttpRequest request;
    Target target;
    std::string name;  // what the path's placeholder holds
    Caller caller;
};

using Respond = Api::Respond;

// Calls `respond` once, now or later; never blocks.
using Handler = void(const Context&, Call, Respond);

}  // namespace nocturne::gateway
