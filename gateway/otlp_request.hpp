// POST /v1/traces: OTLP over HTTP, in JSON or protobuf, plain or gzipped.
#pragma once

#include "gateway/api.hpp"

#include <string_view>

namespace nocturne::gateway {

class TopologyFeed;

// Takes the spans and answers as the specification says: in the format of the request, 200 with a
// partialSuccess when some were wrong, 400 when all of it is, 415 for another format.
HttpResponse take_otlp_request(const HttpRequest& request, TopologyFeed& feed);

}  // namespace nocturne::gateway
